"""Runs of ``frenkel score`` as a user starts it, with their time and memory."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks._scale_formulas import formulas
from serving.parts import unfinished_rows

CORES = 2
SAMPLE_S = 0.25


@dataclass(frozen=True)
class Run:
    """A finished run: wall-clock seconds from start to exit, and the largest sum of the resident
    memory of all its processes, GB."""

    seconds: float
    peak_rss_gb: float


def say(text: str) -> None:
    """A line of progress."""
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def write_lists(folder: Path, sizes: list[int]) -> dict[int, Path]:
    """Lists of the first n formulas, one file a size."""
    paths = {size: folder / f"formulas-{size}.csv" for size in sizes}
    source = enumerate(formulas())
    streams = {size: path.open("w") for size, path in paths.items()}
    try:
        for stream in streams.values():
            stream.write("id,formula\n")
        for number, formula in itertools.islice(source, max(sizes)):
            for size, stream in streams.items():
                if number < size:
                    stream.write(f"{number},{formula}\n")
    finally:
        for stream in streams.values():
            stream.close()
    return paths


def score(source: Path, target: Path, *more: str) -> Run:
    """One run on CORES processes. Raises CalledProcessError where it fails."""
    begun = time.monotonic()
    process = subprocess.Popen(_command(source, target, *more), env=_environment())
    peak = 0.0
    said = begun
    while process.poll() is None:
        peak = max(peak, tree_rss_gb(process.pid))
        if time.monotonic() - said > 30:
            said = time.monotonic()
            say(f"  {unfinished_rows(target):,} rows, {said - begun:.0f} s, {peak:.2f} GB")
        time.sleep(SAMPLE_S)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, "frenkel score")
    return Run(time.monotonic() - begun, peak)


def killed(source: Path, target: Path, after_rows: int) -> int:
    """A run that is ended by kill -9 once so many rows are done; returns how many were."""
    process = subprocess.Popen(_command(source, target), env=_environment())
    while unfinished_rows(target) < after_rows:
        if process.poll() is not None:
            raise RuntimeError("the run was over before it could be killed; use a longer list")
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return unfinished_rows(target)


def tree_rss_gb(pid: int) -> float:
    """Resident memory of a process and all that it started; shared pages count for each."""
    return sum(_rss(process) for process in _tree(pid)) / 1e9


def _tree(pid: int) -> Iterator[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        yield parent
        yield from parent.children(recursive=True)
    except psutil.NoSuchProcess:
        return


def _rss(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def _command(source: Path, target: Path, *more: str) -> list[str]:
    words = ["score", str(source), str(target), "--workers", str(CORES), *more]
    return [sys.executable, "-m", "serving.cli", *words]


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}

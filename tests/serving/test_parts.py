"""Runs that are cut short go on, and nothing is lost, repeated or half written."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from serving.batch import score_with
from serving.engines import EngineError, InProcess, Scored
from serving.parts import Job, Part, Parts, folder_of, unfinished_rows
from serving.rows import InputBlock, ListError
from serving.score_columns import ScoreOptions

JOB = Job("list", "{}", "v1", "columns", 10, "csv")
FORMULAS = [f"Li{n}PS4" if n % 7 else "Xx" for n in range(1, 60)]


class StopsAfter:
    """An engine that fails in the given way once it has given some blocks."""

    def __init__(self, engine: InProcess, blocks: int, error: BaseException) -> None:
        self.version = engine.version
        self.engine, self.blocks, self.error = engine, blocks, error

    def scored(self, blocks: Iterable[InputBlock], options: ScoreOptions) -> Scored:
        for number, scored in enumerate(self.engine.scored(blocks, options)):
            if number == self.blocks:
                raise self.error
            yield scored

    def close(self) -> None:
        self.engine.close()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text("formula\n" + "\n".join(FORMULAS) + "\n")
    return path


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "csv.zst", "jsonl", "jsonl.gz", "parquet"])
@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), OSError(28, "No space left on device"), EngineError("killed")]
)
def test_a_run_cut_short_goes_on_to_the_same_file(
    source: Path, stand_in: Any, ending: str, error: BaseException
) -> None:
    whole, target = source.with_name(f"whole.{ending}"), source.with_name(f"out.{ending}")
    engine, options = InProcess(stand_in), ScoreOptions()
    score_with(engine, source, whole, options, block_rows=10)
    with pytest.raises(type(error)):
        score_with(StopsAfter(engine, 3, error), source, target, options, block_rows=10)
    assert not target.exists()
    assert unfinished_rows(target) == 30
    stand_in.calls.clear()
    counts = score_with(engine, source, target, options, block_rows=10, resume=True)
    assert (counts.rows, counts.errors, counts.resumed_rows) == (59, 8, 30)
    assert sum(stand_in.calls) == 29 - sum(formula == "Xx" for formula in FORMULAS[30:])
    assert target.read_bytes() == whole.read_bytes()
    assert not folder_of(target).exists()


def test_an_unfinished_run_is_neither_dropped_nor_continued_unasked(
    source: Path, stand_in: Any
) -> None:
    target, engine = source.with_name("out.csv"), InProcess(stand_in)
    stopped = StopsAfter(engine, 2, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        score_with(stopped, source, target, ScoreOptions(), block_rows=10)
    with pytest.raises(ListError, match="--resume"):
        score_with(engine, source, target, ScoreOptions(), block_rows=10)
    assert unfinished_rows(target) == 20
    counts = score_with(engine, source, target, ScoreOptions(), block_rows=10, restart=True)
    assert (counts.rows, counts.resumed_rows) == (59, 0)


def test_what_has_changed_since_is_named(source: Path, stand_in: Any) -> None:
    target, engine = source.with_name("out.csv"), InProcess(stand_in)
    stopped = StopsAfter(engine, 2, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        score_with(stopped, source, target, ScoreOptions(), block_rows=10)

    def go_on(coverage: float = 0.9, block_rows: int = 10) -> None:
        options = ScoreOptions(coverage)
        score_with(engine, source, target, options, block_rows=block_rows, resume=True)

    with pytest.raises(ListError, match="other options"):
        go_on(coverage=0.8)
    with pytest.raises(ListError, match="FRENKEL_BLOCK_ROWS"):
        go_on(block_rows=11)
    stand_in.version = engine.version = "another"
    with pytest.raises(ListError, match="another model"):
        go_on()
    engine.version = "stand-in"
    source.write_text(source.read_text() + "LiCl\n")
    with pytest.raises(ListError, match="list has changed"):
        go_on()
    assert unfinished_rows(target) == 20


def test_resume_without_an_earlier_run_starts_one(source: Path, stand_in: Any) -> None:
    target = source.with_name("out.csv")
    counts = score_with(InProcess(stand_in), source, target, ScoreOptions(), resume=True)
    assert (counts.rows, counts.resumed_rows) == (59, 0)


def test_a_list_at_fault_leaves_no_parts(source: Path, stand_in: Any) -> None:
    packed = source.with_name("in.csv.gz")
    text = "formula\n" + "LiCl\n" * 30 + random.Random(0).randbytes(100_000).hex()
    packed.write_bytes(gzip.compress(text.encode())[:50_000])
    target = source.with_name("out.csv")
    with pytest.raises(ListError, match="damaged"):
        score_with(InProcess(stand_in), packed, target, ScoreOptions(), block_rows=10)
    assert {path.name for path in source.parent.iterdir()} == {"in.csv", "in.csv.gz"}


@pytest.mark.parametrize(
    "tail", [b'{"rows": 10, "err', b"junk\n", b'{"rows": 10, "errors": 0, "bytes": 3}\n', b"\n"]
)
def test_a_journal_cut_in_a_line_counts_its_whole_lines(tmp_path: Path, tail: bytes) -> None:
    target = tmp_path / "out.csv"
    parts = Parts(target, JOB, resume=False)
    parts.add(b"first", 10, 1)
    parts.close()
    with (parts.folder / "done.jsonl").open("ab") as journal:
        journal.write(tail)
    again = Parts(target, JOB, resume=True)
    assert again.done == [Part(10, 1, 5)]
    again.add(b"second", 4, 0)
    again.close()
    last = Parts(target, JOB, resume=True)
    assert [path.read_bytes() for path in last.files] == [b"first", b"second"]
    assert (last.rows, last.errors) == (14, 1)
    last.close()


def test_a_part_that_is_missing_or_short_is_done_again(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    parts = Parts(target, JOB, resume=False)
    for content in (b"one", b"two", b"three"):
        parts.add(content, 1, 0)
    files = parts.files
    parts.close()
    files[1].write_bytes(b"tw")
    again = Parts(target, JOB, resume=True)
    assert again.rows == 1
    again.close()


def test_two_runs_cannot_write_one_output(tmp_path: Path) -> None:
    parts = Parts(tmp_path / "out.csv", JOB, resume=False)
    with pytest.raises(ListError, match="another run"):
        Parts(tmp_path / "out.csv", JOB, resume=True)
    parts.close()


@pytest.mark.parametrize("resume", [True, False])
def test_a_run_cut_off_before_it_had_noted_anything_begins_anew(
    tmp_path: Path, resume: bool
) -> None:
    folder = tmp_path / "out.csv.parts"
    folder.mkdir()
    (folder / "tmp1234.part").write_text("{")  # half of what it does
    parts = Parts(tmp_path / "out.csv", JOB, resume=resume)
    assert parts.rows == 0
    parts.add(b"x", 1, 0)
    parts.remove()
    assert not folder.exists()


def test_a_folder_that_is_no_run_is_not_touched(tmp_path: Path) -> None:
    folder = tmp_path / "out.csv.parts"
    folder.mkdir()
    (folder / "mine.txt").write_text("x")
    with pytest.raises(ListError, match="no unfinished run"):
        Parts(tmp_path / "out.csv", JOB, resume=True)
    with pytest.raises(ListError, match="unfinished run"):
        Parts(tmp_path / "out.csv", JOB, resume=False, restart=True)
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]


def _heed_interrupts() -> None:
    """A shell starts what runs in its background with interrupts ignored, these tests too."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.slow
def test_a_run_killed_at_any_moment_goes_on_to_the_same_file(tmp_path: Path, bundle: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("formula\n" + "\n".join(FORMULAS * 40) + "\n")
    environment = os.environ | {"FRENKEL_BUNDLE": str(bundle), "FRENKEL_BLOCK_ROWS": "10"}

    def command(target: str, *more: str) -> list[str]:
        words = ["score", str(source), str(tmp_path / target), "--workers", "2", *more]
        return [sys.executable, "-m", "serving.cli", *words]

    subprocess.run(command("whole.csv"), env=environment, check=True)
    for signal_sent, code in ((signal.SIGKILL, -9), (signal.SIGINT, 130)):
        target = tmp_path / f"{signal_sent.name}.csv"
        run = subprocess.Popen(
            command(target.name),
            env=environment,
            stderr=subprocess.PIPE,
            preexec_fn=_heed_interrupts,
        )
        deadline = time.monotonic() + 120
        while unfinished_rows(target) < 30 and run.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        run.send_signal(signal_sent)
        _, said = run.communicate(timeout=60)
        assert run.returncode == code
        assert (b"--resume" in said) == (signal_sent is signal.SIGINT)
        assert not target.exists()
        done = subprocess.run(
            command(target.name, "--resume"), env=environment, check=True, stderr=subprocess.PIPE
        )
        assert b"by an earlier run" in done.stderr
        assert target.read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_the_job_is_kept_as_plain_json(tmp_path: Path) -> None:
    parts = Parts(tmp_path / "out.csv", JOB, resume=False)
    assert json.loads((parts.folder / "job.json").read_text())["model_version"] == "v1"
    parts.remove()
    assert not parts.folder.exists()

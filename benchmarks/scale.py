"""Lists at scale: a million formulas, memory and time by length, CIFs, Dask, resuming.

    python -m benchmarks.scale                 about 18 minutes on 2 quiet cores, writes results
    python -m benchmarks.scale --rows 20000    a trial on shorter lists, prints only

Every figure is of the trained bundle (FRENKEL_BUNDLE), with intervals and domain, and 2 processes.
What is compared was run in the same minutes on the same machine.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks._figures import Figure, line, write_results
from benchmarks._scale_engines import (
    TREES,
    cif_rates,
    dask_seconds,
    largest_difference,
    plain_loop_rows_a_second,
    write_cifs,
)
from benchmarks._scale_formulas import formulas
from benchmarks._scale_runs import CORES, Run, killed, say, score, write_lists
from training.evaluate import Estimate
from training.fetching import SourceFetcher
from training.sources import cache_dir, mirror_dir, source_named
from training.tables import Dataset, load_dataset

MILLION = 1_000_000
LOOP_ROWS = 2_000
CIF_COPIES = 10


def figure(protocol: str, metric: str, value: float, rows: int, **more: object) -> Figure:
    """A measured number: nothing was sampled, so it has no interval."""
    return Figure.of(protocol, metric, Estimate(value, value, value, rows), **more)  # type: ignore[arg-type]


def list_figures(runs: dict[int, Run], loop_rows_a_second: float) -> list[Figure]:
    """``million``, ``speedup``, ``flat`` and ``linear`` from the runs of three lengths."""
    short, middle, long = sorted(runs)
    most, rss = runs[long], [run.peak_rss_gb for run in runs.values()]
    rate = long / most.seconds
    early = (runs[middle].seconds - runs[short].seconds) / (middle - short)
    late = (most.seconds - runs[middle].seconds) / (long - middle)
    seconds = {f"{size:,} rows, s": run.seconds for size, run in sorted(runs.items())}
    return [
        figure("million", "seconds", most.seconds, long, at_most=600.0),
        figure("million", "peak RSS, GB", most.peak_rss_gb, long, at_most=2.0),
        figure("million", "rows a second", rate, long),
        figure(
            "speedup",
            "ratio of rows a second",
            rate / loop_rows_a_second,
            LOOP_ROWS,
            at_least=100.0,
            baselines={"matminer + forest loop, rows a second": loop_rows_a_second},
            note=f"loop: Magpie features and {TREES} trees, one property, one row at a time, one "
            f"core; product: all properties with intervals, {CORES} cores, start included",
        ),
        figure(
            "flat",
            "largest over smallest peak RSS",
            max(rss) / min(rss),
            long,
            at_most=1.2,
            baselines={f"{n:,} rows, GB": run.peak_rss_gb for n, run in sorted(runs.items())},
        ),
        figure(
            "linear",
            "seconds a row, long over short lists",
            late / early,
            long,
            at_most=1.15,
            baselines=seconds,
            note=f"from {middle:,} to {long:,} rows over from {short:,} to {middle:,}: the start, "
            "which is the same for all, cancels",
        ),
    ]


def cif_figures(scratch: Path, copies: int) -> list[Figure]:
    """``cifs`` with an empty cache of its own, and again with what that run left in it."""
    say("cifs")
    found = SourceFetcher(cache_dir(), mirror=mirror_dir()).fetch(source_named("obelix"))
    if found.path is None:
        say("  OBELiX is not within reach: no figure")
        return []
    count = write_cifs(found.path, scratch / "cifs", copies)
    cold, warm = cif_rates(scratch / "cifs", scratch / "cache", scratch)
    return [
        figure("cifs", "cold, CIFs a second and core", cold / CORES, count, at_least=15.0),
        figure("cifs", "warm, CIFs a second", warm, count, at_least=500.0),
    ]


def dask_figures(source: Path, local: Path, rows: int, scratch: Path) -> list[Figure]:
    """``dask``: two workers against one, and the numbers against those of no Dask."""
    say("dask")
    one = dask_seconds(source, scratch / "dask1.parquet", 1)
    two = dask_seconds(source, scratch / "dask2.parquet", 2)
    difference = largest_difference(scratch / "dask2.parquet", local)
    return [
        figure("dask", "speedup, 2 workers over 1", one / two, rows, at_least=1.7),
        figure("dask", "largest difference to local", difference, rows, at_most=1e-9),
    ]


def resume_figures(source: Path, rows: int, whole: Path, scratch: Path) -> list[Figure]:
    """``resume``: killed half-way and continued, against a run that nobody disturbed."""
    say("resume")
    target = scratch / "resumed.parquet"
    done = killed(source, target, rows // 2)
    say(f"  killed after {done:,} rows")
    score(source, target, "--resume")
    same = float(target.read_bytes() == whole.read_bytes())
    note = f"kill -9 after {done:,} rows, then --resume; 1 where all bytes are the same"
    return [figure("resume", "identical output", same, rows, at_least=1.0, note=note)]


def run(rows: int, scratch: Path, dataset: Dataset) -> Iterator[list[Figure]]:
    """The figures of one protocol after the other, the longest list having ``rows``.

    One that fails is reported and gives none; the others go on.
    """
    say("lists")
    short, middle = rows // 100, rows // 10
    engines = max(short, rows // 50)  # for what is run several times
    lists = write_lists(scratch, [short, engines, middle, rows])

    def lengths() -> list[Figure]:
        runs = {}
        for size in (short, middle, rows):
            say(f"{size:,} rows")
            runs[size] = score(lists[size], scratch / f"{size}.parquet")
            say(f"  {runs[size].seconds:.1f} s, {runs[size].peak_rss_gb:.2f} GB")
        say("matminer + forest loop")
        loop = plain_loop_rows_a_second(dataset, list(itertools.islice(formulas(), LOOP_ROWS)))
        return list_figures(runs, loop)

    whole = scratch / "whole.parquet"

    def undisturbed() -> Path:
        if not whole.exists():
            say(f"{engines:,} rows")
            score(lists[engines], whole)
        return whole

    protocols: list[Callable[[], list[Figure]]] = [
        lambda: cif_figures(scratch, CIF_COPIES if rows == MILLION else 1),
        lambda: dask_figures(lists[engines], undisturbed(), engines, scratch),
        lambda: resume_figures(lists[engines], engines, undisturbed(), scratch),
        lengths,
    ]
    for protocol in protocols:
        try:
            yield protocol()
        except Exception:
            traceback.print_exc()
            yield []


def main() -> None:
    """Run all, writing the results after each protocol where it is the full size."""
    logging.basicConfig(level=logging.ERROR)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=MILLION, help="of the longest list")
    rows = parser.parse_args().rows
    dataset = load_dataset(cache_dir())
    figures: list[Figure] = []
    complete = True
    with tempfile.TemporaryDirectory(prefix="frenkel-scale-") as scratch:
        for found in run(rows, Path(scratch), dataset):
            figures += found
            complete = complete and bool(found)
            print("\n".join(line(figure) for figure in found), flush=True)
            if rows == MILLION and found:
                write_results("scale", dataset, figures)
    if not complete:
        raise SystemExit("a protocol gave no figure; see above")


if __name__ == "__main__":
    main()

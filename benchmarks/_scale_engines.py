"""What the scale benchmark compares: the plain loop, structures cold and warm, Dask."""

from __future__ import annotations

import re
import tarfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestRegressor

from benchmarks._scale_runs import CORES, say
from models.bundle import default_bundle_path
from models.predictor import Predictor
from models.seeds import seed_for
from serving.batch import score_with
from serving.engines import Engine, InProcess
from serving.score_columns import ScoreOptions
from serving.structure_rows import StructureRows
from training.tables import Dataset

TREES = 500
TRAINING_ROWS = 1000
LENGTH = re.compile(r"^(_cell_length_[abc]\s+)([0-9.]+)", re.MULTILINE)


def plain_loop_rows_a_second(dataset: Dataset, formulas: Sequence[str]) -> float:
    """matminer's Magpie features and a forest of 500 trees for one property, row by row."""
    from matminer.featurizers.composition import ElementProperty
    from pymatgen.core.composition import Composition

    magpie = ElementProperty.from_preset("magpie", impute_nan=True)

    def features(formula: str) -> list[float]:
        return list(magpie.featurize(Composition(formula)))

    known = dataset.measurements
    known = known[known["property"] == "log10_conductivity_s_cm"].head(TRAINING_ROWS)
    usable = [(f, v) for f, v in zip(known["formula"], known["value"], strict=True) if _reads(f)]
    forest = RandomForestRegressor(TREES, random_state=seed_for("plain loop"), n_jobs=1)
    forest.fit([features(f) for f, _ in usable], [v for _, v in usable])
    begun = time.monotonic()
    for formula in formulas:
        forest.predict([features(formula)])
    return len(formulas) / (time.monotonic() - begun)


def _reads(formula: str) -> bool:
    from pymatgen.core.composition import Composition

    try:
        return bool(Composition(formula))
    except ValueError:
        return False


def write_cifs(archive: Path, folder: Path, copies: int) -> int:
    """The CIFs of OBELiX, ``copies`` times with cells that differ by a part in a thousand, so
    that none is another's copy; returns how many."""
    folder.mkdir()
    with tarfile.open(archive) as content:
        members = [m for m in content if re.search(r"/data/\w*cifs/[^/]+\.cif$", m.name)]
        for member in members:
            stream = content.extractfile(member)
            if stream is None:
                continue
            text = stream.read().decode("utf-8", errors="replace")
            for copy in range(copies):
                longer = partial(_longer, copy)
                target = folder / f"{Path(member.name).stem}-{copy}.cif"
                target.write_text(LENGTH.sub(longer, text))
    return len(list(folder.iterdir()))


def _longer(copy: int, found: re.Match[str]) -> str:
    return f"{found[1]}{float(found[2]) * (1.0 + 1e-3 * copy):.6f}"


def cif_rates(folder: Path, cache: Path, scratch: Path) -> tuple[float, float]:
    """CIFs a second of CORES processes with nothing and with everything in the cache.

    The model is loaded and the processes are started before the clock is.
    """
    rates = []
    for name in ("cold", "warm"):
        structures = StructureRows(CORES, cache=cache)
        engine = InProcess(Predictor.load(default_bundle_path()), structures)
        try:
            first = scratch / "first"
            if not first.exists():
                first.mkdir()
                (first / "a.cif").write_text("data_x\n")
            score_with(engine, first, scratch / "first.csv", ScoreOptions(), progress=False)
            seconds, rows = timed(engine, folder, scratch / f"{name}.parquet")
        finally:
            engine.close()
        say(f"  {name}: {rows} CIFs in {seconds:.1f} s")
        rates.append(rows / seconds)
    return rates[0], rates[1]


def timed(engine: Engine, source: Path, target: Path) -> tuple[float, int]:
    """Seconds and rows of one list with an engine that is up already."""
    begun = time.monotonic()
    counts = score_with(engine, source, target, ScoreOptions(), progress=False)
    return time.monotonic() - begun, counts.rows


def dask_seconds(source: Path, target: Path, workers: int) -> float:
    """Of a list on a local cluster that is up already, and whose workers have the model."""
    from serving.dask_engine import DaskEngine

    engine = DaskEngine(default_bundle_path(), workers=workers)
    try:
        engine.wait_for_workers(workers)
        seconds, rows = timed(engine, source, target)
    finally:
        engine.close()
    say(f"  {workers} Dask workers: {rows:,} rows in {seconds:.1f} s")
    return seconds


def largest_difference(left: Path, right: Path) -> float:
    """Of all numbers in two scored Parquet lists; infinite where rows or texts differ."""
    first, second = pd.read_parquet(left), pd.read_parquet(right)
    numbers = list(first.select_dtypes("number").columns)
    if not first.drop(columns=numbers).equals(second.drop(columns=numbers)):
        return float("inf")
    a, b = first[numbers].to_numpy(np.float64), second[numbers].to_numpy(np.float64)
    if not np.array_equal(np.isnan(a), np.isnan(b)):
        return float("inf")
    return float(np.nanmax(np.abs(a - b)))

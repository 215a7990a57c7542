"""How many measurements it takes: ``python -m benchmarks.acquisition`` (about 4 minutes).

A replay on OBELiX: its compositions are the candidates, their conductivities stay unknown until
they are "measured". Twenty are drawn at random; then five at a time are chosen, and the model is
fitted anew to all that is known. It counts the measurements until half of the materials above
1 mS/cm are found, for three ways to choose: at random, the highest prediction (greedy), and
expected improvement over 1 mS/cm with diversity, as ``frenkel rank --acquire`` does. Each way
starts from the same random draws.

The model is a small one, so that it can be fitted hundreds of times: extremely randomised trees on
composition features; its distribution has the spread of the trees and the scatter of replicates.
An upper bound counts as its value.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from benchmarks._figures import Figure, write_results
from features.table import feature_table, fraction_matrix
from models.acquisition import diverse_batch, expected_improvement
from models.labels import BoolArray, FloatArray, IntArray
from models.seeds import seed_for
from models.targets import LOG10_CONDUCTIVITY
from training.evaluate import Estimate
from training.tables import Dataset, load_dataset, materials

GOOD = -3.0  # log10 S/cm, 1 mS/cm
START, BATCH = 20, 5
TREES = 100
REPEATS = 100
CHOICES = ("random", "greedy", "expected improvement and diversity")


@dataclass(frozen=True)
class Candidates:
    """OBELiX by composition: features (n, d), atomic fractions (n, 103), log10 S/cm (n,)."""

    features: FloatArray
    fractions: FloatArray
    value: FloatArray


def candidates(dataset: Dataset) -> Candidates:
    """One row a composition, with the median of its conductivities."""
    frame = dataset.measurements
    frame = frame[frame["source"] == "obelix"]
    value = frame.groupby("composition_key")["value"].median()
    first = frame.drop_duplicates("composition_key")
    made = [material for material in materials(first, dataset)]
    features = feature_table(made, groups=("composition",)).to_numpy(np.float64)
    in_order = value.reindex(first["composition_key"]).to_numpy(np.float64)
    return Candidates(features, fraction_matrix(made), in_order)


def predicted(known: BoolArray, pool: Candidates, seed: int) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation (n,) of a model fitted to the known candidates."""
    from sklearn.ensemble import ExtraTreesRegressor

    model = ExtraTreesRegressor(TREES, max_features=0.3, min_samples_leaf=2, random_state=seed)
    model.fit(pool.features[known], pool.value[known])
    each = np.stack([tree.predict(pool.features) for tree in model.estimators_])
    scatter = LOG10_CONDUCTIVITY.replicate_scatter
    return each.mean(axis=0), np.sqrt(each.var(axis=0) + scatter**2)


def chosen_next(choice: str, known: BoolArray, pool: Candidates, seed: int) -> IntArray:
    """The next BATCH candidates in order."""
    unknown = np.flatnonzero(~known)
    if choice == "random":
        return np.random.default_rng(seed).permutation(unknown)[:BATCH]
    mean, deviation = predicted(known, pool, seed)
    if choice == "greedy":
        return unknown[np.argsort(-mean[unknown], kind="stable")][:BATCH]
    score = expected_improvement(mean, deviation, GOOD)
    score[known] = np.nan
    return diverse_batch(score, pool.fractions, BATCH)


def measurements_to_half(
    repeat: int,
    pool: Candidates,
    choose: Callable[[BoolArray, int], IntArray],
) -> int:
    """How many candidates are measured when half of the good ones are found."""
    good = pool.value > GOOD
    wanted = int(np.ceil(good.sum() / 2))
    order = np.random.default_rng(seed_for("acquisition", repeat)).permutation(len(good))[:START]
    known = np.zeros(len(good), dtype=bool)
    known[order] = True
    measured = order.tolist()
    for turn in range(len(good) // BATCH + 1):
        found = np.cumsum(good[measured])
        if found[-1] >= wanted:
            return int(np.argmax(found >= wanted)) + 1
        chosen = choose(known, seed_for("acquisition", repeat, turn))
        known[chosen] = True
        measured += chosen.tolist()
    return len(measured)


def replay(repeat: int, pool: Candidates) -> dict[str, int]:
    """Measurements to half, of each way to choose, from one random start."""
    return {
        choice: measurements_to_half(
            repeat, pool, lambda known, seed, how=choice: chosen_next(how, known, pool, seed)
        )
        for choice in CHOICES
    }


def mean_of_repeats(counts: FloatArray) -> Estimate:
    """The mean and its 95 % interval over repeats drawn anew."""
    generator = np.random.default_rng(seed_for("acquisition", "bootstrap"))
    drawn = counts[generator.integers(0, len(counts), (2000, len(counts)))].mean(axis=1)
    lower, upper = np.quantile(drawn, [0.025, 0.975])
    return Estimate(float(counts.mean()), float(lower), float(upper), len(counts))


def main() -> None:
    """Replay and write ``benchmarks/results/acquisition.json``."""
    dataset = load_dataset()
    pool = candidates(dataset)
    good = int((pool.value > GOOD).sum())
    with ProcessPoolExecutor(os.cpu_count()) as processes:
        found = pd.DataFrame(list(processes.map(partial(replay, pool=pool), range(REPEATS))))
    ours = CHOICES[-1]
    note = (
        f"mean of {REPEATS} random starts; {good} of {len(pool.value)} compositions are above "
        f"1 mS/cm; {START} at random, then {BATCH} at a time"
    )
    figure = Figure.of(
        "replay on OBELiX",
        "measurements to half of those above 1 mS/cm",
        mean_of_repeats(found[ours].to_numpy(np.float64)),
        baselines={name: float(found[name].mean()) for name in CHOICES[:-1]},
        note=note,
    )
    saved = mean_of_repeats((found["greedy"] - found[ours]).to_numpy(np.float64))
    fewer = Figure.of("replay on OBELiX", "measurements saved against greedy", saved, note=note)
    write_results("acquisition", dataset, [figure, fewer])


if __name__ == "__main__":
    main()

"""Fits for the moduli benchmark: which rows may be learned from, and what is predicted for a test.

In the official folds a test crystal's composition may stand in training as a polymorph, as the
protocol has it; but no other table's value of a test row's composition may, nor its bulk modulus.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from sklearn.ensemble import RandomForestRegressor

from features.composition import MAGPIE_PROPERTIES, MAGPIE_STATISTICS
from features.table import feature_groups
from models.composition_distance import CompositionIndex, fractions_of
from models.error_scale import Circumstances
from models.folds import grouped_fold_of
from models.moduli_model import ModuliConfig, with_errors_alike
from models.moduli_view import FORMULA, STRUCTURE, SYMMETRY, ModuliView
from models.seeds import seed_for
from models.targets import MODULI_TARGETS
from training.preparation import MODULI_PROPERTIES, Prepared, moduli_data, new_moduli_model
from training.profiles import FULL
from training.records import SHEAR
from training.splits import matbench_folds

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

Task, Done = TypeVar("Task"), TypeVar("Done")

CRYSTAL_FOLDS = 5
COVERAGE = 0.9
MAGPIE = [f"{stat}_{name}" for name in MAGPIE_PROPERTIES.values() for stat in MAGPIE_STATISTICS]
DENSITY = ["density_g_cm3", "volume_per_atom_angstrom3"]


@dataclass
class Tested:
    """Test rows in order of folds: truth and predictions by name, each (n, 2): log10 G, log10 K.

    inside: (n, 2) truth within the 90 % interval. row: (n,) the materials' rows.
    """

    truth: FloatArray
    fold: IntArray
    row: IntArray
    predictions: dict[str, FloatArray] = field(default_factory=dict)
    inside: dict[str, BoolArray] = field(default_factory=dict)


def matbench_number(frame: pd.DataFrame) -> pd.Series[int]:
    """The running number of a matbench row, the same for its shear and its bulk modulus; else 0."""
    number = frame["row_of_origin"].astype(str).str.extract(r"^mb-log-[gk]vrh-(\d+)$")[0]
    return pd.to_numeric(number).fillna(0).astype(int)


def allowed(frame: pd.DataFrame, number: pd.Series[int], test: set[int]) -> BoolArray:
    """Measurements that an official fold may learn from; asserts that no test row is among them."""
    is_test = number.isin(test)
    compositions = set(frame.loc[is_test, "composition_key"])
    elsewhere = (number == 0) & frame["composition_key"].isin(compositions)
    kept = ~is_test & ~elsewhere
    assert not set(number[kept]) & test
    assert compositions.isdisjoint(frame.loc[kept & (number == 0), "composition_key"])
    return kept.to_numpy(bool)


@dataclass(frozen=True)
class Fitted:
    """A view and the compositions that it was learned from."""

    view: ModuliView
    learned: CompositionIndex

    def predict(self, features: pd.DataFrame) -> tuple[FloatArray, FloatArray, FloatArray]:
        """log10 G and log10 K, and the lower and upper ends of their intervals, each (n, 2)."""
        mean, spread, errors = self.view.predict(features)
        distance = self.learned.nearness(fractions_of(features))
        name = np.full(len(mean), self.view.name)
        lower, upper = np.empty_like(mean), np.empty_like(mean)
        for column, target in enumerate(MODULI_TARGETS):
            known = Circumstances(mean[:, column], spread[:, column], distance, name)
            calibration = self.view.blended[target.name].calibration
            alike = with_errors_alike(known, errors[:, :, column])
            below, above = calibration.interval(alike, COVERAGE)
            lower[:, column], upper[:, column] = mean[:, column] - below, mean[:, column] + above
        return mean, lower, upper


def fitted_view(
    prepared: Prepared, chosen: BoolArray, view: str, config: ModuliConfig = FULL.moduli
) -> Fitted:
    """One view, learned from the chosen measurements, its blend included."""
    model = new_moduli_model(config).views[view]
    data = moduli_data(prepared, chosen)
    model.fit(config, data, lambda text: print(f"  {text}", flush=True))
    return Fitted(model, CompositionIndex(fractions_of(data.features)))


def official(
    prepared: Prepared,
    withheld: BoolArray,
    folds: int = 5,
    config: ModuliConfig = FULL.moduli,
    jobs: int = 1,
) -> tuple[Tested, Fitted]:
    """The official folds from the formula alone and with the space group, ``jobs`` at a time.

    ``withheld`` measurements are not learned from in the first fold either; also returns that
    fold's formula view.
    """
    one = partial(_official_fold, prepared, withheld, config)
    done = _each(one, list(enumerate(matbench_folds(SHEAR)[:folds])), jobs)
    return _together([tested for tested, _ in done]), done[0][1]


def _official_fold(
    prepared: Prepared,
    withheld: BoolArray,
    config: ModuliConfig,
    numbered: tuple[int, tuple[list[str], list[str]]],
) -> tuple[Tested, Fitted]:
    """One official fold, and its formula view."""
    fold, (_, test_ids) = numbered
    frame = prepared.frame
    number = matbench_number(frame)
    test = {int(ident.rsplit("-", 1)[-1]) for ident in test_ids}
    chosen = allowed(frame, number, test)
    if fold == 0:
        chosen = chosen & ~withheld
    part = _test_rows(prepared, frame[number.isin(test).to_numpy(bool)], number, fold)
    views = {name: fitted_view(prepared, chosen, name, config) for name in (FORMULA, SYMMETRY)}
    for name, view in views.items():
        _predict(prepared, part, name, view)
        error = np.abs(part.predictions[name] - part.truth).mean(axis=0)
        print(
            f"official fold {fold + 1}, {name}: log10 G {error[0]:.4f}, log10 K {error[1]:.4f}",
            flush=True,
        )
    for name, columns in (
        ("forest on magpie", MAGPIE),
        ("forest on magpie and symmetry", [*MAGPIE, *feature_groups()["symmetry"]]),
    ):
        _predict_forest(prepared, part, chosen, name, columns)
    return part, views[FORMULA]


def _each(one: Callable[[Task], Done], tasks: Sequence[Task], jobs: int) -> list[Done]:
    """What ``one`` makes of each task, ``jobs`` at a time in processes of one thread each."""
    if jobs == 1:
        return [one(task) for task in tasks]
    with ProcessPoolExecutor(
        jobs, mp_context=get_context("spawn"), initializer=torch.set_num_threads, initargs=(1,)
    ) as pool:
        return list(pool.map(one, tasks))


def _test_rows(prepared: Prepared, rows: pd.DataFrame, number: pd.Series[int], fold: int) -> Tested:
    table = rows.assign(number=number[rows.index], material=prepared.row[rows.index])
    wide = table.pivot_table(index="number", columns="property", values="value", aggfunc="first")
    material = table.drop_duplicates("number").set_index("number")["material"].loc[wide.index]
    truth = wide[list(MODULI_PROPERTIES)].to_numpy(np.float64)
    return Tested(truth, np.full(len(truth), fold), material.to_numpy(np.int64))


def crystals(prepared: Prepared, config: ModuliConfig = FULL.moduli, jobs: int = 1) -> Tested:
    """All crystals with a structure, formulas held out, ``jobs`` folds at a time; matbench rows of
    other formulas are learned from."""
    frame = prepared.frame
    structures = frame[frame["structure_key"].notna()]
    wide = structures.assign(material=prepared.row[structures.index]).pivot_table(
        index="row_of_origin", columns="property", values="value", aggfunc="median"
    )
    material = pd.Series(prepared.row[structures.index], index=structures["row_of_origin"])
    material = material[~material.index.duplicated()].loc[wide.index]
    keys = np.array([prepared.materials[row].composition_key for row in material], dtype=object)
    fold = grouped_fold_of(pd.factorize(keys)[0].astype(np.int64), CRYSTAL_FOLDS, "crystals")
    truth = wide[list(MODULI_PROPERTIES)].to_numpy(np.float64)
    tasks = []
    for number in range(CRYSTAL_FOLDS):
        inside = fold == number
        part = Tested(truth[inside], fold[inside], material.to_numpy(np.int64)[inside])
        tasks.append((part, set(keys[inside].tolist())))
    return _together(_each(partial(_crystal_fold, prepared, config), tasks, jobs))


def _crystal_fold(
    prepared: Prepared, config: ModuliConfig, task: tuple[Tested, set[str]]
) -> Tested:
    """One fold of crystals, whose compositions ``task`` names too, predicted from the others."""
    part, keys = task
    frame = prepared.frame
    chosen = ~frame["composition_key"].isin(keys).to_numpy(bool)
    assert keys.isdisjoint(frame.loc[chosen, "composition_key"])
    _predict(prepared, part, STRUCTURE, fitted_view(prepared, chosen, STRUCTURE, config))
    error = np.abs(part.predictions[STRUCTURE] - part.truth).mean(axis=0)
    print(f"structures: log10 G {error[0]:.4f}, log10 K {error[1]:.4f}", flush=True)
    columns = [*MAGPIE, *feature_groups()["symmetry"], *DENSITY]
    known = chosen & frame["structure_key"].notna().to_numpy(bool)
    _predict_forest(prepared, part, known, "forest on magpie, symmetry, density", columns)
    return part


def _predict(prepared: Prepared, part: Tested, name: str, fitted: Fitted) -> None:
    mean, lower, upper = fitted.predict(prepared.features.iloc[part.row])
    part.predictions[name] = mean
    part.inside[name] = (part.truth >= lower) & (part.truth <= upper)


def _predict_forest(
    prepared: Prepared, part: Tested, chosen: BoolArray, name: str, columns: list[str]
) -> None:
    data = moduli_data(prepared, chosen)
    x = np.nan_to_num(data.features[columns].to_numpy(np.float64), nan=-1.0)
    test = np.nan_to_num(prepared.features[columns].to_numpy(np.float64)[part.row], nan=-1.0)
    known = np.isfinite(data.y).all(axis=1)
    model = RandomForestRegressor(
        n_estimators=100, max_features=1 / 3, random_state=seed_for("moduli_forest"), n_jobs=2
    )
    part.predictions[name] = np.asarray(model.fit(x[known], data.y[known]).predict(test))
    part.predictions["mean"] = np.tile(data.y[known].mean(axis=0), (len(test), 1))


def _together(parts: list[Tested]) -> Tested:
    return Tested(
        np.concatenate([part.truth for part in parts]),
        np.concatenate([part.fold for part in parts]),
        np.concatenate([part.row for part in parts]),
        {
            name: np.concatenate([part.predictions[name] for part in parts])
            for name in parts[0].predictions
        },
        {name: np.concatenate([part.inside[name] for part in parts]) for name in parts[0].inside},
    )

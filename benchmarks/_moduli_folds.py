"""Fits for the moduli benchmark: which rows may be learned from, and what is predicted for a test.

In the official folds a test crystal's composition may stand in training as a polymorph, as the
protocol has it; but no other table's value of a test row's composition may, nor its bulk modulus.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import RandomForestRegressor

from features.composition import MAGPIE_PROPERTIES, MAGPIE_STATISTICS
from features.table import feature_groups
from models.folds import grouped_fold_of
from models.moduli_model import ModuliConfig
from models.moduli_view import FORMULA, STRUCTURE, SYMMETRY, ModuliView
from models.seeds import seed_for
from training.preparation import MODULI_PROPERTIES, Prepared, moduli_data, new_moduli_model
from training.profiles import FULL
from training.records import SHEAR
from training.splits import matbench_folds

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

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


def fitted_view(
    prepared: Prepared, chosen: BoolArray, view: str, config: ModuliConfig = FULL.moduli
) -> ModuliView:
    """One view, learned from the chosen measurements, its blend included."""
    model = new_moduli_model(config).views[view]
    data = moduli_data(prepared, chosen)
    model.fit(config, data, lambda text: print(f"  {text}", flush=True))
    return model


def official(
    prepared: Prepared,
    withheld: BoolArray,
    folds: int = 5,
    config: ModuliConfig = FULL.moduli,
) -> tuple[Tested, ModuliView]:
    """The official folds from the formula alone and with the space group.

    ``withheld`` measurements are not learned from in the first fold either; also returns that
    fold's formula view.
    """
    frame = prepared.frame
    number = matbench_number(frame)
    tested = []
    for fold, (_, test_ids) in enumerate(matbench_folds(SHEAR)[:folds]):
        print(f"official fold {fold + 1} of {folds}", flush=True)
        test = {int(ident.rsplit("-", 1)[-1]) for ident in test_ids}
        chosen = allowed(frame, number, test)
        if fold == 0:
            chosen = chosen & ~withheld
        part = _test_rows(prepared, frame[number.isin(test).to_numpy(bool)], number, fold)
        views = {name: fitted_view(prepared, chosen, name, config) for name in (FORMULA, SYMMETRY)}
        for name, view in views.items():
            _predict(prepared, part, name, view)
            error = np.abs(part.predictions[name] - part.truth).mean(axis=0)
            print(f"  {name}: log10 G {error[0]:.4f}, log10 K {error[1]:.4f}", flush=True)
        if fold == 0:
            first = views[FORMULA]
        groups = feature_groups()
        for name, columns in (
            ("forest on magpie", MAGPIE),
            ("forest on magpie and symmetry", [*MAGPIE, *groups["symmetry"]]),
        ):
            _predict_forest(prepared, part, chosen, name, columns)
        tested.append(part)
    return _together(tested), first


def _test_rows(prepared: Prepared, rows: pd.DataFrame, number: pd.Series[int], fold: int) -> Tested:
    table = rows.assign(number=number[rows.index], material=prepared.row[rows.index])
    wide = table.pivot_table(index="number", columns="property", values="value", aggfunc="first")
    material = table.drop_duplicates("number").set_index("number")["material"].loc[wide.index]
    truth = wide[list(MODULI_PROPERTIES)].to_numpy(np.float64)
    return Tested(truth, np.full(len(truth), fold), material.to_numpy(np.int64))


def crystals(prepared: Prepared, config: ModuliConfig = FULL.moduli) -> Tested:
    """All crystals with a structure, formulas held out; matbench rows of other formulas learned."""
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
    tested = []
    for number in range(CRYSTAL_FOLDS):
        print(f"structures, fold {number + 1} of {CRYSTAL_FOLDS}", flush=True)
        inside = fold == number
        chosen = ~frame["composition_key"].isin(set(keys[inside])).to_numpy(bool)
        assert set(keys[inside]).isdisjoint(frame.loc[chosen, "composition_key"])
        part = Tested(truth[inside], fold[inside], material.to_numpy(np.int64)[inside])
        _predict(prepared, part, STRUCTURE, fitted_view(prepared, chosen, STRUCTURE, config))
        error = np.abs(part.predictions[STRUCTURE] - part.truth).mean(axis=0)
        print(f"  log10 G {error[0]:.4f}, log10 K {error[1]:.4f}", flush=True)
        columns = [*MAGPIE, *feature_groups()["symmetry"], *DENSITY]
        known = chosen & frame["structure_key"].notna().to_numpy(bool)
        _predict_forest(prepared, part, known, "forest on magpie, symmetry, density", columns)
        tested.append(part)
    return _together(tested)


def _predict(prepared: Prepared, part: Tested, name: str, view: ModuliView) -> None:
    features = prepared.features.iloc[part.row]
    mean, spread = view.predict(features)
    part.predictions[name] = mean
    half = [
        blended.calibration.half_width(spread[:, c], np.full(len(mean), name), COVERAGE)
        for c, blended in enumerate(view.blended.values())
    ]
    part.inside[name] = np.abs(mean - part.truth) <= np.column_stack(half)


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

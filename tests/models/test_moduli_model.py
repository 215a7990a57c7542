"""Three views of the moduli, and which of them answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.elements import SYMBOLS
from models.moduli_candidates import ModuliConfig
from models.moduli_kernel import ModuliKernelConfig
from models.moduli_metric import MetricConfig
from models.moduli_model import SPACE_GROUP, STRUCTURE_SIGN, ModuliModel
from models.moduli_net import ModuliNetConfig
from models.moduli_view import FORMULA, STRUCTURE, SYMMETRY, ModuliData
from models.trees import BoostedTreesConfig

FRACTIONS = [f"fraction_{symbol}" for symbol in SYMBOLS]
GROUPS = {
    "composition": ["mean_radius", "mean_charge", *FRACTIONS],
    "ranked_elements": [
        *("ranked_1_share", "ranked_2_share"),
        *("ranked_1_atomic_number", "ranked_2_atomic_number"),
    ],
    "symmetry": [SPACE_GROUP, "point_group_order"],
    "structure": ["cell_longest_to_shortest", STRUCTURE_SIGN],
}
CONFIG = ModuliConfig(
    kernel=ModuliKernelConfig(MetricConfig(steps=30, batch=200), rank=8),
    trees=BoostedTreesConfig(rounds=40, learning_rate=0.1, max_depth=4),
    network=ModuliNetConfig(width=32, blocks=1, epochs=20),
    folds=3,
)


def rows(count: int, seed: int = 0) -> ModuliData:
    """Stiffness falls with the radius, a cubic group adds 0.6 and a small volume 0.2 a unit."""
    generator = np.random.default_rng(seed)
    names = [name for each in GROUPS.values() for name in each]
    table = pd.DataFrame(generator.normal(size=(count, len(names))), columns=names)
    share = generator.choice([0.1, 0.2, 0.3, 0.4, 0.5], count)
    table[FRACTIONS] = 0.0
    table["fraction_Li"], table["fraction_F"] = share, 1.0 - share
    known = generator.choice([FORMULA, SYMMETRY, STRUCTURE], count, p=[0.2, 0.3, 0.5])
    cubic = generator.random(count) < 0.5
    table[SPACE_GROUP] = np.where(cubic, 225.0, 62.0)
    table["point_group_order"] = np.where(cubic, 48.0, 8.0)
    table[["ranked_1_share", "ranked_2_share"]] = 0.5
    table[["ranked_1_atomic_number", "ranked_2_atomic_number"]] = [3.0, 8.0]
    bulk = 1.8 - 0.3 * table["mean_radius"] + 0.6 * cubic - 0.2 * table[STRUCTURE_SIGN]
    table.loc[known == FORMULA, GROUPS["symmetry"]] = np.nan
    table.loc[known != STRUCTURE, GROUPS["structure"]] = np.nan
    y = np.column_stack([bulk - 0.3, bulk])
    return ModuliData(table, y, np.arange(count) // 2, known, np.arange(count))


@pytest.fixture(scope="module")
def model() -> ModuliModel:
    fresh = ModuliModel.with_columns(CONFIG, GROUPS)
    fresh.fit(rows(900))
    return fresh


def test_what_is_known_decides_which_view_answers(model: ModuliModel) -> None:
    data = rows(200, seed=1)
    assert model.predict(data.features).view.tolist() == data.known.tolist()


def test_a_lattice_alone_is_no_structure(model: ModuliModel) -> None:
    features = rows(1, seed=2).features
    features[STRUCTURE_SIGN] = np.nan
    features["cell_longest_to_shortest"] = 1.5
    features[SPACE_GROUP] = 225.0
    assert model.predict(features).view.tolist() == [SYMMETRY]
    features[SPACE_GROUP] = np.nan
    assert model.predict(features).view.tolist() == [FORMULA]


def test_whoever_knows_more_is_told_more_exactly(model: ModuliModel) -> None:
    data = rows(600, seed=3)
    error = np.abs(model.predict(data.features).mean - data.y).mean(axis=1)
    by_view = pd.Series(error).groupby(data.known).mean()
    assert by_view[STRUCTURE] < 0.8 * by_view[SYMMETRY]
    assert by_view[SYMMETRY] < 0.8 * by_view[FORMULA]


def test_a_formula_does_not_suffer_from_others_having_a_space_group(model: ModuliModel) -> None:
    data = rows(300, seed=4)
    bare = data.features.copy()
    bare[GROUPS["symmetry"] + GROUPS["structure"]] = np.nan
    alone = model.views[FORMULA].predict(bare)[0]
    np.testing.assert_array_equal(model.predict(bare).mean, alone)
    np.testing.assert_array_equal(model.views[FORMULA].predict(data.features)[0], alone)


def test_intervals_cover_what_they_promise_in_each_view(model: ModuliModel) -> None:
    data = rows(900, seed=5)
    prediction = model.predict(data.features)
    distance = np.full((900, 2), 0.1)
    parts = model.parts(prediction, distance, np.zeros(900, bool))
    inside = np.zeros(900, bool)
    for part in parts["log10_shear_modulus_gpa"]:
        below, above = part.calibration.interval(part.known, 0.8)
        error = data.y[part.rows, 0] - prediction.mean[part.rows, 0]
        inside[part.rows] = (error >= -below) & (error <= above)
    for view in (FORMULA, SYMMETRY, STRUCTURE):
        assert inside[data.known == view].mean() > 0.65, view


def test_the_model_comes_back_from_disk(model: ModuliModel, tmp_path: Path) -> None:
    model.save(tmp_path)
    again = ModuliModel.load(tmp_path)
    features = rows(50, seed=6).features
    one, other = model.predict(features), again.predict(features)
    np.testing.assert_array_equal(one.mean, other.mean)
    np.testing.assert_array_equal(one.spread, other.spread)
    both = model.residual_correlation(one)
    np.testing.assert_array_equal(again.residual_correlation(other), both)
    assert both.min() > 0.5  # both moduli miss the same things here


def test_a_view_that_hardly_any_row_knows_is_not_learned() -> None:
    data = rows(700, seed=7)
    known = np.where(np.arange(700) < 100, data.known, FORMULA)
    fresh = ModuliModel.with_columns(CONFIG, GROUPS)
    fresh.fit(replace(data, known=known))
    assert list(fresh.views) == [FORMULA]
    assert set(fresh.predict(data.features).view) == {FORMULA}


def test_columns_of_single_elements_do_not_make_materials_alike() -> None:
    columns = ModuliModel.with_columns(CONFIG, GROUPS).views[FORMULA].columns
    assert columns.unlike == FRACTIONS
    assert columns.plain[:2] == ["mean_radius", "mean_charge"]
    assert not set(FRACTIONS) & set(columns.plain)


def test_a_table_that_lacks_a_column_is_refused(model: ModuliModel) -> None:
    with pytest.raises(KeyError, match="'mean_radius'"):
        model.views[FORMULA].predict(rows(3).features.drop(columns="mean_radius"))


def test_an_unfitted_model_says_so() -> None:
    fresh = ModuliModel.with_columns(CONFIG, GROUPS)
    with pytest.raises(RuntimeError, match="not fitted"):
        fresh.predict(rows(3).features)

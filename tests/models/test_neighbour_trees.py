"""What a material may learn from the compositions around it, and what not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from features.elements import ELEMENT_COUNT, ELEMENT_ROW
from models.labels import FloatArray, IntArray, Labels
from models.neighbour_trees import COLUMNS, NeighbourTrees, neighbour_columns
from models.trees import BoostedTreesConfig

CONFIG = BoostedTreesConfig(rounds=60, learning_rate=0.1, bags=1, colsample_bynode=1.0)
SHARES = np.arange(ELEMENT_COUNT)


def _mixtures(count: int, seed: int = 0) -> FloatArray:
    """Li-P-S compositions, columns H to Lr."""
    shares = np.random.default_rng(seed).dirichlet([3.0, 1.0, 4.0], size=count)
    x = np.zeros((count, ELEMENT_COUNT))
    x[:, [ELEMENT_ROW["Li"], ELEMENT_ROW["P"], ELEMENT_ROW["S"]]] = shares
    return x


def _fitted(x: FloatArray, y: FloatArray, paper: IntArray, kind: IntArray) -> NeighbourTrees:
    model = NeighbourTrees(CONFIG, SHARES, "near")
    model.fit(x, Labels.of(y), paper, kind)
    return model


def test_columns_of_equal_neighbours_are_their_value_and_no_scatter() -> None:
    columns = neighbour_columns(np.full((1, 20), 2.0), np.full((1, 20), -4.0))
    np.testing.assert_allclose(columns[0], [-4, -4, 0, -4, -4, 2, 2, 2, 2])


def test_the_nearest_neighbour_weighs_most() -> None:
    distance, value = np.arange(20.0)[None, :], np.where(np.arange(20) == 0, -2.0, -8.0)[None, :]
    inverse, wide, _, least, median, *steps = neighbour_columns(distance, value)[0]
    weights = 1.0 / (np.arange(8) + 0.5)
    assert inverse == pytest.approx((weights[0] * -2 + weights[1:].sum() * -8) / weights.sum())
    assert -8 < wide < inverse
    assert (least, median) == (-8, -8)
    assert steps == [0, 2, 4, 7]


def test_without_neighbours_nothing_is_known() -> None:
    columns = neighbour_columns(np.zeros((2, 0)), np.zeros((2, 0)))
    assert columns.shape == (2, COLUMNS)
    assert np.isnan(columns).all()


def test_a_smooth_property_is_learned_from_the_neighbourhood() -> None:
    x = _mixtures(300)
    y = -10.0 + 8.0 * x[:, ELEMENT_ROW["Li"]]
    model = _fitted(x, y, np.arange(300), np.arange(300))
    new = _mixtures(100, seed=1)
    error = np.abs(model.predict(new) - (-10.0 + 8.0 * new[:, ELEMENT_ROW["Li"]])).mean()
    assert error < 0.5 * np.abs(y - np.median(y)).mean()


def test_the_values_of_its_own_paper_do_not_reach_a_material_in_training() -> None:
    """Each paper has its own offset and only near twins inside the paper know it: trees that
    looked at their own paper would learn to trust the nearest neighbour, and be wrong elsewhere."""
    rng = np.random.default_rng(3)
    x = np.repeat(_mixtures(80), 4, axis=0)
    paper = np.repeat(np.arange(80), 4)
    y = -6.0 + rng.normal(size=80)[paper] + 0.01 * rng.normal(size=320)
    model = _fitted(x, y, paper, np.arange(320))
    predicted = model.predict(x)
    new = model.predict(_mixtures(200, seed=9))
    assert np.abs(new - y.mean()).mean() < np.abs(y - y.mean()).mean()
    assert np.isfinite(predicted).all()


def test_one_paper_alone_can_be_learned_from() -> None:
    x = _mixtures(40)
    model = _fitted(x, x[:, ELEMENT_ROW["Li"]], np.zeros(40, np.int64), np.arange(40))
    assert np.isfinite(model.predict(x)).all()


def test_it_comes_back_from_disk_with_the_same_answers(tmp_path: Path) -> None:
    x = _mixtures(60)
    model = _fitted(x, x[:, ELEMENT_ROW["S"]], np.arange(60), np.arange(60))
    model.save(tmp_path)
    again = NeighbourTrees.load(tmp_path, "near")
    np.testing.assert_array_equal(again.predict(x), model.predict(x))


def test_it_does_not_answer_before_it_has_learned() -> None:
    with pytest.raises(RuntimeError, match="not fitted"):
        NeighbourTrees(CONFIG, SHARES).predict(_mixtures(1))

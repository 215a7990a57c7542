"""A forest converted to XGBoost answers as scikit-learn does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor

from models.forest_trees import as_booster, least_above
from models.labels import Labels
from models.trees import FEW_ROWS, Forest, ForestConfig


def _rows(count: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 5))
    x[:, 1] = rng.integers(0, 4, count)
    x[rng.random(x.shape) < 0.15] = np.nan
    return x


@pytest.mark.parametrize("kind", [ExtraTreesRegressor, RandomForestRegressor])
def test_the_converted_forest_agrees_within_1e_6_also_where_values_are_missing(
    kind: type[ExtraTreesRegressor],
) -> None:
    x = _rows(400, 0)
    y = np.nansum(x, axis=1) - 4.0
    forest = kind(n_estimators=60, max_features=0.5, random_state=0).fit(x, y)
    booster, offset = as_booster(forest)
    seen = np.vstack([x, _rows(400, 1)])
    parts = np.float64(booster.inplace_predict(seen.astype(np.float32)))
    answered = parts.sum(axis=1) + offset
    np.testing.assert_allclose(answered, forest.predict(seen), rtol=0, atol=1e-6)


def test_a_value_on_the_threshold_goes_left_in_both() -> None:
    x = np.array([[0.1], [0.3]])
    forest = RandomForestRegressor(n_estimators=1, bootstrap=False).fit(x, [0.0, 1.0])
    edge = forest.estimators_[0].tree_.threshold[0]
    near = np.float32(edge)
    probes = np.array([np.nextafter(near, np.float32(-9)), near, np.nextafter(near, np.float32(9))])
    booster, offset = as_booster(forest)
    answered = booster.inplace_predict(probes[:, None]).astype(np.float64) + offset
    np.testing.assert_allclose(answered, forest.predict(probes[:, None]), atol=1e-7)


def test_thresholds_become_the_least_float_above() -> None:
    low = np.float64(np.float32(0.1))
    found = least_above(np.array([low, low + 1e-12, low - 1e-12]))
    after = np.nextafter(np.float32(0.1), np.float32(1))
    assert found.tolist() == [float(after), float(after), float(np.float32(0.1))]


def test_a_loaded_forest_answers_one_row_as_many(tmp_path: Path) -> None:
    x = _rows(3 * FEW_ROWS, 2)
    model = Forest(ForestConfig(trees=25))
    model.fit(x, Labels.of(np.nansum(x, axis=1)))
    model.save(tmp_path)
    loaded = Forest.load(tmp_path, model.name)
    alone = np.concatenate([loaded.predict(x[row : row + 1]) for row in range(len(x))])
    assert np.array_equal(alone, loaded.predict(x))
    np.testing.assert_allclose(alone, model.predict(x), rtol=0, atol=1e-6)
    assert loaded.predict(x[:0]).shape == (0,)


def test_a_loaded_forest_is_saved_as_it_was(tmp_path: Path) -> None:
    x = _rows(100, 3)
    model = Forest(ForestConfig(trees=5))
    model.fit(x, Labels.of(np.nansum(x, axis=1)))
    (tmp_path / "once").mkdir()
    (tmp_path / "twice").mkdir()
    model.save(tmp_path / "once")
    Forest.load(tmp_path / "once", model.name).save(tmp_path / "twice")
    again = Forest.load(tmp_path / "twice", model.name)
    assert np.array_equal(again.predict(x), Forest.load(tmp_path / "once", model.name).predict(x))

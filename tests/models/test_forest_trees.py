"""A forest converted to XGBoost answers as scikit-learn does."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from models.forest_trees import as_booster, least_above


def _rows(count: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 5))
    x[:, 1] = rng.integers(0, 4, count)
    x[rng.random(x.shape) < 0.15] = np.nan
    return x


def _means(forest: RandomForestRegressor) -> list[np.ndarray]:
    return [estimator.tree_.value[:, 0, 0] for estimator in forest.estimators_]


def test_each_output_is_its_tree_s_own_answer_also_where_values_are_missing() -> None:
    x = _rows(400, 0)
    y = np.nansum(x, axis=1) - 4.0
    forest = RandomForestRegressor(n_estimators=30, max_features=0.5, random_state=0).fit(x, y)
    booster = as_booster(forest, _means(forest))
    seen = np.vstack([x, _rows(400, 1)]).astype(np.float32)
    answered = booster.inplace_predict(seen)
    alone = np.column_stack([tree.predict(seen) for tree in forest.estimators_])
    np.testing.assert_allclose(answered, alone, rtol=0, atol=1e-6)


def test_a_value_on_the_threshold_goes_left_in_both() -> None:
    x = np.array([[0.1], [0.3]])
    forest = RandomForestRegressor(n_estimators=1, bootstrap=False).fit(x, [0.0, 1.0])
    edge = forest.estimators_[0].tree_.threshold[0]
    near = np.float32(edge)
    probes = np.array([np.nextafter(near, np.float32(-9)), near, np.nextafter(near, np.float32(9))])
    answered = as_booster(forest, _means(forest)).inplace_predict(probes[:, None])
    np.testing.assert_allclose(answered, forest.predict(probes[:, None]), atol=1e-7)


def test_thresholds_become_the_least_float_above() -> None:
    low = np.float64(np.float32(0.1))
    found = least_above(np.array([low, low + 1e-12, low - 1e-12]))
    after = np.nextafter(np.float32(0.1), np.float32(1))
    assert found.tolist() == [float(after), float(after), float(np.float32(0.1))]

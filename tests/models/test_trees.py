from __future__ import annotations

from pathlib import Path

import numpy as np

from models.labels import FloatArray, Labels
from models.trees import BoostedTrees, BoostedTreesConfig

FAST = BoostedTreesConfig(rounds=60, learning_rate=0.2, max_depth=4, bags=2, colsample_bynode=1.0)


def _table(rows: int = 400) -> tuple[FloatArray, FloatArray]:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(rows, 5))
    return x, 2.0 * x[:, 0] - np.abs(x[:, 1]) - 5.0


def test_a_plain_dependence_is_learned() -> None:
    x, y = _table()
    model = BoostedTrees(FAST)
    model.fit(x[:300], Labels.of(y[:300]))
    error = np.abs(model.predict(x[300:]) - y[300:]).mean()
    assert error < 0.4 * np.abs(y[300:] - np.median(y[:300])).mean()


def test_bounds_pull_down_and_never_up() -> None:
    x, y = _table()
    low = x[:, 0] < -1.0
    value = np.where(low, -6.0, y)
    model, as_values = BoostedTrees(FAST), BoostedTrees(FAST, "as_values")
    as_values.fit(x, Labels.of(value))
    model.fit(x, Labels.of(value, low))
    deep = x[:, 0] < -1.5
    assert model.predict(x[deep]).mean() < as_values.predict(x[deep]).mean()


def test_a_saved_model_gives_the_same_numbers(tmp_path: Path) -> None:
    x, y = _table()
    x[::7, 3] = np.nan
    model = BoostedTrees(FAST)
    model.fit(x, Labels.of(y))
    model.save(tmp_path)
    loaded = BoostedTrees.load(tmp_path, model.name)
    np.testing.assert_allclose(model.predict(x), loaded.predict(x), rtol=0, atol=1e-6)


def test_contributions_add_up_to_the_prediction() -> None:
    x, y = _table()
    model = BoostedTrees(FAST)
    model.fit(x, Labels.of(y))
    parts = model.contributions(x[:50])
    assert parts.shape == (50, 6)
    assert np.allclose(parts.sum(axis=1), model.predict(x[:50]), atol=1e-4)


def test_one_wrong_label_does_not_pull_its_neighbours() -> None:
    x = np.repeat(np.arange(4.0)[:, None], 25, axis=0)
    y = np.repeat(np.arange(4.0), 25)
    y[0] = 1000.0
    model = BoostedTrees(BoostedTreesConfig(rounds=200, learning_rate=0.1, colsample_bynode=1.0))
    model.fit(x, Labels.of(y))
    assert model.predict(np.array([[0.0]]))[0] < 60.0  # the plain mean of the leaf is 40

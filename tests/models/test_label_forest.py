"""A forest's sample holds measured values of rows alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.label_forest import LabelForest, LabelForestConfig
from models.labels import FloatArray, Labels
from models.trees import FEW_ROWS

SETTINGS = LabelForestConfig(trees=60, max_features=1.0)


def _table(rows: int = 600) -> tuple[FloatArray, FloatArray]:
    """Two kinds of rows, told apart by the first column, with values about 0 and about -10."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(rows, 4))
    x[generator.random(x.shape) < 0.1] = np.nan
    x[:, 0] = np.where(np.arange(rows) % 2, 1.0, -1.0)
    return x, np.where(x[:, 0] > 0, 0.0, -10.0) + generator.uniform(-1.0, 1.0, rows)


def _fitted(x: FloatArray, labels: Labels, prediction: FloatArray | None = None) -> LabelForest:
    forest = LabelForest(SETTINGS, "label_forest")
    forest.fit(x, labels, np.zeros(len(x)) if prediction is None else prediction)
    return forest


def test_a_sample_is_of_measured_values_of_the_same_kind() -> None:
    x, y = _table()
    sample = _fitted(x, Labels.of(y)).sample(x)
    assert sample.shape == (len(x), SETTINGS.trees)
    assert np.isin(sample.astype(np.float32), y.astype(np.float32)).all()
    assert (np.abs(sample - y[:, None]) < 2.0).all()


def test_the_sample_spreads_as_the_values_do() -> None:
    x, y = _table()
    sample = _fitted(x, Labels.of(y)).sample(x[:100])
    low, high = np.quantile(sample, [0.05, 0.95], axis=1)
    assert (high - low).mean() == pytest.approx(1.8, abs=0.15)  # of a uniform one two wide


def test_a_bound_counts_with_what_is_predicted_and_never_with_more_than_itself() -> None:
    x, _ = _table()
    bound = Labels.of(np.full(len(x), -6.0), np.ones(len(x), bool))
    prediction = np.where(x[:, 0] > 0, -3.0, -8.0)
    sample = _fitted(x, bound, prediction).sample(x)
    assert np.array_equal(sample, np.broadcast_to(np.minimum(prediction, -6.0)[:, None], (600, 60)))


def test_a_loaded_forest_answers_one_row_as_many(tmp_path: Path) -> None:
    x, y = _table()
    forest = _fitted(x, Labels.of(y))
    forest.save(tmp_path)
    loaded = LabelForest.load(tmp_path, forest.name)
    many = loaded.sample(x[: 3 * FEW_ROWS])
    alone = np.concatenate([loaded.sample(x[row : row + 1]) for row in range(3 * FEW_ROWS)])
    assert np.array_equal(many, forest.sample(x[: 3 * FEW_ROWS]))
    assert np.array_equal(many, alone)
    assert loaded.sample(x[:0]).shape == (0, SETTINGS.trees)


def test_the_same_rows_give_the_same_sample() -> None:
    x, y = _table()
    assert np.array_equal(_fitted(x, Labels.of(y)).sample(x), _fitted(x, Labels.of(y)).sample(x))


def test_an_unfitted_forest_says_so(tmp_path: Path) -> None:
    forest = LabelForest(SETTINGS, "label_forest")
    for use in (lambda: forest.sample(np.zeros((1, 2))), lambda: forest.save(tmp_path)):
        with pytest.raises(RuntimeError, match="not fitted"):
            use()

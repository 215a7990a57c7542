from __future__ import annotations

import numpy as np
import pytest

from models.explanation import SHOWN, contributions
from models.labels import Labels
from models.trees import BoostedTrees, BoostedTreesConfig


def _fitted(columns: int) -> tuple[BoostedTrees, np.ndarray]:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(200, columns))
    trees = BoostedTrees(BoostedTreesConfig(rounds=40, learning_rate=0.2, max_depth=4))
    trees.fit(x, Labels.of(3.0 * x[:, 0] - 2.0 * x[:, 1] + 5.0))
    return trees, x


def test_contributions_add_up_to_the_trees_prediction() -> None:
    trees, x = _fitted(20)
    found = contributions(trees, [f"c{at}" for at in range(20)], x[:10])
    total = [sum(each.contribution for each in row) for row in found]
    assert total == pytest.approx(trees.predict(x[:10]), abs=1e-4)


def test_the_largest_come_first_and_the_rest_as_one() -> None:
    trees, x = _fitted(20)
    (row,) = contributions(trees, [f"c{at}" for at in range(20)], x[:1])
    assert [each.feature for each in row[-2:]] == ["base", "other"]
    size = [abs(each.contribution) for each in row[:-2]]
    assert len(size) == SHOWN
    assert size == sorted(size, reverse=True)
    assert {"c0", "c1"} & {each.feature for each in row[:2]}


def test_a_feature_that_is_not_known_has_no_value() -> None:
    trees, x = _fitted(4)
    x[0, 0] = np.nan
    (row,) = contributions(trees, ["a", "b", "c", "d"], x[:1])
    assert next(each.value for each in row if each.feature == "a") is None


def test_no_rows_have_no_contributions() -> None:
    trees, x = _fitted(4)
    assert contributions(trees, ["a", "b", "c", "d"], x[:0]) == []

"""Distances to anchors agree with scipy's, whatever the columns hold."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from models.manhattan import ROWS_AT_ONCE, Anchors


def _table(rows: int, seed: int) -> np.ndarray:
    """Columns full of numbers, columns that are nearly always 0.5, and a constant one."""
    rng = np.random.default_rng(seed)
    full = rng.normal(size=(rows, 7))
    sparse = np.where(rng.random((rows, 9)) < 0.1, rng.normal(size=(rows, 9)), 0.5)
    return np.hstack([full, sparse, np.full((rows, 1), -1.25)])[:, rng.permutation(17)]


@pytest.mark.parametrize("rows", [0, 1, ROWS_AT_ONCE, ROWS_AT_ONCE + 3])
def test_distances_agree_with_scipy(rows: int) -> None:
    anchors, x = _table(50, 0), _table(max(rows, 1), 1)[:rows]
    found = Anchors.of(anchors).distances(x)
    assert found.shape == (rows, 50)
    np.testing.assert_allclose(found, cdist(x, anchors, "cityblock"), rtol=0, atol=2e-5)


def test_a_single_anchor_has_no_summed_column_and_still_its_distance() -> None:
    x = _table(5, 2)
    found = Anchors.of(x[:1]).distances(x)
    np.testing.assert_allclose(found, cdist(x, x[:1], "cityblock"), rtol=0, atol=2e-5)
    assert found[0, 0] == 0.0


def test_anchors_without_exceptions_are_at_the_common_distance() -> None:
    anchors = np.zeros((20, 3))
    anchors[4, 1] = 2.0
    found = Anchors.of(anchors).distances(np.array([[1.0, 1.0, -1.0]]))
    assert found[0].tolist() == [3.0] * 20


def test_a_row_has_the_same_distances_alone_and_among_others() -> None:
    anchors, x = Anchors.of(_table(40, 3)), _table(100, 4)
    alone = np.vstack([anchors.distances(x[row : row + 1]) for row in range(len(x))])
    assert np.array_equal(alone, anchors.distances(x))

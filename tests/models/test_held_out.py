from __future__ import annotations

import numpy as np

from models.held_out import HeldOut, error_correlation
from models.labels import FloatArray, Labels


def _part(rows: int, error: FloatArray, bound: bool = False) -> HeldOut:
    labels = Labels.of(np.zeros(rows), np.full(rows, bound))
    order = np.arange(rows)
    fold, distance = np.zeros(rows, np.int64), np.zeros((rows, 2))
    return HeldOut(order, labels, error[:, None], fold, distance, np.ones(1))


def test_equal_errors_correlate_fully_and_opposite_ones_inversely() -> None:
    error = np.arange(40.0)
    assert error_correlation({"a": _part(40, error), "b": _part(40, 2.0 * error)}) == 1.0
    assert error_correlation({"a": _part(40, error), "b": _part(40, -error)}) == -1.0


def test_too_few_common_rows_or_bounds_give_no_correlation() -> None:
    few, many = np.arange(20.0), np.arange(40.0)
    assert error_correlation({"a": _part(20, few), "b": _part(40, many)}) == 0.0
    assert error_correlation({"a": _part(40, many, bound=True), "b": _part(40, many)}) == 0.0

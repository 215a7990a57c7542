"""Choosing among predicted materials: probabilities of being good enough, and the Pareto front."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from models.labels import BoolArray, FloatArray


def probability_above(
    value: FloatArray, lower: FloatArray, upper: FloatArray, coverage: float, threshold: float
) -> FloatArray:
    """P(true value > threshold), (n,), of a normal distribution with the interval that was served.

    value, lower and upper are (n,) in one unit; the interval holds the truth with probability
    ``coverage`` in (0, 1). The side of the interval that faces the threshold gives the width. NaN
    where the value is. Raises ValueError for another coverage.
    """
    if not 0.0 < coverage < 1.0:
        raise ValueError(f"coverage must be between 0 and 1, not {coverage}")
    side = np.where(threshold >= value, upper - value, value - lower)
    deviation = side / ndtri(0.5 + coverage / 2.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.where(value == threshold, 0.0, (value - threshold) / deviation)
    return np.asarray(np.where(np.isnan(value), np.nan, ndtr(distance)))


def pareto_front(goals: FloatArray) -> BoolArray:
    """(n,) true for rows that no other row beats in one goal and equals or beats in all others.

    goals: (n, m), larger is better in each column. Rows with NaN are never on the front and beat
    nobody; equal rows are on it together. Takes O(n front) comparisons.
    """
    count = len(goals)
    on_front = np.zeros(count, dtype=bool)
    usable = np.flatnonzero(~np.isnan(goals).any(axis=1))
    # In this order no row can be beaten by one that comes after it.
    order = usable[np.lexsort(-goals[usable].T[::-1])] if goals.shape[1] else usable
    front: npt.NDArray[np.float64] = np.empty((0, goals.shape[1]))
    for row in order:
        beaten = (front >= goals[row]).all(axis=1) & (front > goals[row]).any(axis=1)
        if not beaten.any():
            on_front[row] = True
            front = np.vstack([front, goals[row]])
    return on_front

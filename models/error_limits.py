"""Where the known ground ends, found from held-out errors."""

from __future__ import annotations

import numpy as np

from models.labels import FloatArray

# Rows beyond the limit shall have twice the mean error of the rest, with something to spare.
RATIO = 2.5
LARGEST_SHARE, SMALLEST_SHARE = 0.10, 0.01
FEWEST_ROWS = 10


def error_limit(expected: FloatArray, error: FloatArray) -> float:
    """The lowest expected error beyond which the mean held-out error is RATIO times the rest's.

    expected, error: (n,). At most LARGEST_SHARE of the rows lie beyond it. Where no limit does,
    the one that leaves SMALLEST_SHARE out; infinite where rows are too few to tell.
    """
    if len(error) * SMALLEST_SHARE < 1.0:
        return float("inf")
    order = np.argsort(expected, kind="stable")
    expected, error = expected[order], error[order]
    count = len(error)
    fewest = max(FEWEST_ROWS, int(SMALLEST_SHARE * count))
    total = np.cumsum(error)
    for first in range(int((1.0 - LARGEST_SHARE) * count), count - fewest):
        inside = total[first - 1] / first
        outside = (total[-1] - total[first - 1]) / (count - first)
        if outside >= RATIO * inside:
            return float(expected[first - 1])
    return float(expected[-fewest])


def distance_limit(distance: FloatArray) -> float:
    """The largest distance (n,) at which an error was ever measured."""
    return float(distance.max(initial=0.0))

"""Which materials to measure next: expected improvement, spread over different compositions."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from models.composition_distance import composition_distance
from models.labels import FloatArray, IntArray

# Two compositions this many steps apart on the element scale tell about two thirds as much as two
# unrelated ones. Half of the known conductors have a relative within 0.3.
SPREAD_STEPS = 0.3
# Only so many of the best candidates for each one wanted are looked at for their distances.
CANDIDATES_A_CHOICE = 200


def upward_deviation(value: FloatArray, upper: FloatArray, coverage: float) -> FloatArray:
    """(n,) standard deviation of a normal distribution that reaches as far up as the interval.

    Intervals need not be symmetric, and an improvement is about the upper side alone. value and
    upper: (n,) in one unit. Raises ValueError for a coverage outside (0, 1).
    """
    if not 0.0 < coverage < 1.0:
        raise ValueError(f"coverage must be between 0 and 1, not {coverage}")
    return np.asarray((upper - value) / ndtri(0.5 + coverage / 2.0))


def expected_improvement(mean: FloatArray, deviation: FloatArray, best: float) -> FloatArray:
    """(n,) expected amount by which each of n values lies above ``best``, in their unit.

    The values are normally distributed with mean and standard deviation (n,). Jones 1998
    (10.1023/A:1008306431147), equation 15, for a maximum. NaN where the mean is.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (mean - best) / deviation
        density = np.exp(-0.5 * z**2) / np.sqrt(2.0 * np.pi)
        spread = (mean - best) * ndtr(z) + deviation * density
    certain = np.maximum(mean - best, 0.0)
    return np.asarray(np.where(deviation > 0.0, np.maximum(spread, 0.0), certain))


def diverse_batch(score: FloatArray, fractions: FloatArray, count: int) -> IntArray:
    """Positions of up to ``count`` of n candidates, in the order to measure them.

    The first has the highest score (n,). Each choice lowers the scores of compositions near to it,
    by exp(-distance / SPREAD_STEPS) of themselves, before the next one is made: what a neighbour
    would tell is known by then. fractions: (n, 103). Candidates with a NaN score are never chosen.
    Gonzalez 2016 (arXiv:1505.08052) calls this local penalisation.
    """
    usable = np.flatnonzero(~np.isnan(score))
    best_first = usable[np.argsort(-score[usable], kind="stable")]
    near = best_first[: CANDIDATES_A_CHOICE * count]
    left, shares = score[near].astype(np.float64), fractions[near]
    chosen: list[int] = []
    for _ in range(min(count, len(near))):
        at = int(np.argmax(left))
        chosen.append(at)
        distance = composition_distance(shares, shares[at][None, :])
        left *= 1.0 - np.exp(-distance / SPREAD_STEPS)
        left[chosen] = -np.inf
    return np.asarray(near[chosen], dtype=np.int64)

"""The distribution of signed, scaled errors, of which some are only known to lie below a value."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.labels import BoolArray, FloatArray

STORED_LEVELS = 801


def score_quantiles(score: FloatArray, is_upper_bound: BoolArray) -> FloatArray:
    """The quantiles of n scores at STORED_LEVELS even levels, with the finite-sample correction.

    A score that is only bounded from above hands its weight to all scores below the bound, from
    the largest down (Efron 1967, redistribution of censored observations; for bounds from above
    mirrored). The correction stretches the levels by (n + 1) / n about the median, so that an
    interval between two of them has the coverage of split conformal prediction (Lei 2018,
    10.1080/01621459.2017.1307116). Raises ValueError for no scores.
    """
    count = len(score)
    if count == 0:
        raise ValueError("no scores to take quantiles of")
    order = np.lexsort((is_upper_bound, -score))
    falling, bounded = score[order], is_upper_bound[order]
    below = count - 1 - np.arange(count)  # how many lie to the left of each
    passes_on = bounded & (below > 0)
    handed = np.where(passes_on, 1.0 + 1.0 / np.maximum(below, 1), 1.0)
    weight = np.concatenate([[1.0], np.cumprod(handed)[:-1]]) * ~passes_on
    rising, mass = falling[::-1], weight[::-1] / weight.sum()
    held = mass > 0
    rising, mass = rising[held], mass[held]
    middle = np.cumsum(mass) - 0.5 * mass
    level = np.linspace(0.0, 1.0, STORED_LEVELS)
    stretched = 0.5 + (level - 0.5) * (count + 1) / count
    return np.asarray(np.interp(stretched, middle, rising))


def at_level(quantiles: FloatArray, level: float | npt.NDArray[np.float64]) -> FloatArray:
    """The score at a level (or levels) 0..1 of stored quantiles."""
    place = np.asarray(level) * (len(quantiles) - 1)
    return np.asarray(np.interp(place, np.arange(len(quantiles)), quantiles))

"""Figures of merit of predictive distributions that are given as quantiles. Pure functions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest

from training.evaluate import Estimate

FloatArray = npt.NDArray[np.float64]

LEVELS = tuple(round(0.025 * step, 3) for step in range(1, 40))
"""0.025, 0.05, ..., 0.975: every method answers these."""


def central_interval(quantiles: FloatArray, coverage: float) -> tuple[FloatArray, FloatArray]:
    """Lower and upper bound (n,) of the central interval; quantiles: (n, len(LEVELS)).

    Raises ValueError where the two levels are not among LEVELS.
    """
    low, high = (LEVELS.index(round(0.5 + side * coverage / 2, 3)) for side in (-1, 1))
    return quantiles[:, low], quantiles[:, high]


def coverage_with_binomial_interval(
    truth: FloatArray, lower: FloatArray, upper: FloatArray
) -> Estimate:
    """Share of truths (n,) in their intervals, with the exact 95 % interval (Clopper-Pearson)."""
    inside = int(((truth >= lower) & (truth <= upper)).sum())
    interval = binomtest(inside, len(truth)).proportion_ci(0.95)
    return Estimate(inside / len(truth), float(interval.low), float(interval.high), len(truth))


def interval_scores(
    truth: FloatArray, lower: FloatArray, upper: FloatArray, coverage: float
) -> FloatArray:
    """(n,) width plus 2 / (1 - coverage) times how far the truth lies outside.

    Winkler 1972 (10.1080/01621459.1972.10481224); the less the better.
    """
    outside = np.maximum(lower - truth, 0.0) + np.maximum(truth - upper, 0.0)
    return (upper - lower) + 2.0 / (1.0 - coverage) * outside


def crps(truth: FloatArray, quantiles: FloatArray) -> FloatArray:
    """(n,) continuous ranked probability score, twice the pinball loss integrated over LEVELS.

    Gneiting and Raftery 2007 (10.1198/016214506000001437); in the target's unit.
    """
    level = np.array(LEVELS)
    short = truth[:, None] - quantiles
    loss = np.maximum(level * short, (level - 1.0) * short)  # zero at the levels 0 and 1
    return np.asarray(2.0 * loss.sum(axis=1) / (len(LEVELS) + 1))


def observed_coverages(truth: FloatArray, quantiles: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Stated coverages 0.05 .. 0.95 and the shares of truths (n,) that their intervals hold."""
    stated = np.arange(1, 20) / 20.0
    held = []
    for coverage in stated:
        lower, upper = central_interval(quantiles, float(coverage))
        held.append(float(np.mean((truth >= lower) & (truth <= upper))))
    return stated, np.array(held)


def miscalibration_area(truth: FloatArray, quantiles: FloatArray) -> float:
    """Area between the reliability curve and the diagonal, 0 (calibrated) to 0.5."""
    stated, held = observed_coverages(truth, quantiles)
    whole = np.concatenate([[0.0], stated, [1.0]]), np.concatenate([[0.0], held, [1.0]])
    return float(np.trapezoid(np.abs(whole[1] - whole[0]), whole[0]))


def mean_with_error(values: FloatArray) -> Estimate:
    """Mean of (n,) with its normal 95 % interval."""
    half = 1.96 * float(np.std(values)) / np.sqrt(len(values))
    mean = float(np.mean(values))
    return Estimate(mean, mean - half, mean + half, len(values))

"""Conformal intervals from held-out errors, normalised by how much the candidates disagree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls
from scipy.stats import norm

from models.labels import FloatArray, Labels, residual

COVERAGE_RANGE = (0.5, 0.99)
# A category with fewer held-out errors than this shares the errors of all categories.
SMALLEST_CATEGORY = 60
STORED_SCORES = 2001


@dataclass(frozen=True)
class Calibration:
    """Held-out errors of one target, ready to answer any coverage in COVERAGE_RANGE.

    scores maps a category ("all", "formula", "structure") to sorted absolute errors divided by
    the scale ``floor + gain * spread``; the spread is the candidates' standard deviation.
    Split conformal prediction with normalised scores: Lei 2018 (10.1080/01621459.2017.1307116).
    """

    floor: float
    gain: float
    replicate_scatter: float
    scores: dict[str, FloatArray]

    def half_width(
        self, spread: FloatArray, category: npt.NDArray[np.str_], coverage: float
    ) -> FloatArray:
        """(n,) half widths in the target's unit. Raises ValueError for a coverage out of range."""
        low, high = COVERAGE_RANGE
        if not low <= coverage <= high:
            raise ValueError(f"coverage must be between {low} and {high}, not {coverage}")
        factor = np.full(len(spread), self._quantile("all", coverage))
        for name in self.scores:
            factor[category == name] = self._quantile(name, coverage)
        width = factor * (self.floor + self.gain * spread)
        return np.maximum(width, self.replicate_scatter * norm.ppf(0.5 + coverage / 2))

    def _quantile(self, category: str, coverage: float) -> float:
        return float(np.quantile(self.scores[category], coverage, method="linear"))


def calibrate(
    predictions: FloatArray,
    spread: FloatArray,
    labels: Labels,
    category: npt.NDArray[np.str_],
    replicate_scatter: float,
) -> Calibration:
    """Learn a Calibration from out-of-fold predictions (n,), their spread and labels.

    A bound that the prediction respects says nothing about the error and is left out; one that
    it breaks counts with the least error that is possible.
    """
    error = np.abs(residual(labels, predictions))
    told = ~labels.is_bound | (error > 0)
    error, spread, category = error[told], spread[told], category[told]
    (floor, gain), _ = nnls(np.column_stack([np.ones(len(spread)), spread]), error)
    floor = max(floor, 0.25 * float(error.mean()))
    score = error / (floor + gain * spread)
    scores = {"all": _thin(score)}
    for name in np.unique(category):
        chosen = score[category == name]
        if len(chosen) >= SMALLEST_CATEGORY:
            scores[str(name)] = _thin(chosen)
    return Calibration(floor, gain, replicate_scatter, scores)


def _thin(scores: FloatArray) -> FloatArray:
    """The sorted scores with the finite-sample correction, at most STORED_SCORES of them."""
    count = len(scores)
    ordered = np.append(np.sort(scores), np.max(scores))
    # The conformal quantile is the ceil((n + 1) c)-th score; stretching by (n + 1) / n does that.
    grid = np.linspace(0.0, 1.0, min(count + 1, STORED_SCORES))
    return np.quantile(ordered, np.minimum(grid * (count + 1) / count, 1.0))

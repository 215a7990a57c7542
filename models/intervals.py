"""Conformal intervals from held-out errors, scaled by how large an error is to be expected.

A score is (truth - prediction) / expected error of a held-out row. Its signed quantiles, taken
apart by what is known of a material and by how high the prediction is, give intervals of any
coverage that need not be symmetric: poor conductors are predicted too high more often than too
low.

Where materials alike tell of the truth too (values measured on them, models.label_forest, or errors
made with them, models.moduli_kernel), their quantiles and these are averaged, level by level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from models.error_limits import distance_limit, error_limit
from models.error_scale import (
    Circumstances,
    ErrorScale,
    cross_fitted_errors,
    learn_error_scale,
)
from models.labels import FloatArray, IntArray, Labels, residual
from models.signed_scores import at_level, score_quantiles

COVERAGE_RANGE = (0.5, 0.99)
LEVEL_RANGE = (0.005, 0.995)
# A stratum with fewer held-out errors than this shares those of a wider one.
SMALLEST_STRATUM = 60
STRATA = 3
EVERY = "all"
# Held-out rows outside the data have at least twice the error of the rest (models.error_limits).
OUTSIDE_FACTOR = 2.0
# Within this distance of a training material (a doped or lightly substituted relative, half of
# the held-out rows) no material lies outside the data, however hard it is to predict.
CLOSE_RELATIVE = 0.3
# The served value always lies inside its interval, by at least this share of the replicates' part.
LEAST_SHARE = 0.25
# Central two thirds of a normal distribution: its half width is one standard deviation.
ONE_SIGMA = (float(ndtr(-1.0)), float(ndtr(1.0)))


@dataclass(frozen=True)
class Calibration:
    """Held-out errors of one target, ready to answer any level in LEVEL_RANGE.

    edges (STRATA - 1,) part predictions into low, middle and high. scores maps a stratum
    ("formula/Li/0", "formula/Li", "all/0" or "all") to quantiles of its scores at even levels.
    error_limit, distance_limit: an expected error, or a composition distance, beyond which
    held-out errors were more than twice those of the rest, or none was ever seen.
    """

    scale: ErrorScale
    replicate_scatter: float
    edges: FloatArray
    scores: dict[str, FloatArray]
    typical_error: float
    error_limit: float
    distance_limit: float

    def offsets(self, known: Circumstances, levels: Sequence[float]) -> FloatArray:
        """(n, levels) quantiles of the truth, less the prediction; target's unit.

        On either side of the median no nearer to it than a normal distribution of the
        replicates' scatter is. Raises ValueError for a level out of LEVEL_RANGE.
        """
        low, high = LEVEL_RANGE
        for level in levels:
            if not low - 1e-12 <= level <= high + 1e-12:
                raise ValueError(f"a quantile must be between {low} and {high}, not {level}")
        asked = np.asarray(levels, dtype=np.float64)
        quantiles = self._quantiles(known, np.append(asked, 0.5))
        wanted, median = quantiles[:, :-1], quantiles[:, -1:]
        least = median + self.replicate_scatter * ndtri(asked)
        return np.where(asked < 0.5, np.minimum(wanted, least), np.maximum(wanted, least))

    def interval(self, known: Circumstances, coverage: float) -> tuple[FloatArray, FloatArray]:
        """How far the interval reaches below and above the prediction, both (n,) and positive.

        Raises ValueError for a coverage out of COVERAGE_RANGE.
        """
        offsets = self.offsets(known, tails(coverage))
        return self.ends(offsets[:, 0], offsets[:, 1], coverage)

    def ends(
        self, lower: FloatArray, upper: FloatArray, coverage: float
    ) -> tuple[FloatArray, FloatArray]:
        """``interval`` from the ``offsets`` (n,) at the two ``tails`` of the coverage."""
        least = LEAST_SHARE * self.replicate_scatter * float(ndtri(0.5 + 0.5 * coverage))
        return np.maximum(-lower, least), np.maximum(upper, least)

    def expected_error(self, known: Circumstances) -> FloatArray:
        """(n,) expected absolute error in the target's unit.

        Outside the data it is at least OUTSIDE_FACTOR times the usual one.
        """
        error = self.scale.expected_error(known)
        if known.outside is None:
            return error
        least = np.where(known.outside, OUTSIDE_FACTOR * self.typical_error, 0.0)
        return np.maximum(error, least)

    def objections(self, known: Circumstances, words: str) -> list[list[str]]:
        """Why n materials lie beyond what held-out errors tell of, in words.

        words: what the target is called, with its unit, as in "log10 conductivity".
        """
        reasons: list[list[str]] = [[] for _ in range(len(known))]
        nearest = known.distance[:, 0]
        strange = nearest > CLOSE_RELATIVE
        for row in np.flatnonzero(nearest > self.distance_limit):
            reasons[row].append(
                f"no {words} was measured near this composition (distance {nearest[row]:.1f}, "
                f"errors are known up to {self.distance_limit:.1f})"
            )
        error = self.scale.expected_error(known)
        for row in np.flatnonzero(strange & (error > self.error_limit)):
            reasons[row].append(
                f"an error of about {error[row]:.2g} is to be expected in {words}, against "
                f"{self.typical_error:.2g} usually"
            )
        return reasons

    def epistemic(self, low: FloatArray, high: FloatArray) -> FloatArray:
        """(n,) epistemic standard deviation from the ``offsets`` (n,) at ONE_SIGMA.

        The aleatoric one, what careful measurements of one material differ by, is
        ``replicate_scatter``; the rest of half of the central two thirds of the distribution is
        what is not known of the material.
        """
        total = 0.5 * (high - low)
        return np.sqrt(np.maximum(total**2 - self.replicate_scatter**2, 0.0))

    def _quantiles(self, known: Circumstances, levels: FloatArray) -> FloatArray:
        """(n, levels) quantiles of the truth, less the prediction."""
        errors = self._scores(known, levels) * self.expected_error(known)[:, None]
        if known.alike is None:
            return errors
        alike = known.alike.quantiles(levels) - known.prediction[:, None]
        # Outside the data no material is alike.
        outside = np.zeros(len(known), bool) if known.outside is None else known.outside
        share = np.where(outside, 0.0, known.alike.share)[:, None]
        return np.asarray(share * alike + (1.0 - share) * errors)

    def _scores(self, known: Circumstances, levels: FloatArray) -> FloatArray:
        """(n, levels) the scores at levels in each row's own stratum."""
        place = np.searchsorted(self.edges, known.prediction)
        result = np.empty((len(known), len(levels)))
        for category in set(known.category.tolist()):
            of_category = known.category == category
            for part in set(place[of_category].tolist()):
                rows = of_category & (place == part)
                result[rows] = at_level(self._stratum(category, part), levels)
        return result

    def _stratum(self, category: str, part: int) -> FloatArray:
        for name in (f"{category}/{part}", category, f"{EVERY}/{part}"):
            if name in self.scores:
                return self.scores[name]
        return self.scores[EVERY]

    def to_state(self) -> dict[str, Any]:
        """Plain values for JSON."""
        scale = {name: _plain(value) for name, value in asdict(self.scale).items()}
        return {
            **{name: getattr(self, name) for name in _NUMBERS},
            "scale": scale,
            "edges": self.edges.tolist(),
            "scores": {name: scores.tolist() for name, scores in self.scores.items()},
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Calibration:
        """The inverse of ``to_state``. Raises KeyError or TypeError for a missing part."""
        scale: dict[str, Any] = {
            name: np.asarray(value) if isinstance(value, list) else float(value)
            for name, value in state["scale"].items()
        }
        return cls(
            scale=ErrorScale(**scale),
            edges=np.asarray(state["edges"], dtype=np.float64),
            scores={name: np.asarray(values) for name, values in state["scores"].items()},
            **{name: float(state[name]) for name in _NUMBERS},
        )


_NUMBERS = ("replicate_scatter", "typical_error", "error_limit", "distance_limit")


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value


def tails(coverage: float) -> tuple[float, float]:
    """The levels of the two ends of an interval.

    Raises ValueError for a coverage out of COVERAGE_RANGE.
    """
    low, high = COVERAGE_RANGE
    if not low <= coverage <= high:
        raise ValueError(f"coverage must be between {low} and {high}, not {coverage}")
    return 0.5 * (1.0 - coverage), 0.5 * (1.0 + coverage)


def calibrate(
    known: Circumstances, labels: Labels, fold: IntArray, replicate_scatter: float
) -> Calibration:
    """Learn a Calibration from out-of-fold predictions and labels (n,).

    fold: (n,) the fold of each row; the expected error that scales a row's score is learned from
    the other folds, as it will be for a new material. A bound that the prediction respects says
    nothing about the size of an error; a broken one counts with the least error that is possible.
    In the quantiles a bound is a score that is only known to lie below a value.
    """
    error = np.abs(residual(labels, known.prediction))
    told = ~labels.is_bound | (error > 0)
    weight = labels.weight
    scale = learn_error_scale(known.take(told), error[told], weight[told])
    expected = np.empty(len(error))
    expected[told] = cross_fitted_errors(known.take(told), error[told], weight[told], fold[told])
    expected[~told] = scale.expected_error(known.take(~told))
    score = (labels.value - known.prediction) / expected
    edges = np.quantile(known.prediction, np.arange(1, STRATA) / STRATA)
    place = np.searchsorted(edges, known.prediction)
    strata = {EVERY: np.ones(len(score), bool)}
    for part in range(STRATA):
        strata[f"{EVERY}/{part}"] = place == part
        for category in np.unique(known.category):
            strata[str(category)] = known.category == category
            strata[f"{category}/{part}"] = (known.category == category) & (place == part)
    exact = ~labels.is_bound
    return Calibration(
        scale=scale,
        replicate_scatter=replicate_scatter,
        edges=np.asarray(edges),
        scores={
            name: score_quantiles(score[rows], labels.is_bound[rows])
            for name, rows in strata.items()
            if name == EVERY or rows.sum() >= SMALLEST_STRATUM
        },
        typical_error=float(np.average(error[told], weights=weight[told])),
        error_limit=error_limit(expected[exact], error[exact]),
        distance_limit=distance_limit(known.distance[:, 0]),
    )

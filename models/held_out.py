"""Held-out predictions of one target, and the blend and intervals learned from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.blend import learn_weights
from models.error_scale import Circumstances
from models.intervals import Calibration, calibrate
from models.labels import BoolArray, FloatArray, IntArray, Labels
from models.targets import Target

FEWEST_FOR_CORRELATION = 30


@dataclass(frozen=True)
class BlendedTarget:
    """How the candidates of one target are combined, and how far off the blend is."""

    weights: FloatArray
    calibration: Calibration

    @property
    def used(self) -> BoolArray:
        """(candidates,) those that count; the others need not be asked."""
        return self.weights > 0

    def combine(self, each: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean and spread, each (n,), of predictions (n, candidates); see ``spread_of``."""
        used = self.used
        return each[:, used] @ self.weights[used], spread_of(each, used)

    def to_state(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"weights": self.weights.tolist(), "calibration": self.calibration.to_state()}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> BlendedTarget:
        """The inverse of ``to_state``. Raises KeyError for a missing part."""
        return cls(
            np.asarray(state["weights"], dtype=np.float64),
            Calibration.from_state(state["calibration"]),
        )


@dataclass
class HeldOut:
    """Out-of-fold predictions (m, candidates) of the labels (m,) of feature rows ``row`` (m,).

    distance: (m, 2) ``CompositionIndex.nearness`` of each row to the training rows of its fold.
    measurement: (m,) which of the measurements each label is, where a row may have several.
    """

    row: IntArray
    labels: Labels
    predictions: FloatArray
    fold: IntArray
    distance: FloatArray
    weights: FloatArray = field(default_factory=lambda: np.zeros(0))
    measurement: IntArray | None = None

    @property
    def blend(self) -> FloatArray:
        """(m,) held-out predictions of the blend; weights must have been learned."""
        return np.asarray(self.predictions @ self.weights)

    def circumstances(self, target: Target, category: npt.NDArray[np.str_]) -> Circumstances:
        """What was known of each row before its label was; category: (m,)."""
        prediction = np.clip(self.blend, *target.plausible)
        spread = spread_of(self.predictions, self.weights > 0)
        return Circumstances(prediction, spread, self.distance, category)

    def blend_and_calibrate(self, target: Target, category: npt.NDArray[np.str_]) -> BlendedTarget:
        """Learn the weights, then the intervals of the blend. category: (m,)."""
        self.weights = learn_weights(self.predictions, self.labels)
        calibration = calibrate(
            self.circumstances(target, category), self.labels, self.fold, target.replicate_scatter
        )
        return BlendedTarget(self.weights, calibration)


def combined(
    each: FloatArray, targets: Sequence[Target], blended: Mapping[str, BlendedTarget]
) -> tuple[FloatArray, FloatArray]:
    """Mean and spread, each (n, targets), of predictions (n, candidates, targets).

    The means are kept inside what is physically plausible.
    """
    mean, spread = np.empty((len(each), len(targets))), np.empty((len(each), len(targets)))
    for column, target in enumerate(targets):
        value, spread[:, column] = blended[target.name].combine(each[:, :, column])
        mean[:, column] = np.clip(value, *target.plausible)
    return mean, spread


def spread_of(each: FloatArray, used: BoolArray) -> FloatArray:
    """(n,) standard deviation over the candidates that are ``used``, of each (n, candidates)."""
    return np.asarray(each[:, used].std(axis=1))


def error_correlation(held_out: dict[str, HeldOut]) -> float:
    """Rank correlation of the errors of two targets on the rows where both were measured.

    Bounds are left out, and a row with several measurements counts with their mean error. 0 where
    fewer than FEWEST_FOR_CORRELATION rows have both.
    """
    errors = []
    for part in held_out.values():
        exact = ~part.labels.is_bound
        error = pd.Series((part.blend - part.labels.value)[exact])
        errors.append(error.groupby(part.row[exact]).mean())
    both = pd.concat(errors, axis=1, join="inner")
    if len(both) < FEWEST_FOR_CORRELATION:
        return 0.0
    return float(both.corr(method="spearman").iloc[0, 1])

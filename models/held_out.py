"""Held-out predictions of one target, and the blend and intervals learned from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from models.blend import learn_weights
from models.intervals import Calibration, calibrate
from models.labels import FloatArray, IntArray, Labels
from models.targets import Target


@dataclass(frozen=True)
class BlendedTarget:
    """How the candidates of one target are combined, and how far off the blend is."""

    weights: FloatArray
    calibration: Calibration

    def to_state(self) -> dict[str, Any]:
        """Plain values for JSON."""
        calibration = self.calibration
        return {
            "weights": self.weights.tolist(),
            "floor": calibration.floor,
            "gain": calibration.gain,
            "replicate_scatter": calibration.replicate_scatter,
            "scores": {name: scores.tolist() for name, scores in calibration.scores.items()},
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> BlendedTarget:
        """The inverse of ``to_state``. Raises KeyError for a missing part."""
        scores = {name: np.asarray(values) for name, values in state["scores"].items()}
        calibration = Calibration(
            float(state["floor"]), float(state["gain"]), float(state["replicate_scatter"]), scores
        )
        return cls(np.asarray(state["weights"], dtype=np.float64), calibration)


@dataclass
class HeldOut:
    """Out-of-fold predictions (m, candidates) of the labels (m,) of feature rows ``row`` (m,)."""

    row: IntArray
    labels: Labels
    predictions: FloatArray
    fold: IntArray
    weights: FloatArray = field(default_factory=lambda: np.zeros(0))

    @property
    def blend(self) -> FloatArray:
        """(m,) held-out predictions of the blend; weights must have been learned."""
        return np.asarray(self.predictions @ self.weights)

    def blend_and_calibrate(self, target: Target, category: npt.NDArray[np.str_]) -> BlendedTarget:
        """Learn the weights, then the intervals of the blend. category: (m,)."""
        self.weights = learn_weights(self.predictions, self.labels)
        calibration = calibrate(
            self.blend,
            self.predictions.std(axis=1),
            self.labels,
            category,
            target.replicate_scatter,
        )
        return BlendedTarget(self.weights, calibration)

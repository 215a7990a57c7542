"""What was measured, in the form that learning needs: values, bounds and weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Labels:
    """Labels of one target, one entry a row of the feature matrix.

    value: (n,) in the target's unit. is_bound: (n,) true where the value is only an upper bound
    (a conductivity below the limit of detection). weight: (n,) relative trust, 1 for a measurement.
    """

    value: FloatArray
    is_bound: BoolArray
    weight: FloatArray

    @classmethod
    def of(
        cls,
        value: FloatArray,
        is_bound: BoolArray | None = None,
        weight: FloatArray | None = None,
    ) -> Labels:
        """Labels with no bounds and equal weights unless given. Raises ValueError if not finite."""
        array = np.asarray(value, dtype=np.float64)
        if not np.isfinite(array).all():
            raise ValueError("labels must be finite; drop missing rows before learning")
        bound = np.zeros(len(array), bool) if is_bound is None else np.asarray(is_bound, bool)
        trust = np.ones(len(array)) if weight is None else np.asarray(weight, np.float64)
        return cls(array, bound, trust)

    def __len__(self) -> int:
        return len(self.value)

    def take(self, rows: IntArray | BoolArray) -> Labels:
        """The labels of ``rows`` (positions or a mask)."""
        return Labels(self.value[rows], self.is_bound[rows], self.weight[rows])


def residual(labels: Labels, prediction: FloatArray) -> FloatArray:
    """Prediction minus label, (n,); zero where a bound is already respected."""
    difference = prediction - labels.value
    return np.where(labels.is_bound, np.maximum(difference, 0.0), difference)

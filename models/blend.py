"""Weights that turn several candidates into one prediction, learned on held-out predictions."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

from models.labels import FloatArray, Labels, residual


def blend_loss(weights: FloatArray, predictions: FloatArray, labels: Labels) -> float:
    """Weighted mean absolute error of the blend; a respected bound costs nothing."""
    error = np.abs(residual(labels, predictions @ weights))
    return float(np.average(error, weights=labels.weight))


def learn_weights(predictions: FloatArray, labels: Labels) -> FloatArray:
    """Non-negative weights (k,), summing to one, with the least smoothed absolute error.

    predictions (n, k) must be out-of-fold: on fitted rows the most overfitted candidate would win.
    A weight under 0.05 is dropped, since it costs time at every answer and buys next to nothing.
    """
    count = predictions.shape[1]
    softness = 0.05 * float(np.std(labels.value)) + 1e-12

    def smooth(weights: FloatArray) -> float:
        error = residual(labels, predictions @ weights)
        return float(np.average(np.sqrt(error**2 + softness**2), weights=labels.weight))

    result = minimize(
        smooth,
        np.full(count, 1.0 / count),
        method="SLSQP",
        bounds=[(0.0, 1.0)] * count,
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1.0},
        options={"maxiter": 200, "ftol": 1e-9},
    )
    weights = np.where(result.x < 0.05, 0.0, result.x)
    return np.asarray(weights / weights.sum(), dtype=np.float64)

"""Parity and residual plots of held-out predictions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from models.held_out import HeldOut
from models.targets import Target

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def parity_plot(path: Path, target: Target, part: HeldOut) -> None:
    """Write a PNG: held-out prediction against label, and the residuals beside it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    _parity(left, target, part)
    error = (part.blend - part.labels.value)[~part.labels.is_bound]
    right.hist(error, bins=60, color="#0072B2")
    right.axvline(0.0, color="black", linewidth=0.8)
    right.set_xlabel(f"held-out error ({target.unit})")
    right.set_ylabel("measurements")
    right.set_title(f"mean absolute error {np.mean(np.abs(error)):.3f}")
    figure.savefig(path, dpi=130)


def _parity(axes: Axes, target: Target, part: HeldOut) -> None:
    truth, bound = part.labels.value, part.labels.is_bound
    axes.plot(truth[~bound], part.blend[~bound], ".", markersize=3, alpha=0.5, color="#0072B2")
    if bound.any():
        axes.plot(
            truth[bound], part.blend[bound], "<", markersize=4, color="#D55E00", label="upper bound"
        )
        axes.legend()
    low = float(min(truth.min(), part.blend.min()))
    high = float(max(truth.max(), part.blend.max()))
    axes.plot([low, high], [low, high], color="black", linewidth=0.8)
    axes.set_xlabel(f"measured {target.name}")
    axes.set_ylabel("held-out prediction")

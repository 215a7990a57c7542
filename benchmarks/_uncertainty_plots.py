"""docs/reliability.png and docs/error_against_distance.png."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks._interval_scores import observed_coverages
from benchmarks._judged import OURS, Judged

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    Draw = Callable[[Axes, str, Judged, bool], None]

DOCS = Path(__file__).parent.parent / "docs"
COLOURS = {
    OURS: "#0072B2",
    "mapie CV+": "#E69F00",
    "quantile forest": "#009E73",
    "raw spread": "#999999",
}
UNITS = {
    "conductivity": "log10(S/cm)",
    "activation energy": "eV",
    "shear modulus": "log10(GPa)",
    "bulk modulus": "log10(GPa)",
}
BINS = 10


def save_plots(found: dict[tuple[str, str], Judged], folder: Path = DOCS) -> None:
    """Write both figures from the held-out rows of protocol i."""
    shown = {target: rows for (protocol, target), rows in found.items() if protocol == "i"}
    _save(folder / "reliability.png", shown, _reliability)
    _save(folder / "error_against_distance.png", shown, _error_against_distance)


def _save(path: Path, shown: dict[str, Judged], draw: Draw) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.1 * len(shown), 3.4), layout="constrained", dpi=130)
    FigureCanvasAgg(figure)
    axes = np.atleast_1d(figure.subplots(1, len(shown)))
    for at, (target, rows) in enumerate(shown.items()):
        draw(axes[at], target, rows, at == 0)
    figure.savefig(path)


def _reliability(axes: Axes, target: str, rows: Judged, first: bool) -> None:
    axes.plot([0, 100], [0, 100], color="black", linewidth=0.8, linestyle=":")
    for name, quantiles in rows.quantiles.items():
        stated, held = observed_coverages(rows.truth, quantiles)
        axes.plot(
            100 * stated,
            100 * held,
            color=COLOURS[name],
            linewidth=2.2 if name == OURS else 1.2,
            label=name,
            zorder=3 if name == OURS else 2,
        )
    axes.set_title(target, fontsize=10)
    axes.set_xlabel("stated coverage (%)")
    axes.set_aspect("equal")
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 100)
    if first:
        axes.set_ylabel("held-out values inside (%)")
        axes.legend(fontsize=7.5, frameon=False, loc="upper left")


def _error_against_distance(axes: Axes, target: str, rows: Judged, first: bool) -> None:
    order = np.argsort(rows.distance, kind="stable")
    parts = np.array_split(order, BINS)
    where = [float(np.mean(rows.distance[part])) for part in parts]
    mean = np.array([rows.error[part].mean() for part in parts])
    half = np.array([1.96 * rows.error[part].std() / np.sqrt(len(part)) for part in parts])
    axes.plot(rows.distance, rows.error, ".", color="#BBBBBB", markersize=1.5, zorder=1)
    axes.errorbar(
        where, mean, yerr=half, color=COLOURS[OURS], marker="o", markersize=4, linewidth=1.5
    )
    axes.set_title(target, fontsize=10)
    axes.set_xlabel("composition distance (steps)")
    axes.set_ylabel(f"|error|, {UNITS[target]}")
    axes.set_xlim(left=-0.05, right=float(np.quantile(rows.distance, 0.99)))
    axes.set_ylim(0.0, float(np.quantile(rows.error, 0.97)))
    if first:
        axes.text(
            0.03,
            0.96,
            "dots: one held-out value\nblue: mean of a tenth of them",
            transform=axes.transAxes,
            fontsize=7,
            va="top",
        )

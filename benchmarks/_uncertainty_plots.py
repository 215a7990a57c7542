"""docs/reliability.png and docs/error_against_distance.png, from curves kept beside the results.

The curves of the targets that a run leaves out stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks._figures import RESULTS
from benchmarks._interval_scores import observed_coverages
from benchmarks._judged import OURS, Judged

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    Draw = Callable[[Axes, str, dict[str, Any], bool], None]

DOCS = Path(__file__).parent.parent / "docs"
CURVES = RESULTS / "curves" / "uncertainty.json"
PROTOCOL = "i"
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
BINS = 8


def save_curves(found: dict[tuple[str, str], Judged], path: Path = CURVES) -> None:
    """Keep the curves of the held-out rows of PROTOCOL, by target."""
    kept: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    for (protocol, target), rows in found.items():
        if protocol == PROTOCOL:
            kept[target] = {"reliability": _reliability(rows), "distance": _by_distance(rows)}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({name: kept[name] for name in UNITS if name in kept}) + "\n")


def _reliability(rows: Judged) -> dict[str, list[list[float]]]:
    """By method: stated coverages and shares inside, in percent."""
    return {
        name: [np.round(100 * part, 2).tolist() for part in observed_coverages(rows.truth, each)]
        for name, each in rows.quantiles.items()
    }


def _by_distance(rows: Judged) -> dict[str, list[float]]:
    """Mean distance, mean absolute error and its 95 % half interval in BINS equal parts."""
    parts = np.array_split(np.argsort(rows.distance, kind="stable"), BINS)
    error = [rows.error[part] for part in parts]
    return {
        "distance": [float(rows.distance[part].mean()) for part in parts],
        "error": [float(each.mean()) for each in error],
        "half": [1.96 * float(each.std()) / len(each) ** 0.5 for each in error],
    }


def save_plots(path: Path = CURVES, folder: Path = DOCS) -> None:
    """Write both figures from the curves that were kept."""
    shown = json.loads(path.read_text())
    _save(folder / "reliability.png", shown, _draw_reliability)
    _save(folder / "error_against_distance.png", shown, _draw_distance)


def _save(path: Path, shown: dict[str, Any], draw: Draw) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.1 * len(shown), 3.4), layout="constrained", dpi=130)
    FigureCanvasAgg(figure)
    axes = np.atleast_1d(figure.subplots(1, len(shown)))
    for at, (target, curves) in enumerate(shown.items()):
        draw(axes[at], target, curves, at == 0)
    figure.savefig(path)


def _draw_reliability(axes: Axes, target: str, curves: dict[str, Any], first: bool) -> None:
    axes.plot([0, 100], [0, 100], color="black", linewidth=0.8, linestyle=":")
    for name, (stated, held) in curves["reliability"].items():
        ours = name == OURS
        axes.plot(
            stated,
            held,
            color=COLOURS[name],
            linewidth=2.4 if ours else 1.2,
            label=name,
            zorder=3 if ours else 2,
        )
    axes.set_title(target, fontsize=10)
    axes.set_xlabel("stated coverage (%)")
    axes.set_aspect("equal")
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 100)
    if first:
        axes.set_ylabel("held-out values inside (%)")
        axes.legend(fontsize=7.5, frameon=False, loc="upper left")


def _draw_distance(axes: Axes, target: str, curves: dict[str, Any], first: bool) -> None:
    points = curves["distance"]
    axes.errorbar(
        points["distance"],
        points["error"],
        yerr=points["half"],
        color=COLOURS[OURS],
        marker="o",
        markersize=4,
        linewidth=1.5,
        capsize=2,
    )
    axes.set_title(target, fontsize=10)
    axes.set_xlabel("composition distance (steps)")
    axes.set_ylabel(f"mean |error|, {UNITS[target]}")
    axes.set_xlim(left=0.0)
    axes.set_ylim(bottom=0.0)
    if first:
        axes.text(
            0.97,
            0.05,
            f"each dot: an {_ordinal(BINS)} of the held-out values",
            transform=axes.transAxes,
            fontsize=7,
            ha="right",
        )


def _ordinal(parts: int) -> str:
    return {8: "eighth", 10: "tenth"}[parts]


if __name__ == "__main__":
    save_plots()

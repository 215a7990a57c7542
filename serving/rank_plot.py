"""A ranked list as a picture: conductivity against a dendrite criterion, with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from models.labels import BoolArray, FloatArray
from serving.conditions import numbers
from serving.rank import CONDUCTIVITY, GOALS, ON_FRONT
from serving.rows import ListError

MOST_POINTS = 500  # the best; more than this nobody can tell apart
ENDINGS = (".png", ".html")


@dataclass(frozen=True)
class _Points:
    """What is drawn, arrays (n,); the errors are distances from the value, (2, n)."""

    x: FloatArray
    x_error: FloatArray
    y: FloatArray
    y_error: FloatArray
    energy_ev: FloatArray
    on_front: BoolArray
    names: list[str]
    y_words: str


def check_plot(path: Path) -> None:
    """Raises ListError where a path cannot be a plot."""
    if path.suffix.lower() not in ENDINGS:
        raise ListError(f"the plot '{path.name}' must end in {' or '.join(ENDINGS)}")
    if not path.parent.is_dir():
        raise ListError(f"there is no folder '{path.parent}' for the plot")


def plot_ranked(ranked: pa.Table, path: Path, coverage: float) -> None:
    """Draw the first MOST_POINTS rows. Raises ListError, OSError."""
    check_plot(path)
    points = _points(ranked.slice(0, MOST_POINTS))
    title = f"{len(points.x)} best of {ranked.num_rows}, {coverage:.0%} intervals"
    if path.suffix.lower() == ".png":
        _png(points, path, title)
    else:
        _html(points, path, title)


def _points(table: pa.Table) -> _Points:
    goal = GOALS["chi" if GOALS["chi"].column in table.schema.names else "score"]
    x, x_error = _with_errors(table, CONDUCTIVITY)
    y, y_error = _with_errors(table, goal.column)
    return _Points(
        x,
        x_error,
        y,
        y_error,
        numbers(table, "activation_energy_ev"),
        np.asarray(table.column(ON_FRONT).to_pylist(), dtype=bool),
        [str(formula) for formula in table.column("formula").to_pylist()],
        goal.words,
    )


def _with_errors(table: pa.Table, name: str) -> tuple[FloatArray, FloatArray]:
    value, lower, upper = (numbers(table, f"{name}{end}") for end in ("", "_lower", "_upper"))
    return value, np.maximum(np.vstack([value - lower, upper - value]), 0.0)


def _png(points: _Points, path: Path, title: str) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 6), layout="constrained")
    axes = figure.add_subplot()
    axes.errorbar(
        points.x, points.y, yerr=points.y_error, xerr=points.x_error,
        fmt="none", ecolor="0.85", elinewidth=0.6, zorder=1,
    )  # fmt: skip
    shown = axes.scatter(points.x, points.y, c=points.energy_ev, s=18, cmap="viridis", zorder=2)
    front = points.on_front
    axes.scatter(
        points.x[front], points.y[front], s=50, facecolors="none", edgecolors="crimson",
        label="Pareto front", zorder=3,
    )  # fmt: skip
    figure.colorbar(shown, label=GOALS["activation-energy"].words)
    axes.set(xlabel=GOALS["conductivity"].words, ylabel=points.y_words, title=title)
    axes.legend()
    figure.savefig(path, dpi=150)


def _html(points: _Points, path: Path, title: str) -> None:
    import plotly.graph_objects as go

    def errors(both: FloatArray) -> dict[str, object]:
        return {
            "type": "data", "symmetric": False, "array": both[1], "arrayminus": both[0],
            "color": "lightgrey", "thickness": 0.6, "width": 0,
        }  # fmt: skip

    marker = {
        "color": points.energy_ev,
        "colorscale": "Viridis",
        "colorbar": {"title": GOALS["activation-energy"].words},
        "size": np.where(points.on_front, 11, 7),
        "line": {"color": "crimson", "width": np.where(points.on_front, 2, 0)},
    }
    figure = go.Figure(
        go.Scatter(
            x=points.x,
            y=points.y,
            error_x=errors(points.x_error),
            error_y=errors(points.y_error),
            mode="markers",
            marker=marker,
            text=points.names,
        )
    )
    figure.update_layout(
        title=f"{title}; red rings: Pareto front",
        xaxis_title=GOALS["conductivity"].words,
        yaxis_title=points.y_words,
        template="plotly_white",
    )
    # The page holds all it needs: it works without a network.
    figure.write_html(path, include_plotlyjs=True)

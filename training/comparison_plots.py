"""Plots of two trainings side by side: differences with intervals, and errors row by row."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from training.comparison import Comparison, compare_rows, comparison_table
from training.held_out_rows import HeldOutRows


def write_comparison(
    folder: Path,
    before: Mapping[str, HeldOutRows],
    after: Mapping[str, HeldOutRows],
    names: tuple[str, str],
) -> None:
    """Write ``comparison.md``, ``differences.png`` and one ``errors_<protocol>.png`` each."""
    folder.mkdir(parents=True, exist_ok=True)
    comparisons = compare_rows(before, after)
    (folder / "comparison.md").write_text(comparison_table(comparisons, names) + "\n")
    if not comparisons:
        return
    _differences(folder / "differences.png", comparisons, names)
    for each in comparisons:
        one, other = before[each.protocol], after[each.protocol]
        _errors(folder / f"errors_{each.protocol}.png", one, other, names)


def _differences(path: Path, comparisons: list[Comparison], names: tuple[str, str]) -> None:
    """Relative change of each protocol's error, with its interval."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 1.2 + 0.4 * len(comparisons)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    place = np.arange(len(comparisons))[::-1]
    scale = np.array([100.0 / max(each.before, 1e-12) for each in comparisons])
    middle = scale * np.array([each.difference for each in comparisons])
    ends = scale * np.array([[each.lower, each.upper] for each in comparisons]).T
    axes.errorbar(middle, place, xerr=np.abs(ends - middle), fmt="o", color="#0072B2", capsize=3)
    axes.axvline(0.0, color="black", linewidth=0.8)
    axes.set_yticks(place, [each.protocol for each in comparisons], fontsize=8)
    axes.set_xlabel(f"change of the held-out error from {names[0]} to {names[1]} (%), 95 %")
    figure.savefig(path, dpi=130)


def _errors(path: Path, one: HeldOutRows, other: HeldOutRows, names: tuple[str, str]) -> None:
    """The error of each row in both trainings."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    _, at_one, at_other = np.intersect1d(one.identity, other.identity, return_indices=True)
    figure = Figure(figsize=(4.6, 4.4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    x, y = one.error[at_one], other.error[at_other]
    axes.plot(x, y, ".", markersize=3, alpha=0.4, color="#0072B2")
    most = float(max(x.max(), y.max()))
    axes.plot([0.0, most], [0.0, most], color="black", linewidth=0.8)
    axes.set_xlabel(f"absolute held-out error, {names[0]}")
    axes.set_ylabel(f"absolute held-out error, {names[1]}")
    figure.savefig(path, dpi=130)

"""The Arrhenius figure: log sigma against 1000/T, with intervals and what was measured nearby.

In a notebook::

    from serving.arrhenius_plot import arrhenius_figure, curve_temperatures_c

    answer = httpx.post(f"{address}/predict", json={
        "materials": [{"formula": "Li6PS5Cl"}], "temperatures_c": curve_temperatures_c()})
    arrhenius_figure(answer.json()["predictions"])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from serving.schema import Conditions

Json = Mapping[str, Any]

ABSOLUTE_ZERO_C = -273.15
ROOM_C = 25.0
USUAL_RANGE_C = (20.0, 200.0)
CURVE_POINTS = 36
MOST_BANDS = 3  # more of them on top of each other cannot be told apart
ENDINGS = (".png", ".svg", ".pdf")
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # Okabe and Ito
CELSIUS_TICKS = (-100, -50, -20, 0, 25, 60, 100, 150, 200, 300, 400, 600, 800)
CLOSEST_TICKS = 0.09  # of the axis


class PlotError(ValueError):
    """A figure that cannot be drawn, or a path that cannot be one."""


def curve_temperatures_c(asked: Sequence[float] = ()) -> list[float]:
    """Temperatures for a smooth curve: over those asked for, or 20 to 200 °C; even in 1/T.

    Room temperature and those asked for are among them.
    """
    low, high = (min(asked), max(asked)) if len(set(asked)) > 1 else USUAL_RANGE_C
    low, high = min([low, *asked]), max([high, *asked])
    inverse = np.linspace(
        1.0 / (high - ABSOLUTE_ZERO_C), 1.0 / (low - ABSOLUTE_ZERO_C), CURVE_POINTS
    )
    between = np.round(1.0 / inverse[1:-1] + ABSOLUTE_ZERO_C).tolist()
    room = [ROOM_C] if low < ROOM_C < high else []
    return sorted({low, high, *between, *room, *asked})


def with_curve(conditions: Conditions, path: Path | None) -> Conditions:
    """The same conditions with the temperatures of a curve, where one is to be drawn.

    Raises PlotError where the path cannot be a figure.
    """
    if path is None:
        return conditions
    check_figure_path(path)
    curve_c = curve_temperatures_c(conditions.temperatures_c)
    return conditions.model_copy(update={"temperatures_c": curve_c})


def arrhenius_figure(answers: Sequence[Json]) -> Figure:
    """The figure of items of POST /predict that were asked with temperatures.

    Refusals and materials without a conductivity are left out. Raises PlotError where nothing is
    left.
    """
    from matplotlib.figure import Figure

    drawn = [item for item in answers if item["status"] == "ok" and len(_curve(item)) > 1]
    if not drawn:
        raise PlotError("no material has a conductivity at two temperatures")
    figure = Figure(figsize=(7.2, 5.2), layout="constrained")
    axes = figure.add_subplot()
    for number, item in enumerate(drawn):
        _material(axes, item, COLOURS[number % len(COLOURS)], number < MOST_BANDS)
    if len(drawn) == 1:
        _measured(axes, drawn[0])
    axes.set(xlabel="1000 / T  (1/K)", ylabel="log10 conductivity  (S/cm)")
    axes.grid(color="0.9", linewidth=0.6)
    axes.spines["right"].set_visible(False)
    _celsius(axes)
    axes.legend(frameon=False, fontsize=9)
    return figure


def check_figure_path(path: Path) -> None:
    """Raises PlotError where a figure cannot be written to a path."""
    if path.suffix.lower() not in ENDINGS:
        raise PlotError(f"'{path.name}' must end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}")
    if not path.parent.is_dir():
        raise PlotError(f"there is no folder '{path.parent}' for the figure")


def save_arrhenius(answers: Sequence[Json], path: Path) -> None:
    """Write the figure by the ending of the path. Raises PlotError, OSError."""
    check_figure_path(path)
    arrhenius_figure(answers).savefig(path, dpi=160)


def _curve(item: Json) -> list[Json]:
    points = item["conductivity_curve"]
    return [point for point in points if point["log10_conductivity_s_cm"] is not None]


def _inverse(temperature_c: float) -> float:
    return 1000.0 / (temperature_c - ABSOLUTE_ZERO_C)


def _material(axes: Axes, item: Json, colour: str, has_band: bool) -> None:
    points = sorted(_curve(item), key=lambda point: float(point["temperature_c"]))
    x = [_inverse(point["temperature_c"]) for point in points]
    value, lower, upper = (
        [point["log10_conductivity_s_cm"][end] for point in points]
        for end in ("value", "lower", "upper")
    )
    if has_band:
        axes.fill_between(x, lower, upper, color=colour, alpha=0.18, linewidth=0)
    axes.plot(x, value, color=colour, linewidth=2, label=f"{item['formula']}, predicted")


def _measured(axes: Axes, item: Json) -> None:
    """Measurements of the very composition, and of its neighbours, as points."""
    near = [each for each in item["neighbours"] if not each["same_composition"]]
    for listed, face, words in (
        (item["measured"], COLOURS[1], "measured, this composition"),
        (near, "none", "measured neighbours"),
    ):
        known = [
            (_inverse(each["temperature_c"]), each["log10_conductivity_s_cm"])
            for each in listed
            if each["temperature_c"] is not None and each["log10_conductivity_s_cm"] is not None
        ]
        if known:
            x, y = zip(*known, strict=True)
            edge = face if face != "none" else "0.2"
            axes.scatter(x, y, s=34, facecolors=face, edgecolors=edge, label=words, zorder=3)


def _celsius(axes: Axes) -> None:
    """The second axis; room temperature is labelled first, and no two labels touch."""
    low, high = sorted(axes.get_xlim())
    kept: list[float] = []
    for celsius in sorted(CELSIUS_TICKS, key=lambda each: each != ROOM_C):
        place = _inverse(celsius)
        free = all(abs(place - _inverse(each)) > CLOSEST_TICKS * (high - low) for each in kept)
        if low <= place <= high and free:
            kept.append(celsius)
    top = axes.secondary_xaxis("top")
    top.set_xticks([_inverse(each) for each in kept], [f"{each:g}" for each in kept])
    top.set_xlabel("temperature  (°C)")

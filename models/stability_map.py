"""The stability map of even deposition: G / G_metal against v, with known electrolytes.

Without its surface term the linear-stability criterion depends on G / G_metal, v and the two
Poisson ratios alone, so all materials of about one Poisson ratio share one map (Ahmad and
Viswanathan, doi 10.1103/PhysRevLett.119.056003).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from models.dendrite import MONROE_NEWMAN_FACTOR, stability_threshold
from models.electrodes import LITHIUM, Electrode

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FloatArray = npt.NDArray[np.float64]

MAP_POISSON_RATIO = 0.33
VOLUME_RATIO_RANGE = (0.02, 10.0)
MODULUS_RATIO_RANGE = (0.1, 50.0)
DENSITY_COLOUR, PRESSURE_COLOUR = "#4c9f70", "#5b7db1"
KNOWN_COLOUR, ASKED_COLOUR = "#333333", "#c0392b"


@dataclass(frozen=True)
class KnownElectrolyte:
    """A material with a modulus that is not ours, to find one's way on the map."""

    label: str
    shear_modulus_gpa: float
    volume_ratio: float
    label_offset: tuple[float, float]  # points


# G and v by density functional theory: rows MP_DFT of the Ahmad 2018 screening (doi
# 10.1021/acscentsci.8b00229), named by their Materials Project number. G of the garnet and of the
# glass are measured: Famprikis et al., Nat. Mater. 18, 1278 (2019), 10.1038/s41563-019-0431-3; v of
# the garnet is that of mp-942733, of the glass that of crystalline Li3PS4.
KNOWN_ELECTROLYTES = (
    KnownElectrolyte("Li$_2$WS$_4$", 3.0, 0.0553, (7, -2)),  # mp-867695
    KnownElectrolyte("LiI", 5.0, 0.0450, (-18, 2)),  # mp-570935
    KnownElectrolyte("LiBH$_4$", 4.0, 0.1724, (7, -3)),  # mp-675926
    KnownElectrolyte("Li$_2$S-P$_2$S$_5$ glass", 7.0, 0.0572, (7, -13)),
    KnownElectrolyte("Li$_3$PS$_4$", 11.0, 0.0572, (8, -5)),  # mp-985583
    KnownElectrolyte("Li$_6$PS$_5$I", 13.0, 0.0562, (-38, 2)),  # mp-950995
    KnownElectrolyte("Li$_3$N", 34.0, 0.1253, (7, -3)),  # mp-2251
    KnownElectrolyte("Li$_3$PO$_4$", 43.0, 0.0556, (-37, -6)),  # mp-13725
    KnownElectrolyte("Li$_7$La$_3$Zr$_2$O$_{12}$", 60.0, 0.0653, (7, 2)),
)


@dataclass(frozen=True)
class AskedMaterial:
    """A prediction to be placed on the map: a value and its interval each, (value, low, high)."""

    label: str
    shear_modulus_gpa: tuple[float, float, float]
    volume_ratio: tuple[float, float, float]


def stability_map(
    asked: Sequence[AskedMaterial] = (),
    *,
    known: Sequence[KnownElectrolyte] = KNOWN_ELECTROLYTES,
    electrode: Electrode = LITHIUM,
    poisson_ratio: float = MAP_POISSON_RATIO,
) -> Figure:
    """The map with both stable regions; crosses are the intervals of ``asked``."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 5.0), layout="constrained")
    axes = figure.add_subplot()
    _regions(axes, electrode, poisson_ratio)
    for material in known:
        ratio = material.shear_modulus_gpa / electrode.shear_modulus_gpa
        axes.plot(material.volume_ratio, ratio, "o", color=KNOWN_COLOUR, markersize=4)
        axes.annotate(
            material.label,
            (material.volume_ratio, ratio),
            xytext=material.label_offset,
            textcoords="offset points",
            fontsize=8,
            color=KNOWN_COLOUR,
        )
    for each in asked:
        _asked(axes, each, electrode.shear_modulus_gpa)
    axes.set(
        xscale="log",
        yscale="log",
        xlim=VOLUME_RATIO_RANGE,
        ylim=MODULUS_RATIO_RANGE,
        xlabel=f"volume ratio v ({electrode.symbol} ion in the electrolyte to atom in the metal)",
        ylabel=f"G / G of {electrode.symbol} metal",
    )
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:g}")
    if asked:
        axes.legend(loc="upper center", frameon=False, labelcolor=ASKED_COLOUR, fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def save_stability_map(figure: Figure, path: Path) -> None:
    """Write the map as PNG or SVG, by the file's ending."""
    figure.savefig(path, dpi=160)


def _regions(axes: Axes, electrode: Electrode, poisson_ratio: float) -> None:
    lowest, highest = MODULUS_RATIO_RANGE
    for start, end, edge, colour, words, place in (
        (VOLUME_RATIO_RANGE[0], 0.9999, lowest, DENSITY_COLOUR,
         "stable: driven by density\n(soft, v < 1)", (0.024, 0.14)),
        (1.0001, VOLUME_RATIO_RANGE[1], highest, PRESSURE_COLOUR,
         "stable: driven\nby pressure\n(stiff, v > 1)", (2.9, 14.0)),
    ):  # fmt: skip
        v: FloatArray = np.geomspace(start, end, 400)
        boundary = stability_threshold(poisson_ratio, v, electrode)
        axes.fill_between(v, boundary, edge, color=colour, alpha=0.22, linewidth=0)
        axes.plot(v, boundary, color=colour, linewidth=1.5)
        axes.text(*place, words, fontsize=9, color=colour, fontweight="bold")
    axes.axhline(MONROE_NEWMAN_FACTOR, color="#888888", linewidth=1, linestyle=(0, (5, 4)))
    axes.text(
        0.3, MONROE_NEWMAN_FACTOR * 1.06, "suppressed above: Monroe-Newman,\nfor polymers",
        fontsize=8, color="#666666", va="bottom",
    )  # fmt: skip


def _asked(axes: Axes, material: AskedMaterial, metal_modulus_gpa: float) -> None:
    value, low, high = (x / metal_modulus_gpa for x in material.shear_modulus_gpa)
    v, v_low, v_high = material.volume_ratio
    axes.errorbar(
        v,
        value,
        xerr=[[v - v_low], [v_high - v]],
        yerr=[[value - low], [high - value]],
        fmt="D",
        color=ASKED_COLOUR,
        markersize=6,
        capsize=3,
        linewidth=1.4,
        label=material.label,
    )

"""The stability map as numbers, for whoever draws it: GET /map."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from models.dendrite import MONROE_NEWMAN_FACTOR, stability_threshold
from models.electrodes import ELECTRODES, LITHIUM, Electrode
from models.stability_map import (
    KNOWN_ELECTROLYTES,
    MAP_POISSON_RATIO,
    MODULUS_RATIO_RANGE,
    VOLUME_RATIO_RANGE,
)

POINTS = 120
JUST_BESIDE_ONE = 1e-4  # at v = 1 itself the criterion has no boundary


def map_page() -> dict[str, Any]:
    """By metal: both boundaries as [v, G / G_metal] and, for lithium, known electrolytes."""
    return {
        "poisson_ratio": MAP_POISSON_RATIO,
        "volume_ratio_range": VOLUME_RATIO_RANGE,
        "modulus_ratio_range": MODULUS_RATIO_RANGE,
        "monroe_newman": MONROE_NEWMAN_FACTOR,
        "metals": {symbol: _metal(electrode) for symbol, electrode in ELECTRODES.items()},
    }


def _metal(electrode: Electrode) -> dict[str, Any]:
    low, high = VOLUME_RATIO_RANGE
    known = KNOWN_ELECTROLYTES if electrode is LITHIUM else ()
    return {
        "shear_modulus_gpa": electrode.shear_modulus_gpa,
        "density_driven": _boundary(electrode, low, 1.0 - JUST_BESIDE_ONE),
        "pressure_driven": _boundary(electrode, 1.0 + JUST_BESIDE_ONE, high),
        "known": [
            {
                "formula": _plain(each.label),
                "shear_modulus_gpa": each.shear_modulus_gpa,
                "volume_ratio": each.volume_ratio,
                "side": _side(*each.label_offset),
            }
            for each in known
        ],
    }


def _boundary(electrode: Electrode, start: float, end: float) -> list[list[float]]:
    v = np.geomspace(start, end, POINTS)
    height = stability_threshold(MAP_POISSON_RATIO, v, electrode)
    finite = np.isfinite(height)
    pairs: list[list[float]] = np.column_stack([v[finite], height[finite]]).round(6).tolist()
    return pairs


def _side(across: float, up: float) -> str:
    """Where the label stands, as plotly names it."""
    height = "bottom" if up < -8 else "middle"
    return f"{height} {'left' if across < 0 else 'right'}"


def _plain(label: str) -> str:
    """A label without its mathematical markup: Li$_7$ becomes Li7."""
    return re.sub(r"\$_\{?([0-9.]+)\}?\$", r"\1", label)

"""Radii and polarizabilities of ions, one value an element (H to Lr), in Angstrom units.

Shannon's effective ionic radii come from pymatgen at run time: Shannon, Acta Cryst. A 32, 751
(1976), doi 10.1107/S0567739476001551.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from features.elements import (
    ANION_POLARIZABILITY_ANGSTROM3,
    CATION_POLARIZABILITY_ANGSTROM3,
    ELEMENT_COUNT,
    OTHER_ANION_RADIUS_ANGSTROM,
    SYMBOLS,
    FloatArray,
    anion_charges,
    cation_charges,
    element_table,
    filled,
)

COORDINATION = {
    "I": 1, "II": 2, "III": 3, "IV": 4, "IVSQ": 4, "IVPY": 4, "V": 5, "VI": 6, "VII": 7,
    "VIII": 8, "IX": 9, "X": 10, "XI": 11, "XII": 12, "XIV": 14, "IIIPY": 3,
}  # fmt: skip


def _shannon_radius(symbol: str, charge: float, coordination: int) -> float:
    """Radius at the tabulated charge and coordination closest to those asked; NaN if none.

    High spin is taken where both spins are tabulated (electrolytes hold weak-field anions).
    """
    from pymatgen.core.periodic_table import Element

    table: dict[str, dict[str, dict[str, Any]]] = Element(symbol).data.get("Shannon radii") or {}
    same_sign = [text for text in table if text and float(text) * charge > 0]
    if not same_sign:
        return float("nan")
    state = table[min(same_sign, key=lambda text: abs(float(text) - charge))]
    nearest = min(state, key=lambda text: (abs(COORDINATION[text] - coordination), len(text)))
    spins = state[nearest]
    chosen = spins.get("High Spin") or next(iter(spins.values()))
    return float(chosen["ionic_radius"])


@lru_cache(maxsize=16)
def cation_radius_angstrom(coordination: int = 6) -> FloatArray:
    """Shannon radius of the usual cation at a coordination number; 0.1 Angstrom at the least.

    The floor is there because Shannon gives H+ and N5+ radii at or below zero.
    """
    charges = cation_charges().usual
    radii = [
        _shannon_radius(symbol, charge, coordination) if charge > 0 else np.nan
        for symbol, charge in zip(SYMBOLS, charges, strict=True)
    ]
    return filled(np.maximum(radii, 0.1))


@lru_cache(maxsize=1)
def anion_radius_angstrom() -> FloatArray:
    """Radius in the anion's place: Shannon (VI), else Pauling, else the atomic radius."""
    atomic = element_table("AtomicRadius")
    charges = anion_charges()
    radii = np.full(ELEMENT_COUNT, np.nan)
    for row, symbol in enumerate(SYMBOLS):
        if symbol in OTHER_ANION_RADIUS_ANGSTROM:
            radii[row] = OTHER_ANION_RADIUS_ANGSTROM[symbol]
        elif charges[row] < 0:
            radii[row] = _shannon_radius(symbol, charges[row], 6)
    return filled(np.where(np.isfinite(radii), radii, atomic))


@lru_cache(maxsize=1)
def cation_polarizability_angstrom3() -> FloatArray:
    """Polarizability of the usual cation; where no value is at hand, r^3 of its radius.

    The median of alpha / r^3 over the tabulated cations with their Shannon radii (VI) is 1.0.
    """
    radius = cation_radius_angstrom()
    table = [CATION_POLARIZABILITY_ANGSTROM3.get(symbol, np.nan) for symbol in SYMBOLS]
    return filled(np.where(np.isfinite(table), table, radius**3))


@lru_cache(maxsize=1)
def anion_polarizability_angstrom3() -> FloatArray:
    """Polarizability in the anion's place; without a tabulated value r^3 of its radius."""
    radius = anion_radius_angstrom()
    table = [ANION_POLARIZABILITY_ANGSTROM3.get(symbol, np.nan) for symbol in SYMBOLS]
    return filled(np.where(np.isfinite(table), table, radius**3))

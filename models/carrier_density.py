"""How many mobile ions a material holds in a volume, from its structure or its density."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.constants import N_A

from features.elements import ELEMENT_ROW, magpie_table
from features.material import Material
from models.arrhenius import carrier_density_per_cm3

FloatArray = npt.NDArray[np.float64]

DENSITY_RANGE_G_CM3 = (0.1, 25.0)
"""Densities that are accepted: from less than lithium hydride's to more than osmium's. A density
given in kg/m3 lies above it."""

CHARGE_NUMBER = {"Li": 1, "Na": 1, "Mg": 2, "K": 1, "Ag": 1, "Cu": 1, "Ca": 2, "Zn": 2}
"""Charge of each mobile ion, in elementary charges."""


@dataclass(frozen=True)
class MobileIons:
    """The mobile ion of each of n materials.

    symbols: None where a material has none. charge_number: NaN there. density_per_cm3: NaN also
    where neither a structure nor a density is known. Arrays have shape (n,).
    """

    symbols: list[str | None]
    charge_number: FloatArray
    density_per_cm3: FloatArray

    @classmethod
    def of(
        cls, materials: Sequence[Material], densities_g_cm3: Sequence[float | None] = ()
    ) -> MobileIons:
        """The ions of a block; every ion of the mobile element counts as mobile.

        ``densities_g_cm3`` is empty or has one entry a material. A structure has a density of its
        own, which counts before a given one. Raises ValueError for a density that is not accepted
        and for a wrong number of them.
        """
        given = list(densities_g_cm3) or [None] * len(materials)
        if len(given) != len(materials):
            raise ValueError(f"{len(given)} densities for {len(materials)} materials")
        symbols = [material.mobile_ion for material in materials]
        charges = [math.nan if ion is None else CHARGE_NUMBER[ion] for ion in symbols]
        numbers = [
            _number_density(material, ion, density)
            for material, ion, density in zip(materials, symbols, given, strict=True)
        ]
        return cls(symbols, np.array(charges, np.float64), np.array(numbers, np.float64))


def is_density(density_g_cm3: float) -> bool:
    """Whether a density lies in DENSITY_RANGE_G_CM3; False for NaN."""
    low, high = DENSITY_RANGE_G_CM3
    return low <= density_g_cm3 <= high


def _number_density(material: Material, ion: str | None, density_g_cm3: float | None) -> float:
    """Ions per cm3; NaN where nothing says so."""
    if density_g_cm3 is not None and not is_density(density_g_cm3):
        low, high = DENSITY_RANGE_G_CM3
        raise ValueError(f"a density must be {low:g} to {high:g} g/cm3, not {density_g_cm3}")
    if ion is None:
        return math.nan
    facts, structure = material.crystal, material.structure
    if facts is not None:
        return float(carrier_density_per_cm3(dict(facts.atoms)[ion], facts.volume_angstrom3))
    if structure is not None:
        ions = structure.composition.get_el_amt_dict()[ion]  # occupancies summed
        return float(carrier_density_per_cm3(ions, structure.volume))
    if density_g_cm3 is None:
        return math.nan
    weights = magpie_table("AtomicWeight")
    fractions = dict(material.fractions)
    weight_g_mol = math.fsum(
        fraction * float(weights[ELEMENT_ROW[symbol]]) for symbol, fraction in fractions.items()
    )
    return density_g_cm3 * N_A * fractions[ion] / weight_g_mol

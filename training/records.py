"""One measured value as read from a table, and the collector that every reader fills."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Literal

from pymatgen.core.structure import Structure

from features.material import InvalidMaterial, Material

Bound = Literal["=", "<"]
Lattice = tuple[float, ...]  # a, b, c (Angstrom), alpha, beta, gamma (deg)

CONDUCTIVITY = "log10_conductivity_s_cm"
ACTIVATION_ENERGY = "activation_energy_ev"
SHEAR = "log10_shear_modulus_gpa"
BULK = "log10_bulk_modulus_gpa"
UNITS = {
    CONDUCTIVITY: "log10(S/cm)",
    ACTIVATION_ENERGY: "eV",
    SHEAR: "log10(GPa)",
    BULK: "log10(GPa)",
}
# What can be a measurement at all: wider than any known material, narrow enough for a slipped unit.
PLAUSIBLE = {
    CONDUCTIVITY: (-30.0, 1.0),  # S/cm, up to far above any solid's
    ACTIVATION_ENERGY: (0.0, 3.0),  # eV
    SHEAR: (-1.0, math.log10(600.0)),  # diamond 535 GPa
    BULK: (-1.0, math.log10(600.0)),  # diamond 443 GPa
}

ROOM_TEMPERATURE_K = 298.15
ZERO_CELSIUS_K = 273.15

_DOI = re.compile(r"10\.\d{4,9}/[^\s|]+")
_SUPPLEMENT = re.compile(r"\.s\d{3}$")


def normal_doi(text: str | None) -> str | None:
    """A DOI in lower case without resolver or supplement ending; None if the text holds none.

    ``https://doi.org/10.1021/AB.s001`` and ``10.1021/ab`` name one paper. A text that names two
    papers (``10.1/a|10.2/b`` in OBELiX) gives both, joined by ``|``.
    """
    if text is None:
        return None
    found = [_SUPPLEMENT.sub("", doi.rstrip(".,;")) for doi in _DOI.findall(text.strip().lower())]
    return "|".join(dict.fromkeys(found)) or None


def papers(reference: str) -> tuple[str, ...]:
    """The single papers behind a DOI or reference as kept in the tables."""
    return tuple(reference.split("|"))


@dataclass(frozen=True)
class Measurement:
    """One value with its material and origin."""

    property: str
    value: float
    material: Material
    source: str
    row_of_origin: str
    bound: Bound = "="
    temperature_k: float = math.nan
    structure_key: str | None = None
    space_group_number: int | None = None
    lattice: Lattice | None = None
    doi: str | None = None
    reference: str | None = None
    obelix_split: str | None = None
    cif_match: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Rejection:
    """A row, or one value of a row, that was left out, and why."""

    source: str
    row_of_origin: str
    text: str
    reason: str


@dataclass(frozen=True)
class Repair:
    """A row kept under a corrected formula."""

    source: str
    row_of_origin: str
    text: str
    formula: str


@dataclass
class Collector:
    """What the readers found; formulas are parsed once and shared."""

    measurements: list[Measurement] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)
    repaired: list[Repair] = field(default_factory=list)
    structures: dict[str, Structure] = field(default_factory=dict)
    _parsed: dict[str, Material] = field(default_factory=dict)

    def material(self, formula: str, *, source: str, row: str) -> Material | None:
        """The formula as a material, or None after noting the rejection."""
        if formula not in self._parsed:
            try:
                self._parsed[formula] = Material.from_formula(formula)
            except InvalidMaterial as error:
                self.reject(source, row, formula, f"formula not understood: {error.message}")
                return None
        return self._parsed[formula]

    def crystal(self, structure: Structure, key: str) -> Material:
        """The structure as a material, its standard primitive cell kept under ``key``.

        Raises InvalidMaterial.
        """
        crystal = Material.from_structure(structure)
        if crystal.structure is not None:
            self.structures[key] = crystal.structure
        return crystal

    def keep(self, measurement: Measurement) -> bool:
        """Add a value unless it cannot be a measurement; True if kept."""
        low, high = PLAUSIBLE[measurement.property]
        if not (math.isfinite(measurement.value) and low < measurement.value <= high):
            self.reject(
                measurement.source,
                measurement.row_of_origin,
                f"{measurement.material.formula} {measurement.property} {measurement.value:g}",
                f"{measurement.property} outside ({low:g}, {high:.4g}]",
            )
            return False
        self.measurements.append(measurement)
        return True

    def reject(self, source: str, row: str, text: str, reason: str) -> None:
        """Note a row that is left out."""
        self.rejected.append(Rejection(source, row, text, reason))

    def repair(self, source: str, row: str, text: str, formula: str) -> None:
        """Note a row kept under a corrected formula."""
        self.repaired.append(Repair(source, row, text, formula))


_PAIR = re.compile(r"([A-Z][a-z]?)\s*([0-9.]*)")


def element_amounts(formula: str) -> dict[str, float]:
    """Amounts of a formula without brackets, ``Ca1 Ag2 Ge2`` or ``Li7.0Bi1.0O6.0``."""
    amounts: dict[str, float] = {}
    for element, number in _PAIR.findall(formula):
        amounts[element] = amounts.get(element, 0.0) + float(number or 1)
    return amounts


def plain_formula(amounts: dict[str, float]) -> str:
    """Amounts as text: ``{"Li": 8, "P": 4}`` gives ``Li2P``; fractional amounts stay as they are.

    The order of the mapping is kept.
    """
    if all(float(amount).is_integer() for amount in amounts.values()):
        divisor = math.gcd(*(int(amount) for amount in amounts.values()))
        amounts = {element: amount / divisor for element, amount in amounts.items()}
    return "".join(
        element if amount == 1 else f"{element}{amount:.10g}" for element, amount in amounts.items()
    )

"""The only door for text from outside: formula, CIF, POSCAR or pymatgen JSON to one Material."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self

from features.elements import ELEMENT_ROW, KNOWN_UNTRAINED_IONS, MOBILE_IONS
from features.formula import parse_formula
from features.formula_text import formula_of_cell
from features.limits import InvalidMaterial, MaterialLimits
from features.species import shown

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

    from features.crystal_facts import CrystalFacts

__all__ = ["FORMATS", "InvalidMaterial", "Material", "MaterialLimits"]

Format = Literal["formula", "cif", "poscar", "pymatgen"]
FORMATS: tuple[Format, ...] = ("formula", "cif", "poscar", "pymatgen")
FRACTION_DECIMALS = 10
KEY_DECIMALS = 2
HASH_DECIMALS = 5
DEFAULT_LIMITS = MaterialLimits()


@dataclass(frozen=True, eq=False)
class Material:
    """One material: what it is made of and, where known, how it is built."""

    formula: str  # for people: as given, or reduced from the structure
    fractions: tuple[tuple[str, float], ...]  # (element, atomic fraction), by atomic number, sum 1
    structure: Structure | None = None  # standard primitive cell, plain elements
    space_group_number: int | None = None  # given, or found by spglib within 0.01 Angstrom
    lattice: tuple[float, ...] | None = None  # a, b, c (Angstrom), alpha, beta, gamma (deg)
    crystal: CrystalFacts | None = None  # in the structure's place, where it was read elsewhere

    @classmethod
    def from_formula(
        cls,
        text: str,
        *,
        space_group_number: int | None = None,
        lattice: Sequence[float] | None = None,
        limits: MaterialLimits = DEFAULT_LIMITS,
    ) -> Self:
        """Raises InvalidMaterial ("formula", "space_group_number", "lattice")."""
        amounts = parse_formula(text, limits)
        return cls(
            formula=" ".join(text.split()),
            fractions=_fractions(amounts),
            space_group_number=_checked_space_group(space_group_number),
            lattice=_checked_lattice(lattice, limits),
        )

    @classmethod
    def from_cif(cls, text: str, *, limits: MaterialLimits = DEFAULT_LIMITS) -> Self:
        """The one structure in the text. Raises InvalidMaterial ("cif")."""
        from features.cif import structure_from_cif

        return cls._of_plain(structure_from_cif(text, limits), limits.symmetry_search_sites)

    @classmethod
    def from_poscar(cls, text: str, *, limits: MaterialLimits = DEFAULT_LIMITS) -> Self:
        """VASP 5 and later. Raises InvalidMaterial ("poscar")."""
        from features.poscar import structure_from_poscar

        return cls._of_plain(structure_from_poscar(text, limits), limits.symmetry_search_sites)

    @classmethod
    def from_pymatgen(
        cls, data: str | Mapping[str, Any], *, limits: MaterialLimits = DEFAULT_LIMITS
    ) -> Self:
        """``Structure.as_dict()`` or its JSON. Raises InvalidMaterial ("pymatgen")."""
        from features.pymatgen_json import structure_from_pymatgen

        return cls._of_plain(structure_from_pymatgen(data, limits), limits.symmetry_search_sites)

    @classmethod
    def from_structure(
        cls, structure: Structure, *, limits: MaterialLimits = DEFAULT_LIMITS
    ) -> Self:
        """A trusted structure, as training data are: size and contacts are not checked.

        pymatgen's own deuterium cannot be told from hydrogen and counts as such.

        Raises InvalidMaterial ("structure") for species that are no elements and for occupancies
        out of bounds.
        """
        from features.crystal import plain_structure

        return cls._of_plain(plain_structure(structure, "structure", limits.occupancy))

    @classmethod
    def parse(cls, text: str, format: Format, *, limits: MaterialLimits = DEFAULT_LIMITS) -> Self:
        """Text in a format that is named, never guessed. Raises InvalidMaterial."""
        readers = {
            "formula": cls.from_formula,
            "cif": cls.from_cif,
            "poscar": cls.from_poscar,
            "pymatgen": cls.from_pymatgen,
        }
        if format not in readers:
            raise InvalidMaterial(
                "format", f"{shown(format)} is not known; use one of {', '.join(FORMATS)}"
            )
        return readers[format](text, limits=limits)

    @classmethod
    def _of_plain(cls, structure: Structure, most_sites: int | None = None) -> Self:
        from features.crystal import standard_crystal

        crystal = standard_crystal(structure, most_sites=most_sites)
        amounts = crystal.structure.composition.get_el_amt_dict()
        return cls(
            formula=formula_of_cell(amounts),
            fractions=_fractions(amounts),
            structure=crystal.structure,
            space_group_number=crystal.space_group_number,
            lattice=crystal.lattice,
        )

    @property
    def has_structure(self) -> bool:
        """Whether it is known how it is built: as a structure, or as what was computed of one."""
        return self.structure is not None or self.crystal is not None

    @cached_property
    def mobile_ion(self) -> str | None:
        """The first of Li, Na, Mg that is present, else the most abundant of K, Ag, Cu, Ca, Zn.

        None where there is none of them. In KAg4I5 it is silver that moves.
        """
        present = dict(self.fractions)
        trained = next((ion for ion in MOBILE_IONS if ion in present), None)
        others = [ion for ion in KNOWN_UNTRAINED_IONS if ion in present]
        return trained or max(others, key=lambda ion: present[ion], default=None)

    @cached_property
    def composition_key(self) -> str:
        """Atomic fractions to two decimals, "Li0.29-O0.50-Zr0.08-La0.13", by atomic number.

        Elements below half a percent do not show, so a lightly doped material has its host's key.
        """
        shares = [(symbol, f"{fraction:.{KEY_DECIMALS}f}") for symbol, fraction in self.fractions]
        return "-".join(symbol + share for symbol, share in shares if float(share) > 0)

    @cached_property
    def content_hash(self) -> str:
        """sha256 of everything that features are made of; the text of the formula is not."""
        if self.crystal is not None:
            return self.crystal.content_hash
        content = {
            "fractions": self.fractions,
            "structure": None if self.structure is None else _structure_content(self.structure),
            "space_group_number": self.space_group_number,
            "lattice": None if self.lattice is None else [_steady(x) for x in self.lattice],
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def _fractions(amounts: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    total = math.fsum(amounts.values())
    return tuple(
        (symbol, round(amounts[symbol] / total, FRACTION_DECIMALS))
        for symbol in sorted(amounts, key=ELEMENT_ROW.__getitem__)
    )


def _steady(value: float) -> float:
    """Rounded, with no negative zero."""
    return round(float(value), HASH_DECIMALS) + 0.0


def _structure_content(structure: Structure) -> list[object]:
    sites = sorted(
        (
            sorted((element.symbol, _steady(share)) for element, share in site.species.items()),
            [_steady(x % 1.0) % 1.0 for x in site.frac_coords],
        )
        for site in structure
    )
    return [[_steady(x) for x in structure.lattice.parameters], sites]


def _checked_space_group(number: int | None) -> int | None:
    if number is None:
        return None
    whole = not isinstance(number, bool) and isinstance(number, int | float) and number % 1 == 0
    if not (whole and 1 <= number <= 230):
        raise InvalidMaterial("space_group_number", f"{shown(number)} is not a number 1 to 230")
    return int(number)


def _checked_lattice(
    lattice: Sequence[float] | None, limits: MaterialLimits
) -> tuple[float, ...] | None:
    if lattice is None:
        return None
    try:
        values = tuple(float(value) for value in lattice)
    except (TypeError, ValueError) as error:
        raise InvalidMaterial("lattice", "must be six numbers: a, b, c and three angles") from error
    if len(values) != 6:
        raise InvalidMaterial("lattice", f"must be six numbers, not {len(values)}")
    low, high = limits.min_cell_angstrom, limits.max_cell_angstrom
    if not all(low <= value <= high for value in values[:3]):
        raise InvalidMaterial("lattice", f"lengths must be {low:g} to {high:g} Angstrom")
    low, high = limits.min_angle_deg, limits.max_angle_deg
    if not all(low <= value <= high for value in values[3:]):
        raise InvalidMaterial("lattice", f"angles must be {low:g} to {high:g} degrees")
    return values

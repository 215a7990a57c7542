"""Crystals brought to one form: plain elements, in bounds, the standard primitive cell."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from features.elements import ELEMENT_ROW, FloatArray
from features.limits import InvalidMaterial, MaterialLimits
from features.species import refusal

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

SYMMETRY_TOLERANCE_ANGSTROM = 0.01


@dataclass(frozen=True, eq=False)
class Crystal:
    """A structure and what its symmetry says of it."""

    structure: Structure  # the standard primitive cell, or as given where symmetry was not found
    space_group_number: int | None
    lattice: tuple[float, ...]  # conventional cell: a, b, c (Angstrom), alpha, beta, gamma (deg)


def plain_structure(structure: Structure, field: str, occupancy: float) -> Structure:
    """The structure with elements in place of charged or spin-bearing species, nothing else kept.

    A site whose occupancies sum to more than 1, up to ``occupancy``, is scaled down to 1.
    Raises InvalidMaterial for dummy species, isotopes and occupancies out of bounds.
    """
    from pymatgen.core.structure import Structure as PlainStructure

    species = []
    for number, site in enumerate(structure, start=1):
        shares: dict[str, float] = defaultdict(float)
        for specie, share in site.species.items():
            symbol = getattr(specie, "symbol", str(specie))
            if symbol not in ELEMENT_ROW or getattr(specie, "is_dummy", False):
                raise InvalidMaterial(field, f"site {number}: {refusal(symbol)}")
            shares[symbol] += share
        total = sum(shares.values())
        if not (min(shares.values(), default=0.0) > 0.0 and total <= occupancy):
            raise InvalidMaterial(
                field,
                f"site {number} has an occupancy of {total:g}; "
                f"it must be greater than 0 and at most {occupancy:g}",
            )
        scale = max(total, 1.0)
        species.append({symbol: share / scale for symbol, share in shares.items()})
    return PlainStructure(structure.lattice, species, structure.frac_coords, to_unit_cell=True)


def check_cell(matrix: FloatArray, sites: int, field: str, limits: MaterialLimits) -> None:
    """Lengths, angles and volume of a cell with that many sites. Raises InvalidMaterial.

    ``matrix``: (3, 3) lattice vectors in rows, Angstrom.
    """
    check_cell_shape(matrix, field, limits)
    volume = abs(float(np.linalg.det(matrix)))
    if volume > limits.max_volume_angstrom3:
        raise InvalidMaterial(
            field,
            f"the cell's volume is {volume:g} cubic Angstrom; "
            f"at most {limits.max_volume_angstrom3:g} is accepted",
        )
    lowest, highest = limits.min_volume_per_site_angstrom3, limits.max_volume_per_site_angstrom3
    if not lowest <= volume / sites <= highest:
        raise InvalidMaterial(
            field,
            f"{sites} sites in {volume:g} cubic Angstrom; "
            f"{lowest:g} to {highest:g} a site is accepted",
        )


def check_cell_shape(matrix: FloatArray, field: str, limits: MaterialLimits) -> None:
    """Lengths and angles of a cell, whatever it holds. Raises InvalidMaterial.

    ``matrix``: (3, 3) lattice vectors in rows, Angstrom.
    """
    if not np.isfinite(matrix).all():
        raise InvalidMaterial(field, "the cell has a number that is not finite")
    lengths = np.array([math.hypot(*row) for row in matrix.tolist()])  # norm() overflows
    shortest, longest = float(lengths.min()), float(lengths.max())
    if not limits.min_cell_angstrom <= shortest <= longest <= limits.max_cell_angstrom:
        raise InvalidMaterial(
            field,
            f"a cell length is {shortest if shortest < limits.min_cell_angstrom else longest:g} "
            f"Angstrom; {limits.min_cell_angstrom:g} to {limits.max_cell_angstrom:g} is accepted",
        )
    directions = matrix / lengths[:, None]
    cosines = [float(directions[i] @ directions[j]) for i, j in ((1, 2), (0, 2), (0, 1))]
    for cosine in cosines:
        angle = math.degrees(math.acos(min(1.0, max(-1.0, cosine))))
        if not limits.min_angle_deg <= angle <= limits.max_angle_deg:
            raise InvalidMaterial(
                field,
                f"a cell angle is {angle:g} degrees; "
                f"{limits.min_angle_deg:g} to {limits.max_angle_deg:g} is accepted",
            )
    faces = [float(np.linalg.norm(np.cross(matrix[i - 2], matrix[i - 1]))) for i in range(3)]
    if abs(float(np.linalg.det(matrix))) < limits.min_thickness_angstrom * max(faces):
        raise InvalidMaterial(
            field, f"the cell is thinner than {limits.min_thickness_angstrom:g} Angstrom"
        )


def check_contacts(structure: Structure, field: str, limits: MaterialLimits) -> None:
    """Sites that cannot both be empty are not at the same place. Raises InvalidMaterial."""
    occupancy = np.array([sum(site.species.values()) for site in structure])
    centre, other, _, distance = structure.get_neighbor_list(limits.contact_angstrom)
    clash = np.flatnonzero(occupancy[centre] + occupancy[other] > limits.occupancy)
    if clash.size:
        pair = clash[0]
        first, second = (structure[int(index[pair])].species_string for index in (centre, other))
        raise InvalidMaterial(
            field,
            f"two sites ({first} and {second}) are {distance[pair]:.3f} Angstrom apart and hold "
            f"more than one atom; at least {limits.contact_angstrom:g} Angstrom is accepted",
        )


def standard_crystal(structure: Structure, *, most_sites: int | None = None) -> Crystal:
    """The space group (spglib on the sites' compositions) and the standard primitive cell.

    Where spglib finds no symmetry, as when partly filled sites nearly coincide, or the cell has
    more than ``most_sites``, the structure stays as it is and the space group is None. For 2,000
    sites the search takes half a second, but 20 s in a lattice with random vacancies.
    """
    if most_sites is not None and len(structure) > most_sites:
        return Crystal(structure, None, _rounded(structure.lattice.parameters))
    from pymatgen.core.lattice import Lattice
    from pymatgen.symmetry.analyzer import SpacegroupAnalyzer, SymmetryUndeterminedError
    from spglib.error import SpglibError

    try:
        analyzer = SpacegroupAnalyzer(structure, symprec=SYMMETRY_TOLERANCE_ANGSTROM)
        primitive = analyzer.find_primitive()
    except (SymmetryUndeterminedError, SpglibError, ValueError):
        return Crystal(structure, None, _rounded(structure.lattice.parameters))
    dataset = analyzer.get_symmetry_dataset()
    conventional = Lattice(dataset.std_lattice)
    return Crystal(primitive, int(dataset.number), _rounded(conventional.parameters))


def _rounded(parameters: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(round(float(value), 6) for value in parameters)

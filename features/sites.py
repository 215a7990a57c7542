"""A crystal as arrays: where its sites are, what occupies them, which are near one another.

Every site carries an occupancy for each role (mobile ion, anion, framework cation), so ordered and
disordered crystals are treated alike: all that is computed from a `CrystalSites` is weighted with
occupancies. Nothing here depends on the choice of cell or on the order of the sites.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from features.elements import ELEMENT_COUNT, FloatArray, magpie_table
from features.radii import (
    anion_polarizability_angstrom3,
    anion_radius_angstrom,
    cation_polarizability_angstrom3,
    cation_radius_angstrom,
)
from features.roles import IntArray, assign_roles, element_block

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

ROLES = ("mobile", "anion", "framework")
# Real crystals stay far below it (2,000 sites of the densest one: 0.4 million); sites piled up in
# a small cell would fill the memory.
MOST_PAIRS = 10_000_000


class UnusableStructure(ValueError):
    """A structure that no descriptor can be computed from; the message says why."""


@dataclass(frozen=True)
class Pairs:
    """Directed pairs of points in a periodic crystal, one array entry a pair."""

    first: IntArray
    second: IntArray
    image: IntArray  # (m, 3) lattice translations of the second point
    vector: FloatArray  # (m, 3) from the first to the second, Angstrom
    distance: FloatArray  # (m,) Angstrom

    def where(self, mask: npt.NDArray[np.bool_]) -> Pairs:
        return Pairs(
            self.first[mask],
            self.second[mask],
            self.image[mask],
            self.vector[mask],
            self.distance[mask],
        )


@dataclass(frozen=True)
class CrystalSites:
    """Sites, occupancies and element roles of one structure."""

    lattice: FloatArray  # (3, 3) rows are the cell vectors, Angstrom
    fractional: FloatArray  # (n, 3) in [0, 1)
    occupancy: FloatArray  # (n, k) of each element on each site
    index: IntArray  # (k,) rows of the elements in the element tables
    role: dict[str, npt.NDArray[np.bool_]]  # (k,) for each of ROLES
    charge: FloatArray  # (k,)

    @property
    def volume(self) -> float:
        return float(abs(np.linalg.det(self.lattice)))

    @property
    def cartesian(self) -> FloatArray:
        return self.fractional @ self.lattice

    @property
    def atoms(self) -> float:
        """Atoms in the cell, occupancies summed."""
        return float(self.occupancy.sum())

    def of_role(self, role: str) -> FloatArray:
        """(n,) occupancy of each site with elements of a role."""
        total: FloatArray = self.occupancy[:, self.role[role]].sum(axis=1)
        return total

    def mean(self, values: FloatArray, role: str | None = None) -> FloatArray:
        """(n,) mean over the occupants of each site (of one role) of per-element values (k,)."""
        weight = self.occupancy if role is None else self.occupancy * self.role[role]
        total = weight.sum(axis=1)
        safe = np.where(total > 0, total, 1.0)
        result: FloatArray = (weight @ values) / safe
        return result

    def total(self, values: FloatArray, role: str | None = None) -> float:
        """Sum over the cell of per-element values (k,)."""
        weight = self.occupancy if role is None else self.occupancy * self.role[role]
        return float((weight @ values).sum())

    def ion_radius(self) -> FloatArray:
        """(k,) Shannon or Pauling radius in the element's role, Angstrom."""
        return np.where(
            self.role["anion"],
            anion_radius_angstrom()[self.index],
            cation_radius_angstrom()[self.index],
        )

    def ion_polarizability(self) -> FloatArray:
        """(k,) cubic Angstrom."""
        return np.where(
            self.role["anion"],
            anion_polarizability_angstrom3()[self.index],
            cation_polarizability_angstrom3()[self.index],
        )

    def covalent_radius(self) -> FloatArray:
        """(k,) Angstrom."""
        return magpie_table("CovalentRadius")[self.index] / 100.0


def crystal_from(structure: Structure) -> CrystalSites:
    """Arrays of a pymatgen Structure, ordered or not.

    Raises UnusableStructure for an empty or flat cell and for species that are no elements H-Lr.
    """
    lattice = np.array(structure.lattice.matrix, dtype=np.float64)
    if not len(structure) or not np.isfinite(lattice).all() or abs(np.linalg.det(lattice)) < 1e-3:
        raise UnusableStructure("the structure has no site or no volume")
    fractions = np.zeros((len(structure), ELEMENT_COUNT))
    for row, site in enumerate(structure):
        for species, amount in site.species.items():
            number = getattr(species, "Z", None)
            if number is None or not 1 <= number <= ELEMENT_COUNT:
                raise UnusableStructure(f"{species} is not an element from H to Lr")
            fractions[row, number - 1] += amount
    fractional = np.array(structure.frac_coords, dtype=np.float64) % 1.0
    if not np.isfinite(fractional).all() or not fractions.sum() > 0:
        raise UnusableStructure("a site has no finite position, or all sites are empty")
    # Roles by the composition of the whole crystal, as in the composition block.
    roles = assign_roles(element_block(fractions.sum(axis=0, keepdims=True)))
    index = roles.block.index[0]
    return CrystalSites(
        lattice=lattice,
        fractional=fractional,
        occupancy=fractions[:, index],
        index=index,
        role={
            "mobile": roles.mobile[0],
            "anion": roles.anion[0],
            "framework": roles.framework[0],
        },
        charge=roles.charge[0],
    )


def pairs_within(
    lattice: FloatArray, centres: FloatArray, points: FloatArray, radius: float
) -> Pairs:
    """All pairs of a centre (fractional, (n, 3)) and an image of a point up to `radius` apart.

    A point at the centre itself (closer than 1e-3 Angstrom) is left out. Raises UnusableStructure
    where the density of the points promises more than MOST_PAIRS pairs.
    """
    from pymatgen.optimization.neighbors import find_points_in_spheres

    if not len(centres) or not len(points):
        none = np.empty(0, dtype=np.int64)
        return Pairs(none, none, np.zeros((0, 3), dtype=np.int64), np.zeros((0, 3)), np.zeros(0))
    density = len(points) / abs(float(np.linalg.det(lattice)))
    if len(centres) * density * 4.0 / 3.0 * np.pi * radius**3 > MOST_PAIRS:
        raise UnusableStructure(f"sites too dense: {density:.2g} in a cubic Angstrom")
    first, second, image, distance = find_points_in_spheres(
        np.ascontiguousarray(points @ lattice),
        np.ascontiguousarray(centres @ lattice),
        r=radius,
        pbc=np.ones(3, dtype=np.int64),
        lattice=np.ascontiguousarray(lattice),
        tol=1e-8,
    )
    apart = distance > 1e-3
    first, second = first[apart], second[apart]
    translation: IntArray = np.rint(image[apart]).astype(np.int64)
    vector: FloatArray = (points[second] + translation - centres[first]) @ lattice
    lengths: FloatArray = np.linalg.norm(vector, axis=1)
    return Pairs(first, second, translation, vector, lengths)

"""Mean coordination number of the mobile ion by the solid angles of its Voronoi cell.

Each face of the cell belongs to one neighbour and counts with its solid angle over that of the
largest face, so the number is not whole: six in rock salt, 10.16 in a body-centred metal. It is
the convention of the Ahmad 2018 screening (doi 10.1021/acscentsci.8b00229), whose volume ratios
are made from it.

In symmetric crystals many cells meet in one point and qhull may leave a face out or fail. A cell
is taken only if it is closed, lies within the neighbours that were looked at, and has faces that
add up to the full sphere; otherwise its neighbours are moved by 1e-6 Angstrom and it is built
again. A tiny face that comes and goes with such a step has no weight here.

Disorder: split sites are joined (see `features.positions`), and a site that cannot be filled
together with the centre is left out. Partly filled sites of the mobile ion are once taken as
filled and once as empty, and the two numbers are averaged with their occupancy. A face of any
other partly filled site counts with its occupancy.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from features.elements import FloatArray
from features.positions import SPLIT_ANGSTROM, positions_of
from features.sites import UnusableStructure, pairs_within

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

BoolArray = npt.NDArray[np.bool_]

FIRST_RADIUS_ANGSTROM = 7.0
LAST_RADIUS_ANGSTROM = 40.0
FIRST_NEIGHBOURS = 40
FULL = 0.99  # sites filled below it are partly filled
# Two partly filled sites of which never both are filled: of the mobile ion, and of any kind.
# Closest approach of two Li in ordered crystals is 2.3, of Li and an anion 1.8 Angstrom.
EXCLUSIVE_MOBILE_ANGSTROM = 2.2
EXCLUSIVE_ANGSTROM = 1.6
EXCLUSIVE_OCCUPANCY = 1.05
JITTER_ANGSTROM = 1e-6
SPHERE = 4.0 * np.pi
SPHERE_TOLERANCE = 1e-4
SEED = 20181  # of the jitter; any number will do


@dataclass(frozen=True)
class _Points:
    """Places of atoms, split sites joined."""

    fractional: FloatArray  # (n, 3)
    occupancy: FloatArray  # (n,) by any element
    ion: FloatArray  # (n,) by the mobile ion


@dataclass(frozen=True)
class _Shell:
    """What surrounds one centre, nearest first, up to `reach` Angstrom."""

    vector: FloatArray  # (m, 3) Angstrom
    distance: FloatArray  # (m,)
    occupancy: FloatArray  # (m,)
    is_loose: BoolArray  # (m,) a partly filled site of the mobile ion
    reach: float

    def where(self, rows: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> _Shell:
        return _Shell(
            self.vector[rows],
            self.distance[rows],
            self.occupancy[rows],
            self.is_loose[rows],
            self.reach,
        )


def mobile_coordination_number(structure: Structure, ion: str) -> float:
    """Mean over the sites of ``ion`` ("Li"), weighted with its occupancy; NaN if there is none.

    Raises features.sites.UnusableStructure where a cell does not close.
    """
    lattice = np.array(structure.lattice.matrix, dtype=np.float64)
    points = _points(structure, lattice, ion)
    centres = np.flatnonzero(points.ion > 0.0)
    if not len(centres):
        return float("nan")
    known: dict[bytes, float] = {}
    numbers = np.empty(len(centres))
    shells = _shells(lattice, points, centres, FIRST_RADIUS_ANGSTROM)
    for place, (centre, shell) in enumerate(zip(centres.tolist(), shells, strict=True)):
        # Equivalent sites see the same distances; one cell for all of them.
        sight = np.column_stack([shell.distance, shell.occupancy])[:FIRST_NEIGHBOURS]
        key = np.round(sight, 3).tobytes()
        if key not in known:
            known[key] = _coordination(lattice, points, centre, shell)
        numbers[place] = known[key]
    return float(np.average(numbers, weights=points.ion[centres]))


def _points(structure: Structure, lattice: FloatArray, ion: str) -> _Points:
    contents = [site.species.get_el_amt_dict() for site in structure]
    fractional = np.array(structure.frac_coords, dtype=np.float64) % 1.0
    mobile = np.array([content.get(ion, 0.0) for content in contents])
    other = np.array([sum(content.values()) for content in contents]) - mobile
    if not np.isfinite(fractional).all():
        raise UnusableStructure("a site has no finite position")
    if (mobile + other >= FULL).all() and (np.minimum(mobile, other) < 1e-6).all():
        return _Points(fractional, np.ones(len(mobile)), np.where(mobile > other, mobile, 0.0))
    from pymatgen.core.lattice import Lattice

    ions = positions_of(lattice, fractional, mobile)
    others = positions_of(lattice, fractional, other)
    if not len(ions.occupancy) or not len(others.occupancy):
        only = ions if len(ions.occupancy) else others
        is_ion = ions.occupancy if len(ions.occupancy) else np.zeros(len(others.occupancy))
        return _Points(only.fractional, only.occupancy, is_ion)
    # Another element in the place of an ion: one point, with both.
    apart = Lattice(lattice).get_all_distances(others.fractional, ions.fractional)
    nearest, shared = apart.argmin(axis=1), apart.min(axis=1) < SPLIT_ANGSTROM
    filled = ions.occupancy.copy()
    np.add.at(filled, nearest[shared], others.occupancy[shared])
    return _Points(
        np.vstack([ions.fractional, others.fractional[~shared]]),
        np.minimum(np.concatenate([filled, others.occupancy[~shared]]), 1.0),
        np.concatenate([ions.occupancy, np.zeros(int((~shared).sum()))]),
    )


def _shells(
    lattice: FloatArray, points: _Points, centres: npt.NDArray[np.int64], radius: float
) -> list[_Shell]:
    """The surroundings of each centre without the sites that exclude it."""
    pairs = pairs_within(lattice, points.fractional[centres], points.fractional, radius)
    centre = centres[pairs.first]
    kept = ~_excluded(points, centre, pairs.second, pairs.distance)
    order = np.lexsort((np.round(pairs.distance, 6), pairs.first))
    order = order[kept[order]]
    bounds = np.searchsorted(pairs.first[order], np.arange(len(centres) + 1))
    occupancy = points.occupancy[pairs.second]
    whole = _Shell(
        pairs.vector,
        pairs.distance,
        occupancy,
        np.asarray((occupancy < FULL) & (points.ion[pairs.second] > 0.0)),
        radius,
    )
    return [whole.where(order[start:end]) for start, end in pairwise(bounds)]


def _excluded(
    points: _Points,
    centre: npt.NDArray[np.int64],
    other: npt.NDArray[np.int64],
    distance: FloatArray,
) -> BoolArray:
    """Pairs (m,) of a centre and a site that is empty where the centre is filled."""
    both = points.occupancy[centre] + points.occupancy[other]
    partly = (points.occupancy[other] < FULL) & (both <= EXCLUSIVE_OCCUPANCY)
    reach = np.where(points.ion[other] > 0.0, EXCLUSIVE_MOBILE_ANGSTROM, EXCLUSIVE_ANGSTROM)
    return np.asarray(partly & (distance < reach))


def _coordination(lattice: FloatArray, points: _Points, centre: int, shell: _Shell) -> float:
    """The number of one centre; looks further out until its cells are certain."""
    while True:
        number = _averaged(shell)
        if number is not None:
            return number
        if shell.reach >= LAST_RADIUS_ANGSTROM:
            raise UnusableStructure("the Voronoi cell of a mobile ion does not close")
        only = np.array([centre], dtype=np.int64)
        shell = _shells(lattice, points, only, 1.5 * shell.reach)[0]


def _averaged(shell: _Shell) -> float | None:
    """The number over filled and empty loose sites; None where the shell does not suffice."""
    filled = _closed_cell(shell)
    if filled is None:
        return None
    loose = shell.is_loose[: len(filled)]
    share = float(filled[loose].sum())
    among = _weighed(filled, np.where(loose, 1.0, shell.occupancy[: len(filled)]))
    if share <= 0.0:
        return among
    rest = shell.where(~shell.is_loose)
    empty = _closed_cell(rest)
    if empty is None:
        return None
    without = _weighed(empty, rest.occupancy[: len(empty)])
    weight = float((filled * shell.occupancy[: len(filled)])[loose].sum()) / share
    return weight * among + (1.0 - weight) * without


def _closed_cell(shell: _Shell) -> FloatArray | None:
    """Solid angles of the nearest neighbours' faces, as many neighbours as the cell needs."""
    count = min(FIRST_NEIGHBOURS, len(shell.distance))
    while count > 3:
        whole = count == len(shell.distance)
        faces = _faces(shell.vector[:count], shell.reach if whole else shell.distance[count])
        if faces is not None or whole:
            return faces
        count = min(2 * count, len(shell.distance))
    return None


def _weighed(faces: FloatArray, occupancy: FloatArray) -> float:
    """Sum of the faces' solid angles (m,) with the neighbours' occupancies over the largest.

    An anion that is split over two half-filled sites has two faces and counts once.
    """
    usual = occupancy >= 0.5
    largest = faces[usual].max() if (usual & (faces > 0.0)).any() else faces.max()
    return float((faces * occupancy).sum() / largest)


def _faces(neighbours: FloatArray, limit: float) -> FloatArray | None:
    """Solid angles (m,) of the faces of the cell around the origin, 0 for no face.

    None if the cell is open or reaches so far that points beyond `limit` could cut it.
    """
    from scipy.spatial import QhullError

    generator = np.random.default_rng(SEED)
    for jitter in (0.0, JITTER_ANGSTROM, 10.0 * JITTER_ANGSTROM):
        moved = neighbours + jitter * generator.standard_normal(neighbours.shape)
        try:
            faces, farthest = _cell(moved)
        except QhullError:
            continue
        if 2.0 * farthest > limit:
            return None
        if abs(faces.sum() - SPHERE) < SPHERE_TOLERANCE:
            return faces
    return None


def _cell(neighbours: FloatArray) -> tuple[FloatArray, float]:
    """Solid angles of the faces, and how far the farthest corner is (infinite if open)."""
    from scipy.spatial import Voronoi

    diagram = Voronoi(np.vstack([np.zeros((1, 3)), neighbours]))
    ours = np.flatnonzero((diagram.ridge_points == 0).any(axis=1))
    corners = [diagram.ridge_vertices[ridge] for ridge in ours.tolist()]
    faces = np.zeros(len(neighbours))
    if not corners or any(-1 in face for face in corners):
        return faces, np.inf
    neighbour = diagram.ridge_points[ours].max(axis=1) - 1
    # Each face as a fan of triangles from its first corner.
    fans = np.array([(f[0], f[i], f[i + 1], n) for f, n in zip(corners, neighbour, strict=True)
                     for i in range(1, len(f) - 1)], dtype=np.int64)  # fmt: skip
    a, b, c = (diagram.vertices[fans[:, i]] for i in range(3))
    np.add.at(faces, fans[:, 3], _solid_angles(a, b, c))
    used = np.unique(fans[:, :3])
    return faces, float(np.linalg.norm(diagram.vertices[used], axis=1).max())


def _solid_angles(a: FloatArray, b: FloatArray, c: FloatArray) -> FloatArray:
    """(m,) of triangles seen from the origin; 0 for one without area.

    Van Oosterom and Strackee, IEEE Trans. Biomed. Eng. 30, 125 (1983), 10.1109/TBME.1983.325207.
    """
    size_a, size_b, size_c = (np.linalg.norm(x, axis=1) for x in (a, b, c))
    volume = np.abs(np.einsum("ij,ij->i", a, np.cross(b, c)))
    below = (
        size_a * size_b * size_c
        + np.einsum("ij,ij->i", a, b) * size_c
        + np.einsum("ij,ij->i", a, c) * size_b
        + np.einsum("ij,ij->i", b, c) * size_a
    )
    return np.asarray(2.0 * np.arctan2(volume, below))

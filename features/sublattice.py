"""Shape of the anion sublattice: how close to body-centred cubic, face-centred cubic, hexagonal.

Body-centred anions let mobile ions hop between face-sharing tetrahedra: Wang et al., Nat. Mater.
14, 1026 (2015), doi 10.1038/nmat4369. Distances are in units of the cube root of the volume per
anion, so all lattices are compared at one density: neighbours counted (with soft edges) up to
three radii that separate the shells of the ideal lattices, and the bond-order parameters q4 and q6
of Steinhardt, Nelson and Ronchetti, Phys. Rev. B 28, 784 (1983), doi 10.1103/PhysRevB.28.784, over
the nearest 12 neighbours.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from features.elements import FloatArray
from features.positions import Positions
from features.sites import Pairs, pairs_within

SHELL_EDGES = (1.19, 1.42, 1.69)  # bcc 8, 14, 14 neighbours; close packings 12, 12, 18
SHELL_COUNTS = (12.0, 14.0, 18.0)
EDGE_WIDTH = 0.02
REACH = 2.0
NEIGHBOURS = 12.0
BISECTIONS = 40
NUMBERS_AT_ONCE = 4_000_000  # of a centres x neighbours x neighbours array
COLUMNS = ("bcc", "fcc", "hcp")


def _soft(distance: FloatArray, edge: FloatArray | float) -> FloatArray:
    """1 inside an edge, 0 outside, smooth over EDGE_WIDTH."""
    exponent = np.clip((distance - edge) / EDGE_WIDTH, -60.0, 60.0)
    result: FloatArray = 1.0 / (1.0 + np.exp(exponent))
    return result


def _padded(
    pairs: Pairs, count: int, occupancy: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Neighbours of each centre as (n, m) distances and occupancies and (n, m, 3) directions."""
    order = np.argsort(pairs.first, kind="stable")
    first = pairs.first[order]
    number = np.bincount(first, minlength=count)
    place = np.arange(len(first)) - np.repeat(np.cumsum(number) - number, number)
    width = max(int(number.max(initial=0)), 1)
    distance = np.full((count, width), np.inf)
    filling = np.zeros((count, width))
    direction = np.zeros((count, width, 3))
    distance[first, place] = pairs.distance[order]
    filling[first, place] = occupancy[pairs.second[order]]
    direction[first, place] = pairs.vector[order] / pairs.distance[order, None]
    return distance, filling, direction


def _bond_order(distance: FloatArray, filling: FloatArray, direction: FloatArray) -> FloatArray:
    """(n, 2) q4 and q6 over the nearest NEIGHBOURS (sum of occupancies) of each centre."""
    low, high = np.zeros(len(distance)), np.full(len(distance), REACH)
    for _ in range(BISECTIONS):
        edge = 0.5 * (low + high)
        few = (filling * _soft(distance, edge[:, None])).sum(axis=1) < NEIGHBOURS
        low, high = np.where(few, edge, low), np.where(few, high, edge)
    weight = filling * _soft(distance, high[:, None])
    total = weight.sum(axis=1) ** 2
    cosine = np.clip(direction @ direction.transpose(0, 2, 1), -1.0, 1.0)
    square = cosine**2
    legendre4 = (35.0 * square**2 - 30.0 * square + 3.0) / 8.0
    legendre6 = (231.0 * square**3 - 315.0 * square**2 + 105.0 * square - 5.0) / 16.0
    # Sum over m of |q_lm|^2 by the addition theorem of spherical harmonics.
    orders = [np.einsum("ni,nij,nj->n", weight, one, weight) for one in (legendre4, legendre6)]
    powers = np.stack(orders, axis=1) / np.where(total > 0, total, 1.0)[:, None]
    return np.sqrt(np.maximum(powers, 0.0))


def signatures(lattice: FloatArray, positions: Positions) -> FloatArray:
    """(n, 5) of each position: shares of neighbours within three radii, q4 and q6."""
    volume = float(abs(np.linalg.det(lattice)))
    scale = float(np.cbrt(volume / positions.ions))
    points = positions.fractional
    pairs = pairs_within(lattice / scale, points, points, REACH)
    distance, filling, direction = _padded(pairs, len(points), positions.occupancy)
    result = np.empty((len(points), 5))
    step = max(1, NUMBERS_AT_ONCE // distance.shape[1] ** 2)
    for start in range(0, len(points), step):
        part = slice(start, start + step)
        for column, (edge, usual) in enumerate(zip(SHELL_EDGES, SHELL_COUNTS, strict=True)):
            counted = (filling[part] * _soft(distance[part], edge)).sum(axis=1)
            result[part, column] = counted / usual
        result[part, 3:] = _bond_order(distance[part], filling[part], direction[part])
    return result


@lru_cache(maxsize=1)
def ideal_signatures() -> FloatArray:
    """(3, 5) signatures of ideal bcc, fcc and hcp lattices."""
    height = np.sqrt(8.0 / 3.0)
    hexagonal = np.array([[1.0, 0.0, 0.0], [-0.5, np.sqrt(0.75), 0.0], [0.0, 0.0, height]])
    ideals = (
        (np.array([[-1.0, 1, 1], [1, -1, 1], [1, 1, -1]]), np.zeros((1, 3))),
        (np.array([[0.0, 1, 1], [1, 0, 1], [1, 1, 0]]), np.zeros((1, 3))),
        (hexagonal, np.array([[1 / 3, 2 / 3, 0.25], [2 / 3, 1 / 3, 0.75]])),
    )
    rows = [
        signatures(lattice, Positions(points, np.ones(len(points))))[0]
        for lattice, points in ideals
    ]
    return np.array(rows)


def sublattice_columns(lattice: FloatArray, positions: Positions) -> dict[str, float]:
    """Distance of the anion sublattice from the ideal ones, 0 = ideal, and its mean signature."""
    names = [f"anions_from_{name}" for name in COLUMNS]
    means = ["anion_near_neighbours", "anion_q4", "anion_q6", "anion_q6_deviation"]
    if not len(positions.occupancy):
        return dict.fromkeys([*names, "anions_bcc_against_close_packed", *means], np.nan)
    found = signatures(lattice, positions)
    weights = positions.occupancy
    away = np.linalg.norm(found[:, None, :] - ideal_signatures()[None, :, :], axis=2)
    columns = dict(zip(names, np.average(away, axis=0, weights=weights).tolist(), strict=True))
    closest = min(columns["anions_from_fcc"], columns["anions_from_hcp"])
    columns["anions_bcc_against_close_packed"] = closest - columns["anions_from_bcc"]
    mean = np.average(found, axis=0, weights=weights)
    deviation = np.sqrt(np.average((found[:, 4] - mean[4]) ** 2, weights=weights))
    values = (mean[1] * SHELL_COUNTS[1], mean[3], mean[4], deviation)
    return columns | dict(zip(means, map(float, values), strict=True))

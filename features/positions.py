"""Positions of a sublattice: sites of one kind, split sites joined into the position they share.

Refinements of disordered crystals place one atom on several sites a fraction of an Angstrom apart.
Sites of a kind closer than SPLIT_ANGSTROM (and what hangs together through such steps) are one
position at their mean, with the summed occupancy, at most 1. A string of close sites that is
longer than twice that, or that runs on through the crystal, is a channel: its sites stay as they
are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.elements import FloatArray
from features.percolation import PeriodicClusters
from features.sites import pairs_within

SPLIT_ANGSTROM = 0.8
LEAST_OCCUPANCY = 1e-3


@dataclass(frozen=True)
class Positions:
    """Positions of a sublattice and how full each is."""

    fractional: FloatArray  # (n, 3) in [0, 1)
    occupancy: FloatArray  # (n,) in (0, 1]

    @property
    def ions(self) -> float:
        return float(self.occupancy.sum())


def positions_of(lattice: FloatArray, fractional: FloatArray, occupancy: FloatArray) -> Positions:
    """Join the split sites among those with an occupancy above LEAST_OCCUPANCY."""
    used = occupancy > LEAST_OCCUPANCY
    points, filling = fractional[used], occupancy[used]
    close = pairs_within(lattice, points, points, SPLIT_ANGSTROM)
    if not len(close.first):
        return Positions(points % 1.0, np.minimum(filling, 1.0))
    clusters = PeriodicClusters(len(points))
    for first, second, image in zip(
        close.first.tolist(), close.second.tolist(), close.image.tolist(), strict=True
    ):
        clusters.join(first, second, (image[0], image[1], image[2]))
    endless = clusters.cluster_dimensions() > 0
    members: dict[int, list[int]] = {}
    shifted = points.copy()
    for point in range(len(points)):
        root, shift = clusters.root(point)
        shifted[point] -= shift
        members.setdefault(root, []).append(point)
    places: list[FloatArray] = []
    fillings: list[float] = []
    for group in members.values():
        cartesian = shifted[group] @ lattice
        extent = np.linalg.norm(cartesian[:, None] - cartesian[None, :], axis=2).max()
        if endless[group[0]] or extent > 2.0 * SPLIT_ANGSTROM:
            places.extend(points[group])
            fillings.extend(filling[group])
        else:
            places.append(np.average(shifted[group], axis=0, weights=filling[group]))
            fillings.append(float(filling[group].sum()))
    return Positions(np.array(places) % 1.0, np.minimum(np.array(fillings), 1.0))

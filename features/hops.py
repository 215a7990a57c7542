"""Hops between the positions of the mobile ion: length, window, shared anions, valence on the way.

The way of a hop is the straight line between two positions. Its window is the smallest distance of
the line's middle half to an anion less the anion's radius; its valence is the bond-valence sum of
the mobile ion at the midpoint, which exceeds the ion's charge where the way is tight (Adams and
Rao, Phys. Status Solidi A 208, 1746 (2011), doi 10.1002/pssa.201001116).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.bonds import BOND_VALENCE_SOFTNESS_ANGSTROM, bond_valence_length
from features.elements import FloatArray
from features.positions import Positions
from features.roles import IntArray
from features.sites import CrystalSites, Pairs, pairs_within

LONGEST_HOP_ANGSTROM = 5.0
VIEW_ANGSTROM = 4.5  # ions up to this far from a hop's midpoint are looked at
BLOCKING_OCCUPANCY = 0.3
SAME_SITE_ANGSTROM = 0.5
MIDDLE = (0.25, 0.75)
WIDEST_ANGSTROM = 3.0  # a window with nothing in sight counts as this wide
SHARED_FACTOR = 1.25  # of the sum of radii: as far as an anion belongs to a position
SHARED_WIDTH_ANGSTROM = 0.1


@dataclass(frozen=True)
class Hops:
    """One entry a hop, each counted once (not there and back)."""

    pairs: Pairs
    window_angstrom: FloatArray
    cation_distance_angstrom: FloatArray  # of the nearest framework cation to the way
    shared_anions: FloatArray
    valence: FloatArray


def _once(pairs: Pairs) -> Pairs:
    """One direction of each pair."""
    images = pairs.image
    ahead = (images[:, 0] > 0) | (
        (images[:, 0] == 0) & ((images[:, 1] > 0) | ((images[:, 1] == 0) & (images[:, 2] > 0)))
    )
    return pairs.where((pairs.first < pairs.second) | ((pairs.first == pairs.second) & ahead))


def _summed(values: FloatArray, seen: Pairs, count: int) -> FloatArray:
    total: FloatArray = np.bincount(seen.first, weights=values, minlength=count).astype(np.float64)
    return total


def _lowest(values: FloatArray, owner: IntArray, count: int, ceiling: float) -> FloatArray:
    result = np.full(count, ceiling)
    np.minimum.at(result, owner, values)
    return result


def mobile_valence(crystal: CrystalSites, centres: FloatArray) -> FloatArray:
    """(n,) bond-valence sum of a mobile ion put at each place (fractional, (n, 3))."""
    anion = crystal.occupancy * crystal.role["anion"]
    seen = pairs_within(crystal.lattice, centres, crystal.fractional, VIEW_ANGSTROM)
    return _valence(crystal, anion, seen, len(centres))


def _valence(crystal: CrystalSites, anion: FloatArray, seen: Pairs, count: int) -> FloatArray:
    unit = np.exp(bond_valence_length(crystal) / BOND_VALENCE_SOFTNESS_ANGSTROM)
    mobile = crystal.role["mobile"] / max(int(crystal.role["mobile"].sum()), 1)
    strength = (anion[seen.second] * (mobile @ unit)).sum(axis=1)
    # No ion comes closer to an anion than this; what a refinement puts there is not there at once.
    distance = np.maximum(seen.distance, 1.0)
    each = strength * np.exp(-distance / BOND_VALENCE_SOFTNESS_ANGSTROM)
    return _summed(each, seen, count)


def hops_between(crystal: CrystalSites, positions: Positions) -> Hops:
    """All hops up to LONGEST_HOP_ANGSTROM between positions of the mobile ion."""
    points = positions.fractional
    pairs = _once(pairs_within(crystal.lattice, points, points, LONGEST_HOP_ANGSTROM))
    count = len(pairs.first)
    middle = 0.5 * (points[pairs.first] + points[pairs.second] + pairs.image)
    seen = pairs_within(crystal.lattice, middle, crystal.fractional, VIEW_ANGSTROM)
    along = pairs.vector[seen.first]
    length = pairs.distance[seen.first]
    # Coordinate of each ion along the hop, 0 at its start and 1 at its end.
    place = (seen.vector * along).sum(axis=1) / length**2 + 0.5
    nearest = np.clip(place, *MIDDLE) - 0.5
    to_way = np.linalg.norm(seen.vector - nearest[:, None] * along, axis=1)
    to_start = np.linalg.norm(seen.vector + 0.5 * along, axis=1)
    to_end = np.linalg.norm(seen.vector - 0.5 * along, axis=1)
    radius = crystal.ion_radius()
    anion, framework = crystal.of_role("anion"), crystal.of_role("framework")
    anion_radius = crystal.mean(radius, "anion")
    apart = np.minimum(to_start, to_end) > SAME_SITE_ANGSTROM
    is_anion = apart & (anion[seen.second] >= BLOCKING_OCCUPANCY)
    is_cation = apart & (framework[seen.second] >= BLOCKING_OCCUPANCY)
    window = _lowest(
        (to_way - anion_radius[seen.second])[is_anion], seen.first[is_anion], count, WIDEST_ANGSTROM
    )
    cation = _lowest(to_way[is_cation], seen.first[is_cation], count, VIEW_ANGSTROM)
    mobile_radius = float(radius[crystal.role["mobile"]].max(initial=0.0))
    reach = SHARED_FACTOR * (mobile_radius + anion_radius[seen.second])
    shared = anion[seen.second].copy()
    for distance in (to_start, to_end):
        exponent = np.clip((distance - reach) / SHARED_WIDTH_ANGSTROM, -60.0, 60.0)
        shared /= 1.0 + np.exp(exponent)
    return Hops(
        pairs=pairs,
        window_angstrom=window,
        cation_distance_angstrom=cation,
        shared_anions=_summed(shared, seen, count),
        valence=_valence(crystal, crystal.occupancy * crystal.role["anion"], seen, count),
    )

"""Bonds between cations and anions: coordination numbers, lengths and bond valences by role.

Coordination is Hoppe's effective coordination number, Z. Kristallogr. 150, 23 (1979),
doi 10.1524/zkri.1979.150.1-4.23: a neighbour at distance d counts exp(1 - (d / d_mean)^6), d_mean
being the mean of the centre's distances under the same weights. It needs no cut-off and takes
occupancies as factors. Bond valences are exp((R - d) / 0.37), with R by the rule of O'Keeffe and
Brese, J. Am. Chem. Soc. 113, 3226 (1991), doi 10.1021/ja00009a002, whose table pymatgen carries.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from features.elements import SYMBOLS, FloatArray, filled
from features.sites import CrystalSites, Pairs

BOND_RADIUS_ANGSTROM = 6.0
# A cation and an anion closer than this share of the sum of their radii never are there at once.
EXCLUSIVE_SHARE = 0.5
ECON_ROUNDS = 8
BOND_VALENCE_SOFTNESS_ANGSTROM = 0.37


@dataclass(frozen=True)
class Bonds:
    """Weighted directed bonds from centres to neighbours and the centres' coordination."""

    pairs: Pairs
    weight: FloatArray  # (m,) effective bonds: Hoppe's weight times the neighbour's occupancy
    coordination: FloatArray  # (n,) effective coordination number, 0 without neighbours
    length: FloatArray  # (n,) weighted mean distance, NaN without neighbours


def _per_point(values: FloatArray, pairs: Pairs, count: int) -> FloatArray:
    total: FloatArray = np.bincount(pairs.first, weights=values, minlength=count).astype(np.float64)
    return total


def effective_bonds(
    pairs: Pairs, count: int, occupancy: FloatArray, scale: FloatArray | None = None
) -> Bonds:
    """Hoppe's weights of all pairs from each of `count` centres.

    `occupancy` (m,) is that of each pair's neighbour; `scale` (m,) divides the distances where
    neighbours of unlike size compete (by default they are compared as they are).
    """
    kept = occupancy > 1e-6
    pairs, occupancy = pairs.where(kept), occupancy[kept]
    reduced = pairs.distance if scale is None else pairs.distance / scale[kept]
    shortest = np.full(count, np.inf)
    np.minimum.at(shortest, pairs.first, reduced)
    mean = shortest
    weight = np.zeros(len(reduced))
    for _ in range(ECON_ROUNDS):
        exponent = np.minimum((reduced / mean[pairs.first]) ** 6, 50.0)
        weight = occupancy * np.exp(1.0 - exponent)
        total = _per_point(weight, pairs, count)
        some = total > 0
        mean = np.where(
            some, _per_point(weight * reduced, pairs, count) / np.where(some, total, 1.0), np.inf
        )
    weight = occupancy * np.exp(1.0 - np.minimum((reduced / mean[pairs.first]) ** 6, 50.0))
    coordination = _per_point(weight, pairs, count)
    some = coordination > 0
    summed = _per_point(weight * pairs.distance, pairs, count)
    length = np.where(some, summed / np.where(some, coordination, 1.0), np.nan)
    return Bonds(pairs, weight, coordination, length)


def cation_anion_bonds(crystal: CrystalSites, pairs: Pairs, role: str) -> Bonds:
    """Bonds from the cations of a role to the anions around them."""
    radius = crystal.ion_radius()
    cation, anion = crystal.mean(radius, role), crystal.mean(radius, "anion")
    centre, ligand = crystal.of_role(role), crystal.of_role("anion")
    contact = cation[pairs.first] + anion[pairs.second]
    bonded = (centre[pairs.first] > 0) & (ligand[pairs.second] > 0)
    bonded &= pairs.distance > EXCLUSIVE_SHARE * contact
    chosen = pairs.where(bonded)
    return effective_bonds(chosen, len(centre), ligand[chosen.second])


def spread(values: FloatArray, weights: FloatArray) -> tuple[float, float, float, float]:
    """Weighted mean, weighted standard deviation, minimum and maximum; NaN of nothing."""
    known = np.isfinite(values) & (weights > 1e-6)
    if not known.any():
        return (np.nan, np.nan, np.nan, np.nan)
    values, weights = values[known], weights[known]
    mean = float(np.average(values, weights=weights))
    deviation = float(np.sqrt(np.average((values - mean) ** 2, weights=weights)))
    return mean, deviation, float(values.min()), float(values.max())


@lru_cache(maxsize=1)
def _bond_valence_parameters() -> tuple[FloatArray, FloatArray]:
    """Radius (Angstrom) and electronegativity parameter of each element; filled by group."""
    from pymatgen.analysis.bond_valence import BV_PARAMS

    known = {element.symbol: values for element, values in BV_PARAMS.items()}
    radius = [known.get(symbol, {}).get("r", np.nan) for symbol in SYMBOLS]
    softness = [known.get(symbol, {}).get("c", np.nan) for symbol in SYMBOLS]
    return filled(radius), filled(softness)


def bond_valence_length(crystal: CrystalSites) -> FloatArray:
    """(k, k) length of a bond of valence 1 between two elements, Angstrom."""
    radius, softness = (table[crystal.index] for table in _bond_valence_parameters())
    r1, r2, c1, c2 = radius[:, None], radius[None, :], softness[:, None], softness[None, :]
    correction = r1 * r2 * (np.sqrt(c1) - np.sqrt(c2)) ** 2 / (c1 * r1 + c2 * r2)
    length: FloatArray = r1 + r2 - correction
    return length


def bond_valence_sums(crystal: CrystalSites, pairs: Pairs, role: str) -> FloatArray:
    """(n,) valence that the anions around each cation of a role give it, occupancies as weights."""
    cation = crystal.occupancy * crystal.role[role]
    share = cation / np.maximum(cation.sum(axis=1, keepdims=True), 1e-12)
    anion = crystal.occupancy * crystal.role["anion"]
    radius = crystal.ion_radius()
    contact = crystal.mean(radius, role)[pairs.first] + crystal.mean(radius, "anion")[pairs.second]
    bonded = (cation.sum(axis=1)[pairs.first] > 0) & (anion.sum(axis=1)[pairs.second] > 0)
    chosen = pairs.where(bonded & (pairs.distance > EXCLUSIVE_SHARE * contact))
    unit = np.exp(bond_valence_length(crystal) / BOND_VALENCE_SOFTNESS_ANGSTROM)
    strength = ((share @ unit)[chosen.first] * anion[chosen.second]).sum(axis=1)
    valence = strength * np.exp(-chosen.distance / BOND_VALENCE_SOFTNESS_ANGSTROM)
    return _per_point(valence, chosen, len(crystal.fractional))


def bond_columns(crystal: CrystalSites, pairs: Pairs) -> dict[str, float]:
    """Coordination, lengths and bond valences of mobile ions and framework cations."""
    columns: dict[str, float] = {}
    for role in ("mobile", "framework"):
        occupancy = crystal.of_role(role)
        bonds = cation_anion_bonds(crystal, pairs, role)
        coordination = np.where(bonds.coordination > 0, bonds.coordination, np.nan)
        names = ("mean", "deviation", "minimum", "maximum")
        for name, value in zip(names, spread(coordination, occupancy), strict=True):
            columns[f"{role}_coordination_{name}"] = value
        for name, value in zip(names, spread(bonds.length, occupancy), strict=True):
            columns[f"{role}_anion_distance_{name}_angstrom"] = value
        shares = occupancy[bonds.pairs.first] * bonds.weight
        radius = crystal.ion_radius()
        contact = (
            crystal.mean(radius, role)[bonds.pairs.first]
            + crystal.mean(radius, "anion")[bonds.pairs.second]
        )
        mean, deviation, lowest, _ = spread(bonds.pairs.distance / contact, shares)
        columns[f"{role}_anion_distance_to_radii_mean"] = mean
        columns[f"{role}_anion_distance_to_radii_deviation"] = deviation
        columns[f"{role}_anion_distance_to_radii_minimum"] = lowest
        valence = bond_valence_sums(crystal, pairs, role) - crystal.mean(crystal.charge, role)
        columns[f"{role}_bond_valence_excess"] = spread(valence, occupancy)[0]
        columns[f"{role}_bond_valence_mismatch"] = float(np.sqrt(spread(valence**2, occupancy)[0]))
    return columns

"""The transport block: what a crystal offers to its mobile ions, occupancies included.

All columns are NaN for a crystal without a mobile ion. Where the positions do not connect through
the crystal by hops of up to 5 Angstrom, the threshold columns take the values in NO_PATH, the worst
that a threshold can be.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from features.bonds import effective_bonds, spread
from features.elements import FloatArray
from features.hops import Hops, hops_between, mobile_valence
from features.percolation import percolation_thresholds
from features.positions import Positions, positions_of
from features.sites import CrystalSites, pairs_within
from features.sublattice import sublattice_columns

HOP_CUTOFFS_ANGSTROM = (2.0, 2.5, 3.0, 3.5, 4.0, 4.5)
NEAR_ANGSTROM = (3.0, 4.0)
COORDINATION_ANGSTROM = 5.0
SOFT_NEAREST_ANGSTROM = 0.1  # hops this much longer than the shortest weigh 1/e
TETRAHEDRAL_BELOW = 5.0
NO_PATH = {"hop_angstrom": 6.0, "window_angstrom": -0.5, "valence_mismatch": 3.0}


def _filling(crystal: CrystalSites, positions: Positions) -> dict[str, float]:
    occupancy, ions = positions.occupancy, positions.ions
    vacancy = 1.0 - occupancy
    entropy = -(
        occupancy * np.log(occupancy) + vacancy * np.log(np.where(vacancy > 0, vacancy, 1.0))
    )
    mobile = crystal.of_role("mobile")
    others = crystal.of_role("framework")
    return {
        "mobile_ion_density_per_angstrom3": ions / crystal.volume,
        "mobile_positions_per_angstrom3": len(occupancy) / crystal.volume,
        "mobile_positions_per_ion": len(occupancy) / ions,
        "mobile_vacancy_fraction": float(vacancy.mean()),
        "mobile_mean_occupancy": float((occupancy**2).sum() / ions),
        "mobile_minimum_occupancy": float(occupancy.min()),
        "mobile_maximum_occupancy": float(occupancy.max()),
        "mobile_partly_filled_share": float(occupancy[occupancy < 0.99].sum() / ions),
        "mobile_site_entropy_per_ion": float(entropy.sum() / ions),
        "mobile_share_on_mixed_sites": float(mobile[others > 1e-3].sum() / mobile.sum()),
    }


def _coordination(
    crystal: CrystalSites, positions: Positions, anions: Positions
) -> dict[str, float]:
    """Anions around the positions, and how much full and empty positions differ."""
    filled, empty = positions.occupancy, 1.0 - positions.occupancy
    around = pairs_within(
        crystal.lattice, positions.fractional, anions.fractional, COORDINATION_ANGSTROM
    )
    bonds = effective_bonds(around, len(filled), anions.occupancy[around.second])
    number = np.where(bonds.coordination > 0, bonds.coordination, np.nan)
    valence = mobile_valence(crystal, positions.fractional)
    everywhere = np.ones(len(filled))
    columns: dict[str, float] = {}
    for name, values in (
        ("coordination", number),
        ("anion_distance_angstrom", bonds.length),
        ("valence", valence),
    ):
        mean, _, _, _ = spread(values, filled)
        hollow = spread(values, empty)[0] if empty.sum() > 0.01 else mean
        _, deviation, lowest, highest = spread(values, everywhere)
        columns[f"position_{name}_mean"] = mean
        columns[f"position_{name}_deviation"] = deviation
        columns[f"position_{name}_range"] = highest - lowest
        columns[f"position_{name}_empty_minus_filled"] = hollow - mean
    known = np.isfinite(number)
    softly = 1.0 / (1.0 + np.exp(4.0 * (number[known] - TETRAHEDRAL_BELOW)))
    columns["tetrahedral_share_of_mobile_ions"] = (
        float(np.average(softly, weights=filled[known])) if known.any() else np.nan
    )
    return columns


def _neighbours(hops: Hops, positions: Positions) -> dict[str, float]:
    """The nearest other positions of each position, and room to hop to."""
    pairs, occupancy = hops.pairs, positions.occupancy
    count = len(occupancy)
    start = np.concatenate([pairs.first, pairs.second])
    end = np.concatenate([pairs.second, pairs.first])
    distance = np.tile(pairs.distance, 2)
    nearest = np.full(count, np.inf)
    np.minimum.at(nearest, start, distance)
    reached = np.where(np.isfinite(nearest), nearest, NO_PATH["hop_angstrom"])
    mean, deviation, shortest, longest = spread(reached, occupancy)
    columns = {
        "nearest_position_mean_angstrom": mean,
        "nearest_position_deviation_angstrom": deviation,
        "nearest_position_minimum_angstrom": shortest,
        "nearest_position_maximum_angstrom": longest,
    }
    for limit in NEAR_ANGSTROM:
        near = (distance <= limit + 1e-6).astype(np.float64)
        label = f"within_{limit:g}_angstrom"
        for name, weight in (
            ("positions", near),
            ("ions", near * occupancy[end]),
            ("vacancies", near * (1.0 - occupancy[end])),
        ):
            counted = np.bincount(start, weights=weight, minlength=count)
            columns[f"{name}_{label}"] = float(np.average(counted, weights=occupancy))
    # Of each position the shortest hops, those of nearly equal length alike.
    soft = np.exp(-(distance - nearest[start]) / SOFT_NEAREST_ANGSTROM) * occupancy[start]
    for name, values in (
        ("window_angstrom", hops.window_angstrom),
        ("cation_distance_angstrom", hops.cation_distance_angstrom),
        ("shared_anions", hops.shared_anions),
        ("midpoint_valence", hops.valence),
    ):
        columns[f"nearest_hop_{name}"] = spread(np.tile(values, 2), soft)[0]
    return columns


def _percolation(hops: Hops, positions: Positions, charge: float) -> dict[str, float]:
    """Thresholds at which hops connect through the crystal in at least 1, 2 and 3 dimensions."""
    pairs, count = hops.pairs, len(positions.occupancy)

    def thresholds(cost: FloatArray) -> FloatArray:
        return percolation_thresholds(count, pairs.first, pairs.second, pairs.image, cost)

    columns: dict[str, float] = {}
    lengths = thresholds(pairs.distance)
    for cutoff in HOP_CUTOFFS_ANGSTROM:
        reached = float((lengths <= cutoff + 1e-6).sum())
        columns[f"dimensions_of_hops_up_to_{cutoff:g}_angstrom".replace(".", "p")] = reached
    # Beyond the NO_PATH values one way is as closed as another.
    mismatch = np.minimum(np.abs(hops.valence - charge), NO_PATH["valence_mismatch"])
    window = np.maximum(hops.window_angstrom, NO_PATH["window_angstrom"])
    for name, sign, found in (
        ("hop_angstrom", 1.0, lengths),
        ("window_angstrom", -1.0, thresholds(-window)),
        ("valence_mismatch", 1.0, thresholds(mismatch)),
    ):
        for dimension, value in enumerate(sign * found, start=1):
            columns[f"percolating_{name}_{dimension}d"] = (
                float(value) if np.isfinite(value) else NO_PATH[name]
            )
    return columns


def _anions(crystal: CrystalSites, anions: Positions) -> dict[str, float]:
    spheres = 4.0 / 3.0 * np.pi * crystal.ion_radius() ** 3
    polarizability = crystal.total(crystal.ion_polarizability(), "anion")
    blocked = crystal.total(spheres, "anion") + crystal.total(spheres, "framework")
    mobile = max(float(crystal.of_role("mobile").sum()), 1e-12)
    return {
        "anion_polarizability_density": polarizability / crystal.volume,
        "volume_of_an_anion_angstrom3": crystal.volume / anions.ions if anions.ions else np.nan,
        "free_volume_fraction": 1.0 - blocked / crystal.volume,
        "free_volume_per_mobile_ion_angstrom3": (crystal.volume - blocked) / mobile,
        **sublattice_columns(crystal.lattice, anions),
    }


def transport_parts(crystal: CrystalSites) -> dict[str, Callable[[], dict[str, float]]]:
    """The parts of the block, each to be called by itself so that one may fail alone.

    Empty if no site holds a mobile ion.
    """
    lattice, points = crystal.lattice, crystal.fractional
    positions = positions_of(lattice, points, crystal.of_role("mobile"))
    if not len(positions.occupancy):
        return {}
    anions = positions_of(lattice, points, crystal.of_role("anion"))
    charge = float(crystal.charge[crystal.role["mobile"]].max())

    def hopping() -> dict[str, float]:
        hops = hops_between(crystal, positions)
        return _neighbours(hops, positions) | _percolation(hops, positions, charge)

    return {
        "filling": lambda: _filling(crystal, positions),
        "coordination": lambda: _coordination(crystal, positions, anions),
        "hops": hopping,
        "anions": lambda: _anions(crystal, anions),
    }


def transport_features(crystal: CrystalSites) -> dict[str, float]:
    """Named columns of one crystal; empty if it has no mobile ion on any site."""
    columns: dict[str, float] = {}
    for part in transport_parts(crystal).values():
        columns |= part()
    return columns

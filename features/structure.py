"""The structure block: density, packing, disorder, bonds and radial environment of a crystal.

Everything is weighted with site occupancies and does not depend on the choice of cell. A column is
NaN where it has no meaning (mobile-ion columns of a crystal without a mobile ion).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from features.bonds import BOND_RADIUS_ANGSTROM, bond_columns
from features.cohesion import AMU_PER_ANGSTROM3_IN_G_CM3
from features.elements import FloatArray, cohesive_energy_ev, element_table, magpie_table
from features.network import network_columns
from features.sites import CrystalSites, Pairs, crystal_from, pairs_within

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

CLOSEST_SITES_ANGSTROM = 0.7  # closer sites are positions of one atom, also for hydrogen
PARTIAL = 0.99  # sites filled below it are partly filled
WINDOW_WIDTHS_ANGSTROM = (1.0, 1.7, 2.9, 5.0)
SYMMETRY_PRECISION_ANGSTROM = 0.01


def _cell(crystal: CrystalSites) -> dict[str, float]:
    index, volume, atoms = crystal.index, crystal.volume, crystal.atoms
    anions = float(crystal.of_role("anion").sum())
    mobile = float(crystal.of_role("mobile").sum())
    spheres = 4.0 / 3.0 * np.pi * crystal.ion_radius() ** 3
    covalent = 4.0 / 3.0 * np.pi * crystal.covalent_radius() ** 3
    per_atom = volume / atoms
    return {
        "density_g_cm3": crystal.total(magpie_table("AtomicWeight")[index])
        / volume
        * AMU_PER_ANGSTROM3_IN_G_CM3,
        "volume_per_atom_angstrom3": per_atom,
        "log10_volume_per_atom": float(np.log10(per_atom)),
        "volume_to_estimate": volume / crystal.total(element_table("ICSDVolume")[index]),
        "volume_to_elements": volume / crystal.total(magpie_table("GSvolume_pa")[index]),
        "volume_per_anion_angstrom3": volume / anions if anions > 0 else np.nan,
        "mobile_ions_per_angstrom3": mobile / volume,
        "ion_packing_fraction": crystal.total(spheres) / volume,
        "anion_packing_fraction": crystal.total(spheres, "anion") / volume,
        "framework_packing_fraction": crystal.total(spheres, "framework") / volume,
        "covalent_packing_fraction": crystal.total(covalent) / volume,
        "valence_electron_density_per_angstrom3": crystal.total(magpie_table("NValence")[index])
        / volume,
        "cohesive_energy_per_angstrom3_ev": crystal.total(cohesive_energy_ev()[index]) / volume,
    }


def lattice_columns(lattice: tuple[float, ...] | None) -> dict[str, float]:
    """Shape of the conventional cell (a, b, c, alpha, beta, gamma), in Angstrom and degrees.

    Known even without a structure; NaN if the lattice is None.
    """
    if lattice is None:
        shortest = middle = longest = skew = np.nan
    else:
        shortest, middle, longest = sorted(lattice[:3])
        skew = float(np.mean(np.abs(np.array(lattice[3:6]) - 90.0)))
    return {
        "cell_middle_to_shortest": middle / shortest,
        "cell_longest_to_shortest": longest / shortest,
        "cell_mean_angle_from_right_deg": skew,
    }


def _disorder(crystal: CrystalSites) -> dict[str, float]:
    occupancy = crystal.occupancy
    filled = occupancy.sum(axis=1)
    vacancy = np.clip(1.0 - filled, 0.0, 1.0)
    parts = np.column_stack([occupancy, vacancy])
    entropy = -(parts * np.log(np.where(parts > 0, parts, 1.0))).sum()
    shared = (occupancy > 1e-6).sum(axis=1) > 1
    return {
        "partly_filled_share_of_atoms": float(filled[filled < PARTIAL].sum() / filled.sum()),
        "mixed_site_share_of_atoms": float(filled[shared].sum() / filled.sum()),
        "mean_site_occupancy": float((filled**2).sum() / filled.sum()),
        "site_entropy_per_atom": float(entropy / crystal.atoms),
    }


def _complexity(crystal: CrystalSites) -> dict[str, float]:
    """Bits of information of the site orbits: matminer's StructuralComplexity, per site and per
    primitive cell. Krivovichev, Acta Cryst. A 68, 393 (2012), doi 10.1107/S0108767312012044."""
    import spglib

    rounded = np.round(crystal.occupancy, 4)
    _, kinds = np.unique(rounded, axis=0, return_inverse=True)
    cell = (crystal.lattice.tolist(), crystal.fractional.tolist(), (kinds.ravel() + 1).tolist())
    found = spglib.get_symmetry_dataset(cell, symprec=SYMMETRY_PRECISION_ANGSTROM)
    if found is None:
        return {"site_orbits": np.nan, "complexity_bits": np.nan, "complexity_cell_bits": np.nan}
    # The orbits of the crystal, not those of the cell: an oblique supercell hides symmetry.
    orbits = np.unique(found.crystallographic_orbits, return_counts=True)[1]
    share = orbits / orbits.sum()
    bits = float(-(share * np.log2(share)).sum())
    return {
        "site_orbits": float(len(orbits)),
        "complexity_bits": bits,
        "complexity_cell_bits": bits * len(np.unique(found.mapping_to_primitive)),
    }


def _radial(crystal: CrystalSites, pairs: Pairs) -> dict[str, float]:
    """Gaussian windows on the neighbours' distances, as in matminer's AGNIFingerprints.

    sum_j occupancy_j exp(-(r / width)^2) (cos(pi r / R) + 1) / 2, averaged over the centres.
    Botu and Ramprasad, Int. J. Quantum Chem. 115, 1074 (2015), doi 10.1002/qua.24836.
    """
    cutoff = 0.5 * (np.cos(np.pi * pairs.distance / BOND_RADIUS_ANGSTROM) + 1.0)
    total = crystal.occupancy.sum(axis=1)
    kinds = {"all": total} | {role: crystal.of_role(role) for role in ("mobile", "anion")}
    kinds["framework"] = crystal.of_role("framework")
    columns: dict[str, float] = {}
    for width in WINDOW_WIDTHS_ANGSTROM:
        window = np.exp(-((pairs.distance / width) ** 2)) * cutoff

        def around(neighbour: FloatArray, window: FloatArray = window) -> FloatArray:
            weights = window * neighbour[pairs.second]
            summed = np.bincount(pairs.first, weights=weights, minlength=len(total))
            return summed.astype(np.float64)

        label = f"{width:g}".replace(".", "p")
        each = around(total)
        mean = float(np.average(each, weights=total))
        columns[f"neighbours_within_{label}_mean"] = mean
        columns[f"neighbours_within_{label}_deviation"] = float(
            np.sqrt(np.average((each - mean) ** 2, weights=total))
        )
        if width == WINDOW_WIDTHS_ANGSTROM[0]:
            continue
        for centre, neighbour in (
            ("mobile", "mobile"),
            ("mobile", "anion"),
            ("mobile", "framework"),
            ("framework", "framework"),
            ("anion", "anion"),
        ):
            weight = kinds[centre]
            columns[f"{neighbour}_around_{centre}_within_{label}"] = (
                float(np.average(around(kinds[neighbour]), weights=weight))
                if weight.sum() > 0
                else np.nan
            )
    return columns


def crystal_and_pairs(structure: Structure) -> tuple[CrystalSites, Pairs]:
    """The arrays that structure and transport columns share. Raises UnusableStructure."""
    crystal = crystal_from(structure)
    points = crystal.fractional
    pairs = pairs_within(crystal.lattice, points, points, BOND_RADIUS_ANGSTROM)
    return crystal, pairs.where(pairs.distance > CLOSEST_SITES_ANGSTROM)


def structure_parts(
    crystal: CrystalSites, pairs: Pairs
) -> dict[str, Callable[[], dict[str, float]]]:
    """The parts of the block, each to be called by itself so that one may fail alone."""
    return {
        "cell": lambda: _cell(crystal),
        "disorder": lambda: _disorder(crystal),
        "complexity": lambda: _complexity(crystal),
        "bonds": lambda: bond_columns(crystal, pairs),
        "network": lambda: network_columns(crystal, pairs),
        "radial": lambda: _radial(crystal, pairs),
    }


def structure_features(
    crystal: CrystalSites, pairs: Pairs, lattice: tuple[float, ...] | None = None
) -> dict[str, float]:
    """Named columns of one crystal; `lattice` is its conventional cell where that is known."""
    columns = lattice_columns(lattice)
    for part in structure_parts(crystal, pairs).values():
        columns |= part()
    return columns

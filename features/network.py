"""The crystal as a network of springs: how stiff, how isotropic, in how many directions bonded.

Each pair of near atoms is a spring whose stiffness times its squared length is the bond energy of
Pauling's rule (as in cohesion.py), weighted with Hoppe's effective coordination of distances
relative to the covalent radii. Under an affine strain such a network has the elastic tensor
C_ijkl = sum E n_i n_j n_k n_l / V (Born's rule for central forces). No relaxation, no angles: a
descriptor of stiffness, not an estimate.
"""

from __future__ import annotations

import numpy as np

from features.bonds import Bonds, effective_bonds, spread
from features.elements import FloatArray, cohesive_energy_ev, magpie_table
from features.percolation import dimensionality
from features.sites import CrystalSites, Pairs

EV_ANGSTROM3_IN_GPA = 160.21766208
COULOMB_EV_ANGSTROM = 14.399645
EXCLUSIVE_SHARE = 0.5  # of the covalent distance: closer sites are alternatives of one atom
LIKE_CHARGE_FACTOR = 1.25  # ions of like charge have to be this much closer to count as bonded
BONDED_WEIGHT = 0.3  # a pair of fully occupied sites at or above it is a bond of the network
BONDED_OCCUPANCY = 0.1
MANDEL = np.array([1.0, 1.0, 1.0, np.sqrt(2.0), np.sqrt(2.0), np.sqrt(2.0)])


def all_bonds(crystal: CrystalSites, pairs: Pairs) -> Bonds:
    """Effective bonds between all atoms, distances in units of the sum of covalent radii."""
    radius = crystal.mean(crystal.covalent_radius())
    contact = radius[pairs.first] + radius[pairs.second]
    near = pairs.distance > EXCLUSIVE_SHARE * contact
    chosen, contact = pairs.where(near), contact[near]
    occupancy = np.minimum(crystal.occupancy.sum(axis=1), 1.0)
    if (crystal.charge[crystal.role["anion"]] < 0).any():  # not in alloys
        charge = crystal.mean(crystal.charge)
        alike = charge[chosen.first] * charge[chosen.second] > 0
        contact = np.where(alike, contact / LIKE_CHARGE_FACTOR, contact)
    return effective_bonds(chosen, len(occupancy), occupancy[chosen.second], contact)


def _bond_energy_ev(crystal: CrystalSites) -> FloatArray:
    """(k, k) Pauling's estimate for each pair of elements, eV."""
    energy = np.maximum(cohesive_energy_ev()[crystal.index], 0.0)
    x = magpie_table("Electronegativity")[crystal.index]
    bond: FloatArray = np.sqrt(energy[:, None] * energy[None, :]) + (x[:, None] - x[None, :]) ** 2
    return bond


def _elastic(energy: FloatArray, direction: FloatArray, volume: float) -> dict[str, float]:
    """Affine elastic tensor (Mandel's 6 x 6) of springs and what is invariant in it, GPa."""
    x, y, z = direction.T
    dyad = np.stack([x * x, y * y, z * z, y * z, x * z, x * y], axis=1) * MANDEL
    tensor = EV_ANGSTROM3_IN_GPA / volume * (dyad * energy[:, None]).T @ dyad
    bulk = float(tensor[:3, :3].sum() / 9.0)
    modes = np.linalg.eigvalsh(tensor)
    shear = float((np.trace(tensor) - 3.0 * bulk) / 10.0)
    fabric = np.linalg.eigvalsh((direction * energy[:, None]).T @ direction)
    positive = modes[-1] > 0
    return {
        "network_bulk_modulus_gpa": bulk,
        "network_log10_bulk_modulus_gpa": float(np.log10(max(bulk, 1e-3))),
        "network_softest_to_voigt": float(modes[0] / (2.0 * shear)) if shear > 0 else np.nan,
        "network_second_softest_to_voigt": float(modes[1] / (2.0 * shear)) if shear > 0 else np.nan,
        "network_softest_to_stiffest": float(modes[0] / modes[-1]) if positive else np.nan,
        "network_weakest_to_strongest_axis": float(fabric[0] / fabric[-1])
        if fabric[-1] > 0
        else np.nan,
        "network_middle_to_strongest_axis": float(fabric[1] / fabric[-1])
        if fabric[-1] > 0
        else np.nan,
    }


def _dimensions(crystal: CrystalSites, bonds: Bonds, mask: FloatArray) -> tuple[float, float]:
    """Highest dimensionality of the network of the atoms in `mask` (n,), and its mean over them."""
    occupancy = np.minimum(crystal.occupancy.sum(axis=1), 1.0)
    used = mask > BONDED_OCCUPANCY
    pairs = bonds.pairs
    plain = bonds.weight / np.maximum(occupancy[pairs.second], 1e-12)
    edges = pairs.where((plain >= BONDED_WEIGHT) & used[pairs.first] & used[pairs.second])
    if not used.any():
        return np.nan, np.nan
    dimension = dimensionality(len(mask), edges.first, edges.second, edges.image)[used]
    return float(dimension.max()), float(np.average(dimension, weights=mask[used]))


def network_columns(crystal: CrystalSites, pairs: Pairs) -> dict[str, float]:
    """Stiffness, isotropy, coordination and dimensionality of the bonded network."""
    bonds = all_bonds(crystal, pairs)
    occupancy = crystal.occupancy.sum(axis=1)
    near = bonds.pairs
    partner = crystal.occupancy @ _bond_energy_ev(crystal)
    # Energies of the elements on both ends, averaged over what occupies them; half for each way.
    energy = (partner[near.first] * crystal.occupancy[near.second]).sum(axis=1)
    energy *= 0.5 * bonds.weight / np.maximum(np.minimum(occupancy[near.second], 1.0), 1e-12)
    columns = _elastic(energy, near.vector / near.distance[:, None], crystal.volume)
    charge = crystal.occupancy @ crystal.charge
    attraction = -COULOMB_EV_ANGSTROM * charge[near.first] * charge[near.second] / near.distance
    plain = bonds.weight / np.maximum(np.minimum(occupancy[near.second], 1.0), 1e-12)
    columns["ionic_energy_density_ev_angstrom3"] = float(
        0.5 * (attraction * plain).sum() / crystal.volume
    )
    columns["bond_energy_per_atom_ev"] = float(energy.sum() / crystal.atoms)
    coordination = np.where(bonds.coordination > 0, bonds.coordination, np.nan)
    mean, deviation, lowest, highest = spread(coordination, occupancy)
    columns["coordination_mean"] = mean
    columns["coordination_deviation"] = deviation
    columns["coordination_minimum"] = lowest
    columns["coordination_maximum"] = highest
    radius = crystal.mean(crystal.covalent_radius())
    reduced = near.distance / (radius[near.first] + radius[near.second])
    mean, deviation, lowest, _ = spread(reduced, bonds.weight * occupancy[near.first])
    columns["bond_length_to_covalent_mean"] = mean
    columns["bond_length_to_covalent_deviation"] = deviation
    columns["bond_length_to_covalent_minimum"] = lowest
    mean, deviation, _, _ = spread(near.distance, bonds.weight * occupancy[near.first])
    columns["bond_length_mean_angstrom"] = mean
    columns["bond_length_deviation_angstrom"] = deviation
    rigid = occupancy - crystal.of_role("mobile")
    for name, mask in (("network", occupancy), ("framework_network", rigid)):
        highest, mean = _dimensions(crystal, bonds, mask)
        columns[f"{name}_dimensionality"] = highest
        columns[f"{name}_mean_dimensionality"] = mean
    return columns

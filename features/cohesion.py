"""Columns of the composition block on stiffness, softness, bonding and volume.

The elements' own moduli, cohesive energies, radii and melting points as statistics weighted by
fraction, and estimates built on them: volume of an atom, valence electrons and bond energy in a
volume, ionic attraction at the sum of the radii. Bond energies follow Pauling's rule, the
geometric mean of the elements plus the square of the electronegativity difference in eV (The
Nature of the Chemical Bond, 3rd ed., 1960); the dependence of a covalent bulk modulus on bond
length as d^-3.5 is Cohen's, Phys. Rev. B 32, 7988 (1985), doi 10.1103/PhysRevB.32.7988.
"""

from __future__ import annotations

import numpy as np

from features.elements import (
    FloatArray,
    cohesive_energy_ev,
    element_table,
    magpie_table,
    pymatgen_table,
)
from features.radii import anion_radius_angstrom, cation_radius_angstrom
from features.roles import ElementBlock, Roles

AMU_PER_ANGSTROM3_IN_G_CM3 = 1.66053906660  # CODATA 2018
COULOMB_EV_ANGSTROM = 14.399645  # e^2 / (4 pi eps0), CODATA 2018


def _properties() -> dict[str, FloatArray]:
    """Element tables of the statistics, by the stem of the columns' names."""
    return {
        "element_bulk_modulus_gpa": element_table("BulkModulus"),
        "element_shear_modulus_gpa": element_table("ShearModulus"),
        "element_youngs_modulus_gpa": pymatgen_table("youngs_modulus"),
        "cohesive_energy_ev": cohesive_energy_ev(),
        "atomic_radius_angstrom": element_table("AtomicRadius"),
        "metallic_radius_angstrom": element_table("MiracleRadius") / 100.0,
        "crystal_volume_angstrom3": element_table("ICSDVolume"),
        "boiling_temperature_k": element_table("BoilingT"),
        "dipole_polarizability_bohr3": element_table("DipolePolarizability"),
        "first_ionization_energy_ev": element_table("FirstIonizationEnergy"),
        "electron_affinity_kj_mol": element_table("ElectronAffinity"),
        "log10_thermal_conductivity": element_table("LogThermalConductivity"),
        "pseudopotential_radius_bohr": element_table("ZungerPP-r_sigma"),
    }


def _statistics(block: ElementBlock) -> dict[str, FloatArray]:
    columns: dict[str, FloatArray] = {}
    for name, table in _properties().items():
        values = table[block.index]
        mean = (values * block.weight).sum(axis=1)
        columns[f"mean_{name}"] = mean
        columns[f"minimum_{name}"] = values.min(axis=1)
        columns[f"maximum_{name}"] = values.max(axis=1)
        columns[f"avg_dev_{name}"] = (np.abs(values - mean[:, None]) * block.weight).sum(axis=1)
    for name in ("element_bulk_modulus_gpa", "element_shear_modulus_gpa", "cohesive_energy_ev"):
        logarithm = np.log10(np.maximum(_properties()[name], 1e-3))[block.index]
        columns[f"mean_log10_{name}"] = (logarithm * block.weight).sum(axis=1)
    return columns


def _volume(roles: Roles) -> dict[str, FloatArray]:
    block = roles.block
    volume = (element_table("ICSDVolume")[block.index] * block.weight).sum(axis=1)
    radius = np.where(
        roles.anion, anion_radius_angstrom()[block.index], cation_radius_angstrom()[block.index]
    )
    spheres = (4.0 / 3.0 * np.pi * radius**3 * block.weight).sum(axis=1)
    mass = (magpie_table("AtomicWeight")[block.index] * block.weight).sum(axis=1)
    bulk = np.maximum(element_table("BulkModulus"), 1e-3)[block.index]
    stiffness = (bulk * block.weight).sum(axis=1)
    melting = (element_table("MeltingT")[block.index] * block.weight).sum(axis=1)
    electrons = (magpie_table("NValence")[block.index] * block.weight).sum(axis=1)
    anion = roles.weights(roles.anion).sum(axis=1)
    mobile = roles.weights(roles.mobile).sum(axis=1)
    cohesive = (cohesive_energy_ev()[block.index] * block.weight).sum(axis=1)
    return {
        "estimated_volume_per_atom_angstrom3": volume,
        "ion_sphere_volume_per_atom_angstrom3": spheres,
        "estimated_packing": spheres / volume,
        "estimated_density_g_cm3": mass / volume * AMU_PER_ANGSTROM3_IN_G_CM3,
        "estimated_volume_per_anion_angstrom3": np.where(
            anion > 0, volume / np.where(anion > 0, anion, 1.0), 0.0
        ),
        "estimated_mobile_ions_per_angstrom3": mobile / volume,
        "valence_electrons_per_angstrom3": electrons / volume,
        "cohesive_energy_density_ev_angstrom3": cohesive / volume,
        # Frequencies of a lattice go as sqrt(stiffness x length / mass); both are proxies.
        "vibration_by_stiffness": np.sqrt(stiffness * np.cbrt(volume) / mass),
        "vibration_by_melting": np.sqrt(melting / (mass * np.cbrt(volume) ** 2)),
    }


def _pairs(block: ElementBlock) -> dict[str, FloatArray]:
    """Means over pairs of unlike atoms, weighted by the product of their fractions."""
    x = magpie_table("Electronegativity")[block.index]
    energy = np.maximum(cohesive_energy_ev(), 0.0)[block.index]
    length = magpie_table("CovalentRadius")[block.index] / 100.0
    volume = (element_table("ICSDVolume")[block.index] * block.weight).sum(axis=1)
    count, width = x.shape
    sums = np.zeros((4, count))
    total, steepest = np.zeros(count), np.zeros(count)
    for first in range(width):
        for second in range(first, width):
            # A pair of like atoms counts once, a pair of unlike ones twice.
            times = 1.0 if first == second else 2.0
            weight = times * block.weight[:, first] * block.weight[:, second]
            step = np.abs(x[:, first] - x[:, second])
            bond = np.sqrt(energy[:, first] * energy[:, second]) + step**2
            distance = length[:, first] + length[:, second]
            total += weight
            for row, value in enumerate((step, bond, distance, bond * distance**-3.5)):
                sums[row] += weight * value
            steepest = np.maximum(steepest, np.where(weight > 0, step, 0.0))
    step, bond, distance, stiff = sums / total
    radius = magpie_table("CovalentRadius")[block.index] / 100.0
    mean = (radius * block.weight).sum(axis=1)
    mismatch = (block.weight * (1.0 - radius / mean[:, None]) ** 2).sum(axis=1)
    return {
        "mean_pair_electronegativity_difference": step,
        "maximum_pair_electronegativity_difference": steepest,
        "mean_pair_bond_energy_ev": bond,
        "pair_bond_energy_density_ev_angstrom3": bond / volume,
        "mean_pair_bond_length_angstrom": distance,
        "mean_pair_bond_stiffness": stiff,
        "radius_mismatch": np.sqrt(mismatch),
    }


def _ionic(roles: Roles) -> dict[str, FloatArray]:
    """Attraction of each cation to the mean anion at the sum of their radii."""
    block = roles.block
    anion = roles.weights(roles.anion)
    cation = roles.weights(roles.mobile | roles.framework)
    anions, cations = anion.sum(axis=1), cation.sum(axis=1)
    safe = np.where(anions > 0, anions, 1.0)
    radius = (anion_radius_angstrom()[block.index] * anion).sum(axis=1) / safe
    charge = -(roles.charge * anion).sum(axis=1) / safe
    covalent = magpie_table("CovalentRadius")[block.index] / 100.0
    partner = (covalent * anion).sum(axis=1) / safe
    distance = cation_radius_angstrom()[block.index] + radius[:, None]
    pull = COULOMB_EV_ANGSTROM * roles.charge * charge[:, None] / distance
    present = np.where(anions > 0, 1.0, 0.0) / np.where(cations > 0, cations, 1.0)
    bond = covalent + partner[:, None]
    columns = {
        "mean_ionic_attraction_ev": (pull * cation).sum(axis=1) * present,
        "mean_ionic_stiffness_ev_angstrom3": (pull / distance**3 * cation).sum(axis=1) * present,
        "mean_covalent_stiffness_per_angstrom35": (bond**-3.5 * cation).sum(axis=1) * present,
        "mean_cation_charge": (roles.charge * cation).sum(axis=1)
        / np.where(cations > 0, cations, 1.0),
    }
    extremes = np.where(cation > 0, pull / distance**3, -np.inf).max(axis=1)
    some = (anions > 0) & (cations > 0)
    columns["maximum_ionic_stiffness_ev_angstrom3"] = np.where(some, extremes, 0.0)
    weakest = np.where(cation > 0, pull / distance**3, np.inf).min(axis=1)
    columns["minimum_ionic_stiffness_ev_angstrom3"] = np.where(some, weakest, 0.0)
    return columns


def cohesion_columns(roles: Roles) -> dict[str, FloatArray]:
    """Named columns (n,) of a block of materials; finite for every composition."""
    block = roles.block
    return {**_statistics(block), **_volume(roles), **_pairs(block), **_ionic(roles)}

"""Columns of the composition block that describe ion conduction, element roles by roles.py.

Properties of the mobile ion (radius, charge, polarizability) are columns, so that what is learned
on Li carries over to Na and Mg. A material without a mobile ion has 0 in the mobile ion's columns;
a mean over a role that nothing fills is 0 as well, beside a count or share that says so.
What helps conduction: Famprikis et al., Nat. Mater. 18, 1278 (2019),
doi 10.1038/s41563-019-0431-3.
"""

from __future__ import annotations

import numpy as np

from features.doping import doping_columns
from features.elements import FloatArray, element_table, magpie_table
from features.polyanions import polyanion_columns
from features.radii import (
    anion_polarizability_angstrom3,
    anion_radius_angstrom,
    cation_polarizability_angstrom3,
    cation_radius_angstrom,
)
from features.roles import BoolArray, Roles

ANION_SHARES = ("O", "S", "Se", "Te", "F", "Cl", "Br", "I", "N", "H", "P")
HALIDES = ("F", "Cl", "Br", "I")
ALKALI = ("Li", "Na", "K", "Rb", "Cs")


def ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """numerator / denominator, 0 where the denominator is 0."""
    safe = np.where(denominator > 0, denominator, 1.0)
    return np.where(denominator > 0, numerator / safe, 0.0)


def weighted_mean(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Mean along the second axis; 0 where all weights of a row are 0."""
    return ratio((values * weights).sum(axis=1), weights.sum(axis=1))


def _extremes(values: FloatArray, mask: BoolArray) -> tuple[FloatArray, FloatArray]:
    some = mask.any(axis=1)
    lowest = np.where(mask, values, np.inf).min(axis=1)
    highest = np.where(mask, values, -np.inf).max(axis=1)
    return np.where(some, lowest, 0.0), np.where(some, highest, 0.0)


def mixing_entropy(weights: FloatArray) -> FloatArray:
    """-sum p ln p of the normalised weights of each row; 0 for a row of zeros."""
    share = ratio(weights, np.broadcast_to(weights.sum(axis=1, keepdims=True), weights.shape))
    entropy: FloatArray = -(share * np.log(np.where(share > 0, share, 1.0))).sum(axis=1)
    return entropy


def _mobile(roles: Roles) -> dict[str, FloatArray]:
    index, mobile = roles.block.index, roles.weights(roles.mobile)
    anion = roles.weights(roles.anion).sum(axis=1)
    framework = roles.weights(roles.framework).sum(axis=1)
    amount = mobile.sum(axis=1)
    radius = weighted_mean(cation_radius_angstrom()[index], mobile)
    charge = weighted_mean(roles.charge, mobile)
    positive = (np.maximum(roles.charge, 0.0) * roles.block.weight).sum(axis=1)
    return {
        "mobile_ion_fraction": amount,
        "mobile_ions_per_anion": ratio(amount, anion),
        "mobile_share_of_cations": ratio(amount, amount + framework),
        "mobile_share_of_positive_charge": ratio(charge * amount, positive),
        "mobile_ion_radius_angstrom": radius,
        "mobile_ion_charge": charge,
        "mobile_ion_potential_per_angstrom": ratio(charge, radius),
        "mobile_ion_polarizability_angstrom3": weighted_mean(
            cation_polarizability_angstrom3()[index], mobile
        ),
        "mobile_ion_mass_u": weighted_mean(magpie_table("AtomicWeight")[index], mobile),
        "mobile_ion_electronegativity": weighted_mean(
            magpie_table("Electronegativity")[index], mobile
        ),
        "other_alkali_fraction": np.maximum(
            roles.block.share(*ALKALI) - np.where(np.isclose(charge, 1.0), amount, 0.0), 0.0
        ),
    }


def _anions(roles: Roles) -> dict[str, FloatArray]:
    block, anion = roles.block, roles.weights(roles.anion)
    total = anion.sum(axis=1)
    radius = anion_radius_angstrom()[block.index]
    polarizability = anion_polarizability_angstrom3()[block.index]
    electronegativity = magpie_table("Electronegativity")[block.index]
    lowest_radius, highest_radius = _extremes(radius, roles.anion)
    mean_radius = weighted_mean(radius, anion)
    columns = {
        "anion_fraction": total,
        "anion_species": roles.anion.sum(axis=1).astype(np.float64),
        "anion_mixing_entropy": mixing_entropy(anion),
        "anion_mean_charge": weighted_mean(roles.charge, anion),
        "anion_mean_radius_angstrom": mean_radius,
        "anion_minimum_radius_angstrom": lowest_radius,
        "anion_maximum_radius_angstrom": highest_radius,
        "anion_radius_deviation_angstrom": weighted_mean(
            np.abs(radius - mean_radius[:, None]), anion
        ),
        "anion_mean_polarizability_angstrom3": weighted_mean(polarizability, anion),
        "anion_polarizability_to_volume": weighted_mean(polarizability / radius**3, anion),
        "anion_mean_electronegativity": weighted_mean(electronegativity, anion),
        "anion_mean_mass_u": weighted_mean(magpie_table("AtomicWeight")[block.index], anion),
    }
    for symbol in ANION_SHARES:
        columns[f"{symbol}_share_of_anions"] = ratio(_anion_share(roles, (symbol,)), total)
    columns["halide_share_of_anions"] = ratio(_anion_share(roles, HALIDES), total)
    columns["chalcogenide_share_of_anions"] = ratio(_anion_share(roles, ("S", "Se", "Te")), total)
    return columns


def _anion_share(roles: Roles, symbols: tuple[str, ...]) -> FloatArray:
    block = roles.block
    return type(block)(block.index, roles.weights(roles.anion)).share(*symbols)


def _framework(roles: Roles) -> dict[str, FloatArray]:
    index, weights = roles.block.index, roles.weights(roles.framework)
    radius = cation_radius_angstrom()[index]
    properties = {
        "charge": roles.charge,
        "radius_angstrom": radius,
        "potential_per_angstrom": roles.charge / radius,
        "electronegativity": magpie_table("Electronegativity")[index],
        "mass_u": magpie_table("AtomicWeight")[index],
        "polarizability_angstrom3": cation_polarizability_angstrom3()[index],
    }
    columns = {
        "framework_cation_fraction": weights.sum(axis=1),
        "framework_species": roles.framework.sum(axis=1).astype(np.float64),
        "framework_cations_per_anion": ratio(
            weights.sum(axis=1), roles.weights(roles.anion).sum(axis=1)
        ),
        "framework_mixing_entropy": mixing_entropy(weights),
    }
    for name, values in properties.items():
        lowest, highest = _extremes(values, roles.framework)
        mean = weighted_mean(values, weights)
        columns[f"framework_mean_{name}"] = mean
        columns[f"framework_minimum_{name}"] = lowest
        columns[f"framework_maximum_{name}"] = highest
        columns[f"framework_deviation_{name}"] = np.sqrt(
            weighted_mean((values - mean[:, None]) ** 2, weights)
        )
    # An open d shell next to an empty one makes an electronic conductor of an electrolyte.
    unfilled = magpie_table("NdUnfilled")[index] * magpie_table("NdValence")[index] > 0
    open_shell = unfilled & (roles.charge < element_table("Column")[index] - 0.01)
    columns["open_d_shell_share_of_framework"] = weighted_mean(
        open_shell.astype(np.float64), weights
    )
    return columns


def _contrasts(known: dict[str, FloatArray], roles: Roles) -> dict[str, FloatArray]:
    has_mobile = roles.mobile.any(axis=1)
    has_framework = roles.framework.any(axis=1)
    has_anion = roles.anion.any(axis=1)
    anion_x = known["anion_mean_electronegativity"]
    framework_x = known["framework_mean_electronegativity"]
    mobile_x = known["mobile_ion_electronegativity"]
    distance = known["mobile_ion_radius_angstrom"] + known["anion_mean_radius_angstrom"]
    return {
        "mobile_to_anion_radius_ratio": ratio(
            known["mobile_ion_radius_angstrom"], known["anion_mean_radius_angstrom"]
        ),
        "framework_to_anion_radius_ratio": ratio(
            known["framework_mean_radius_angstrom"], known["anion_mean_radius_angstrom"]
        ),
        "framework_to_mobile_radius_ratio": ratio(
            known["framework_mean_radius_angstrom"], known["mobile_ion_radius_angstrom"]
        ),
        "anion_minus_framework_electronegativity": np.where(
            has_anion & has_framework, anion_x - framework_x, 0.0
        ),
        "anion_minus_mobile_electronegativity": np.where(
            has_anion & has_mobile, anion_x - mobile_x, 0.0
        ),
        "framework_minus_mobile_electronegativity": np.where(
            has_framework & has_mobile, framework_x - mobile_x, 0.0
        ),
        # Attraction of the mobile ion to its anion shell, e^2 an Angstrom.
        "mobile_anion_attraction_per_angstrom": np.where(
            has_mobile & has_anion,
            ratio(-known["mobile_ion_charge"] * known["anion_mean_charge"], distance),
            0.0,
        ),
    }


def conduction_columns(roles: Roles) -> dict[str, FloatArray]:
    """Named columns (n,) of a block of materials; finite for every composition."""
    columns = {**_mobile(roles), **_anions(roles), **_framework(roles)}
    return {
        **columns,
        **_contrasts(columns, roles),
        **doping_columns(roles),
        **polyanion_columns(roles),
    }

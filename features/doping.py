"""Charge balance, and what doping does to the number of mobile ions.

The parent of a doped material is what it would be with every minority ion replaced by the more
abundant ion that it stands in for: the one of the same role, more abundant, with the closest
radius, no more than a limit away in radius and in charge. In oxides and fluorides the centres of
small complex anions (phosphate, silicate, borate, ...) stand in only for one another, never for
the larger cations around them. Charge neutrality then gives the mobile ions that the doping put in
or took out: Li6.4La3Zr1.4Ta0.6O12 lacks 0.6 Li against Li7La3Zr2O12, Li6PS5Cl lacks 1 against
Li7PS6, Li1.5Al0.5Ge1.5(PO4)3 has 0.5 more than LiGe2(PO4)3. Where ion and host differ in charge
the doping is called aliovalent.
"""

from __future__ import annotations

import numpy as np

from features.elements import FloatArray
from features.radii import anion_radius_angstrom, cation_radius_angstrom
from features.roles import BoolArray, Roles, members

# Largest difference in radius between an ion and its host, Angstrom: among cations in oxides and
# fluorides (Y for Zr, not Nd for Zr), among cations with soft anions (Ge for P), among anions
# (iodide for sulfide).
HARD_LIMIT_ANGSTROM = 0.2
SOFT_LIMIT_ANGSTROM = 0.3
ANION_LIMIT_ANGSTROM = 0.5
MOST_CHARGE_DIFFERENCE = 2.01
SMALL_CENTRES = ("B", "C", "N", "Si", "P", "S", "Cl", "Se", "As", "Br", "I")
SAME_SHARE = 1e-6  # shares of atoms that differ by less, relatively, are the same
CHARGE_RESOLUTION = 0.01  # charges closer than this are the same


def _charge_change(
    roles: Roles, mask: BoolArray, radius: FloatArray, limit: FloatArray, kind: FloatArray
) -> tuple[FloatArray, ...]:
    """Per atom of the material: charge that doping on one sublattice brings in, the amount of
    aliovalent dopant, and the amount of any dopant. `limit` (n,) is in Angstrom; ions of another
    `kind` (n, k) are no hosts."""
    weight = roles.weights(mask)
    width = weight.shape[1]
    best = np.full(weight.shape, np.inf)
    host_charge = roles.charge.copy()
    for host in range(width):
        distance = np.abs(radius - radius[:, host, None])
        step = np.abs(roles.charge - roles.charge[:, host, None])
        # Of two equally abundant ions the one that comes first by atomic number is the host.
        bigger = weight[:, host, None] > weight * (1 + SAME_SHARE)
        same = np.abs(weight[:, host, None] - weight) <= SAME_SHARE * weight
        earlier = same & (np.arange(width) > host)[None, :]
        suits = mask & mask[:, host, None] & (bigger | earlier)
        suits &= (distance <= limit[:, None]) & (step <= MOST_CHARGE_DIFFERENCE)
        suits &= kind == kind[:, host, None]
        closer = suits & (distance < best)
        best = np.where(closer, distance, best)
        host_charge = np.where(closer, roles.charge[:, host, None], host_charge)
    change = np.where(mask, roles.charge - host_charge, 0.0)
    aliovalent = np.where(np.abs(change) > CHARGE_RESOLUTION, weight, 0.0)
    dopant = np.where(np.isfinite(best), weight, 0.0)
    return (change * weight).sum(axis=1), aliovalent.sum(axis=1), dopant.sum(axis=1)


def doping_columns(roles: Roles) -> dict[str, FloatArray]:
    """Named columns (n,); amounts are a anion of the material, so scale does not matter."""
    index = roles.block.index
    anion = roles.weights(roles.anion).sum(axis=1)
    per_anion = np.where(anion > 0, 1.0 / np.where(anion > 0, anion, 1.0), 0.0)
    negative = -(roles.charge * roles.weights(roles.anion)).sum(axis=1)
    residual = (roles.charge * roles.block.weight).sum(axis=1)
    valence = np.where(roles.mobile, roles.charge, 0.0).max(axis=1)
    to_ions = np.where(valence > 0, -1.0 / np.where(valence > 0, valence, 1.0), 0.0) * per_anion
    hard = roles.block.share("O", "F") > 0.5 * anion
    small = members(SMALL_CENTRES)[index]
    cations, aliovalent_cations, cation_dopants = _charge_change(
        roles,
        roles.framework,
        cation_radius_angstrom()[index],
        np.where(hard, HARD_LIMIT_ANGSTROM, SOFT_LIMIT_ANGSTROM),
        np.where(hard[:, None] & small, 1.0, 0.0),
    )
    anions, aliovalent_anions, anion_dopants = _charge_change(
        roles,
        roles.anion,
        anion_radius_angstrom()[index],
        np.full(len(hard), ANION_LIMIT_ANGSTROM),
        np.zeros(index.shape),
    )
    mobile = roles.weights(roles.mobile).sum(axis=1)
    excess = (cations + anions) * to_ions
    parent = mobile * per_anion - excess
    charged = np.where(negative > 0, negative, 1.0)
    return {
        "charge_residual_per_anion_charge": np.where(
            negative > 0, np.clip(residual / charged, -5.0, 5.0), 0.0
        ),
        "mobile_excess_by_cations_per_anion": cations * to_ions,
        "mobile_excess_by_anions_per_anion": anions * to_ions,
        "mobile_excess_per_anion": excess,
        "mobile_excess_size_per_anion": np.abs(excess),
        "mobile_excess_over_parent": np.where(
            parent > 0.02, np.clip(excess / np.where(parent > 0.02, parent, 1.0), -2.0, 2.0), 0.0
        ),
        "aliovalent_cations_per_anion": aliovalent_cations * per_anion,
        "aliovalent_anions_per_anion": aliovalent_anions * per_anion,
        "cation_dopants_per_anion": cation_dopants * per_anion,
        "anion_dopants_per_anion": anion_dopants * per_anion,
    }

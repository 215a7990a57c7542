"""Polyanions, glass formers and hydrogen: what the framework cations and anions build together."""

from __future__ import annotations

import numpy as np

from features.elements import ELEMENT_ROW, FloatArray
from features.roles import Roles, members

# Anions around each centre of a complex anion: PS4, SiO4, BH4, BO3, CO3, NO3, SO4, ClO4, AlCl4,
# SbS4, ... The number of them left over is what sits outside the polyanions, as the free sulfide
# and chloride of argyrodites do.
COORDINATION_OF_CENTRE = {
    "P": 4, "Si": 4, "Ge": 4, "B": 4, "C": 3, "N": 3, "S": 4, "Se": 4, "As": 4, "Sb": 4,
    "Cl": 4, "I": 3, "Br": 3, "Al": 4, "Ga": 4, "Sn": 4, "W": 4, "Mo": 4, "V": 4,
}  # fmt: skip
POLYANION_CENTRES = ("P", "S", "Si", "B", "Ge", "C", "N")
GLASS_FORMERS = ("B", "P", "Si", "Ge")


def _centres(roles: Roles, symbols: tuple[str, ...]) -> FloatArray:
    return roles.weights(roles.framework) * members(symbols)[roles.block.index]


def polyanion_columns(roles: Roles) -> dict[str, FloatArray]:
    """Named columns (n,), all bounded ratios."""
    anion = roles.weights(roles.anion).sum(axis=1)
    safe = np.where(anion > 0, anion, 1.0)

    def per_anion(amount: FloatArray) -> FloatArray:
        return np.where(anion > 0, amount / safe, 0.0)

    coordination = np.zeros(len(ELEMENT_ROW))
    for symbol, number in COORDINATION_OF_CENTRE.items():
        coordination[ELEMENT_ROW[symbol]] = number
    centres = roles.weights(roles.framework) * (coordination[roles.block.index] > 0)
    bound = (centres * coordination[roles.block.index]).sum(axis=1)
    oxygen, sulfur = roles.block.share("O"), roles.block.share("S")
    formers = _centres(roles, GLASS_FORMERS).sum(axis=1)
    proton = _centres(roles, ("H",)).sum(axis=1)
    hydride = roles.block.share("H") - proton
    boron = _centres(roles, ("B",)).sum(axis=1)
    columns = {
        f"{symbol}_centres_per_anion": per_anion(_centres(roles, (symbol,)).sum(axis=1))
        for symbol in POLYANION_CENTRES
    }
    return columns | {
        "polyanion_centres_per_anion": per_anion(centres.sum(axis=1)),
        "anions_outside_polyanions": per_anion(np.maximum(anion - bound, 0.0)),
        "anions_shared_by_polyanions": per_anion(np.maximum(bound - anion, 0.0)),
        "glass_formers_per_anion": per_anion(formers),
        "glass_formers_with_oxygen": per_anion(np.minimum(formers, oxygen)),
        "glass_formers_with_sulfur": per_anion(np.minimum(formers, sulfur)),
        "protons_per_anion": per_anion(proton),
        "hydroxide_share_of_anions": per_anion(np.minimum(proton, oxygen)),
        "hydride_share_of_atoms": hydride,
        "borohydride_share_of_anions": per_anion(np.minimum(4.0 * boron, hydride)),
        "boron_cluster_excess": per_anion(np.where(hydride > 0, boron - hydride / 4.0, 0.0)),
    }

"""Reasons of plain chemistry why a composition cannot be a solid electrolyte."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from features.elements import ELEMENT_ROW, SYMBOLS
from models.labels import FloatArray

# What can be an anion in a known conductor. Carbon, silicon, tin, bismuth and their like are left
# out on purpose: with Li alone they make alloys and intercalation compounds, which conduct
# electrons.
ANIONS = ("F", "O", "Cl", "N", "Br", "S", "Se", "Te", "I", "H", "P", "As")
NONMETALS = (*ANIONS, "He", "Ne", "Ar", "Kr", "Xe", "Rn", "C", "At")
# Charge left over, as a share of the anions' charge, in the most neutral choice of oxidation
# states. Among measured conductors 99 % are within 0.1, glasses and vacancies included.
MOST_CHARGE_LEFT = 0.3
# An ion beside so many times as many of another one that moves as readily is not for certain the
# one that does: the lithium in Na2.99Li0.01PS4, the magnesium in K1.67Mg0.67Al10.33O17.
OUTNUMBERED = {"Li": 4.0, "Na": 4.0, "Mg": 1.0}
RIVALS = ("Li", "Na", "K", "Ag")
CHARGE_COLUMN = "charge_residual_per_anion_charge"


def _rows(symbols: Sequence[str]) -> list[int]:
    return [ELEMENT_ROW[symbol] for symbol in symbols]


def outnumbered_by(ion: str, amounts: Mapping[str, float]) -> str | None:
    """The most abundant of RIVALS where there is OUTNUMBERED times more of it than of ``ion``."""
    others = [rival for rival in RIVALS if rival != ion and rival in amounts]
    most = max(others, key=lambda rival: amounts[rival], default=None)
    if most is None or ion not in OUTNUMBERED or amounts[most] <= OUTNUMBERED[ion] * amounts[ion]:
        return None
    return most


def chemical_objections(fractions: FloatArray, charge_left: FloatArray) -> list[list[str]]:
    """Why each of n compositions is no electrolyte, in words; an empty list where nothing says so.

    fractions: (n, 103), H to Lr. charge_left: (n,) the feature ``CHARGE_COLUMN``.
    """
    present = fractions > 0
    single = present.sum(axis=1) == 1
    no_anion = ~present[:, _rows(ANIONS)].any(axis=1) & ~single
    no_cation = ~np.delete(present, _rows(NONMETALS), axis=1).any(axis=1) & ~single
    carbon, hydrogen, boron = (fractions[:, ELEMENT_ROW[symbol]] for symbol in "CHB")
    organic = (carbon > 0) & (hydrogen > 0) & (carbon > boron)
    # The bonds inside a cage of boron (LiCB11H12) are beyond counting oxidation states.
    counted = ~(single | no_anion | no_cation | ((boron > 0) & (hydrogen > 0)))
    unbalanced = (np.abs(charge_left) > MOST_CHARGE_LEFT) & counted
    result: list[list[str]] = [[] for _ in fractions]
    for row in np.flatnonzero(single):
        element = SYMBOLS[int(present[row].argmax())]
        result[row].append(f"a pure element ({element}), not a compound")
    for rows, words in (
        (no_anion, "no anion: a metal or an alloy, which conducts electrons"),
        (no_cation, "no metal or other cation: a molecular compound"),
        (organic, "carbon with hydrogen: an organic compound, and all data are inorganic"),
        (unbalanced, "no choice of oxidation states is near neutral"),
    ):
        for row in np.flatnonzero(rows):
            result[row].append(words)
    return result

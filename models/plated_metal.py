"""Which metal electrode a material faces: the metal that its ions are plated as."""

from __future__ import annotations

from collections.abc import Sequence

from features.material import Material
from models.electrodes import ELECTRODES

UNKNOWN = f"no dendrite score: the metals whose constants are known are {', '.join(ELECTRODES)}"


def plated_metals(materials: Sequence[Material], electrode: str | None) -> list[str | None]:
    """The metal of each material's mobile ion or, where it holds the ion of it, ``electrode``.

    None where it does not: no such metal is plated through a material without its ion.
    """
    if electrode is None:
        return [material.mobile_ion for material in materials]
    return [electrode if electrode in dict(material.fractions) else None for material in materials]


def plating_notes(metals: Sequence[str | None], electrode: str | None) -> list[list[str]]:
    """Why there is no dendrite score, where the metal is the reason."""
    if electrode is None:
        return [
            [] if metal is None or metal in ELECTRODES else [f"{UNKNOWN}: {metal} is not one"]
            for metal in metals
        ]
    note = (
        f"no dendrite score: without {electrode} in it, no {electrode} metal is plated through it"
    )
    return [[note] if metal is None else [] for metal in metals]

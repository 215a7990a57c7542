"""What predictions need of a crystal, computed once and small enough to send and to store."""

from __future__ import annotations

from dataclasses import dataclass

from features.elements import FloatArray


@dataclass(frozen=True, eq=False)
class CrystalFacts:
    """Stands in a Material in the place of its structure.

    values: the columns of `features.crystal_table`, NaN where unknown. atoms: (element, atoms in
    the primitive cell, occupancies summed). coordination_number: mean Voronoi coordination of the
    mobile ion, NaN where there is none. failures: what could not be computed, in words.
    """

    content_hash: str  # of the material with its structure
    values: FloatArray
    volume_angstrom3: float  # of the primitive cell
    atoms: tuple[tuple[str, float], ...]
    is_ordered: bool
    coordination_number: float
    failures: tuple[str, ...] = ()

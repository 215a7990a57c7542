"""What every structure from outside is checked for, whatever format it came in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.crystal import check_cell, check_contacts, plain_structure
from features.limits import InvalidMaterial, MaterialLimits

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure


def check_text(text: str, field: str, limits: MaterialLimits) -> None:
    """Text, not empty and not too long. Raises InvalidMaterial."""
    if not isinstance(text, str):
        raise InvalidMaterial(field, f"must be text, not {type(text).__name__}")
    if not text.strip():
        raise InvalidMaterial(field, "is empty")
    # Lone surrogates, which JSON can carry, have no bytes of their own: count them as '?'.
    too_long = len(text) > limits.structure_bytes
    if too_long or len(text.encode("utf-8", errors="replace")) > limits.structure_bytes:
        raise InvalidMaterial(
            field, f"is longer than {limits.structure_bytes} bytes, the most accepted"
        )


def check_site_count(sites: int, field: str, limits: MaterialLimits) -> None:
    """Raises InvalidMaterial for none and for too many."""
    if not 0 < sites <= limits.sites:
        raise InvalidMaterial(field, f"{sites} sites; 1 to {limits.sites} are accepted")


def checked_structure(structure: Structure, field: str, limits: MaterialLimits) -> Structure:
    """The structure with plain elements, in bounds. Raises InvalidMaterial."""
    check_site_count(len(structure), field, limits)
    if not np.isfinite(structure.frac_coords).all():
        raise InvalidMaterial(field, "a coordinate is not finite")
    check_cell(structure.lattice.matrix, len(structure), field, limits)
    plain = plain_structure(structure, field, limits.occupancy)
    kinds = len(plain.composition)
    if kinds > limits.elements:
        raise InvalidMaterial(
            field, f"holds {kinds} elements; at most {limits.elements} are accepted"
        )
    check_contacts(plain, field, limits)
    return plain

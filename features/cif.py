"""CIF text to a structure: the guard reads and checks, pymatgen expands the symmetry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.cif_guard import SAME_POSITION, check_cif
from features.cif_tokens import FIELD
from features.limits import InvalidMaterial, MaterialLimits
from features.structure_checks import check_text, checked_structure

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure


def structure_from_cif(text: str, limits: MaterialLimits) -> Structure:
    """Partial occupancies kept, charges dropped, one cell as in the file.

    Raises InvalidMaterial (field "cif").
    """
    from pymatgen.io.cif import CifParser

    check_text(text, FIELD, limits)
    parser = CifParser.from_str(
        check_cif(text, limits).text(),
        occupancy_tolerance=limits.occupancy,
        site_tolerance=SAME_POSITION,
        check_cif=False,
    )
    try:
        (structure,) = parser.parse_structures(primitive=False, on_error="raise")
    except ValueError as error:
        reason = str(error).strip().splitlines()[-1][:200]
        raise InvalidMaterial(FIELD, f"pymatgen cannot build it: {reason}") from error
    return checked_structure(structure, FIELD, limits)

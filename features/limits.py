"""What is accepted as a material, and the error that says why something is not."""

from __future__ import annotations

from dataclasses import dataclass


class InvalidMaterial(ValueError):
    """A text or structure that is not a material this product accepts.

    ``field`` says which input is meant ("formula", "cif", "poscar", "pymatgen", "structure",
    "space_group_number", "lattice", "format"); ``message`` what is wrong and what is accepted.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(field, message)
        self.field = field
        self.message = message

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


@dataclass(frozen=True)
class MaterialLimits:
    """Bounds on text from outside. All are checked before any expensive work."""

    formula_characters: int = 200
    bracket_depth: int = 5
    elements: int = 20
    max_amount: float = 1e4  # largest amount, also after brackets are multiplied out
    min_fraction: float = 1e-9  # smallest share of the atoms that still counts

    structure_bytes: int = 256_000
    line_characters: int = 4096
    json_depth: int = 20
    sites: int = 2000  # in the cell as sent, after symmetry
    symmetry_operations: int = 192
    symmetry_search_sites: int = 2000  # larger cells keep their size and get no space group
    images: int = 5000  # listed sites times symmetry operations
    occupancy: float = 1.05  # a site's sum; between 1 and this it is scaled down to 1
    contact_angstrom: float = 0.1  # no two atoms that exclude each other are closer

    min_cell_angstrom: float = 0.5
    min_thickness_angstrom: float = 0.1  # between opposite faces; skewed cells are thin
    max_cell_angstrom: float = 300.0
    min_angle_deg: float = 5.0
    max_angle_deg: float = 175.0
    max_volume_angstrom3: float = 100_000.0
    min_volume_per_site_angstrom3: float = 0.5
    max_volume_per_site_angstrom3: float = 500.0

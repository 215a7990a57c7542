"""Small measurements and structures that several tests use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymatgen.core import Lattice, Structure

from features.material import Material
from training.records import (
    CONDUCTIVITY,
    Collector,
    Measurement,
)

if TYPE_CHECKING:
    pass


def measured(
    formula: str = "Li7La3Zr2O12",
    value: float = -4.0,
    source: str = "obelix",
    row: str = "a",
    **changes: object,
) -> Measurement:
    name = str(changes.pop("property", CONDUCTIVITY))
    doi = changes.pop("doi", "10.1000/x")
    if name == CONDUCTIVITY:
        changes.setdefault("temperature_k", 298.15)
    return Measurement(
        property=name,
        value=value,
        material=Material.from_formula(formula),
        source=source,
        row_of_origin=row,
        doi=doi,  # type: ignore[arg-type]
        reference=changes.pop("reference", doi),  # type: ignore[arg-type]
        **changes,  # type: ignore[arg-type]
    )


def collected(*rows: Measurement) -> Collector:
    return Collector(measurements=list(rows))


def disordered() -> Structure:
    contents = [{"Li": 0.875}, {"Bi": 0.5, "Sb": 0.5}]
    return Structure(Lattice.orthorhombic(3.0, 4.0, 5.0), contents, [[0, 0, 0], [0.5, 0.5, 0.5]])

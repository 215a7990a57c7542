"""One row of a user's own measurements: what it says, or everything that is wrong with it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from features.material import InvalidMaterial, Material
from training.own_units import (
    QUANTITIES,
    TEMPERATURE_RANGE_K,
    TEMPERATURE_UNITS,
    Quantity,
    converted,
    kelvin,
)
from training.records import PLAUSIBLE, UNITS, Bound, Measurement, normal_doi

SOURCE = "own"
MATERIAL_COLUMNS = ("formula", "cif", "cif_path")
REQUIRED = ("property", "value", "unit")
OPTIONAL = ("temperature", "temperature_unit", "bound", "reference", "note")
COLUMNS = (*MATERIAL_COLUMNS, *REQUIRED, *OPTIONAL)
# All rows without a reference count as one paper: they may share a sample, an instrument, a hand.
NO_REFERENCE = "own rows without a reference"
_BOUNDS: dict[str, Bound] = {"": "=", "=": "=", "<": "<"}


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where, what, and what would be accepted.

    row: as a spreadsheet counts, the header being row 1; None where the whole file is meant.
    """

    row: int | None
    column: str | None
    reason: str
    accepted: str

    def __str__(self) -> str:
        where = [f"row {self.row}" if self.row else "file", *([self.column] if self.column else [])]
        return f"{', '.join(where)}: {self.reason}; accepted: {self.accepted}"


@dataclass
class OwnRow:
    """A row under check; every check adds what it finds to ``problems``.

    cells: by column, empty where the file has none. folder: where ``cif_path`` starts.
    """

    number: int
    cells: Mapping[str, str]
    folder: Path
    problems: list[Problem] = field(default_factory=list)

    def complain(self, column: str | None, reason: str, accepted: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(self.number, column, reason, accepted))

    def measurement(self) -> Measurement | None:
        """The measurement in the units of the tables; None where there are problems."""
        material = self._material()
        quantity = QUANTITIES.get(self.cells["property"])
        if quantity is None:
            self.complain(
                "property", f"'{self.cells['property']}' is not known", ", ".join(QUANTITIES)
            )
        value, temperature_k = self._value(quantity), self._temperature(quantity)
        bound = self._bound(quantity)
        if self.problems or material is None or quantity is None:
            return None
        doi = normal_doi(self.cells["reference"])
        return Measurement(
            property=quantity.property,
            value=value,
            material=material,
            source=SOURCE,
            row_of_origin=f"row {self.number}",
            bound=bound,
            temperature_k=temperature_k,
            structure_key=(
                f"{SOURCE}:{material.content_hash[:16]}" if material.has_structure else None
            ),
            space_group_number=material.space_group_number,
            lattice=material.lattice,
            doi=doi,
            reference=doi or self.cells["reference"].lower() or NO_REFERENCE,
            note=self.cells["note"] or None,
        )

    def _material(self) -> Material | None:
        given = [name for name in MATERIAL_COLUMNS if self.cells[name]]
        if len(given) != 1:
            reason = "names no material" if not given else f"names it by {' and '.join(given)}"
            self.complain(None, reason, f"one of {', '.join(MATERIAL_COLUMNS)}")
            return None
        (column,) = given
        text = self.cells[column]
        try:
            if column == "formula":
                return Material.from_formula(text)
            if column == "cif_path":
                text = (self.folder / text).read_text(encoding="utf-8")
            return Material.from_cif(text)
        except InvalidMaterial as error:
            self.complain(column, error.message, "a formula or a CIF that can be predicted")
        except (OSError, ValueError) as error:
            self.complain(column, f"cannot be read ({error})", "a CIF file beside this one")
        return None

    def _value(self, quantity: Quantity | None) -> float:
        """In the unit of the tables; NaN after a complaint."""
        text, unit = self.cells["value"], self.cells["unit"]
        number = _number(text)
        if number is None:
            self.complain("value", f"'{text}' is no number", "a number with a decimal point")
        if quantity is None:
            return math.nan
        if unit not in quantity.units:
            self.complain("unit", f"'{unit}' is no unit of it", ", ".join(quantity.units))
            return math.nan
        if number is None:
            return math.nan
        try:
            value = converted(quantity, number, unit)
        except ValueError as error:
            self.complain("value", f"{text} {error}", f"a positive number of {unit}")
            return math.nan
        low, high = PLAUSIBLE[quantity.property]
        if not low < value <= high:
            own = UNITS[quantity.property]
            reason = f"{text} {unit} is {value:.4g} {own}, which no solid has"
            self.complain("value", reason, f"above {low:g} up to {high:.4g} {own}")
        return value

    def _temperature(self, quantity: Quantity | None) -> float:
        """In K; NaN where there is none or after a complaint."""
        text, unit = self.cells["temperature"], self.cells["temperature_unit"]
        if quantity is not None and not quantity.at_temperature:
            if text:
                reason = f"the table has none for {self.cells['property']}"
                self.complain("temperature", reason, "an empty cell")
            return math.nan
        if quantity is None and not text:
            return math.nan
        number = _number(text)
        if number is None:
            self.complain("temperature", f"'{text}' is no number", "that of the measurement")
        if unit not in TEMPERATURE_UNITS:
            self.complain(
                "temperature_unit", f"'{unit}' is not known", ", ".join(TEMPERATURE_UNITS)
            )
        if number is None or unit not in TEMPERATURE_UNITS:
            return math.nan
        low, high = TEMPERATURE_RANGE_K
        found = kelvin(number, unit)
        if not low <= found <= high:
            reason = f"{text} {unit} is {found:g} K"
            self.complain("temperature", reason, f"{low:g} to {high:g} K")
        return found

    def _bound(self, quantity: Quantity | None) -> Bound:
        text = self.cells["bound"]
        if text not in _BOUNDS:
            self.complain("bound", f"'{text}' is not known", "empty, = or < (lies below)")
        elif text == "<" and quantity is not None and not quantity.at_temperature:
            self.complain("bound", f"{self.cells['property']} cannot be a bound", "empty or =")
        return _BOUNDS.get(text, "=")


def _number(text: str) -> float | None:
    """A finite number, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None

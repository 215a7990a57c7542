"""The printed table of Laskowski et al. 2023 (10.1039/D2EE03499A) as checked rows.

`parse_printed` reads the lines on their own; `align_digitized` gives them the formulas of the
authors' digitised table where that is at hand. Every printed row comes back: kept, or with the
reason why it cannot be trusted.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from training.laskowski_alignment import TableKey, aligned_pairs
from training.laskowski_formulas import Restored, restore, same_formula
from training.laskowski_lines import TableRow, joined_rows, plain

if TYPE_CHECKING:
    import pandas as pd

Bound = Literal["=", "<"]

MAX_CONDUCTIVITY_S_CM = 10.0
ACTIVATION_ENERGY_EV = (0.01, 2.5)

_NUMBER = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_COLUMNS = {
    "formula": "structure",
    "conductivity": "\u03c3",
    "activation": "ea",
    "number": "space group",
    "icsd": "icsd",
}


@dataclass(frozen=True)
class PrintedRow:
    """One row of the table; `reason` is None for a row that is kept.

    line: first line in the file, from 1 (0: the row stands only in the digitised table);
    conductivity_s_cm at room temperature, an upper limit where bound is "<"; icsd: collection
    number or "". repaired: the formula was rejoined, restored or corrected. composite: a second
    phase was mixed in by weight. notes: what else was done to the row, or is doubtful in it.
    """

    line: int
    formula: str | None
    conductivity_s_cm: float | None
    bound: Bound
    activation_energy_ev: float | None
    icsd: str
    reference: int | None
    repaired: bool
    reason: str | None
    text: str
    composite: bool = False
    space_group_number: int | None = None
    notes: tuple[str, ...] = ()


def parse_printed(text: str) -> list[PrintedRow]:
    """All rows of the printed table in order, from the text of its lines alone."""
    return [_checked(row, restore(row.parts)) for row in joined_rows(text)]


def align_digitized(rows: list[PrintedRow], digitized: pd.DataFrame) -> list[PrintedRow]:
    """The rows with the digitised table's formulas, in the order of the two tables together.

    The tables are aligned on order, conductivity, E_a and ICSD number. A digitised formula that
    does not balance in charge gives way to the printed one if that does. A row of the digitised
    table without a line is kept with reference None and a note. Raises ValueError if the table
    lacks a column.
    """
    clean = [_from_digitized(record) for record in _records(digitized)]
    out: list[PrintedRow] = []
    for here, there in aligned_pairs([_key(r) for r in rows], [_key(c) for c in clean]):
        if here is None and there is not None:
            note = "stands only in the digitised table"
            out.append(replace(clean[there], notes=(*clean[there].notes, note)))
        elif here is not None:
            out.append(rows[here] if there is None else _merged(rows[here], clean[there]))
    return out


def _checked(row: TableRow, formula: Restored) -> PrintedRow:
    """A table row with its numbers read; refused without a formula or without any number."""
    notes: list[str] = []
    conductivity, bound = _conductivity(row.conductivity, notes)
    activation = _activation(row.activation, notes)
    reference = re.match("[0-9]{1,6}", row.reference)
    if row.reference_carried:
        notes.append("reference taken from the rows before and after, which agree")
    elif row.reference and not row.reference.isdigit():
        notes.append(f"printed with references {row.reference}; the first is given")
    elif not row.reference:
        notes.append("no reference printed")
    reason = row.problem or formula.reason
    if reason is None and conductivity is None and activation is None:
        reason = "; ".join(["neither conductivity nor E_a", *notes])
    return PrintedRow(
        line=row.line,
        formula=formula.formula if reason is None else None,
        conductivity_s_cm=conductivity,
        bound=bound,
        activation_energy_ev=activation,
        icsd=row.icsd,
        reference=int(reference.group()) if reference else None,
        repaired=formula.repaired,
        reason=reason,
        text=row.text,
        composite=formula.composite,
        space_group_number=_space_group(row.number),
        notes=tuple(notes),
    )


def _conductivity(text: str, notes: list[str]) -> tuple[float | None, Bound]:
    bound: Bound = "<" if text.startswith("<") else "="
    value = _number(text)
    if value is not None and 0 < value <= MAX_CONDUCTIVITY_S_CM:
        return value, bound
    if text:
        notes.append(f"conductivity {text} left out: not in (0, {MAX_CONDUCTIVITY_S_CM:g}] S/cm")
    return None, bound


def _activation(text: str, notes: list[str]) -> float | None:
    value = _number(text)
    low, high = ACTIVATION_ENERGY_EV
    if value is not None and low <= value <= high:
        return value
    if text:
        notes.append(f"E_a {text} left out: not in {low:g}..{high:g} eV")
    return None


def _number(text: str) -> float | None:
    text = text.lstrip("<").strip()
    return float(text) if _NUMBER.fullmatch(text) else None


def _space_group(text: str) -> int | None:
    return int(text) if re.fullmatch("[0-9]{1,3}", text) and 1 <= int(text) <= 230 else None


def _records(digitized: pd.DataFrame) -> list[dict[str, str]]:
    """The columns by their meaning, every cell as plain text ("" for an empty one)."""
    named = {str(column).strip("\ufeff ").lower(): column for column in digitized.columns}
    columns = {}
    for field, start in _COLUMNS.items():
        found = [column for name, column in named.items() if name.startswith(start)]
        if not found:
            raise ValueError(f"the digitised table has no column that starts with {start!r}")
        columns[field] = digitized[found[0]]
    cells = {field: [_cell(value) for value in column] for field, column in columns.items()}
    return [dict(zip(cells, values, strict=True)) for values in zip(*cells.values(), strict=True)]


def _cell(value: object) -> str:
    empty = value is None or (isinstance(value, float) and math.isnan(value))
    text = "" if empty else plain(str(value))
    return re.sub(r"\.0$", "", text)


def _from_digitized(record: dict[str, str]) -> PrintedRow:
    formula = record["formula"]
    row = TableRow(
        line=0,
        parts=(formula,) if formula else (),
        conductivity=record["conductivity"],
        activation=record["activation"],
        group="",
        number=record["number"],
        icsd=record["icsd"],
        reference="",
        text=formula,
    )
    checked = _checked(row, restore(row.parts))
    return replace(checked, notes=tuple(n for n in checked.notes if not n.startswith("no refer")))


def _key(row: PrintedRow) -> TableKey:
    return TableKey(row.conductivity_s_cm, row.bound, row.activation_energy_ev, row.icsd)


def _merged(printed: PrintedRow, clean: PrintedRow) -> PrintedRow:
    """The printed row under the digitised formula, with a note wherever the two differ."""
    notes = list(printed.notes)
    if clean.formula is None:
        if printed.formula is not None:
            notes.append(f"digitised formula {clean.text} refused: {clean.reason}")
        return replace(printed, notes=tuple(notes))
    if printed.formula is None:
        notes.append(f"formula from the digitised table; the line alone: {printed.reason}")
    elif not same_formula(printed.formula, clean.formula):
        notes.append(f"the line alone reads {printed.formula}")
    conductivity, bound = printed.conductivity_s_cm, printed.bound
    if conductivity is None and clean.conductivity_s_cm is not None:
        conductivity, bound = clean.conductivity_s_cm, clean.bound
        notes.append("conductivity from the digitised table")
    activation = printed.activation_energy_ev
    if activation is None and clean.activation_energy_ev is not None:
        activation = clean.activation_energy_ev
        notes.append("E_a from the digitised table")
    readable = conductivity is not None or activation is not None
    return replace(
        printed,
        formula=clean.formula if readable else None,
        conductivity_s_cm=conductivity,
        bound=bound,
        activation_energy_ev=activation,
        repaired=printed.repaired or printed.formula is None,
        composite=clean.composite,
        space_group_number=printed.space_group_number or clean.space_group_number,
        reason=None if readable else printed.reason,
        notes=tuple(notes),
    )

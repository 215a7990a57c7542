"""Printed lines of the Laskowski table (10.1039/D2EE03499A) joined to one record a table row.

The lines were taken out of a PDF. A formula too long for its column was broken: the first part
stands on a line of its own, the numbers on the next, the rest of the formula on a third. Lines
that hold only a phase label ("beta-") belong to the margin and carry no measurement.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from dataclasses import dataclass, replace

_FIELDS = ("formula", "conductivity", "activation", "group", "number", "alias", "icsd", "reference")


@dataclass(frozen=True)
class TableRow:
    """One table row as printed: formula parts in reading order, every field still text."""

    line: int
    parts: tuple[str, ...]
    conductivity: str
    activation: str
    group: str
    number: str
    icsd: str
    reference: str
    text: str
    reference_carried: bool = False
    problem: str | None = None


def joined_rows(text: str) -> list[TableRow]:
    """Table rows in printed order; a line that joins nothing comes back with `problem` set.

    Lines are numbered from 1; missing fields of a short line are empty.
    """
    lines = _lines(text)
    rows: list[TableRow] = []
    at = 0
    while at < len(lines):
        taken, row = _row_at(lines, at)
        if row is not None:
            rows.append(row)
        at += taken
    return _with_references(rows)


@dataclass(frozen=True)
class _Line:
    number: int
    fields: dict[str, str]
    text: str

    def has_value(self) -> bool:
        return bool(self.fields["conductivity"] or self.fields["activation"])

    def only_formula(self) -> bool:
        return bool(self.fields["formula"]) and not self.fields["conductivity"]


def _lines(text: str) -> list[_Line]:
    lines = []
    reader = csv.reader(io.StringIO(text))
    for values in reader:
        padded = [plain(value) for value in values] + [""] * len(_FIELDS)
        fields = dict(zip(_FIELDS, padded, strict=False))
        lines.append(_Line(reader.line_num, fields, ",".join(values)))
    return lines


def plain(text: str) -> str:
    """Text without overbars, soft hyphens and odd spaces; every dash and product sign made one."""
    text = "".join(c for c in unicodedata.normalize("NFC", text) if not unicodedata.combining(c))
    text = text.replace("\u00ad", "").replace("\u00a0", " ").replace("\ufeff", "")
    text = re.sub("[\u2010-\u2015\u2212]", "-", text)
    return re.sub("[\u00b7\u2022\u22c5]", "*", text).strip()


def _row_at(lines: list[_Line], at: int) -> tuple[int, TableRow | None]:
    """Lines used up and the row they make (None for a line of margin labels)."""
    first = lines[at]
    if first.fields["formula"] and first.fields["conductivity"]:
        return 1, _row([first])
    if first.only_formula():
        broken = lines[at : at + 3]
        if (
            len(broken) == 3
            and broken[1].fields["conductivity"]
            and broken[2].only_formula()
            and not broken[2].fields["activation"]
        ):
            return 3, _row(broken)
        if first.fields["activation"]:
            return 1, _row([first])
        return 1, _problem(first, "part of a formula without the rest of its row")
    if first.has_value():
        return 1, _problem(first, "numbers without a formula")
    if first.fields["reference"]:
        return 1, _problem(first, "reference number without a formula or numbers")
    return 1, None


def _row(lines: list[_Line]) -> TableRow:
    def field(name: str) -> str:
        return next((line.fields[name] for line in lines if line.fields[name]), "")

    return TableRow(
        line=lines[0].number,
        parts=tuple(line.fields["formula"] for line in lines if line.fields["formula"]),
        conductivity=field("conductivity"),
        activation=field("activation"),
        group=field("group"),
        number=field("number"),
        icsd=field("icsd"),
        reference=field("reference"),
        text=" / ".join(line.text for line in lines),
    )


def _problem(line: _Line, reason: str) -> TableRow:
    return replace(_row([line]), problem=reason)


def _with_references(rows: list[TableRow]) -> list[TableRow]:
    """A missing reference is taken from the rows around where both sides name the same one."""
    filled = []
    for at, row in enumerate(rows):
        if not row.reference and row.problem is None:
            before = next((r.reference for r in reversed(rows[:at]) if r.reference), "")
            after = next((r.reference for r in rows[at + 1 :] if r.reference), "")
            if before and before == after:
                row = replace(row, reference=before, reference_carried=True)
        filled.append(row)
    return filled

"""Rows of a list of materials, whatever file they come from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

import pyarrow as pa

from models.carrier_density import DENSITY_RANGE_G_CM3, is_density
from serving.arguments import NUMBER
from serving.blocks import SPACE_GROUPS, MaterialText, Rejection

INPUT_COLUMNS = ("cif", "cif_path", "formula")
"""Columns that say what the material is. Where a row fills several, the first of these counts:
a structure says more than a formula."""

DENSITY_COLUMN = "density_g_cm3"
"""Carried, and read for the diffusion coefficient of a formula."""

SPACE_GROUP_COLUMN = "space_group_number"
"""Carried, and read beside a formula."""

REPLACED_COLUMNS = frozenset({"cif", "formula"})
"""Input columns that are not carried: formula is written anew, and the text of a CIF is not
repeated."""

STRUCTURE_FILE_BYTES = 1_000_000
"""No more than this is read of a structure file; Material refuses far less."""


class ListError(ValueError):
    """A list that cannot be read as a whole; the message says what to change."""


@dataclass(frozen=True)
class InputBlock:
    """Some consecutive rows.

    carried: the columns that go to the output untouched, under their own names.
    entries: the material of each row, or why the row has none.
    formulas: the formula column as given, for the rows that end as errors.
    progress: how far into the list this block reaches, in the unit of ``MaterialList.total``.
    densities: the cells of DENSITY_COLUMN as they are; empty where the list has no such column.
    """

    carried: pa.Table
    entries: list[MaterialText | Rejection]
    formulas: list[str | None]
    progress: int
    densities: Sequence[object] = ()


class MaterialList(Protocol):
    """A list on disk. ``carried`` is known before the first row is read.

    has_structures: whether its rows may be structures, which take a hundred times as long.
    """

    carried: pa.Schema
    total: int
    has_structures: bool

    def blocks(self, rows: int) -> Iterator[InputBlock]:
        """The rows in order, ``rows`` at a time. Raises ListError, OSError."""
        ...


def check_columns(names: Sequence[str], what: str) -> None:
    """Raises ListError where no column says what the material is, or a name comes twice."""
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ListError(f"{what} has more than one column named {', '.join(map(repr, repeated))}")
    if not set(names) & set(INPUT_COLUMNS):
        shown = ", ".join(map(repr, names[:20])) + (", ..." if len(names) > 20 else "")
        raise ListError(
            f"{what} has no column named formula, cif or cif_path; its columns are: {shown}"
        )


def has_structures(names: Sequence[str]) -> bool:
    """Whether the columns let rows be structures."""
    return bool({"cif", "cif_path"} & set(names))


def is_carried(name: str) -> bool:
    """Whether an input column goes to the output."""
    return name not in REPLACED_COLUMNS


def entry_of(given: dict[str, object], folder: Path) -> MaterialText | Rejection:
    """The material of a row, from its input columns. ``folder`` is where cif_path starts."""
    for column in INPUT_COLUMNS:
        value = given.get(column)
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        if not isinstance(value, str):
            return Rejection("unreadable_row", column, "must be text")
        if column == "cif_path":
            return structure_file(folder / value, "cif", "cif_path")
        if column == "cif":
            return MaterialText(value, "cif")
        return _with_space_group(MaterialText(value, "formula"), given.get(SPACE_GROUP_COLUMN))
    return Rejection("unreadable_row", None, "the row has no formula, cif or cif_path")


def _with_space_group(entry: MaterialText, cell: object) -> MaterialText | Rejection:
    number = _number(cell)
    if number is None:
        return entry
    if number in SPACE_GROUPS:
        return replace(entry, space_group_number=int(number))
    return Rejection("unreadable_row", SPACE_GROUP_COLUMN, "must be a whole number from 1 to 230")


def with_densities(block: InputBlock) -> list[MaterialText | Rejection]:
    """The entries of a block, with the density of each formula that has one.

    A formula whose density is unusable becomes a Rejection. A structure's row is left alone.
    """
    if not block.densities:
        return block.entries
    return [
        _with_density(entry, cell)
        if isinstance(entry, MaterialText) and entry.format == "formula"
        else entry
        for entry, cell in zip(block.entries, block.densities, strict=True)
    ]


def _with_density(entry: MaterialText, cell: object) -> MaterialText | Rejection:
    density_g_cm3 = _number(cell)
    if density_g_cm3 is None:
        return entry
    if is_density(density_g_cm3):
        return replace(entry, density_g_cm3=density_g_cm3)
    low, high = DENSITY_RANGE_G_CM3
    return Rejection(
        "unreadable_row", DENSITY_COLUMN, f"must be a number from {low:g} to {high:g} (g/cm3)"
    )


def _number(cell: object) -> float | None:
    """None for an empty cell and NaN, which tables write for it; NaN for what is no number."""
    text = str(cell).strip()
    if cell is None or text.lower() in ("", "nan"):
        return None
    # Not float() alone: it would take "1_0" and True for numbers.
    return float(text) if NUMBER.fullmatch(text) else math.nan


def structure_file(
    path: Path, kind: Literal["cif", "poscar"], field: str
) -> MaterialText | Rejection:
    """The text of a structure file, or why it cannot be read."""
    try:
        if not path.is_file():
            reason = "is a folder" if path.is_dir() else "there is no such file"
            return Rejection("unreadable_row", field, f"'{path.name}': {reason}")
        with path.open("rb") as stream:
            content = stream.read(STRUCTURE_FILE_BYTES)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return Rejection("unreadable_row", field, f"'{path.name}': {reason}")
    # Structures are plain ASCII; names of authors in comments are in any encoding.
    return MaterialText(content.decode("utf-8", errors="replace"), kind)


def clean(text: str) -> str:
    """Text that can be written as UTF-8: bytes and surrogates that cannot are replaced."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape" if _is_escaped(text) else "replace").decode(
            "utf-8", "replace"
        )
    return text


def _is_escaped(text: str) -> bool:
    """Whether the surrogates in a text all stand for bytes that were no UTF-8."""
    return all(not "\ud800" <= mark <= "\udfff" or "\udc80" <= mark <= "\udcff" for mark in text)

"""Scored lists on their way to disk: CSV or Parquet, whole or not at all."""

from __future__ import annotations

import contextlib
import csv
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from serving.rows import ListError

if TYPE_CHECKING:
    from _csv import Writer


class ListWriter(Protocol):
    """Takes tables of one schema, one after the other."""

    def write(self, table: pa.Table) -> None:
        """Append the rows of a table."""
        ...

    def close(self) -> None:
        """Finish the file."""
        ...


@contextlib.contextmanager
def open_output(path: Path, schema: pa.Schema) -> Iterator[ListWriter]:
    """A writer for a path, chosen by its ending.

    The file appears under its name when all of it is written; an error leaves nothing behind.
    Raises ListError where the ending is unknown or the folder is missing, OSError on writing.
    """
    check_output(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        writer = _writer(path, part, schema)
        try:
            yield writer
        finally:
            writer.close()
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def check_output(path: Path) -> None:
    """Raises ListError where a path cannot be an output."""
    if path.suffix.lower() not in (".csv", ".parquet", ".pq"):
        raise ListError(f"the output '{path.name}' must end in .csv or .parquet")
    if path.is_dir():
        raise ListError(f"the output '{path}' is a folder")
    if not path.parent.is_dir():
        raise ListError(f"there is no folder '{path.parent}' for the output")


def _writer(path: Path, part: Path, schema: pa.Schema) -> ListWriter:
    if path.suffix.lower() == ".csv":
        return CsvOutput(part, schema)
    return ParquetOutput(part, schema)


class CsvOutput:
    """Comma-separated UTF-8 with a header; a missing value is an empty cell.

    Numbers are written with all their digits, so that reading them gives the same numbers.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._stream = path.open("w", encoding="utf-8", newline="")
        self._plain = csv.writer(self._stream, lineterminator="\n")
        self._quoted = csv.writer(self._stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
        self._writer(schema.names).writerow(schema.names)

    def write(self, table: pa.Table) -> None:
        """Append the rows of a table."""
        columns = [_cells(column) for column in table.columns]
        writer = self._writer(cell for column in columns for cell in column)
        writer.writerows(zip(*columns, strict=True))

    def close(self) -> None:
        """Finish the file."""
        self._stream.close()

    def _writer(self, cells: Iterable[object]) -> Writer:
        """The writer that quotes a lone carriage return, which the plain one takes for text."""
        has_return = any(isinstance(cell, str) and "\r" in cell for cell in cells)
        return self._quoted if has_return else self._plain


class ParquetOutput:
    """Parquet with zstd."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._parquet = pq.ParquetWriter(path, schema, compression="zstd")

    def write(self, table: pa.Table) -> None:
        """Append the rows of a table."""
        self._parquet.write_table(table)

    def close(self) -> None:
        """Finish the file."""
        self._parquet.close()


def _cells(column: pa.ChunkedArray) -> list[object]:
    """The values of a column as CSV shows them; lists and records as JSON."""
    values: list[object] = column.to_pylist()
    if pa.types.is_nested(column.type):
        return [None if value is None else json.dumps(value, default=str) for value in values]
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        return [None if value is None else value.hex() for value in values]  # type: ignore[attr-defined]
    return values

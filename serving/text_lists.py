"""Lists of materials in text: CSV and JSON Lines, read line by line."""

from __future__ import annotations

import csv
import io
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO

import pyarrow as pa

from serving.blocks import MaterialText, Rejection
from serving.csv_records import csv_records
from serving.list_files import Compression, reading
from serving.rows import (
    DENSITY_COLUMN,
    InputBlock,
    ListError,
    check_columns,
    clean,
    entry_of,
    has_structures,
    is_carried,
)

FIELD_CHARACTERS = 1_000_000
"""A longer field in CSV is taken for a quote that was never closed."""

LINE_BYTES = 4_000_000
"""A longer line of JSON is refused as a whole list: it would fill the memory."""


@contextmanager
def _opened(path: Path, compression: Compression) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """`reading`, with damaged compression as a ListError."""
    try:
        with reading(path, compression) as streams:
            yield streams
    except (EOFError, zlib.error) as error:
        raise ListError(f"'{path.name}' is damaged: {error}") from error
    except OSError as error:
        if compression and error.errno is None:  # what gzip and Arrow say of bytes, not of disks
            raise ListError(f"'{path.name}' is damaged: {error}") from error
        raise


class CsvList:
    """A CSV file in UTF-8 with a header line. Every cell stays the text that it is."""

    def __init__(self, path: Path, compression: Compression = "") -> None:
        self.path = path
        self.total = path.stat().st_size
        self._compression = compression
        with _opened(path, compression) as (_, source), self._decoded(source) as stream:
            try:
                header = next(csv.reader(stream, strict=True), [])
            except csv.Error as error:
                raise ListError(f"'{path.name}' has no header line: {error}") from error
        self.names = [clean(name) for name in header]
        if self.names:
            check_columns(self.names, f"'{path.name}'")
        elif self.total > 3:  # more than a byte order mark, but no header
            raise ListError(f"'{path.name}' must begin with a header line")
        self.carried = pa.schema([(name, pa.string()) for name in self.names if is_carried(name)])
        self.has_structures = has_structures(self.names)

    def blocks(self, rows: int) -> Iterator[InputBlock]:
        """The rows in order, ``rows`` at a time; blank lines are no rows."""
        before = csv.field_size_limit(FIELD_CHARACTERS)
        try:
            with (
                _opened(self.path, self._compression) as (raw, source),
                self._decoded(source) as stream,
            ):
                records = csv_records(stream)
                next(records, None)
                filled = (record for record in records if record[1] != [])
                while lines := list(islice(filled, rows)):
                    yield self._block(lines, raw.tell())
        finally:
            csv.field_size_limit(before)

    @staticmethod
    def _decoded(source: IO[bytes]) -> io.TextIOWrapper:
        # Bytes that are no UTF-8 are kept apart, so that only their own row is refused.
        return io.TextIOWrapper(source, encoding="utf-8-sig", errors="surrogateescape", newline="")

    def _block(self, lines: list[tuple[int, list[str] | csv.Error]], progress: int) -> InputBlock:
        entries = [self._entry(number, row) for number, row in lines]
        width = len(self.names)
        padded = [([] if isinstance(row, csv.Error) else row) for _, row in lines]
        padded = [(row + [""] * width)[:width] for row in padded]
        columns = {
            name: [clean(cell) for cell in cells]
            for name, cells in zip(self.names, zip(*padded, strict=True), strict=True)
        }
        carried = pa.table(
            {name: columns[name] for name in self.carried.names}, schema=self.carried
        )
        formulas: list[str | None] = list(columns.get("formula", [None] * len(lines)))
        return InputBlock(carried, entries, formulas, progress, columns.get(DENSITY_COLUMN, ()))

    def _entry(self, number: int, row: list[str] | csv.Error) -> MaterialText | Rejection:
        if isinstance(row, csv.Error):
            words = f"line {number} is not CSV: {row}; is a quote left open?"
            return Rejection("unreadable_row", None, words)
        if len(row) != len(self.names):
            return Rejection(
                "unreadable_row",
                None,
                f"line {number} has {len(row)} fields where the header has {len(self.names)}",
            )
        for name, cell in zip(self.names, row, strict=True):
            if not cell.isascii() and clean(cell) != cell:
                return Rejection("unreadable_row", clean(name), f"line {number} is not UTF-8")
        return entry_of(dict(zip(self.names, row, strict=True)), self.path.parent)


class JsonLinesList:
    """One JSON object a line. A first pass finds the columns, a second one reads the rows.

    A carried column keeps its type where all of its values have one; otherwise it becomes text,
    with what is not text written as JSON.
    """

    def __init__(self, path: Path, compression: Compression = "") -> None:
        self.path = path
        self.total = path.stat().st_size
        self._compression = compression
        kinds: dict[str, set[str]] = {}
        rows = 0
        for _, value, _ in self._lines():
            rows += 1
            if isinstance(value, dict):
                for name, item in value.items():
                    kinds.setdefault(clean(name), set()).add(_kind(item))
        if rows:
            check_columns(list(kinds), f"'{path.name}'")
        self.carried = pa.schema(
            [(name, _column_type(found)) for name, found in kinds.items() if is_carried(name)]
        )
        self.has_structures = has_structures(list(kinds))

    def blocks(self, rows: int) -> Iterator[InputBlock]:
        """The rows in order, ``rows`` at a time; blank lines are no rows."""
        lines = self._lines()
        while block := list(islice(lines, rows)):
            entries = [self._entry(number, value) for number, value, _ in block]
            objects = [value if isinstance(value, dict) else {} for _, value, _ in block]
            carried = pa.table(
                [self._column(field, objects) for field in self.carried], schema=self.carried
            )
            formulas = [_text(value.get("formula")) for value in objects]
            densities = [value.get(DENSITY_COLUMN) for value in objects]
            yield InputBlock(carried, entries, formulas, block[-1][2], densities)

    def _lines(self) -> Iterator[tuple[int, object, int]]:
        """Number, content (None where it is no JSON) and end of each line that is not blank."""
        with _opened(self.path, self._compression) as (raw, stream):
            for number, line in enumerate(iter(lambda: stream.readline(LINE_BYTES), b""), start=1):
                if len(line) == LINE_BYTES and not line.endswith(b"\n"):
                    raise ListError(
                        f"'{self.path.name}', line {number}: longer than {LINE_BYTES:,} bytes"
                    )
                if line.strip():
                    yield number, _parse(line), raw.tell()

    def _entry(self, number: int, value: object) -> MaterialText | Rejection:
        if not isinstance(value, dict):
            return Rejection("unreadable_row", None, f"line {number} is not a JSON object")
        return entry_of(value, self.path.parent)

    def _column(self, field: pa.Field, objects: list[dict[str, object]]) -> pa.Array:
        values = [value.get(field.name) for value in objects]
        if pa.types.is_string(field.type):
            return pa.array([_text(value) for value in values], pa.string())
        return pa.array(values, field.type)


def _parse(line: bytes) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _kind(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        return "other"
    return "other" if isinstance(value, dict | list) else type(value).__name__


def _column_type(kinds: set[str]) -> pa.DataType:
    types = {"bool": pa.bool_(), "int": pa.int64(), "float": pa.float64()}
    known = kinds - {"NoneType"}
    return types.get(next(iter(known)), pa.string()) if len(known) == 1 else pa.string()


def _text(value: object) -> str | None:
    if value is None:
        return None
    return clean(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))

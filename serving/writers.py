"""Scored lists on their way to disk: CSV, JSON Lines or Parquet, in parts and then as a whole."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from serving.list_files import OUTPUT_ENDINGS, Kind, ListFormat, format_of, writing
from serving.rows import ListError

if TYPE_CHECKING:
    from _csv import Writer

ROW_GROUP_ROWS = 65_536

# A spreadsheet takes a cell that begins so for a formula, and runs it.
RUNNABLE = r"^[=+\-@\t\r]"
PLAIN_NUMBER = r"^[+\-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+\-]?[0-9]+)?$"


def check_output(path: Path, source: Path | None = None) -> ListFormat:
    """The format of an output. Raises ListError where a path cannot be one, or is ``source``."""
    form = format_of(path)
    if form is None:
        raise ListError(f"the output '{path.name}' must end in {OUTPUT_ENDINGS}")
    if path.is_dir():
        raise ListError(f"the output '{path}' is a folder")
    if not path.parent.is_dir():
        raise ListError(f"there is no folder '{path.parent}' for the output")
    if source is not None and path.exists() and source.exists() and path.samefile(source):
        raise ListError("the output would replace the list itself; give it another name")
    return form


def part_bytes(table: pa.Table, kind: Kind) -> bytes:
    """The rows of a table as they stand in a part: no header, no compression of text."""
    if kind == "csv":
        return _csv([inert(column) for column in table.columns])
    if kind == "jsonl":
        rows = _without_infinities(table).to_pylist()
        return "".join(map(_json_line, rows)).encode()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def join_parts(parts: Sequence[Path], target: Path, schema: pa.Schema, form: ListFormat) -> None:
    """Write the whole list from its parts; it appears under its name when all of it is on disk.

    Raises OSError; what was there before stays then.
    """
    whole = target.with_name(f".{target.name}.{os.getpid()}.whole")
    try:
        if form.kind == "parquet":
            _join_parquet(parts, whole, schema)
        else:
            with writing(whole, form.compression) as stream:
                if form.kind == "csv":
                    names = pa.chunked_array([pa.array(schema.names, pa.string())])
                    stream.write(_csv([[name] for name in inert(names)]))
                for part in parts:
                    with part.open("rb") as content:
                        shutil.copyfileobj(content, stream, 1 << 20)
        with whole.open("rb") as stream:
            os.fsync(stream.fileno())
        whole.replace(target)
    finally:
        whole.unlink(missing_ok=True)


def _join_parquet(parts: Sequence[Path], whole: Path, schema: pa.Schema) -> None:
    with pq.ParquetWriter(whole, schema, compression="zstd") as writer:
        waiting: list[pa.Table] = []
        rows = 0
        for part in parts:
            with pa.OSFile(str(part)) as content:
                table = pa.ipc.open_file(content).read_all()
            waiting.append(table)
            rows += table.num_rows
            if rows >= ROW_GROUP_ROWS:
                writer.write_table(pa.concat_tables(waiting))
                waiting, rows = [], 0
        if waiting or not parts:
            writer.write_table(pa.concat_tables(waiting) if waiting else schema.empty_table())


def _csv(columns: Sequence[Sequence[object]]) -> bytes:
    """Comma-separated UTF-8; a missing value is an empty cell.

    Numbers are written with all their digits, so that reading them gives the same numbers.
    """
    text = io.StringIO(newline="")
    writer = _writer(text, (cell for column in columns for cell in column))
    writer.writerows(zip(*columns, strict=True))
    return text.getvalue().encode()


def _writer(stream: io.StringIO, cells: Iterable[object]) -> Writer:
    """The writer that quotes a lone carriage return, which the plain one takes for text."""
    has_return = any(isinstance(cell, str) and "\r" in cell for cell in cells)
    if has_return:
        return csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
    return csv.writer(stream, lineterminator="\n")


def inert(column: pa.ChunkedArray) -> list[object]:
    """The values of a column as CSV shows them; lists and records as JSON.

    Text that a spreadsheet would run gets an apostrophe before it, which shows it as text. A
    number that is written as text stays as it is.
    """
    values: list[object] = column.to_pylist()
    if pa.types.is_nested(column.type):
        return [None if value is None else json.dumps(value, default=str) for value in values]
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        return [value.hex() if isinstance(value, bytes) else None for value in values]
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        for row in _runnable_rows(column):
            values[row] = f"'{values[row]}"
    elif not pa.types.is_primitive(column.type):
        return [_quoted(value) for value in values]
    return values


def _runnable_rows(column: pa.ChunkedArray) -> list[int]:
    begins = pc.match_substring_regex(column, RUNNABLE)
    if not pc.any(begins).as_py():
        return []
    number = pc.match_substring_regex(column, PLAIN_NUMBER)
    chosen = pc.fill_null(pc.and_(begins, pc.invert(number)), False)
    rows: list[int] = pc.indices_nonzero(chosen).to_pylist()
    return rows


def _quoted(value: object) -> object:
    """For kinds of text beyond the two plain ones, such as dictionaries of strings."""
    if not isinstance(value, str):
        return value
    [row] = inert(pa.chunked_array([pa.array([value], pa.string())]))
    return row


def _without_infinities(table: pa.Table) -> pa.Table:
    """The same with null for NaN and infinities, which JSON has no word for."""
    columns = [
        pc.if_else(pc.is_finite(column), column, None)
        if pa.types.is_floating(column.type)
        else column
        for column in table.columns
    ]
    return pa.table(columns, names=table.schema.names)


def _json_line(row: dict[str, object]) -> str:
    try:
        return json.dumps(row, ensure_ascii=False, default=str, allow_nan=False) + "\n"
    except ValueError:  # numbers within a carried list or record
        return json.dumps(_finite(row), ensure_ascii=False, default=str, allow_nan=False) + "\n"


def _finite(value: object) -> object:
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

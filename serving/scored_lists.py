"""Scored lists, read whole: what was carried stays as it is, what was computed gets its type."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet as pq

from serving.list_files import format_of
from serving.rows import ListError
from serving.score_columns import OUTPUT_SCHEMA

FIRST_COMPUTED = "formula"
"""Columns before it were carried from the list that was scored."""


def read_scored(path: Path) -> pa.Table:
    """A whole scored list. Carried columns of CSV are text. Raises ListError, OSError."""
    form = format_of(path)
    if form is None:
        raise ListError(f"'{path.name}' is no scored list: see frenkel score for the endings")
    if not path.is_file():
        raise ListError(f"there is no file '{path}'")
    try:
        if form.kind == "parquet":
            return pq.read_table(path)
        return _csv(path) if form.kind == "csv" else _json_lines(path)
    except pa.ArrowException as error:
        raise ListError(f"'{path.name}' cannot be read: {str(error).splitlines()[0]}") from error


def _opened(path: Path) -> pa.NativeFile:
    # Arrow goes by the ending .gz or .zst itself.
    return pa.input_stream(str(path), compression="detect")


def _csv(path: Path) -> pa.Table:
    parse = pyarrow.csv.ParseOptions(newlines_in_values=True)
    with _opened(path) as stream, pyarrow.csv.open_csv(stream, parse_options=parse) as reader:
        names = reader.schema.names
    carried = names[: names.index(FIRST_COMPUTED)] if FIRST_COMPUTED in names else []
    kinds = {field.name: field.type for field in OUTPUT_SCHEMA} | dict.fromkeys(
        carried, pa.string()
    )
    convert = pyarrow.csv.ConvertOptions(column_types=kinds)
    with _opened(path) as stream:
        return pyarrow.csv.read_csv(stream, parse_options=parse, convert_options=convert)


def _json_lines(path: Path) -> pa.Table:
    with _opened(path) as stream:
        if not stream.read(1):
            return OUTPUT_SCHEMA.empty_table()
    with _opened(path) as stream:
        table = pyarrow.json.read_json(stream)
    plain = pa.schema([field.with_type(_without_times(field.type)) for field in table.schema])
    if plain == table.schema:
        return table
    with _opened(path) as stream:
        parse = pyarrow.json.ParseOptions(explicit_schema=plain)
        return pyarrow.json.read_json(stream, parse_options=parse)


def _without_times(kind: pa.DataType) -> pa.DataType:
    """The same with text for the dates that Arrow takes text for."""
    if pa.types.is_temporal(kind):
        return pa.string()
    if pa.types.is_list(kind):
        return pa.list_(_without_times(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_without_times(field.type)) for field in kind])
    return kind

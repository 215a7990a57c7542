"""Lists of materials as they lie on disk: which reader a path gets, and Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from serving.cif_lists import TAR_ENDINGS, CifFolder, CifTar
from serving.list_files import format_of
from serving.rows import (
    DENSITY_COLUMN,
    INPUT_COLUMNS,
    SPACE_GROUP_COLUMN,
    InputBlock,
    ListError,
    MaterialList,
    check_columns,
    entry_of,
    has_structures,
    is_carried,
)
from serving.text_lists import CsvList, JsonLinesList


def open_list(path: Path) -> MaterialList:
    """The reader for a path, chosen by its ending. Raises ListError, OSError."""
    if path.is_dir():
        return CifFolder(path)
    if not path.exists():
        raise ListError(f"there is no file '{path}'")
    if path.name.lower().endswith(TAR_ENDINGS):
        return CifTar(path)
    form = format_of(path)
    if form is None:
        raise ListError(
            f"'{path.name}' is no list: it must end in .csv, .parquet or .jsonl (the text ones "
            "also with .gz or .zst behind), or be a folder or a .tar of .cif files"
        )
    match form.kind:
        case "csv":
            return CsvList(path, form.compression)
        case "jsonl":
            return JsonLinesList(path, form.compression)
        case "parquet":
            return ParquetList(path)


class ParquetList:
    """A Parquet file; carried columns keep their types."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with pq.ParquetFile(path) as file:
                schema = file.schema_arrow.remove_metadata()
                self.total = file.metadata.num_rows
        except pa.ArrowException as error:
            raise ListError(f"'{path.name}' is not a Parquet file: {_line(error)}") from error
        check_columns(schema.names, f"'{path.name}'")
        for name in set(schema.names) & set(INPUT_COLUMNS):
            if not _holds_text(schema.field(name).type):
                raise ListError(f"the column {name} must hold text, not {schema.field(name).type}")
        self.carried = pa.schema([field for field in schema if is_carried(field.name)])
        self.has_structures = has_structures(schema.names)

    def blocks(self, rows: int) -> Iterator[InputBlock]:
        """The rows in order, ``rows`` at a time."""
        done = 0
        try:
            with pq.ParquetFile(self.path) as file:
                for batch in file.iter_batches(batch_size=rows):
                    done += batch.num_rows
                    yield self._block(batch, done)
        except (pa.ArrowException, OSError) as error:
            raise ListError(
                f"'{self.path.name}' is damaged after row {done}: {_line(error)}"
            ) from error

    def _block(self, batch: pa.RecordBatch, done: int) -> InputBlock:
        given = {
            name: batch.column(name).to_pylist()
            for name in (*INPUT_COLUMNS, SPACE_GROUP_COLUMN)
            if name in batch.schema.names
        }
        entries = [
            entry_of(dict(zip(given, row, strict=True)), self.path.parent)
            for row in zip(*given.values(), strict=True)
        ]
        carried = (
            pa.Table.from_arrays(
                [batch.column(name) for name in self.carried.names], schema=self.carried
            )
            if self.carried.names
            else pa.table({})
        )
        formulas = given.get("formula", [None] * len(entries))
        known = DENSITY_COLUMN in batch.schema.names
        densities = batch.column(DENSITY_COLUMN).to_pylist() if known else ()
        return InputBlock(carried, entries, formulas, done, densities)


def _holds_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _holds_text(kind.value_type)
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind)
        or pa.types.is_null(kind)
    )


def _line(error: Exception) -> str:
    return str(error).partition("\n")[0]

"""Scoring of lists: rows in, the same rows out with predictions beside them."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from serving.engines import Engine, EngineError, InProcess
from serving.list_files import ListFormat
from serving.parts import Job, Parts, fingerprint
from serving.progress_bar import progress_bar
from serving.readers import open_list
from serving.rows import InputBlock, MaterialList
from serving.score_columns import (
    DENDRITE_SCHEMA,
    OUTPUT_SCHEMA,
    TRANSPORT_SCHEMA,
    ScoreOptions,
    TransportColumns,
    carried_names,
)
from serving.writers import check_output, join_parts, part_bytes

if TYPE_CHECKING:
    from models.predictor import Predictor

__all__ = [
    "DENDRITE_SCHEMA",
    "OUTPUT_SCHEMA",
    "TRANSPORT_SCHEMA",
    "ScoreCounts",
    "TransportColumns",
    "carried_names",
    "score_list",
    "score_with",
]

STRUCTURE_BLOCK_ROWS = 256
"""Rows at a time where they may be structures: a block is then done in seconds, not minutes."""


@dataclass(frozen=True)
class ScoreCounts:
    """How many rows a list had, how many ended as errors, and how many an earlier run had done."""

    rows: int
    errors: int
    resumed_rows: int = 0


def score_list(
    source: Path,
    target: Path,
    predictor: Predictor,
    *,
    coverage: float = 0.9,
    transport: TransportColumns | None = None,
    block_rows: int = 4096,
    progress: bool | None = None,
) -> ScoreCounts:
    """`score_with` in this process, with a predictor that is loaded already."""
    options = ScoreOptions(coverage, transport)
    return score_with(
        InProcess(predictor), source, target, options, block_rows=block_rows, progress=progress
    )


def score_with(
    engine: Engine,
    source: Path,
    target: Path,
    options: ScoreOptions,
    *,
    block_rows: int = 4096,
    resume: bool = False,
    restart: bool = False,
    progress: bool | None = None,
) -> ScoreCounts:
    """Read ``source``, predict, write ``target``: one row out for each row in, in order.

    Memory depends on ``block_rows``, not on the length of the list. A carried column whose name
    is also one that is written is written as ``input_<name>``. Only with ``options.transport`` is
    a column density_g_cm3 read, and a row with an unusable one refused. Finished blocks are kept
    in a folder beside ``target`` until all is done: where an OSError, a lost process or Ctrl-C
    ends the run, ``resume`` goes on from there, without which an unfinished run is not touched
    (``restart`` drops it). ``progress`` shows a bar on standard error; by default only where that
    is a terminal. Raises ListError where one of the files cannot be used, EngineError where a
    process that predicts is lost, OSError where reading or writing fails.
    """
    form = check_output(target, source)
    materials = open_list(source)
    if materials.has_structures:
        block_rows = min(block_rows, STRUCTURE_BLOCK_ROWS)
    schema = _schema(materials, options)
    job = _job(source, options, engine.version, schema, block_rows, form)
    parts = Parts(target, job, resume=resume, restart=restart)
    resumed_rows = parts.rows
    shown = sys.stderr.isatty() if progress is None else progress
    try:
        with progress_bar(materials.total, shown, resumed_rows) as bar:
            left = _left(materials.blocks(block_rows), len(parts.done))
            for block, scored in engine.scored(left, options):
                columns = [*block.carried.columns, *scored.table.columns]
                table = pa.table(columns, schema=schema)
                parts.add(part_bytes(table, form.kind), len(block.entries), scored.errors)
                bar.advance_to(block.progress, parts.rows)
        join_parts(parts.files, target, schema, form)
    except BaseException as error:
        # What is at fault with the list or with us would end the next run the same way.
        keep = isinstance(error, OSError | EngineError | KeyboardInterrupt) and parts.done
        parts.close() if keep else parts.remove()
        raise
    counts = ScoreCounts(parts.rows, parts.errors, resumed_rows)
    parts.remove()
    return counts


def _schema(materials: MaterialList, options: ScoreOptions) -> pa.Schema:
    written = options.fields()
    names = carried_names(materials.carried.names, [field.name for field in written])
    return pa.schema(
        [*(field.with_name(names[field.name]) for field in materials.carried), *written]
    )


def _job(
    source: Path,
    options: ScoreOptions,
    version: str,
    schema: pa.Schema,
    block_rows: int,
    form: ListFormat,
) -> Job:
    return Job(
        input=fingerprint(source),
        options=json.dumps(asdict(options), sort_keys=True),
        model_version=version,
        columns=hashlib.sha256(schema.to_string().encode()).hexdigest(),
        block_rows=block_rows,
        format=form.kind,
    )


def _left(blocks: Iterator[InputBlock], done: int) -> Iterator[InputBlock]:
    """The blocks after those that are done."""
    return (block for number, block in enumerate(blocks) if number >= done)

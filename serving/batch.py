"""Scoring of lists: rows in, the same rows out with predictions beside them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa

from models.predictor import Predictor
from models.transport_picture import (
    DEFAULT_HAVEN_RATIO,
    DEFAULT_SEPARATOR_THICKNESS_UM,
    TRANSPORT_PROPERTIES,
)
from serving.blocks import VALUE_COLUMNS, ScoredBlock, score_block
from serving.readers import open_list
from serving.rows import InputBlock, ListError, with_densities
from serving.writers import check_output, open_output

OUTPUT_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("formula", "mobile_ion", "status", "error")]
    + [(name, pa.float64()) for name in VALUE_COLUMNS]
    + [("model_version", pa.string())]
    + [("in_domain", pa.bool_()), ("domain_reasons", pa.string())]
    + [("distance_percentile", pa.float64())]
)
"""What is written after the carried columns, in this order."""

TRANSPORT_COLUMNS = tuple(
    f"{name}{ending}" for name in TRANSPORT_PROPERTIES for ending in ("", "_lower", "_upper")
)
TRANSPORT_SCHEMA = pa.schema(
    [*((name, pa.float64()) for name in TRANSPORT_COLUMNS), ("transport_notes", pa.string())]
)
"""What is written after OUTPUT_SCHEMA where it is asked for."""


@dataclass(frozen=True)
class TransportColumns:
    """That the columns of TRANSPORT_SCHEMA are asked for, and for which conditions."""

    haven_ratio: float = DEFAULT_HAVEN_RATIO
    separator_thickness_um: float = DEFAULT_SEPARATOR_THICKNESS_UM


@dataclass(frozen=True)
class ScoreCounts:
    """How many rows a list had, and how many of them ended as errors."""

    rows: int
    errors: int


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
    """Read ``source``, predict, write ``target``: one row out for each row in, in order.

    Memory depends on ``block_rows``, not on the length of the list. A carried column whose name
    is also one that is written is written as ``input_<name>``. Only with ``transport`` is a column
    density_g_cm3 read, and a row with an unusable one refused. ``progress`` shows a bar on standard
    error; by default only where that is a terminal. Raises ListError where one of the files cannot
    be used, OSError where reading or writing fails.
    """
    check_output(target)
    if target.exists() and source.exists() and target.samefile(source):
        raise ListError("the output would replace the list itself; give it another name")
    materials = open_list(source)
    written = [*OUTPUT_SCHEMA, *(TRANSPORT_SCHEMA if transport else [])]
    names = carried_names(materials.carried.names, [field.name for field in written])
    carried = [field.with_name(names[field.name]) for field in materials.carried]
    schema = pa.schema([*carried, *written])
    rows = errors = 0
    shown = sys.stderr.isatty() if progress is None else progress
    with open_output(target, schema) as output, _bar(materials.total, shown) as bar:
        for block in materials.blocks(block_rows):
            scored = _scored(predictor, block, coverage, transport)
            columns = [*block.carried.columns, *_output_columns(block, scored, predictor.version)]
            if transport:
                columns += _transport_columns(scored)
            output.write(pa.table(columns, schema=schema))
            rows += len(block.entries)
            errors += len(block.entries) - scored.answered
            bar.advance_to(block.progress, rows)
    return ScoreCounts(rows, errors)


def carried_names(names: Sequence[str], written: Sequence[str]) -> dict[str, str]:
    """Output name of each carried column; ``input_`` goes before one that clashes."""
    taken = {*written, *names}
    renamed = {}
    for name in names:
        new = name
        if name in written:
            while new in taken:
                new = f"input_{new}"
            taken.add(new)
        renamed[name] = new
    return renamed


def _scored(
    predictor: Predictor, block: InputBlock, coverage: float, transport: TransportColumns | None
) -> ScoredBlock:
    if transport is None:
        return score_block(predictor, block.entries, coverage=coverage)
    return score_block(
        predictor,
        with_densities(block),
        coverage=coverage,
        haven_ratio=transport.haven_ratio,
        separator_thickness_um=transport.separator_thickness_um,
    )


def _output_columns(block: InputBlock, scored: ScoredBlock, version: str) -> list[pa.Array]:
    """The columns of OUTPUT_SCHEMA for one block, a missing value being null."""
    count = len(block.entries)
    formulas: list[str | None] = list(block.formulas)
    ions: list[str | None] = [None] * count
    values = np.full((count, len(VALUE_COLUMNS)), np.nan)
    inside: list[bool | None] = [None] * count
    reasons: list[str | None] = [None] * count
    percentile = np.full(count, np.nan)
    for part in scored.parts:
        frame, domain = part.prediction.frame, part.prediction.domain
        percentile[part.rows] = domain.percentile
        for row, within, why in zip(part.rows, domain.in_domain, domain.reasons, strict=True):
            inside[row], reasons[row] = within, " | ".join(why) or None
        values[part.rows] = frame[list(VALUE_COLUMNS)].to_numpy(np.float64)
        for row, formula, ion in zip(part.rows, frame["formula"], frame["mobile_ion"], strict=True):
            formulas[row] = formula
            ions[row] = ion if isinstance(ion, str) else None
    for row, rejection in enumerate(scored.rejections):
        if rejection is not None:
            values[row], percentile[row], inside[row], reasons[row] = np.nan, np.nan, None, None
    texts = [
        formulas,
        ions,
        ["ok" if rejection is None else "error" for rejection in scored.rejections],
        [None if rejection is None else str(rejection) for rejection in scored.rejections],
    ]
    return [
        *(pa.array(column, pa.string()) for column in texts),
        *(pa.array(column, pa.float64(), from_pandas=True) for column in values.T),
        pa.array([version] * count, pa.string()),
        pa.array(inside, pa.bool_()),
        pa.array(reasons, pa.string()),
        pa.array(percentile, pa.float64(), from_pandas=True),
    ]


def _transport_columns(scored: ScoredBlock) -> list[pa.Array]:
    """The columns of TRANSPORT_SCHEMA for one block, a missing value being null."""
    count = len(scored.rejections)
    values = np.full((count, len(TRANSPORT_COLUMNS)), np.nan)
    notes: list[str | None] = [None] * count
    for part in scored.parts:
        picture = part.prediction.transport
        bands = [bound for name in TRANSPORT_PROPERTIES for bound in getattr(picture, name)]
        values[part.rows] = np.column_stack(bands)
        for row, lines in zip(part.rows, picture.notes, strict=True):
            notes[row] = " | ".join(lines)
    for row, rejection in enumerate(scored.rejections):
        if rejection is not None:
            values[row], notes[row] = np.nan, None
    return [
        *(pa.array(column, pa.float64(), from_pandas=True) for column in values.T),
        pa.array(notes, pa.string()),
    ]


class _Bar(Protocol):
    def advance_to(self, position: int, rows: int) -> None: ...


class _NoBar:
    def advance_to(self, position: int, rows: int) -> None:
        """Show nothing."""


@contextmanager
def _bar(total: int, shown: bool) -> Iterator[_Bar]:
    """A progress bar on standard error, with rows done and time left."""
    if not shown:
        yield _NoBar()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    columns = (
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rows]:,} rows, {task.fields[rate]:,.0f}/s"),
        TimeLeft(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("score", total=total, rows=0, rate=0.0)

        class Shown:
            def advance_to(self, position: int, rows: int) -> None:
                elapsed = progress.tasks[0].elapsed or 0.0
                rate = rows / elapsed if elapsed else 0.0
                progress.update(task, completed=position, rows=rows, rate=rate)

        yield Shown()

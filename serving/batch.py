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
from serving.blocks import VALUE_COLUMNS, ScoredBlock, score_block
from serving.readers import open_list
from serving.rows import InputBlock, ListError
from serving.writers import check_output, open_output

OUTPUT_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("formula", "mobile_ion", "status", "error")]
    + [(name, pa.float64()) for name in VALUE_COLUMNS]
    + [("model_version", pa.string())]
)
"""What is written after the carried columns, in this order."""


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
    block_rows: int = 4096,
    progress: bool | None = None,
) -> ScoreCounts:
    """Read ``source``, predict, write ``target``: one row out for each row in, in order.

    Memory depends on ``block_rows``, not on the length of the list. A carried column whose name
    is also one of OUTPUT_SCHEMA is written as ``input_<name>``. ``progress`` shows a bar on
    standard error; by default only where that is a terminal. Raises ListError where one of the
    files cannot be used, OSError where reading or writing fails.
    """
    check_output(target)
    if target.exists() and source.exists() and target.samefile(source):
        raise ListError("the output would replace the list itself; give it another name")
    materials = open_list(source)
    names = carried_names(materials.carried.names)
    carried = [field.with_name(names[field.name]) for field in materials.carried]
    schema = pa.schema([*carried, *OUTPUT_SCHEMA])
    rows = errors = 0
    shown = sys.stderr.isatty() if progress is None else progress
    with open_output(target, schema) as output, _bar(materials.total, shown) as bar:
        for block in materials.blocks(block_rows):
            scored = score_block(predictor, block.entries, coverage=coverage)
            columns = [*block.carried.columns, *_output_columns(block, scored, predictor.version)]
            output.write(pa.table(columns, schema=schema))
            rows += len(block.entries)
            errors += len(block.entries) - scored.answered
            bar.advance_to(block.progress, rows)
    return ScoreCounts(rows, errors)


def carried_names(names: Sequence[str]) -> dict[str, str]:
    """Output name of each carried column; ``input_`` goes before one that clashes."""
    taken = {*OUTPUT_SCHEMA.names, *names}
    renamed = {}
    for name in names:
        new = name
        if name in OUTPUT_SCHEMA.names:
            while new in taken:
                new = f"input_{new}"
            taken.add(new)
        renamed[name] = new
    return renamed


def _output_columns(block: InputBlock, scored: ScoredBlock, version: str) -> list[pa.Array]:
    """The columns of OUTPUT_SCHEMA for one block, a missing value being null."""
    count = len(block.entries)
    formulas: list[str | None] = list(block.formulas)
    ions: list[str | None] = [None] * count
    values = np.full((count, len(VALUE_COLUMNS)), np.nan)
    for part in scored.parts:
        frame = part.prediction.frame
        values[part.rows] = frame[list(VALUE_COLUMNS)].to_numpy(np.float64)
        for row, formula, ion in zip(part.rows, frame["formula"], frame["mobile_ion"], strict=True):
            formulas[row] = formula
            ions[row] = ion if isinstance(ion, str) else None
    values[[rejection is not None for rejection in scored.rejections]] = np.nan
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

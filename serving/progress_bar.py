"""How far a list is scored, on standard error: rows done, rate, time left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Bar(Protocol):
    """Shows a position."""

    def advance_to(self, position: int, rows: int) -> None:
        """``position`` in the unit of the list's total; ``rows`` done, of this run and before."""
        ...


class _NoBar:
    def advance_to(self, position: int, rows: int) -> None:
        """Show nothing."""


@contextmanager
def progress_bar(total: int, shown: bool, rows_before: int = 0) -> Iterator[Bar]:
    """A bar over ``total``; the rate is of this run, without the rows of an earlier one."""
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
                rate = (rows - rows_before) / elapsed if elapsed else 0.0
                progress.update(task, completed=position, rows=rows, rate=rate)

        yield Shown()

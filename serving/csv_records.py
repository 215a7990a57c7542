"""The records of a CSV file, one after the other; one that is not CSV takes no other with it."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator


def csv_records(stream: Iterable[str]) -> Iterator[tuple[int, list[str] | csv.Error]]:
    """Fields of each record with the number of its last line.

    An error in place of the fields where a line is not CSV, as when it opens a quote that is not
    closed: read on, it would swallow the lines up to the next quote. The lines after it are read
    as records again.
    """
    lines = _Lines(stream)
    reader = csv.reader(lines, strict=True)
    while True:
        try:
            record = next(reader, None)
        except csv.Error as error:
            lines.back_to_second()
            yield lines.number, error
            reader = csv.reader(lines, strict=True)
            continue
        if record is None:
            return
        lines.taken.clear()
        yield lines.number, record


class _Lines:
    """The lines of a file, with those of the record that is being read."""

    def __init__(self, stream: Iterable[str]) -> None:
        self.taken: list[str] = []
        self.number = 0
        self._stream = iter(stream)
        self._again: deque[str] = deque()

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._stream)
        self.taken.append(line)
        self.number += 1
        return line

    def back_to_second(self) -> None:
        """Give out again all lines of the record but the first."""
        self._again.extendleft(reversed(self.taken[1:]))
        self.number -= max(0, len(self.taken) - 1)
        self.taken.clear()

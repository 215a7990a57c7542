"""The structures of a list, read in processes of their own while earlier rows are predicted."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path

from features.material import InvalidMaterial, Material
from features.structure_pool import StructureJob, StructurePool
from serving.blocks import MaterialText, Rejection, read_material
from serving.rows import InputBlock

Entries = Sequence[MaterialText | Rejection]
Read = list[Material | Rejection]

BLOCKS_AHEAD = 2


class StructureRows:
    """Reads the materials of blocks; see `features.structure_pool` for the limits."""

    def __init__(
        self,
        processes: int,
        *,
        time_limit_s: float = 5.0,
        memory_limit_bytes: int = 2 * 2**30,
        cache: Path | None = None,
    ) -> None:
        self._pool = StructurePool(processes, time_limit_s, memory_limit_bytes, cache)

    def read_ahead(
        self, blocks: Iterable[tuple[InputBlock, Entries]]
    ) -> Iterator[tuple[InputBlock, Read]]:
        """Each block with its materials, in order; the next blocks are read meanwhile."""
        waiting: deque[
            tuple[InputBlock, Entries, list[int], Future[list[Material | InvalidMaterial]]]
        ] = deque()
        try:
            for block, entries in blocks:
                rows = [row for row, entry in enumerate(entries) if _is_structure(entry)]
                jobs = [_job(entries[row]) for row in rows]
                waiting.append((block, entries, rows, self._pool.submit(jobs)))
                if len(waiting) > BLOCKS_AHEAD:
                    yield _finished(*waiting.popleft())
            while waiting:
                yield _finished(*waiting.popleft())
        finally:
            for *_, future in waiting:
                future.cancel()

    def read(self, entries: Entries) -> Read:
        """The materials of one block."""
        rows = [row for row, entry in enumerate(entries) if _is_structure(entry)]
        found = self._pool.read([_job(entries[row]) for row in rows])
        return _merged(entries, rows, found)

    def close(self) -> None:
        """End the processes."""
        self._pool.close()


def _is_structure(entry: MaterialText | Rejection) -> bool:
    return isinstance(entry, MaterialText) and entry.format != "formula"


def _job(entry: MaterialText | Rejection) -> StructureJob:
    if not isinstance(entry, MaterialText):
        raise TypeError("a refused row is no job")
    return StructureJob(entry.text, entry.format)


def _finished(
    block: InputBlock,
    entries: Entries,
    rows: Sequence[int],
    future: Future[list[Material | InvalidMaterial]],
) -> tuple[InputBlock, Read]:
    return block, _merged(entries, rows, future.result())


def _merged(
    entries: Entries, rows: Sequence[int], found: Sequence[Material | InvalidMaterial]
) -> Read:
    structures = dict(zip(rows, found, strict=True))
    return [
        _material(structures[row]) if row in structures else read_material(entry)
        for row, entry in enumerate(entries)
    ]


def _material(reading: Material | InvalidMaterial) -> Material | Rejection:
    if isinstance(reading, InvalidMaterial):
        return Rejection("invalid_material", reading.field, reading.message)
    return reading

"""Which files scoring reads and writes, by their endings, and the bytes in them.

A list ends in .csv, .jsonl, .ndjson, .parquet or .pq; the text ones also in a further .gz or .zst.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

import pyarrow as pa

Kind = Literal["csv", "jsonl", "parquet"]
Compression = Literal["", "gzip", "zstd"]

KINDS: dict[str, Kind] = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
COMPRESSIONS: dict[str, Compression] = {".gz": "gzip", ".zst": "zstd"}
OUTPUT_ENDINGS = ".csv, .parquet or .jsonl (the text ones also with .gz or .zst behind)"


@dataclass(frozen=True)
class ListFormat:
    """What a list is written as."""

    kind: Kind
    compression: Compression = ""


def format_of(path: Path) -> ListFormat | None:
    """By the ending of the name; None where it is not one of ours."""
    endings = [ending.lower() for ending in path.suffixes]
    compression: Compression = COMPRESSIONS.get(endings[-1], "") if endings else ""
    kind = (
        KINDS.get(endings[-2 if compression else -1]) if len(endings) > bool(compression) else None
    )
    if kind is None or (kind == "parquet" and compression):
        return None
    return ListFormat(kind, compression)


@contextmanager
def reading(path: Path, compression: Compression) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """(bytes as they are in the file, bytes of the list); the first tells how far one is.

    Raises OSError; damaged compression raises OSError or EOFError while it is read.
    """
    with path.open("rb") as raw:
        if compression == "gzip":
            with gzip.open(raw) as plain:
                yield raw, plain  # type: ignore[misc]  # a GzipFile reads bytes
        elif compression == "zstd":
            with pa.CompressedInputStream(pa.PythonFile(raw, "r"), "zstd") as stream:
                yield raw, io.BufferedReader(_Readable(stream), 1 << 18)
        else:
            yield raw, raw


@contextmanager
def writing(path: Path, compression: Compression) -> Iterator[IO[bytes]]:
    """A file to write; compressed content is one member, and the same for the same bytes."""
    with path.open("wb") as raw:
        if compression == "gzip":
            # No name and no time in it: two runs give the same file.
            with gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
                yield packed  # type: ignore[misc]
        elif compression == "zstd":
            with pa.CompressedOutputStream(pa.PythonFile(raw, "w"), "zstd") as stream:
                yield stream
        else:
            yield raw


class _Readable(io.RawIOBase):
    """An Arrow stream as the standard library's readers want it."""

    def __init__(self, stream: pa.NativeFile) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        content = self._stream.read(len(view))
        view[: len(content)] = content
        return len(content)

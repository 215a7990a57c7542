"""A list that is being scored: its finished blocks in a folder beside the output.

``OUT.parts/`` holds ``job.json`` (what is scored, with what), one file a block, and
``done.jsonl``, a line for each block that is wholly on disk. A run that was cut short at any
moment, by kill -9 too, goes on from there.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from features.whole_files import write_whole
from serving.rows import ListError

JOB, DONE = "job.json", "done.jsonl"


@dataclass(frozen=True)
class Job:
    """What must be the same for a run to go on where an earlier one stopped."""

    input: str  # fingerprint of the list
    options: str
    model_version: str
    columns: str  # fingerprint of the schema written
    block_rows: int
    format: str


REASONS = {
    "input": "the list has changed since",
    "options": "other options were asked for",
    "model_version": "another model is in use now",
    "columns": "the columns are others now",
    "block_rows": "FRENKEL_BLOCK_ROWS has changed",
    "format": "the output is of another format",
}


@dataclass(frozen=True)
class Part:
    """A finished block: its rows, how many of them are errors, and the bytes of its file."""

    rows: int
    errors: int
    bytes: int


class Parts:
    """The folder of one output, held by one run at a time.

    Raises ListError where another run holds it, or where it belongs to another job; OSError.
    """

    def __init__(self, target: Path, job: Job, *, resume: bool, restart: bool = False) -> None:
        self.folder = folder_of(target)
        if (self.folder / JOB).exists() and restart:  # never a folder that is not ours
            shutil.rmtree(self.folder)
        if self.folder.exists() and not _is_bare(self.folder):
            if not (self.folder / JOB).exists():
                raise ListError(
                    f"'{self.folder}' holds no unfinished run but something else; move it away"
                )
            if not resume:
                raise ListError(
                    f"'{self.folder}' holds an unfinished run; go on with it by --resume, or "
                    "begin anew by --restart"
                )
            _check_same(self.folder, job)
        else:
            self.folder.mkdir(exist_ok=True)
            try:
                write_whole(self.folder / JOB, json.dumps(asdict(job), indent=1).encode())
            except OSError:
                shutil.rmtree(self.folder, ignore_errors=True)
                raise
        self._journal = _held(self.folder / DONE)
        self.done = self._finished()
        # What follows the last whole line is of a write that was cut off.
        os.ftruncate(self._journal, sum(len(_line(part)) for part in self.done))

    @property
    def files(self) -> list[Path]:
        """The finished parts, in order."""
        return [self._path(number) for number in range(len(self.done))]

    @property
    def rows(self) -> int:
        """Rows that are finished."""
        return sum(part.rows for part in self.done)

    @property
    def errors(self) -> int:
        """Finished rows that are errors."""
        return sum(part.errors for part in self.done)

    def add(self, content: bytes, rows: int, errors: int) -> None:
        """Put the next block on disk. Raises OSError; what was there stays usable."""
        write_whole(self._path(len(self.done)), content)
        part = Part(rows, errors, len(content))
        os.lseek(self._journal, 0, os.SEEK_END)
        os.write(self._journal, _line(part))
        os.fsync(self._journal)
        self.done.append(part)

    def remove(self) -> None:
        """Delete the folder: the output is whole, or nothing is worth keeping."""
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def close(self) -> None:
        """Let go of the folder; safe to call again."""
        if self._journal >= 0:
            os.close(self._journal)
            self._journal = -1

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:08d}.part"

    def _finished(self) -> list[Part]:
        """The blocks from the first on whose line and file are whole."""
        lines = (self.folder / DONE).read_bytes().split(b"\n")[:-1]
        parts: list[Part] = []
        for number, line in enumerate(lines):
            try:
                part = Part(**json.loads(line))
            except (ValueError, TypeError):
                break
            path = self._path(number)
            if not path.is_file() or path.stat().st_size != part.bytes:
                break
            parts.append(part)
        return parts


def folder_of(target: Path) -> Path:
    """Where the parts of an output are."""
    return target.with_name(f"{target.name}.parts")


def unfinished_rows(target: Path) -> int:
    """Rows that an unfinished run of this output has done; 0 where there is none."""
    try:
        lines = (folder_of(target) / DONE).read_bytes().split(b"\n")[:-1]
        return sum(int(json.loads(line)["rows"]) for line in lines)
    except (OSError, ValueError, LookupError):
        return 0


def fingerprint(source: Path) -> str:
    """sha256 of a file, or of the names, sizes and times of a folder's files."""
    digest = hashlib.sha256()
    if source.is_dir():
        for path in sorted(source.iterdir()):
            status = path.stat()
            digest.update(f"{path.name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
        return digest.hexdigest()
    with source.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _is_bare(folder: Path) -> bool:
    """Whether a run was cut off before it had noted what it does."""
    return all(path.match("tmp*.part") for path in folder.iterdir())


def _check_same(folder: Path, job: Job) -> None:
    try:
        found: dict[str, Any] = json.loads((folder / JOB).read_text())
    except (OSError, ValueError) as error:
        raise ListError(
            f"'{folder}' is no unfinished run that can go on; begin anew by --restart"
        ) from error
    for field in fields(Job):
        if found.get(field.name) != getattr(job, field.name):
            raise ListError(
                f"the run in '{folder}' cannot go on: {REASONS[field.name]}; begin anew by "
                "--restart"
            )


def _held(path: Path) -> int:
    """A descriptor of the journal that no other run has."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise ListError(f"another run is at work in '{path.parent}'") from error
    return descriptor


def _line(part: Part) -> bytes:
    return json.dumps(asdict(part)).encode() + b"\n"

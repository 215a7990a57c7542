"""Named members of a tar or zip file, read into memory; nothing is written to disk."""

from __future__ import annotations

import tarfile
import zipfile
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

MEMBER_BYTES = 64_000_000
ALL_MEMBERS_BYTES = 256_000_000


class UnreadableArchive(ValueError):
    """The archive is damaged, lacks a member that is needed, or holds one that is too large."""


def read_members(archive: Path, patterns: tuple[str, ...]) -> dict[str, bytes]:
    """Contents of the members that match ``patterns``, by name.

    For a tar file (a source distribution) the one top folder is cut off the names first.
    Names that are absolute or climb with ``..`` never match. Raises UnreadableArchive.
    """
    try:
        if archive.suffix in {".whl", ".zip"}:
            found = _zip_members(archive, patterns)
        else:
            found = _tar_members(archive, patterns)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError) as error:
        raise UnreadableArchive(f"{archive.name}: {error}") from error
    for pattern in patterns:
        if not any(_matches(name, (pattern,)) for name in found):
            raise UnreadableArchive(f"{archive.name} has no member {pattern!r}")
    return found


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name:
        return False
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _check_size(archive: Path, name: str, size: int, total: int) -> None:
    if size > MEMBER_BYTES or total + size > ALL_MEMBERS_BYTES:
        raise UnreadableArchive(f"{archive.name}: member {name!r} is too large ({size} bytes)")


def _tar_members(archive: Path, patterns: tuple[str, ...]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    total = 0
    with tarfile.open(archive, "r:*") as tar:
        for member in tar:
            name = member.name.partition("/")[2]
            if not member.isfile() or member.name.startswith("/") or not _matches(name, patterns):
                continue
            _check_size(archive, name, member.size, total)
            stream = tar.extractfile(member)
            if stream is not None:
                found[name] = stream.read()
                total += member.size
    return found


def _zip_members(archive: Path, patterns: tuple[str, ...]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    total = 0
    with zipfile.ZipFile(archive) as zipped:
        for info in zipped.infolist():
            if info.is_dir() or not _matches(info.filename, patterns):
                continue
            _check_size(archive, info.filename, info.file_size, total)
            found[info.filename] = zipped.read(info)
            total += info.file_size
    return found

"""One data file from the first place that has it unaltered.

Order: cache, mirror folder, package index (through the user's own pip), https. Every file is
checked against its sha256 before it is used; a file that differs is named and passed over.
"""

from __future__ import annotations

import hashlib
import logging
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import urlsplit

from training.sources import PackageFile, Source, SourceStatus, Via

_log = logging.getLogger(__name__)

CONNECT_SECONDS = 5.0
TRANSFER_SECONDS = 300.0
PIP_SECONDS = 600.0
MAX_FILE_BYTES = 64_000_000
_CHUNK = 1 << 16

Opener = Callable[[str, float], BinaryIO]


class Unavailable(Exception):
    """One place could not give the file; the message says why."""


@dataclass(frozen=True)
class Fetched:
    """What became of a source, and where its checked file lies if it could be had."""

    status: SourceStatus
    path: Path | None


def open_https(url: str, timeout_s: float) -> BinaryIO:
    """The body of an https address as a stream."""
    request = urllib.request.Request(url, headers={"User-Agent": "frenkel"})
    return cast(BinaryIO, urllib.request.urlopen(request, timeout=timeout_s))


def sha256_of(path: Path) -> str:
    """Hex sha256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class SourceFetcher:
    """Fetches sources into one cache; remembers what failed, so nothing is tried twice.

    A mirror file is read where it lies and not copied. ``offline`` leaves out the last two places.
    """

    def __init__(
        self,
        cache: Path,
        *,
        mirror: Path | None = None,
        offline: bool = False,
        opener: Opener = open_https,
    ) -> None:
        self.folder = cache / "sources"
        self.mirror = mirror
        self.offline = offline
        self._opener = opener
        self._came_by: dict[str, Via] = {}
        self._failed_packages: dict[str, str] = {}
        self._failed_hosts: dict[str, str] = {}

    def fetch(self, source: Source) -> Fetched:
        """The source's file from the first place that has it, and a status; never raises."""
        troubles: list[str] = []
        for via, find in self._places(source):
            try:
                path = find()
            except Unavailable as error:
                troubles.append(f"{via}: {error}")
                continue
            if path is None:
                continue
            found = sha256_of(path)
            if found != source.sha256:
                troubles.append(
                    f"{via}: {path.name} is altered (sha256 {found[:12]}, not {source.sha256[:12]})"
                )
                continue
            reason = "; ".join(trouble for trouble in troubles if "altered" in trouble) or None
            if reason:
                _log.warning("source %s: %s; taken from %s", source.name, reason, via)
            # Several sources share one package file: the second finds it in the cache.
            came_by = self._came_by.setdefault(source.filename, via)
            return Fetched(SourceStatus(source.name, True, came_by, found, reason), path)
        reason = "; ".join(troubles) or "no place to look for it"
        _log.warning("source %s is not available: %s", source.name, reason)
        return Fetched(SourceStatus(source.name, False, None, None, reason), None)

    def _places(self, source: Source) -> list[tuple[Via, Callable[[], Path | None]]]:
        places: list[tuple[Via, Callable[[], Path | None]]] = [
            ("cache", lambda: self._from_cache(source)),
            ("mirror", lambda: self._from_mirror(source)),
        ]
        package = source.package
        if package is not None:
            places.append(("package index", lambda: self._from_package(source, package)))
        if source.https:
            places.append(("https", lambda: self._from_https(source)))
        return places

    def _from_cache(self, source: Source) -> Path | None:
        path = self.folder / source.filename
        return path if path.is_file() else None

    def _from_mirror(self, source: Source) -> Path | None:
        if self.mirror is None or source.mirror is None:
            return None
        path = self.mirror / source.mirror
        if not path.is_file():
            raise Unavailable(f"no file {source.mirror}")
        return path

    def _from_package(self, source: Source, package: PackageFile) -> Path:
        if self.offline:
            raise Unavailable("not asked, offline")
        if package.filename not in self._failed_packages:
            try:
                return self._store(source, partial(pip_download, source, package))
            except Unavailable as error:
                self._failed_packages[package.filename] = str(error)
        raise Unavailable(self._failed_packages[package.filename])

    def _from_https(self, source: Source) -> Path:
        if self.offline:
            raise Unavailable("not asked, offline")
        troubles: list[str] = []
        for url in source.https:
            host = urlsplit(url).netloc
            if host in self._failed_hosts:
                troubles.append(self._failed_hosts[host])
                continue
            try:
                return self._store(source, partial(self._download, url))
            except _HostUnreachable as error:
                self._failed_hosts[host] = str(error)
                troubles.append(str(error))
            except Unavailable as error:
                troubles.append(str(error))
        raise Unavailable("; ".join(troubles))

    def _store(self, source: Source, get: Callable[[Path], Path]) -> Path:
        """Download into a temporary folder; only an unaltered file enters the cache."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=".partial-") as name:
            path = get(Path(name))
            found = sha256_of(path)
            if found != source.sha256:
                raise Unavailable(
                    f"{path.name} is altered (sha256 {found[:12]}, not {source.sha256[:12]})"
                )
            kept = self.folder / source.filename
            os.replace(path, kept)
        return kept

    def _download(self, url: str, folder: Path) -> Path:
        path = folder / url.rsplit("/", 1)[-1]
        deadline = time.monotonic() + TRANSFER_SECONDS
        received = 0
        try:
            with self._opener(url, CONNECT_SECONDS) as body, path.open("wb") as out:
                while chunk := body.read(_CHUNK):
                    received += len(chunk)
                    if received > MAX_FILE_BYTES:
                        raise Unavailable(f"{url} is larger than {MAX_FILE_BYTES} bytes")
                    if time.monotonic() > deadline:
                        raise Unavailable(f"{url} took longer than {TRANSFER_SECONDS:.0f} s")
                    out.write(chunk)
        except urllib.error.HTTPError as error:
            raise Unavailable(f"{url} answered {error.code}") from error
        except OSError as error:
            cause = getattr(error, "reason", error)
            raise _HostUnreachable(f"{urlsplit(url).netloc} is unreachable ({cause})") from error
        return path


class _HostUnreachable(Unavailable):
    """The host gave no answer, so its other files need not be tried."""


def pip_download(source: Source, package: PackageFile, folder: Path) -> Path:
    """The package's release file through the user's pip, hash-checked by pip before it is read.

    pip prepares the metadata of a source distribution, so the hash is given to pip as well: an
    altered archive is refused before any of its code could run. Raises Unavailable.
    """
    wanted = folder / "requirement.txt"
    wanted.write_text(f"{package.requirement} --hash=sha256:{source.sha256}\n", encoding="utf-8")
    name = package.requirement.partition("==")[0]
    form = "--no-binary" if package.kind == "sdist" else "--only-binary"
    command = [
        *(sys.executable, "-m", "pip", "download", "--no-deps", "--no-input", "--quiet"),
        *("--disable-pip-version-check", "--timeout", "15", "--retries", "1"),
        *("--ignore-requires-python", form, name),
        *("--dest", str(folder), "--require-hashes", "-r", str(wanted)),
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PIP_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"pip download {package.requirement}: {error}") from error
    path = folder / package.filename
    if done.returncode != 0 or not path.is_file():
        raise Unavailable(f"pip download {package.requirement}: {_pip_reason(done.stderr)}")
    return path


def _pip_reason(stderr: str) -> str:
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    if any("DO NOT MATCH THE HASHES" in line for line in lines):
        return "the index's file is altered (pip: hashes do not match)"
    errors = [line for line in lines if line.startswith("ERROR")]
    return (errors or lines or ["no file came"])[-1][:300]


def fetch(
    source: Source, cache: Path, *, mirror: Path | None = None, offline: bool = False
) -> Fetched:
    """One source on its own; see SourceFetcher for many."""
    return SourceFetcher(cache, mirror=mirror, offline=offline).fetch(source)

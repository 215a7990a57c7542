"""Where files come from: order, hashes, failures. No test here leaves the machine."""

from __future__ import annotations

import dataclasses
import hashlib
import http.server
import re
import threading
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from training import fetching
from training.archives import read_members
from training.fetching import SourceFetcher, Unavailable, pip_download, sha256_of
from training.sources import SOURCES, NoSources, PackageFile, Source, cache_dir, source_named
from training.tables import load_dataset

CONTENT = b"formula,value\nLiF,1\n"
ALTERED = b"formula,value\nLiF,2\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def a_source(**changes: object) -> Source:
    plain = Source(
        name="example",
        provides="one row",
        citation="nobody",
        licence="none",
        doi=None,
        sha256=SHA256,
        https=("https://data.invalid/folder/example.csv",),
        mirror="folder/example.csv",
    )
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def refused(url: str, timeout_s: float) -> BinaryIO:
    raise ConnectionRefusedError(111, "refused")


class _Files(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/folder/example.csv":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(CONTENT)
        elif self.path == "/folder/altered.csv":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(ALTERED)
        else:
            self.send_error(404)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing on the terminal."""


@pytest.fixture
def local_opener() -> Iterator[fetching.Opener]:
    """Opens https addresses from a server on this machine, by their path."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Files)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()

    def open_here(url: str, timeout_s: float) -> BinaryIO:
        path = "/" + url.split("/", 3)[3]
        address = f"http://127.0.0.1:{server.server_port}{path}"
        return cast(BinaryIO, urllib.request.urlopen(address, timeout=timeout_s))

    yield open_here
    server.shutdown()
    server.server_close()
    thread.join()


def test_every_source_has_a_hash_a_licence_a_citation_and_a_place() -> None:
    assert len({source.name for source in SOURCES}) == len(SOURCES) == 13
    for source in SOURCES:
        assert re.fullmatch("[0-9a-f]{64}", source.sha256)
        assert source.licence
        assert source.citation
        assert source.provides
        assert source.package is not None or source.mirror
        # The one table that was derived for this project lies at no public address.
        assert source.package or source.https or source.name == "ahmad2018_stability"
        assert all(url.startswith("https://") for url in source.https)


def test_an_unknown_source_is_named_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match=r"no source is called 'nonesuch'.*obelix"):
        source_named("nonesuch")


def test_the_cache_is_asked_before_the_mirror(tmp_path: Path) -> None:
    put(tmp_path / "cache/sources/example.csv", CONTENT)
    put(tmp_path / "mirror/folder/example.csv", CONTENT)
    fetcher = SourceFetcher(tmp_path / "cache", mirror=tmp_path / "mirror", opener=refused)
    found = fetcher.fetch(a_source())
    assert found.status.via == "cache"
    assert found.status.sha256 == SHA256
    assert found.status.reason is None
    assert found.path == tmp_path / "cache/sources/example.csv"


def test_a_mirror_file_is_read_in_place_and_needs_no_cache(tmp_path: Path) -> None:
    path = put(tmp_path / "mirror/folder/example.csv", CONTENT)
    fetcher = SourceFetcher(tmp_path / "cache", mirror=tmp_path / "mirror", opener=refused)
    found = fetcher.fetch(a_source())
    assert (found.status.via, found.path) == ("mirror", path)
    assert not (tmp_path / "cache").exists()


def test_an_altered_cache_file_is_named_and_the_mirror_asked_next(tmp_path: Path) -> None:
    put(tmp_path / "cache/sources/example.csv", ALTERED)
    put(tmp_path / "mirror/folder/example.csv", CONTENT)
    fetcher = SourceFetcher(tmp_path / "cache", mirror=tmp_path / "mirror", opener=refused)
    found = fetcher.fetch(a_source())
    assert found.status.available
    assert found.status.via == "mirror"
    assert found.status.reason is not None
    assert "cache: example.csv is altered" in found.status.reason
    assert hashlib.sha256(ALTERED).hexdigest()[:12] in found.status.reason


def test_with_every_place_failing_the_status_names_each(tmp_path: Path) -> None:
    put(tmp_path / "mirror/folder/example.csv", ALTERED)
    fetcher = SourceFetcher(tmp_path / "cache", mirror=tmp_path / "mirror", opener=refused)
    found = fetcher.fetch(a_source())
    assert not found.status.available
    assert found.path is None
    assert found.status.reason is not None
    assert "mirror: example.csv is altered" in found.status.reason
    assert "https: data.invalid is unreachable ([Errno 111] refused)" in found.status.reason


def test_https_gives_a_checked_file_that_the_cache_then_has(
    tmp_path: Path, local_opener: fetching.Opener
) -> None:
    found = SourceFetcher(tmp_path, opener=local_opener).fetch(a_source())
    assert found.status.via == "https"
    assert found.path is not None
    assert found.path.read_bytes() == CONTENT
    again = SourceFetcher(tmp_path, opener=refused).fetch(a_source())
    assert again.status.via == "cache"


def test_an_altered_https_file_never_enters_the_cache(
    tmp_path: Path, local_opener: fetching.Opener
) -> None:
    source = a_source(https=("https://data.invalid/folder/altered.csv",))
    found = SourceFetcher(tmp_path, opener=local_opener).fetch(source)
    assert not found.status.available
    assert "altered.csv is altered" in str(found.status.reason)
    assert list((tmp_path / "sources").iterdir()) == []


def test_the_second_address_is_tried_when_the_first_has_no_such_file(
    tmp_path: Path, local_opener: fetching.Opener
) -> None:
    urls = ("https://data.invalid/folder/gone.csv", "https://data.invalid/folder/example.csv")
    found = SourceFetcher(tmp_path, opener=local_opener).fetch(a_source(https=urls))
    assert found.status.via == "https"


def test_a_missing_https_file_is_reported_with_its_answer(
    tmp_path: Path, local_opener: fetching.Opener
) -> None:
    source = a_source(https=("https://data.invalid/folder/gone.csv",))
    found = SourceFetcher(tmp_path, opener=local_opener).fetch(source)
    assert "gone.csv answered 404" in str(found.status.reason)


def test_a_file_over_the_size_limit_is_refused(
    tmp_path: Path, local_opener: fetching.Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MAX_FILE_BYTES", len(CONTENT) - 1)
    found = SourceFetcher(tmp_path, opener=local_opener).fetch(a_source())
    assert not found.status.available
    assert "is larger than" in str(found.status.reason)


def test_an_unreachable_host_is_asked_once_only(tmp_path: Path) -> None:
    asked: list[str] = []

    def dead(url: str, timeout_s: float) -> BinaryIO:
        asked.append(url)
        raise TimeoutError("timed out")

    fetcher = SourceFetcher(tmp_path, opener=dead)
    other = a_source(name="other", https=("https://data.invalid/b.csv",), mirror="b.csv")
    assert not fetcher.fetch(a_source()).status.available
    assert not fetcher.fetch(other).status.available
    assert len(asked) == 1


def test_offline_asks_neither_index_nor_https(tmp_path: Path) -> None:
    def never(url: str, timeout_s: float) -> BinaryIO:
        raise AssertionError("asked the network")

    package = PackageFile("nothing==1", "sdist", "nothing-1.tar.gz", ("a.csv",))
    found = SourceFetcher(tmp_path, offline=True, opener=never).fetch(a_source(package=package))
    assert found.status.reason == ("package index: not asked, offline; https: not asked, offline")


def made_package(folder: Path) -> tuple[Path, str]:
    """A wheel that pip can find in a folder, and its hash."""
    path = folder / "frenkel_example_data-1.0-py3-none-any.whl"
    about = "frenkel_example_data-1.0.dist-info"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("frenkel_example_data/table.csv", CONTENT)
        wheel.writestr(
            f"{about}/METADATA", "Metadata-Version: 2.1\nName: frenkel-example-data\nVersion: 1.0\n"
        )
        wheel.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{about}/RECORD", "")
    return path, sha256_of(path)


def package_source(sha256: str) -> tuple[Source, PackageFile]:
    package = PackageFile(
        "frenkel-example-data==1.0",
        "wheel",
        "frenkel_example_data-1.0-py3-none-any.whl",
        ("frenkel_example_data/*.csv",),
    )
    return a_source(sha256=sha256, package=package, https=(), mirror=None), package


@pytest.fixture
def local_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """pip set by its own environment variables to a folder; gives the hash of what is there."""
    path, sha256 = made_package(tmp_path / "index")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(path.parent))
    return sha256


def test_pip_gives_the_package_file_from_the_index_that_the_user_set(
    tmp_path: Path, local_index: str
) -> None:
    source, package = package_source(local_index)
    found = SourceFetcher(tmp_path / "cache").fetch(source)
    assert found.status.via == "package index", found.status.reason
    assert found.path is not None
    assert read_members(found.path, package.members) == {"frenkel_example_data/table.csv": CONTENT}


def test_pip_refuses_a_package_file_with_another_hash(tmp_path: Path, local_index: str) -> None:
    source, package = package_source("0" * 64)
    assert local_index != "0" * 64
    with pytest.raises(Unavailable, match="altered"):
        pip_download(source, package, tmp_path)


def test_a_package_that_the_index_lacks_is_reported_and_asked_for_once(
    tmp_path: Path, local_index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, package = package_source(local_index)
    absent = dataclasses.replace(
        package, requirement="frenkel-example-nothing==9", filename="x.whl"
    )
    fetcher = SourceFetcher(tmp_path / "cache")
    found = fetcher.fetch(dataclasses.replace(source, package=absent))
    assert not found.status.available
    assert "frenkel-example-nothing==9" in str(found.status.reason)
    monkeypatch.setattr(fetching, "pip_download", None)  # a second call would raise TypeError
    assert fetcher.fetch(dataclasses.replace(source, package=absent)).status == found.status


def test_without_any_source_loading_stops_and_names_each_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FRENKEL_DATA_MIRROR", raising=False)
    with pytest.raises(NoSources) as raised:
        load_dataset(tmp_path, offline=True)
    for source in SOURCES:
        assert f"{source.name}: " in str(raised.value)


def test_the_cache_folder_is_named_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRENKEL_CACHE", "elsewhere")
    assert cache_dir() == Path("elsewhere")
    monkeypatch.delenv("FRENKEL_CACHE")
    assert cache_dir() == Path(".cache/frenkel")

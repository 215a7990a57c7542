from __future__ import annotations

from pathlib import Path

import pytest

from models.bundle import LAYOUT, AlteredBundle, BundleError, Manifest, open_bundle, seal

MANIFEST = Manifest(
    version="",
    trained_at="2026-01-01T00:00:00+00:00",
    data_sha256="00",
    feature_version="1",
    git_commit="unknown",
    sources=[],
    missing_sources=[],
    elements={},
    mobile_ions=["Li"],
    metrics={},
    packages={},
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.json").write_text("{}")
    (tmp_path / "b.ubj").write_bytes(b"\x00\x01\x02")
    seal(tmp_path, MANIFEST)
    return tmp_path


def test_an_untouched_bundle_opens(folder: Path) -> None:
    manifest = open_bundle(folder)
    assert sorted(manifest.files) == ["a.json", "b.ubj"]
    assert len(manifest.version) == 12


@pytest.mark.parametrize("name", ["a.json", "b.ubj", "manifest.json"])
def test_one_changed_byte_is_refused_by_name(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(bytes(content))
    with pytest.raises(AlteredBundle) as caught:
        open_bundle(folder)
    assert caught.value.file == name


def test_a_planted_pickle_is_refused_by_name(folder: Path) -> None:
    (folder / "model.pkl").write_bytes(b"\x80\x04.")
    with pytest.raises(AlteredBundle, match=r"model\.pkl"):
        open_bundle(folder)


def test_a_pickle_is_refused_even_if_the_manifest_lists_it(folder: Path) -> None:
    (folder / "model.pkl").write_bytes(b"\x80\x04.")
    seal(folder, MANIFEST)
    with pytest.raises(AlteredBundle, match=r"model\.pkl"):
        open_bundle(folder)


def test_a_missing_file_is_refused_by_name(folder: Path) -> None:
    (folder / "b.ubj").unlink()
    with pytest.raises(AlteredBundle, match=r"b\.ubj: is missing"):
        open_bundle(folder)


def test_the_version_depends_on_the_content_alone(folder: Path) -> None:
    before = open_bundle(folder).version
    seal(folder, MANIFEST.model_copy(update={"trained_at": "2027-01-01T00:00:00+00:00"}))
    assert open_bundle(folder).version == before


def test_a_missing_bundle_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="make train"):
        open_bundle(tmp_path / "nothing")


def test_a_bundle_of_another_layout_opens_but_is_not_predicted_with(folder: Path) -> None:
    older = open_bundle(folder)
    assert older.layout == 1
    with pytest.raises(BundleError, match="make train"):
        older.check_layout()
    older.model_copy(update={"layout": LAYOUT}).check_layout()

"""Members of archives and the cells of a sheet."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from training.archives import UnreadableArchive, read_members
from training.spreadsheet import read_first_sheet


def tar_with(path: Path, names: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in names.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def test_only_named_members_are_read_from_a_source_distribution(tmp_path: Path) -> None:
    archive = tar_with(
        tmp_path / "p-1.tar.gz", {"p-1/data/a.csv": b"a", "p-1/setup.py": b"raise SystemExit"}
    )
    assert read_members(archive, ("data/*.csv",)) == {"data/a.csv": b"a"}


@pytest.mark.parametrize(
    "name", ["p-1/data/../../a.csv", "/data/a.csv", "p-1//data/a.csv", "p-1/data\\a.csv"]
)
def test_members_that_climb_out_of_the_archive_are_not_read(tmp_path: Path, name: str) -> None:
    archive = tar_with(tmp_path / "p-1.tar.gz", {name: b"evil", "p-1/data/b.csv": b"b"})
    assert read_members(archive, ("*.csv",)) == {"data/b.csv": b"b"}


def test_a_link_inside_an_archive_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "p-1.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        link = tarfile.TarInfo("p-1/data/a.csv")
        link.type = tarfile.SYMTYPE
        link.linkname = "/etc/hostname"
        tar.addfile(link)
    with pytest.raises(UnreadableArchive, match=r"no member 'data/\*.csv'"):
        read_members(path, ("data/*.csv",))


def test_a_member_over_the_size_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.archives.MEMBER_BYTES", 3)
    archive = tar_with(tmp_path / "p-1.tar.gz", {"p-1/a.csv": b"long"})
    with pytest.raises(UnreadableArchive, match="too large"):
        read_members(archive, ("a.csv",))


def test_a_damaged_archive_is_named(tmp_path: Path) -> None:
    path = tmp_path / "p-1.tar.gz"
    path.write_bytes(b"not an archive")
    with pytest.raises(UnreadableArchive, match=r"p-1\.tar\.gz"):
        read_members(path, ("a.csv",))


def test_a_sheet_is_read_by_its_header_with_empty_cells_left_out() -> None:
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    strings = f"<sst {main}><si><t>ID</t></si><si><t>value</t></si><si><t>&lt;1E-10</t></si></sst>"
    sheet = (
        f"<worksheet {main}><sheetData>"
        '<row><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>'
        '<row><c r="A2"><v>7</v></c><c r="B2" t="s"><v>2</v></c></row>'
        '<row><c r="A3"><v>8</v></c><c r="B3"/></row>'
        "</sheetData></worksheet>"
    )
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as zipped:
        zipped.writestr("xl/sharedStrings.xml", strings)
        zipped.writestr("xl/worksheets/sheet1.xml", sheet)
    assert read_first_sheet(book.getvalue()) == [{"ID": "7", "value": "<1E-10"}, {"ID": "8"}]

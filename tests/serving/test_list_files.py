"""Which files are lists, compressed ones among them, and what is written into them."""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import tarfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.batch import score_list
from serving.list_files import ListFormat, format_of, reading, writing
from serving.readers import open_list
from serving.rows import ListError
from serving.writers import inert, join_parts, part_bytes

RUNNABLE = ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\tx", "\rx", "=", "-", "+1e", "--5", "-.", "-1,5"]
HARMLESS = ["-5", "+5.25", "-1e-3", "-.5", "+1E+10", "5-", "a=b", "", " =1", "'=1", "Li-6"]


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.csv", ListFormat("csv")),
        ("a.CSV.GZ", ListFormat("csv", "gzip")),
        ("a.b.jsonl.zst", ListFormat("jsonl", "zstd")),
        ("a.ndjson", ListFormat("jsonl")),
        ("a.pq", ListFormat("parquet")),
        ("a.parquet.gz", None),
        ("a.gz", None),
        ("csv", None),
        ("a.xlsx", None),
    ],
)
def test_the_ending_says_what_a_list_is(name: str, form: ListFormat | None) -> None:
    assert format_of(Path(name)) == form


@pytest.mark.parametrize("compression", ["", "gzip", "zstd"])
def test_what_was_written_is_read(tmp_path: Path, compression: Any) -> None:
    content = b"line\n" * 100_000
    with writing(tmp_path / "x", compression) as stream:
        for start in range(0, len(content), 70_000):
            stream.write(content[start : start + 70_000])
    with reading(tmp_path / "x", compression) as (raw, plain):
        assert plain.read() == content
        assert raw.tell() == (tmp_path / "x").stat().st_size


def test_a_list_of_several_members_is_read_to_its_end(tmp_path: Path) -> None:
    members = [b"formula\nLiCl\n", b"NaCl\n"]
    (tmp_path / "in.csv.gz").write_bytes(b"".join(map(gzip.compress, members)))
    zstd = [pa.compress(member, "zstd", asbytes=True) for member in members]
    (tmp_path / "in.csv.zst").write_bytes(b"".join(zstd))
    for name in ("in.csv.gz", "in.csv.zst"):
        [block] = open_list(tmp_path / name).blocks(10)
        assert block.formulas == ["LiCl", "NaCl"]


@pytest.mark.parametrize("name", ["in.csv.gz", "in.csv.zst", "in.jsonl.gz", "in.jsonl.zst"])
def test_compressed_lists_give_the_same_rows(tmp_path: Path, stand_in: Any, name: str) -> None:
    rows = [{"id": str(n), "formula": f"Li{n}Cl"} for n in range(1, 40)]
    form = format_of(tmp_path / name)
    assert form is not None
    with writing(tmp_path / name, form.compression) as stream:
        if form.kind == "csv":
            lines = ["id,formula", *(f"{row['id']},{row['formula']}" for row in rows)]
        else:
            lines = [json.dumps(row) for row in rows]
        stream.write("".join(line + "\n" for line in lines).encode())
    counts = score_list(tmp_path / name, tmp_path / "out.parquet", stand_in, block_rows=7)
    assert (counts.rows, counts.errors) == (39, 0)
    scored = pq.read_table(tmp_path / "out.parquet")
    assert scored.column("formula").to_pylist() == [row["formula"] for row in rows]


@pytest.mark.parametrize("name", ["in.csv.gz", "in.csv.zst", "in.jsonl.gz"])
@pytest.mark.parametrize("keep", [0.5, 0.98])
def test_a_compressed_list_that_was_cut_is_one_clear_error(
    tmp_path: Path, stand_in: Any, name: str, keep: float
) -> None:
    form = format_of(tmp_path / name)
    assert form is not None
    with writing(tmp_path / "whole", form.compression) as stream:
        head = "formula\n" if form.kind == "csv" else ""
        row = "Li{}Cl\n" if form.kind == "csv" else '{{"formula": "Li{}Cl"}}\n'
        stream.write((head + "".join(row.format(n * n) for n in range(1, 3000))).encode())
    content = (tmp_path / "whole").read_bytes()
    (tmp_path / name).write_bytes(content[: int(keep * len(content))])
    with pytest.raises(ListError, match="damaged"):
        score_list(tmp_path / name, tmp_path / "out.csv", stand_in)
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("ending", ["tar", "tar.gz", "tgz", "tar.zst"])
def test_the_cifs_of_a_tar_are_scored_in_its_order(
    tmp_path: Path, stand_in: Any, disordered_cif: str, ending: str
) -> None:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name, text in (
            ("b/one.cif", disordered_cif),
            ("notes.txt", "x"),
            ("../../a.CIF", disordered_cif),
            ("bad.cif", "junk"),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
        link = tarfile.TarInfo("link.cif")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    compression: Any = {"tar": "", "tar.zst": "zstd"}.get(ending, "gzip")
    with writing(tmp_path / f"in.{ending}", compression) as stream:
        stream.write(plain.getvalue())
    score_list(tmp_path / f"in.{ending}", tmp_path / "out.csv", stand_in)
    with (tmp_path / "out.csv").open() as text:
        rows = list(csv.DictReader(text))
    assert [row["id"] for row in rows] == ["one", "a", "bad"]
    assert [row["status"] for row in rows] == ["ok", "ok", "error"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"in.{ending}", "out.csv"]


@pytest.mark.parametrize("content", [b"", b"junk" * 1000])
def test_a_tar_that_is_none_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "in.tar").write_bytes(content)
    with pytest.raises(ListError, match=r"tar archive|no \.cif files"):
        open_list(tmp_path / "in.tar")


def test_json_lines_hold_a_row_a_line_with_null_for_what_is_missing(tmp_path: Path) -> None:
    table = pa.table(
        {"id": [1, None], "x": [math.nan, 0.1], "text": ["NaN, = é", None], "tags": [["a"], []]}
    )
    lines = part_bytes(table, "jsonl").decode().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"id": 1, "x": None, "text": "NaN, = é", "tags": ["a"]},
        {"id": None, "x": 0.1, "text": None, "tags": []},
    ]


def test_json_lines_have_no_word_for_numbers_that_are_none() -> None:
    nested = [[1.0, math.nan], [math.inf]]
    table = pa.table({"x": [math.inf, -math.inf], "list": nested, "record": [{"y": math.nan}] * 2})
    rows = [
        json.loads(line, parse_constant=pytest.fail)
        for line in part_bytes(table, "jsonl").splitlines()
    ]
    assert rows == [
        {"x": None, "list": [1.0, None], "record": {"y": None}},
        {"x": None, "list": [None], "record": {"y": None}},
    ]


def test_what_a_spreadsheet_would_run_is_written_inert() -> None:
    column = pa.chunked_array([[*RUNNABLE, None], HARMLESS])
    expected = [*(f"'{cell}" for cell in RUNNABLE), None, *HARMLESS]
    assert inert(column) == expected
    assert inert(pa.chunked_array([column.combine_chunks().dictionary_encode()])) == expected
    assert inert(pa.chunked_array([[-5.0, None]])) == [-5.0, None]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_text_cell_is_left_that_a_spreadsheet_runs(cell: str) -> None:
    [written] = inert(pa.chunked_array([[cell]]))
    assert isinstance(written, str)
    if written[:1] in tuple("=+-@\t\r") and written:
        float(written)  # what is left is a number
    assert written.removeprefix("'") == cell.removeprefix("'")


def test_a_name_of_a_column_is_written_inert_too(tmp_path: Path, stand_in: Any) -> None:
    (tmp_path / "in.csv").write_text("formula,=cmd()\nLiCl,x\n")
    score_list(tmp_path / "in.csv", tmp_path / "out.csv", stand_in)
    assert (tmp_path / "out.csv").read_text().startswith("'=cmd(),formula,")


def test_parts_become_one_parquet_file_with_large_row_groups(tmp_path: Path) -> None:
    parts = []
    for number in range(5):
        parts.append(tmp_path / f"{number}.part")
        parts[-1].write_bytes(part_bytes(pa.table({"n": [number] * 20_000}), "parquet"))
    schema = pa.schema([("n", pa.int64())])
    join_parts(parts, tmp_path / "out.parquet", schema, ListFormat("parquet"))
    with pq.ParquetFile(tmp_path / "out.parquet") as file:
        assert file.metadata.num_rows == 100_000
        assert file.metadata.num_row_groups == 2
    join_parts([], tmp_path / "none.parquet", schema, ListFormat("parquet"))
    assert pq.read_table(tmp_path / "none.parquet").num_rows == 0

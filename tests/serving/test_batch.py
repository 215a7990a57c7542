"""Lists in, lists out."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.material import Material
from models.prediction import PROPERTIES
from models.predictor import Predictor
from serving.batch import (
    OUTPUT_SCHEMA,
    TRANSPORT_SCHEMA,
    TransportColumns,
    carried_names,
    score_list,
)
from serving.rows import ListError

OUTPUT_COLUMNS = [
    "formula",
    "mobile_ion",
    "status",
    "error",
    *(f"{name}{ending}" for name in PROPERTIES for ending in ("", "_lower", "_upper")),
    "model_version",
    "in_domain",
    "domain_reasons",
    "distance_percentile",
]


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def score_text(folder: Path, name: str, text: str | bytes, model: Any) -> list[dict[str, str]]:
    source, target = folder / name, folder / "out.csv"
    source.write_bytes(text if isinstance(text, bytes) else text.encode())
    score_list(source, target, model)
    return read_csv(target)


def write_list(frame: pd.DataFrame, path: Path) -> None:
    match path.suffix:
        case ".csv":
            frame.to_csv(path, index=False)
        case ".jsonl":
            frame.to_json(path, orient="records", lines=True)
        case _:
            frame.to_parquet(path)


def test_columns_come_in_the_documented_order(tmp_path: Path, stand_in: Any) -> None:
    score_text(tmp_path, "in.csv", "note,formula,id\nx,Li3PS4,7\n", stand_in)
    header = (tmp_path / "out.csv").read_text().splitlines()[0].split(",")
    assert header == ["note", "id", *OUTPUT_COLUMNS]


def test_a_bad_row_is_an_error_row_and_harms_no_other(tmp_path: Path, stand_in: Any) -> None:
    formulas = ["Li3PS4", "Xx3", "", "Fe2O3", "Fe3O4", "Na3PS4"]
    text = "id,formula\n" + "".join(f"{n},{formula}\n" for n, formula in enumerate(formulas))
    rows = score_text(tmp_path, "in.csv", text, stand_in)
    assert [row["id"] for row in rows] == ["0", "1", "2", "3", "4", "5"]
    assert [row["status"] for row in rows] == ["ok", "error", "error", "error", "error", "ok"]
    assert [row["formula"] for row in rows] == formulas
    assert all((row["error"] == "") == (row["status"] == "ok") for row in rows)
    assert "formula" in rows[1]["error"]
    assert all(rows[1][name] == "" for name in PROPERTIES)
    assert float(rows[5]["activation_energy_ev_lower"]) < float(rows[5]["activation_energy_ev"])
    assert {row["model_version"] for row in rows} == {"stand-in"}


def test_carried_cells_of_csv_are_not_reformatted(tmp_path: Path, stand_in: Any) -> None:
    cells = ["007", "1.0", "1e-3", " x ", "NA", "a,b", 'say "x"', "l1\nl2", "é", "TRUE", "=1+1"]
    with (tmp_path / "in.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["id", "formula"], *([cell, "LiCl"] for cell in cells)])
    for target in (tmp_path / "out.csv", tmp_path / "out.parquet"):
        score_list(tmp_path / "in.csv", target, stand_in)
    inert = [*cells[:-1], "'=1+1"]  # a spreadsheet shows the text and runs nothing
    assert [row["id"] for row in read_csv(tmp_path / "out.csv")] == inert
    assert pd.read_parquet(tmp_path / "out.parquet")["id"].tolist() == cells


@given(
    cells=st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1),
        min_size=1,
        max_size=5,
    )
)
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_text_survives_from_csv_to_csv(cells: list[str], tmp_path: Path, stand_in: Any) -> None:
    with (tmp_path / "in.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["id", "formula"], *([cell, "LiCl"] for cell in cells)])
    score_list(tmp_path / "in.csv", tmp_path / "out.csv", stand_in, block_rows=2)
    found = [row["id"] for row in read_csv(tmp_path / "out.csv")]
    assert [cell.removeprefix("'") for cell in found] == [cell.removeprefix("'") for cell in cells]
    assert not any(cell[0] in "=@\t\r" for cell in found)


def test_a_column_that_clashes_is_carried_under_another_name() -> None:
    names = carried_names(
        ["id", "status", "error", "input_error", "model_version"], OUTPUT_SCHEMA.names
    )
    assert names == {
        "id": "id",
        "status": "input_status",
        "error": "input_input_error",
        "input_error": "input_error",
        "model_version": "input_model_version",
    }


def test_a_scored_list_can_be_scored_again(tmp_path: Path, stand_in: Any) -> None:
    (tmp_path / "in.csv").write_text("id,formula\n1,Li3PS4\n")
    score_list(tmp_path / "in.csv", tmp_path / "once.parquet", stand_in)
    score_list(tmp_path / "once.parquet", tmp_path / "twice.parquet", stand_in)
    twice = pd.read_parquet(tmp_path / "twice.parquet")
    assert list(twice.columns[-len(OUTPUT_COLUMNS) :]) == OUTPUT_COLUMNS
    assert twice["input_status"].tolist() == twice["status"].tolist() == ["ok"]


def test_short_long_and_undecodable_lines_are_error_rows(tmp_path: Path, stand_in: Any) -> None:
    lines = b"\xef\xbb\xbfid,formula\r\n1,LiCl\r\n2\r\n\r\n3,LiCl,x\r\n4,\xffLi\r\n5,LiCl\r\n"
    rows = score_text(tmp_path, "in.csv", lines, stand_in)
    assert [row["id"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert [row["status"] for row in rows] == ["ok", "error", "error", "error", "ok"]
    assert "line 3 has 1 fields" in rows[1]["error"]
    assert "UTF-8" in rows[3]["error"]


def test_a_quote_left_open_is_an_error_row_and_swallows_no_other(
    tmp_path: Path, stand_in: Any
) -> None:
    text = 'note,formula\n"good,LiCl\nfine,NaCl\n"a, b",LiF\n'
    rows = score_text(tmp_path, "in.csv", text, stand_in)
    assert [row["status"] for row in rows] == ["error", "ok", "ok"]
    assert "line 2 is not CSV" in rows[0]["error"]
    assert [row["note"] for row in rows] == ["", "fine", "a, b"]
    long = score_text(tmp_path, "long.csv", 'formula\n"' + "x" * 1_100_000 + "\nLiCl\n", stand_in)
    assert [row["status"] for row in long] == ["error", "ok"]
    assert "line 2 is not CSV: field larger than" in long[0]["error"]


def test_blocks_do_not_change_rows_or_order(tmp_path: Path, stand_in: Any) -> None:
    formulas = [f"Li{n}PS4" if n % 7 else "Xx" for n in range(1, 60)]
    (tmp_path / "in.csv").write_text("formula\n" + "\n".join(formulas) + "\n")
    counts = score_list(tmp_path / "in.csv", tmp_path / "a.csv", stand_in, block_rows=1000)
    assert (counts.rows, counts.errors) == (59, 8)
    stand_in.calls.clear()
    score_list(tmp_path / "in.csv", tmp_path / "b.csv", stand_in, block_rows=10)
    assert max(stand_in.calls) <= 10
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_parquet_columns_keep_their_types(tmp_path: Path, stand_in: Any) -> None:
    table = pa.table(
        {
            "id": pa.array([1, None, 3], pa.int32()),
            "when": pa.array([0, 1, 2], pa.timestamp("s")),
            "tags": pa.array([["a"], [], None], pa.list_(pa.string())),
            "formula": pa.array(["LiCl", None, "Xx"]).dictionary_encode(),
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    given = pq.read_table(tmp_path / "in.parquet")
    score_list(tmp_path / "in.parquet", tmp_path / "out.parquet", stand_in)
    scored = pq.read_table(tmp_path / "out.parquet")
    assert scored.schema.names == ["id", "when", "tags", *OUTPUT_COLUMNS]
    for name in ("id", "when", "tags"):
        assert scored.column(name).equals(given.column(name))
    assert scored.column("status").to_pylist() == ["ok", "error", "error"]
    score_list(tmp_path / "in.parquet", tmp_path / "out.csv", stand_in)
    rows = read_csv(tmp_path / "out.csv")
    assert [row["id"] for row in rows] == ["1", "", "3"]
    assert [row["tags"] for row in rows] == ['["a"]', "[]", ""]


def test_json_lines_keep_types_and_bad_lines_are_rows(tmp_path: Path, stand_in: Any) -> None:
    lines = [
        json.dumps({"id": 1, "formula": "LiCl", "mixed": 1}),
        "",
        "{not json",
        "[1, 2]",
        json.dumps({"id": 3, "formula": 7, "mixed": "a"}),
        json.dumps({"id": 4, "formula": "LiCl", "late": {"a": 1}}),
        '{"id": 5, "formula": "LiCl", "late": "\\ud800"}',
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    score_list(tmp_path / "in.jsonl", tmp_path / "out.parquet", stand_in, block_rows=2)
    scored = pq.read_table(tmp_path / "out.parquet")
    assert scored.schema.names == ["id", "mixed", "late", *OUTPUT_COLUMNS]
    assert scored.schema.field("id").type == pa.int64()
    assert scored.column("id").to_pylist() == [1, None, None, 3, 4, 5]
    assert scored.column("mixed").to_pylist() == ["1", None, None, "a", None, None]
    assert scored.column("late").to_pylist()[4] == '{"a": 1}'
    assert scored.column("status").to_pylist() == ["ok", "error", "error", "error", "ok", "ok"]
    assert scored.column("error").to_pylist()[1] == "line 3 is not a JSON object"


def test_a_structure_counts_before_a_formula(
    tmp_path: Path, stand_in: Any, disordered_cif: str
) -> None:
    (tmp_path / "cifs").mkdir()
    (tmp_path / "cifs" / "mixed.cif").write_text(disordered_cif)
    with (tmp_path / "in.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows(
            [
                ["id", "formula", "cif", "cif_path"],
                ["text", "Na3PS4", disordered_cif, ""],
                ["path", "Na3PS4", "", "cifs/mixed.cif"],
                ["formula", "Na3PS4", "", ""],
                ["lost", "Na3PS4", "", "cifs/lost.cif"],
                ["folder", "", "", "cifs"],
                ["broken", "", "not a cif", ""],
                ["nul", "", "", "a\0b"],
            ]
        )
    score_list(tmp_path / "in.csv", tmp_path / "out.csv", stand_in)
    rows = {row["id"]: row for row in read_csv(tmp_path / "out.csv")}
    assert rows["text"]["formula"] == rows["path"]["formula"] != "Na3PS4"
    assert rows["formula"]["formula"] == "Na3PS4"
    assert [name for name, row in rows.items() if row["status"] == "error"] == [
        "lost",
        "folder",
        "broken",
        "nul",
    ]
    assert rows["lost"]["error"] == "cif_path: 'lost.cif': there is no such file"
    assert "cif" not in rows["text"]
    assert rows["path"]["cif_path"] == "cifs/mixed.cif"


def test_a_folder_of_cifs_is_scored_by_name(
    tmp_path: Path, stand_in: Any, disordered_cif: str
) -> None:
    folder = tmp_path / "cifs"
    folder.mkdir()
    (folder / "b.cif").write_text(disordered_cif)
    (folder / "a.CIF").write_bytes(b"# \xe9\n" + disordered_cif.encode())
    (folder / "c.cif").write_text("")
    (folder / "notes.txt").write_text("x")
    score_list(folder, tmp_path / "out.csv", stand_in)
    rows = read_csv(tmp_path / "out.csv")
    assert [row["id"] for row in rows] == ["a", "b", "c"]
    assert [row["cif_path"] for row in rows] == ["a.CIF", "b.cif", "c.cif"]
    assert [row["status"] for row in rows] == ["ok", "ok", "error"]


@pytest.mark.parametrize(
    ("name", "content"),
    [("in.csv", ""), ("in.csv", "\ufeff"), ("in.csv", "id,formula\n"), ("in.jsonl", "\n")],
)
def test_an_empty_list_gives_an_empty_list(
    tmp_path: Path, stand_in: Any, name: str, content: str
) -> None:
    assert score_text(tmp_path, name, content, stand_in) == []
    assert (tmp_path / "out.csv").read_text().strip().endswith(",".join(OUTPUT_COLUMNS))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("in.csv", "id,composition\n1,LiCl\n", "no column named formula, cif or cif_path"),
        ("in.csv", "\nid,formula\n", "header line"),
        ("in.csv", "id,formula,id\n", "more than one column named 'id'"),
        ("in.csv", 'id,"formula\n1,LiCl\n', "no header line"),
        ("in.jsonl", '{"a": 1}\n', "no column named formula"),
        ("in.parquet", "junk", "not a Parquet file"),
        ("in.xlsx", "junk", "must end in .csv, .parquet or .jsonl"),
    ],
)
def test_a_list_that_cannot_be_read_is_one_clear_error(
    tmp_path: Path, stand_in: Any, name: str, content: str, words: str
) -> None:
    with pytest.raises(ListError, match=words):
        score_text(tmp_path, name, content, stand_in)
    assert not (tmp_path / "out.csv").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]


def test_a_number_column_named_formula_is_refused(tmp_path: Path, stand_in: Any) -> None:
    pq.write_table(pa.table({"formula": [1, 2]}), tmp_path / "in.parquet")
    with pytest.raises(ListError, match="must hold text"):
        score_list(tmp_path / "in.parquet", tmp_path / "out.csv", stand_in)


@pytest.mark.parametrize("target", ["out.txt", "lost/out.csv", "folder.csv", "in.csv"])
def test_an_output_that_cannot_be_is_refused_before_scoring(
    tmp_path: Path, stand_in: Any, target: str
) -> None:
    (tmp_path / "in.csv").write_text("formula\nLiCl\n")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ListError):
        score_list(tmp_path / "in.csv", tmp_path / target, stand_in)
    assert stand_in.calls == []
    assert (tmp_path / "in.csv").read_text() == "formula\nLiCl\n"


def test_a_failure_half_way_leaves_the_old_output(tmp_path: Path, stand_in: Any) -> None:
    (tmp_path / "out.csv").write_text("old")
    (tmp_path / "in.csv").write_text("formula\n" + "LiCl\n" * 50 + "Fe2O3\n" * 50)
    with pytest.raises(ArithmeticError):
        score_list(tmp_path / "in.csv", tmp_path / "out.csv", stand_in, block_rows=50)
    assert (tmp_path / "out.csv").read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["in.csv", "out.csv"]


@pytest.mark.parametrize("on_terminal", [True, False])
def test_progress_is_shown_on_a_terminal_only(
    tmp_path: Path, stand_in: Any, monkeypatch: pytest.MonkeyPatch, on_terminal: bool
) -> None:
    (tmp_path / "in.csv").write_text("formula\n" + "LiCl\n" * 1234)
    stderr = io.StringIO()
    monkeypatch.setattr(stderr, "isatty", lambda: on_terminal, raising=False)
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    score_list(tmp_path / "in.csv", tmp_path / "out.csv", stand_in)
    assert ("1,234 rows" in stderr.getvalue()) == on_terminal


def test_transport_columns_follow_the_standard_ones(tmp_path: Path, stand_in: Any) -> None:
    (tmp_path / "in.csv").write_text("formula,density_g_cm3,note\nLi3PS4,1.9,x\nXx,1.9,y\n")
    score_list(tmp_path / "in.csv", tmp_path / "plain.csv", stand_in)
    score_list(tmp_path / "in.csv", tmp_path / "out.csv", stand_in, transport=TransportColumns())
    with_transport, plain = read_csv(tmp_path / "out.csv"), read_csv(tmp_path / "plain.csv")
    assert list(plain[0]) == ["density_g_cm3", "note", *OUTPUT_COLUMNS]
    assert list(with_transport[0]) == [*plain[0], *TRANSPORT_SCHEMA.names]
    assert [{name: row[name] for name in plain[0]} for row in with_transport] == plain
    assert all(with_transport[1][name] == "" for name in TRANSPORT_SCHEMA.names)


def test_transport_is_asked_for_a_separator_and_a_haven_ratio(
    tmp_path: Path, stand_in: Any
) -> None:
    (tmp_path / "in.csv").write_text("formula,density_g_cm3\nLi3PS4,1.9\n")
    rows = []
    for asked in (TransportColumns(), TransportColumns(0.1, 50.0)):
        score_list(tmp_path / "in.csv", tmp_path / "out.csv", stand_in, transport=asked)
        rows += read_csv(tmp_path / "out.csv")
    plain, other = (
        {name: float(row[name]) for name in TRANSPORT_SCHEMA.names[:-1]} for row in rows
    )
    resistance, diffusion = "area_specific_resistance_ohm_cm2", "log10_diffusion_coefficient_cm2_s"
    assert other[resistance] == pytest.approx(2 * plain[resistance])
    assert other[diffusion] == pytest.approx(plain[diffusion] - 1.0)
    assert plain[f"{resistance}_lower"] < plain[resistance] < plain[f"{resistance}_upper"]
    assert "Haven ratio of 0.1" in rows[1]["transport_notes"]
    assert "50 um" in rows[1]["transport_notes"]


@pytest.mark.parametrize("name", ["in.csv", "in.jsonl", "in.parquet"])
def test_a_density_is_carried_and_used(tmp_path: Path, stand_in: Any, name: str) -> None:
    frame = pd.DataFrame({"formula": ["Li3PS4", "Na3PS4"], "density_g_cm3": [1.9, None]})
    write_list(frame, tmp_path / name)
    score_list(tmp_path / name, tmp_path / "out.csv", stand_in, transport=TransportColumns())
    known, unknown = read_csv(tmp_path / "out.csv")
    assert (known["density_g_cm3"], known["status"]) == ("1.9", "ok")
    assert known["log10_diffusion_coefficient_cm2_s"] != ""
    assert unknown["log10_diffusion_coefficient_cm2_s"] == ""
    assert unknown["log10_prefactor_s_k_cm"] != ""
    assert "no diffusion coefficient" in unknown["transport_notes"]


@pytest.mark.parametrize("name", ["in.csv", "in.jsonl", "in.parquet"])
def test_a_space_group_is_carried_and_used_beside_a_formula(
    tmp_path: Path, stand_in: Any, name: str, disordered_cif: str
) -> None:
    cells = [216, None, 231, 0, 1.5, 2]
    frame = pd.DataFrame(
        {
            "formula": ["Li6PS5Cl"] * len(cells),
            "cif": [None] * 5 + [disordered_cif],
            "space_group_number": cells,
        }
    )
    write_list(frame, tmp_path / name)
    read: list[int | None] = []
    predict = stand_in.predict

    def seen(materials: Any, **options: Any) -> Any:
        read.extend(material.space_group_number for material in materials)
        return predict(materials, **options)

    stand_in.predict = seen
    score_list(tmp_path / name, tmp_path / "out.csv", stand_in)
    rows = read_csv(tmp_path / "out.csv")
    assert [row["status"] for row in rows] == ["ok", "ok", "error", "error", "error", "ok"]
    assert rows[2]["error"] == "space_group_number: must be a whole number from 1 to 230"
    assert float(rows[0]["space_group_number"]) == 216
    assert read[:2] == [216, None]
    assert read[2] != 2  # a structure has its own


def test_an_unusable_density_is_an_error_row_only_where_it_is_needed(
    tmp_path: Path, stand_in: Any, disordered_cif: str
) -> None:
    cells = ["1.9", "", "nan", " 2 ", "5100", "-1", "dense", "1_0", "inf"]
    with (tmp_path / "in.csv").open("w", newline="") as stream:
        rows = [["formula", "cif", "density_g_cm3"], *(["Li3PS4", "", cell] for cell in cells)]
        csv.writer(stream).writerows([*rows, ["", disordered_cif, "dense"]])
    score_list(tmp_path / "in.csv", tmp_path / "out.csv", stand_in)
    assert {row["status"] for row in read_csv(tmp_path / "out.csv")} == {"ok"}
    score_list(tmp_path / "in.csv", tmp_path / "out.csv", stand_in, transport=TransportColumns())
    scored = read_csv(tmp_path / "out.csv")
    assert [row["status"] for row in scored] == ["ok"] * 4 + ["error"] * 5 + ["ok"]
    assert [row["density_g_cm3"] for row in scored] == [*cells, "dense"]
    assert scored[4]["error"] == "density_g_cm3: must be a number from 0.1 to 25 (g/cm3)"
    shown = [row["log10_diffusion_coefficient_cm2_s"] != "" for row in scored]
    assert shown == [True, False, False, True, *[False] * 5, True]


def test_a_list_scored_with_transport_can_be_scored_again(tmp_path: Path, stand_in: Any) -> None:
    (tmp_path / "in.csv").write_text("formula,density_g_cm3\nLi3PS4,1.9\n")
    for source, target in (("in.csv", "once.parquet"), ("once.parquet", "twice.parquet")):
        score_list(tmp_path / source, tmp_path / target, stand_in, transport=TransportColumns())
    twice = pd.read_parquet(tmp_path / "twice.parquet")
    assert twice["input_transport_notes"].tolist() == twice["transport_notes"].tolist()


def test_a_list_has_the_numbers_of_the_predictor(tmp_path: Path, predictor: Predictor) -> None:
    formulas = ["Li7La3Zr2O12", "Li6PS5Cl", "Na3PS4", "Li1.3Al0.3Ti1.7(PO4)3", "NaCl"]
    (tmp_path / "in.csv").write_text("formula\n" + "\n".join(formulas) + "\n")
    names = [name for name in OUTPUT_SCHEMA.names if name.startswith(PROPERTIES)]
    expected = pd.concat(
        predictor.predict([Material.parse(formula, "formula")], coverage=0.8).frame
        for formula in formulas
    )[names].to_numpy(np.float64)
    score_list(tmp_path / "in.csv", tmp_path / "out.csv", predictor, coverage=0.8)
    score_list(tmp_path / "in.csv", tmp_path / "out.parquet", predictor, coverage=0.8)
    for frame in (pd.read_csv(tmp_path / "out.csv"), pd.read_parquet(tmp_path / "out.parquet")):
        np.testing.assert_allclose(frame[names].to_numpy(np.float64), expected, atol=1e-9, rtol=0)


def test_a_process_that_only_hands_out_blocks_goes_without_the_learners() -> None:
    look = "import sys, serving.batch; print(*sorted({'torch', 'xgboost'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == ""

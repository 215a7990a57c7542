"""A scored list put in order."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from serving.cli import main
from serving.rank import RankOptions, default_goals, goal_values, rank_table
from serving.rank_plot import plot_ranked
from serving.rows import ListError
from serving.scored_lists import read_scored

GOALS = ("conductivity", "activation-energy", "score")


def scored(**changes: list[object]) -> pa.Table:
    sigma = [-3.0, -5.0, -4.0, None, -3.5]
    columns: dict[str, list[object]] = {
        "id": ["a", "b", "c", "d", "e"],
        "formula": ["Li6PS5Cl", "Li3PO4", "Li3YCl6", "Fe2O3", "Xx"],
        "status": ["ok", "ok", "ok", "ok", "error"],
        "log10_conductivity_s_cm": sigma,
        "log10_conductivity_s_cm_lower": [x and x - 1 for x in sigma],
        "log10_conductivity_s_cm_upper": [x and x + 1 for x in sigma],
        "activation_energy_ev": [0.3, 0.2, 0.4, None, 0.3],
        "activation_energy_ev_lower": [0.2, 0.1, 0.3, None, 0.2],
        "activation_energy_ev_upper": [0.4, 0.3, 0.5, None, 0.4],
        "shear_modulus_gpa": [8.0, 40.0, 12.0, 90.0, 1.0],
        "dendrite_suppression_score": [0.5, 0.4, 0.45, 0.2, 0.9],
        "dendrite_suppression_score_lower": [0.4, 0.3, 0.35, 0.1, 0.8],
        "dendrite_suppression_score_upper": [0.6, 0.5, 0.55, 0.3, 1.0],
    }
    return pa.table(columns | changes)


def ids(table: pa.Table) -> list[str]:
    return list(table.column("id").to_pylist())


def test_the_front_comes_first_and_then_the_probability() -> None:
    ranked = rank_table(scored(), RankOptions(GOALS))
    # a beats c in everything; b has the lowest activation energy.
    assert ids(ranked) == ["a", "b", "c"]
    assert ranked.column("on_pareto_front").to_pylist() == [True, True, False]
    assert ranked.column("rank").to_pylist() == [1, 2, 3]


def test_rows_without_an_answer_are_not_ranked() -> None:
    assert not {"d", "e"} & set(ids(rank_table(scored(), RankOptions(GOALS))))


def test_the_probability_is_that_of_a_normal_with_the_interval() -> None:
    ranked = rank_table(scored(), RankOptions(GOALS, coverage=0.9, threshold=-4.0))
    # One decade above with a 90 % half width of one decade: P(z > -1.645) = 0.95.
    assert ranked.column("probability_conductive")[0].as_py() == pytest.approx(0.95, abs=1e-6)
    assert ranked.column("probability_conductive")[1].as_py() == pytest.approx(0.05, abs=1e-6)
    assert ranked.column("probability_conductive")[2].as_py() == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("conditions", "left"),
    [
        (("shear_modulus_gpa<20",), ["a", "c"]),
        (("shear_modulus_gpa < 20", "activation_energy_ev<=0.3"), ["a"]),
        (("formula == Li3YCl6",), ["c"]),
        (("id!=a",), ["c", "b"]),
        (("log10_conductivity_s_cm >= -3",), ["a"]),
        (("shear_modulus_gpa > 1e9",), []),
    ],
)
def test_conditions_must_all_hold(conditions: tuple[str, ...], left: list[str]) -> None:
    assert ids(rank_table(scored(), RankOptions(GOALS, conditions))) == left


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("shear_modulus_gpa", "no condition"),
        ("hardness<3", "no column hardness"),
        ("shear_modulus_gpa<soft", "holds double"),
        ("__import__('os')", "no condition"),
    ],
)
def test_a_condition_that_is_none_is_named(condition: str, words: str) -> None:
    with pytest.raises(ListError, match=words):
        rank_table(scored(), RankOptions(GOALS, (condition,)))


def test_top_cuts_after_the_front_was_found() -> None:
    ranked = rank_table(scored(), RankOptions(GOALS, top=1))
    assert ids(ranked) == ["a"]


def test_a_negative_wavelength_is_better_than_any_positive_one() -> None:
    table = scored(critical_wavelength_nm=[0.2, -4.0, 3.6, None, 1.0])
    values = goal_values(table, "wavelength")
    assert values[1] > values[2] > values[0]


def test_chi_takes_the_place_of_the_score_where_the_list_has_it() -> None:
    assert default_goals(["status"])[-1] == "score"
    assert default_goals(["chi_kj_mol_nm"])[-1] == "chi"


def test_a_list_ranked_before_can_be_ranked_again() -> None:
    once = rank_table(scored(), RankOptions(GOALS))
    assert ids(rank_table(once, RankOptions(GOALS))) == ids(once)


@pytest.mark.parametrize("name", ["in.csv", "in.parquet", "in.jsonl", "in.csv.gz"])
def test_every_format_that_score_writes_is_read(tmp_path: Path, name: str) -> None:
    from serving.list_files import format_of
    from serving.writers import join_parts, part_bytes

    path, form = tmp_path / name, format_of(tmp_path / name)
    assert form is not None
    (tmp_path / "one").write_bytes(part_bytes(scored(), form.kind))
    join_parts([tmp_path / "one"], path, scored().schema, form)
    assert ids(rank_table(read_scored(path), RankOptions(GOALS))) == ["a", "b", "c"]


@pytest.mark.parametrize(("name", "begin"), [("p.png", b"\x89PNG"), ("p.html", b"<!doctype html>")])
def test_a_plot_is_a_picture_or_a_page_of_its_own(tmp_path: Path, name: str, begin: bytes) -> None:
    plot_ranked(rank_table(scored(), RankOptions(GOALS)), tmp_path / name, 0.9)
    content = (tmp_path / name).read_bytes()
    assert content.startswith(begin)
    assert b'src="http' not in content  # nothing is fetched when it is opened


def test_the_command_writes_and_says_what_it_did(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pq.write_table(scored(), tmp_path / "scored.parquet")
    arguments = ["rank", str(tmp_path / "scored.parquet"), str(tmp_path / "out.csv")]
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--top", "2", "--plot", str(tmp_path / "p.png")])
    assert ended.value.code == 0
    said = capsys.readouterr().err
    assert "5 rows: 2 ranked by conductivity, activation-energy, score" in said
    assert "1 left out, which lack one of these" in said  # Fe2O3 has no mobile ion
    assert pa.csv.read_csv(tmp_path / "out.csv").column("id").to_pylist() == ["a", "b"]
    assert (tmp_path / "p.png").exists()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--goal", "luck"], "there is no luck"),
        (["--goal", "chi"], "no column chi_kj_mol_nm"),
        (["--plot", "p.pdf"], "must end in .png or .html"),
        (["--coverage", "1"], "between 0 and 1"),
        (["--threshold", "nan"], "finite number"),
    ],
)
def test_a_mistake_is_one_line_and_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], words: str
) -> None:
    pq.write_table(scored(), tmp_path / "scored.parquet")
    with pytest.raises(SystemExit) as ended:
        main(["rank", str(tmp_path / "scored.parquet"), str(tmp_path / "out.csv"), *more])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


def test_the_next_measurements_are_the_promising_ones(tmp_path: Path) -> None:
    source, target = tmp_path / "scored.parquet", tmp_path / "next.csv"
    pq.write_table(scored(), source)
    with pytest.raises(SystemExit) as ended:
        main(["rank", str(source), str(target), "--acquire", "2", "--threshold", "-3"])
    assert ended.value.code == 0
    chosen = pyarrow.csv.read_csv(target)
    assert chosen.column_names[:2] == ["rank", "expected_improvement"]
    assert chosen.column("id").to_pylist() == ["a", "c"]
    assert chosen.column("expected_improvement")[0].as_py() == pytest.approx(0.2425, abs=1e-3)


def test_acquiring_goes_without_a_goal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pq.write_table(scored(), tmp_path / "scored.parquet")
    with pytest.raises(SystemExit) as ended:
        main(["rank", str(tmp_path / "scored.parquet"), "out.csv", "--acquire", "2", "--top", "3"])
    assert ended.value.code == 2
    assert "--acquire goes without" in capsys.readouterr().err

"""Scored lists as they are read to be ranked: nothing of the user's is rewritten."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from serving.batch import score_list
from serving.cli import main
from serving.rank import RankOptions, rank_table, write_list
from serving.rows import ListError
from serving.scored_lists import read_scored

GOALS = ("conductivity", "activation-energy")
LIST = "id,rank,when,formula\n007,x,2024-01-01,Li3PS4\n1e3,y,2024-01-02,Li6PS5Cl\n"


def ranked(folder: Path, ending: str, model: Any) -> pa.Table:
    (folder / "in.csv").write_text(LIST)
    score_list(folder / "in.csv", folder / f"scored{ending}", model)
    return rank_table(read_scored(folder / f"scored{ending}"), RankOptions(GOALS))


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".jsonl", ".parquet"])
def test_carried_cells_come_through_ranking_as_they_were(
    tmp_path: Path, stand_in: Any, ending: str
) -> None:
    table = ranked(tmp_path, ending, stand_in)
    assert table.schema.names[:6] == [
        "rank",
        "on_pareto_front",
        "probability_conductive",
        "id",
        "input_rank",
        "when",
    ]
    rows = sorted(
        zip(*(table.column(name).to_pylist() for name in ("id", "input_rank", "when")), strict=True)
    )
    assert rows == [("007", "x", "2024-01-01"), ("1e3", "y", "2024-01-02")]


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
def test_a_ranked_list_is_ranked_again_without_the_earlier_ranks(
    tmp_path: Path, stand_in: Any, ending: str
) -> None:
    once = ranked(tmp_path, ending, stand_in)
    write_list(once, tmp_path / f"ranked{ending}")
    twice = rank_table(read_scored(tmp_path / f"ranked{ending}"), RankOptions(GOALS))
    assert twice.schema.names == once.schema.names
    assert twice.column("rank").to_pylist() == [1, 2]


def test_a_version_of_digits_stays_text(tmp_path: Path, stand_in: Any) -> None:
    stand_in.version = "123456789012"
    table = ranked(tmp_path, ".csv", stand_in)
    assert table.column("model_version").to_pylist() == ["123456789012"] * 2


def test_dates_within_lists_stay_text(tmp_path: Path) -> None:
    row = {"tags": ["2024-01-01"], "more": {"made": "2024-01-02"}, "status": "ok"}
    (tmp_path / "scored.jsonl").write_text(json.dumps(row) + "\n")
    (read,) = read_scored(tmp_path / "scored.jsonl").to_pylist()
    assert read == row


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
def test_a_list_without_rows_is_ranked_to_one_without_rows(
    tmp_path: Path, stand_in: Any, ending: str
) -> None:
    (tmp_path / "in.csv").write_text("id,formula\n")
    score_list(tmp_path / "in.csv", tmp_path / f"scored{ending}", stand_in)
    options = RankOptions(GOALS, ("shear_modulus_gpa<20",))
    assert rank_table(read_scored(tmp_path / f"scored{ending}"), options).num_rows == 0


def test_a_list_is_not_overwritten_by_its_own_ranking(
    tmp_path: Path, stand_in: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    ranked(tmp_path, ".csv", stand_in)
    before = (tmp_path / "scored.csv").read_bytes()
    with pytest.raises(SystemExit) as ended:
        main(["rank", str(tmp_path / "scored.csv"), str(tmp_path / "scored.csv"), "--top", "1"])
    assert ended.value.code == 2
    assert "would replace the list itself" in capsys.readouterr().err
    assert (tmp_path / "scored.csv").read_bytes() == before


def test_what_is_no_scored_list_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("")
    pq.write_table(pa.table({"x": [1]}), tmp_path / "in.parquet")
    with pytest.raises(ListError, match="cannot be read"):
        read_scored(tmp_path / "in.csv")
    with pytest.raises(ListError, match="no column status"):
        rank_table(read_scored(tmp_path / "in.parquet"), RankOptions(GOALS))

"""What the service records of what it is asked: kinds, never materials."""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from features.material import Material
from models.feature_summary import NAMES, summarise
from serving.answering import Question, answer_questions
from serving.record import Recorder
from serving.schema import PredictRequest

if TYPE_CHECKING:
    from tests.serving.conftest import StandIn

FORMULAS = ("Li6PS5Cl", "Xx3", "Na3PS4", "LiFe5O8")


def asked(*formulas: str) -> Question:
    body = PredictRequest.model_validate_json(
        json.dumps({"materials": [{"formula": each} for each in formulas]})
    )
    entries = [material.text() for material in body.materials]
    return Question(body, entries, [None] * len(entries))


def test_each_answered_material_leaves_its_summary_and_nothing_else(
    stand_in: StandIn, tmp_path: Path
) -> None:
    path = tmp_path / "asked.jsonl"
    answer_questions(stand_in, [asked(*FORMULAS)], recorder=Recorder(path))  # type: ignore[arg-type]
    text = path.read_text()
    (line,) = [json.loads(each) for each in text.splitlines()]
    assert set(line) == {"day", "version", "names", "features", "distance", "in_domain"}
    assert tuple(line["names"]) == NAMES
    known = [Material.from_formula(each) for each in FORMULAS if each != "Xx3"]
    assert line["features"] == summarise(known).tolist()
    assert len(line["distance"]) == len(line["in_domain"]) == 3
    assert not any(formula in text for formula in FORMULAS)


def _append_many(path: Path) -> None:
    recorder = Recorder(path)
    for _ in range(200):
        recorder._append(b"x" * 999 + b"\n")


def test_processes_that_write_together_break_no_line(tmp_path: Path) -> None:
    path = tmp_path / "asked.jsonl"
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        list(pool.map(_append_many, [path] * 2))
    lines = path.read_bytes().splitlines()
    assert len(lines) == 400
    assert {len(line) for line in lines} == {999}


def test_the_file_is_put_aside_before_it_grows_too_large(tmp_path: Path) -> None:
    path = tmp_path / "asked.jsonl"
    recorder = Recorder(path, most_bytes=2500)
    for number in range(5):
        recorder._append(str(number).encode() * 999 + b"\n")
    assert path.stat().st_size == 1000
    assert (tmp_path / "asked.jsonl.1").stat().st_size == 2000


def test_a_record_that_cannot_be_written_is_a_warning_and_no_error(
    stand_in: StandIn, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    recorder = Recorder(tmp_path / "file" / "asked.jsonl")
    (answer,) = answer_questions(stand_in, [asked("Li3PS4")], recorder=recorder)  # type: ignore[arg-type]
    assert json.loads(answer)["predictions"][0]["status"] == "ok"
    assert "FRENKEL_RECORD cannot be written" in caplog.text

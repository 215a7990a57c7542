"""How the service benchmark counts, on numbers made by hand."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import pytest

from benchmarks._figures import Figure
from benchmarks._service_load import Answers, load
from benchmarks._service_protocols import Material, altered, percentile, single
from benchmarks.service import BARE_NAME, Record
from models.bundle import Manifest, seal


def test_a_percentile_is_that_of_the_sample_and_none_of_nothing() -> None:
    found = percentile([float(n) for n in range(101)], 99)
    assert (found.value, found.n) == (99.0, 101)
    assert found.lower <= found.value <= found.upper
    assert math.isnan(percentile([], 50).value)


def test_answers_that_are_not_200_are_errors_and_have_no_time() -> None:
    answers = Answers()
    for status, seconds in ((200, 0.01), (429, 0.5), (0, 9.0)):
        answers.add(status, seconds)
    assert answers.errors == 2
    assert answers.good_ms == [10.0]


def test_nobody_there_is_an_error_and_no_exception() -> None:
    answers = load(1, itertools.repeat(b"{}"), clients=2, requests=4)
    assert answers.status == [0, 0, 0, 0]


def test_bodies_are_of_the_kind_asked_for() -> None:
    material = Material(["data_x"])
    block = json.loads(next(material.formulas(3)))["materials"]
    assert len({each["formula"] for each in block}) == 3
    assert json.loads(next(material.structures()))["materials"][0]["format"] == "cif"
    assert len(set(itertools.islice(material.mixed(), 50))) > 30


def test_every_altered_file_counts(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / "a.json").write_text("{}")
    manifest = Manifest(
        version="",
        trained_at="",
        data_sha256="",
        feature_version="1",
        git_commit="",
        sources=[],
        missing_sources=[],
        elements={},
        mobile_ions=[],
        metrics={},
        packages={},
    )
    seal(bundle, manifest)
    (figure,) = altered(bundle, tmp_path)
    assert (figure.value, figure.n, figure.met) == (1.0, 4, True)


def test_a_protocol_that_fails_loses_no_others_figures(capsys: pytest.CaptureFixture[str]) -> None:
    record = Record(written=False)
    record.keep(record.run("good", lambda: [Figure.of("one", "p50, ms", single(3.0))]))

    def fail() -> list[Figure]:
        raise TimeoutError("too late")

    record.keep(record.run("bad", fail))
    record.compare([Figure.of("one", "p50, ms", single(9.0))])
    assert record.failed == ["bad"]
    assert [figure.baselines for figure in record.figures] == [{BARE_NAME: 9.0}]
    assert "too late" in capsys.readouterr().err


def test_a_protocol_measured_alone_takes_the_place_of_its_figures_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def figures(value: float) -> list[Figure]:
        return [Figure.of(name, "s", single(value)) for name in ("cold", "recovery")]

    monkeypatch.setattr("benchmarks.service.read_results", lambda _: figures(1.0))
    record = Record(written=False, alone="recovery")
    for name in ("cold", "recovery"):
        record.keep(
            record.run(name, lambda name=name: [f for f in figures(2.0) if f.protocol == name])
        )
    assert [(each.protocol, each.value) for each in record.figures] == [
        ("cold", 1.0),
        ("recovery", 2.0),
    ]
    assert record.figures[1].note.startswith("measured alone")

"""Drift is found where it was put, and elsewhere no more often than is stated."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from features.material import Material
from models.feature_summary import NAMES, TrainingSummary, summarise
from models.labels import FloatArray
from training.cli import app
from training.drift import find_drift
from training.drift_report import RecordsError, read_records

OXIDES = ("Li7La3Zr2O12", "LiTaO3", "Li2SiO3", "LiAlO2", "Li3BO3", "Na3Zr2Si2PO12", "LiNbO3")


@pytest.fixture(scope="module")
def training(bundle: Path) -> TrainingSummary:
    return TrainingSummary.load(bundle)


def split(training: TrainingSummary, seed: int, asked: int) -> tuple[TrainingSummary, FloatArray]:
    """The conductors dealt into those trained on and ``asked`` others of the same kind."""
    order = np.random.default_rng(seed).permutation(len(training.features))
    rest, chosen = order[asked:], order[:asked]
    known = TrainingSummary(training.features[rest], training.distance[rest])
    return known, np.column_stack([training.features[chosen], training.distance[chosen]])


def test_the_summary_tells_the_kind_and_not_the_material() -> None:
    one, scaled, near = summarise(
        [Material.from_formula(text) for text in ("Li6PS5Cl", "Li12P2S10Cl2", "Li6.001PS5Cl")]
    )
    np.testing.assert_array_equal(one, scaled)
    assert dict(zip(NAMES, one.tolist(), strict=True)) == {
        "mobile_ion_share": 0.462,
        "oxygen_share": 0.0,
        "chalcogen_share": 0.385,
        "halogen_share": 0.0769,
        "elements": 4.0,
        "mean_atomic_number": 10.0,
        "mean_electronegativity": 1.86,
        "electronegativity_spread": 0.834,
    }
    np.testing.assert_allclose(one, near, rtol=5e-3)


def test_false_alarms_come_at_the_stated_rate(training: TrainingSummary) -> None:
    stated, trials = 0.2, 100
    alarms = 0
    for seed in range(trials):
        known, asked = split(training, seed, 150)
        found = find_drift(
            known, asked[:, :-1], asked[:, -1], false_alarms=stated, permutations=199
        )
        alarms += found.alarm
    # 99.9 % of a binomial distribution of 100 trials at 0.2 lie within.
    assert 8 <= alarms <= 34


def test_a_shift_of_one_feature_is_found_and_named(training: TrainingSummary) -> None:
    known, asked = split(training, 1, 150)
    at = NAMES.index("mean_atomic_number")
    asked[:, at] *= 1.25
    found = find_drift(known, asked[:, :-1], asked[:, -1])
    assert found.alarm
    assert [each.name for each in found.features if each.alarm] == ["mean_atomic_number"]


def test_materials_far_from_the_data_are_found_by_their_distance(training: TrainingSummary) -> None:
    known, asked = split(training, 2, 150)
    found = find_drift(known, asked[:, :-1], 3.0 * asked[:, -1] + 0.1)
    assert found.alarm
    assert found.chances["domain_distance"] <= 0.05 < found.chances["kolmogorov_smirnov"]
    assert not find_drift(known, asked[:, :-1], 0.0 * asked[:, -1]).alarm


def test_too_few_materials_say_nothing(training: TrainingSummary) -> None:
    with pytest.raises(ValueError, match="20 at least"):
        find_drift(training, training.features[:19], training.distance[:19])


def line(features: FloatArray) -> dict[str, object]:
    rows = len(features)
    return {
        "day": "2026-11-26",
        "version": "abc",
        "names": NAMES,
        "features": features.tolist(),
        "distance": [0.1] * rows,
        "in_domain": [True] * rows,
    }


def test_the_command_writes_a_report_and_says_by_its_code_whether_there_is_drift(
    bundle: Path, tmp_path: Path
) -> None:
    records = tmp_path / "asked.jsonl"
    features = summarise([Material.from_formula(text) for text in OXIDES * 10])
    records.write_text(json.dumps(line(features)) + "\n")
    arguments = ["drift", str(records), str(tmp_path / "report"), "--bundle", str(bundle)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 3, done.output
    assert "# Drift found" in done.output
    written = sorted(path.name for path in (tmp_path / "report").iterdir())
    assert written == ["distance.png", "drift.json", "drift.md", "features.png"]
    found = json.loads((tmp_path / "report/drift.json").read_text())
    named = {each["name"] for each in found["features"] if each["alarm"]}
    assert {"oxygen_share", "chalcogen_share"} <= named
    assert found["versions"] == {"abc": 70}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "line 1: line: Invalid JSON"),
        (json.dumps(line(np.zeros((2, 3)))), "line 1: has other numbers"),
        (json.dumps(line(np.zeros((2, 8))) | {"formula": "LiF"}), "line 1: formula"),
    ],
)
def test_a_line_that_is_none_is_named(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "asked.jsonl").write_text(text + "\n")
    with pytest.raises(RecordsError, match=reason):
        read_records(tmp_path / "asked.jsonl")
    with pytest.raises(RecordsError, match="there is no file"):
        read_records(tmp_path / "nothing.jsonl")

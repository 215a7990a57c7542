"""The dendrite panel as JSON, and measured values on their way into it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from features.material import Material
from models.dendrite_uncertainty import ModulusDistribution
from models.measured_criteria import MeasuredValues
from models.rank_table import RankTable
from models.suitability import NOT_PREDICTED, suitability_panel
from serving.answer_schema import PredictResponse
from serving.answers import response
from serving.asked import UserError, asked_measured
from serving.blocks import MaterialText, score_block
from serving.cli import main
from serving.dendrite_answers import panels
from serving.schema import PredictRequest, first_fault


def _moduli(rows: int) -> ModulusDistribution:
    """A stiff oxide in every row."""
    return ModulusDistribution(
        log10_mean=np.tile([1.78, 2.0], (rows, 1)),
        log10_covariance=np.tile(0.01 * np.eye(2), (rows, 1, 1)),
        volume_ratio=np.full(rows, 0.06),
        volume_ratio_sd=np.full(rows, 0.01),
    )


def answer(stand_in: Any, *texts: MaterialText) -> list[dict[str, Any]]:
    body = response(stand_in, [None] * len(texts), score_block(stand_in, texts), [])
    PredictResponse.model_validate(body)
    items: list[dict[str, Any]] = body["predictions"]
    return items


def test_the_panel_shows_every_criterion_by_name(stand_in: Any) -> None:
    (item,) = answer(stand_in, MaterialText("Li3PS4", "formula"))
    panel = item["dendrite"]
    ratio = panel["volume_ratio"]
    assert ratio["value"] == pytest.approx(0.06)
    assert ratio["lower"] < ratio["value"] < ratio["upper"]
    assert ratio["source"] == "composition"
    assert "composition" in ratio["explanation"]
    stability = panel["linear_stability"]
    parts = ("pressure", "deviatoric", "surface")
    total = sum(stability[f"{part}_term_kj_mol_nm"] for part in parts)
    assert total == pytest.approx(stability["chi_kj_mol_nm"]["value"])
    worst, value, best = (
        stability[f"critical_wavelength_{end}nm"] for end in ("worst_", "", "best_")
    )
    assert 0.0 < worst < value < best
    for name in ("stable", "density_driven", "pressure_driven"):
        assert 0.0 <= stability[f"probability_{name}"] <= 1.0
    assert 0.0 <= panel["monroe_newman"]["probability_passes"] <= 1.0
    assert panel["not_predicted"] == list(NOT_PREDICTED)
    assert panel["measured"] == []
    assert panel["design_rules"]


def test_the_parts_of_the_score_stand_beside_their_weights(stand_in: Any) -> None:
    (item,) = answer(stand_in, MaterialText("Li3PS4", "formula"))
    parts = dict(item["dendrite"]["score_parts"])
    weights = parts.pop("weights")
    assert set(parts) == set(weights) == {"margin", "wavelength", "stable"}
    assert sum(weights.values()) == pytest.approx(1.0)
    assert all(0.0 <= parts[name] <= weights[name] for name in parts)


def test_without_a_table_percentiles_are_null_with_the_reason(stand_in: Any) -> None:
    (item,) = answer(stand_in, MaterialText("Li3PS4", "formula"))
    stability = item["dendrite"]["linear_stability"]
    assert stability["percentile_chi"] is None
    assert stability["percentile_critical_wavelength"] is None
    assert "not within reach" in stability["percentile_note"]


def test_with_a_table_percentiles_are_of_what_it_holds(stand_in: Any) -> None:
    block = stand_in.predict([Material.from_formula("Li3PS4"), Material.from_formula("Na3PS4")])
    ranks = RankTable.from_values("chi_kj_mol_nm", "made-up rows", np.linspace(1.0, 100.0, 50))
    block.dendrite = suitability_panel(_moduli(2), chi_ranks=ranks, draws=16)
    lithium, sodium = panels(block, [MeasuredValues()] * 2)
    assert lithium is not None
    assert sodium is not None
    assert 0.0 < lithium["linear_stability"]["percentile_chi"] < 100.0
    assert "50 made-up rows" in lithium["linear_stability"]["percentile_note"]
    assert "lithium metal only" in sodium["linear_stability"]["percentile_note"]


def test_a_material_without_a_known_metal_has_no_panel(stand_in: Any) -> None:
    items = answer(stand_in, MaterialText("Al2O3", "formula"), MaterialText("AgI", "formula"))
    assert [item["dendrite"] for item in items] == [None, None]


def test_measured_values_stand_in_the_panel_of_their_own_material(stand_in: Any) -> None:
    measured = MeasuredValues(5e-9, 0.9)
    items = answer(
        stand_in,
        MaterialText("Li3PS4", "formula"),
        MaterialText("Xx3", "formula", measured=MeasuredValues(1e-13)),
        MaterialText("Li6PS5Cl", "formula", measured=measured),
    )
    assert items[0]["dendrite"]["measured"] == []
    electronic, toughness = items[2]["dendrite"]["measured"]
    assert (electronic["value"], electronic["verdict"]) == (5e-9, "fails")
    assert (toughness["value"], toughness["verdict"]) == (0.9, "no threshold")
    assert electronic["source"]
    assert toughness["source"]


def test_a_request_carries_measured_values_with_formula_or_structure() -> None:
    values = {"electronic_conductivity_s_cm": 1e-11, "fracture_toughness_mpa_sqrt_m": 1}
    body = {
        "materials": [
            {"formula": "Li3PS4", **values},
            {"structure": "data_x", "format": "cif", **values},
            {"formula": "Li3PS4", "electronic_conductivity_s_cm": None},
        ]
    }
    texts = [material.text() for material in PredictRequest.model_validate(body).materials]
    assert [text.measured for text in texts] == [
        MeasuredValues(1e-11, 1.0),
        MeasuredValues(1e-11, 1.0),
        MeasuredValues(),
    ]


@pytest.mark.parametrize("name", ["electronic_conductivity_s_cm", "fracture_toughness_mpa_sqrt_m"])
@pytest.mark.parametrize("value", [0, -1, "1e-9", True, 1e9, [], float("nan")])
def test_an_impossible_measured_value_is_refused_with_its_field(name: str, value: object) -> None:
    body = json.dumps({"materials": [{"formula": "Li3PS4", name: value}]})
    with pytest.raises(ValidationError) as caught:
        PredictRequest.model_validate_json(body)
    fault = first_fault(caught.value)
    assert fault.field == f"materials.0.{name}"
    assert fault.message.startswith("must be a number from")


def test_the_command_line_takes_measured_values_of_one_material() -> None:
    assert asked_measured(3, None, None) == MeasuredValues()
    assert asked_measured(1, 1e-9, 0.5) == MeasuredValues(1e-9, 0.5)
    with pytest.raises(UserError, match="--electronic-conductivity: name one material"):
        asked_measured(2, 1e-9, None)
    with pytest.raises(UserError, match="--fracture-toughness: must be a number from"):
        asked_measured(1, None, -1.0)


def test_the_command_line_shows_what_was_measured(
    bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FRENKEL_BUNDLE", str(bundle))
    words = ["predict", "Li6PS5Cl", "--electronic-conductivity", "5e-9"]
    with pytest.raises(SystemExit) as ended:
        main([*words, "--json"])
    assert ended.value.code == 0
    panel = json.loads(capsys.readouterr().out)["predictions"][0]["dendrite"]
    assert [each["verdict"] for each in panel["measured"]] == ["fails"]
    with pytest.raises(SystemExit):
        main([*words, "--fracture-toughness", "0.4"])
    shown = " ".join(capsys.readouterr().out.split())
    for part in ("volume ratio v", "probability of chi < 0", "critical wavelength", "toughness"):
        assert part in shown

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError
from rich.console import Console

from serving.answer_schema import PredictResponse
from serving.answers import response
from serving.batch import OUTPUT_SCHEMA, score_list
from serving.blocks import MaterialText, score_block
from serving.render import show
from serving.schema import MAX_EXPLAINED, PredictRequest, first_fault

LEARNED = (
    "log10_conductivity_s_cm",
    "activation_energy_ev",
    "shear_modulus_gpa",
    "bulk_modulus_gpa",
)


def _answer(model: Any, *formulas: str, **asked: Any) -> dict[str, Any]:
    entries = [MaterialText(formula, "formula") for formula in formulas]
    scored = score_block(model, entries, **asked)
    return response(model, list(formulas), scored, [])


def _item(model: Any, formula: str, **asked: Any) -> dict[str, Any]:
    return _answer(model, formula, **asked)["predictions"][0]


def _checked(answer: dict[str, Any]) -> PredictResponse:
    return PredictResponse.model_validate_json(json.dumps(answer, allow_nan=False))


def test_each_learned_property_has_both_parts_of_its_uncertainty(stand_in: Any) -> None:
    item = _item(stand_in, "LiCl")
    for name in LEARNED:
        assert set(item[name]) == {"value", "lower", "upper", "epistemic", "aleatoric"}
    assert set(item["dendrite_suppression_score"]) == {"value", "lower", "upper"}


def test_the_domain_says_where_a_material_stands(stand_in: Any) -> None:
    inside, outside = _answer(stand_in, "LiCl", "Al2O3")["predictions"]
    assert inside["domain"]["in_domain"] is inside["in_domain"] is True
    assert inside["domain"]["reasons"] == []
    assert outside["domain"]["reasons"] == ["no mobile ion of the data"]
    assert outside["domain"]["percentile"] == 40.0
    assert set(outside["domain"]["expected_error"]) == {
        "log10_conductivity_s_cm",
        "activation_energy_ev",
        "log10_shear_modulus_gpa",
        "log10_bulk_modulus_gpa",
    }


def test_neighbours_come_where_they_are_asked_for(stand_in: Any) -> None:
    assert _item(stand_in, "LiCl")["neighbours"] == []
    (near,) = _item(stand_in, "LiCl", neighbours=True)["neighbours"]
    assert near == {
        "formula": "Li3PS4",
        "log10_conductivity_s_cm": -6.5,
        "bound": "=",
        "activation_energy_ev": 0.4,
        "temperature_c": 25.0,
        "doi": "10.1/near",
        "distance": 0.5,
        "same_composition": False,
    }


def test_quantiles_are_named_by_their_level_and_moduli_are_in_gpa(stand_in: Any) -> None:
    item = _item(stand_in, "LiCl", quantiles=[0.05, 0.5])
    sigma, shear = item["log10_conductivity_s_cm"], item["shear_modulus_gpa"]
    assert list(sigma["quantiles"]) == ["0.05", "0.5"]
    assert sigma["quantiles"]["0.5"] == pytest.approx(sigma["value"] + 0.5)
    assert shear["quantiles"]["0.5"] == pytest.approx(10 ** (shear["value"] + 0.5))


def test_contributions_come_where_they_are_asked_for(stand_in: Any) -> None:
    assert "contributions" not in _item(stand_in, "LiCl")
    found = _item(stand_in, "LiCl", explain=True)["contributions"]
    assert found["activation_energy_ev"][0] == {
        "feature": "base",
        "value": None,
        "contribution": -5.0,
    }


def test_the_answer_fits_its_schema(stand_in: Any) -> None:
    asked = {"quantiles": [0.05], "neighbours": True, "explain": True}
    answer = _answer(stand_in, "LiCl", "Al2O3", "Xx3", **asked)
    assert _checked(answer).predictions[0].status == "ok"


@pytest.mark.parametrize("quantiles", [[0.001], [1.0], ["a"], [True], [0.5] * 22])
def test_a_quantile_that_is_not_accepted_is_refused_by_name(quantiles: list[Any]) -> None:
    body = json.dumps({"materials": [], "quantiles": quantiles})
    with pytest.raises(ValidationError) as caught:
        PredictRequest.model_validate_json(body)
    fault = first_fault(caught.value)
    assert (fault.field or "").startswith("quantiles")


def test_more_materials_than_can_be_explained_are_refused() -> None:
    materials = [{"formula": "LiCl"}] * (MAX_EXPLAINED + 1)
    PredictRequest.model_validate({"materials": materials})
    with pytest.raises(ValidationError) as caught:
        PredictRequest.model_validate({"materials": materials, "explain": True})
    assert "at most 16 materials" in first_fault(caught.value).message


def test_a_list_says_which_rows_lie_outside_and_why(tmp_path: Path, stand_in: Any) -> None:
    names = list(OUTPUT_SCHEMA.names)
    assert names[names.index("model_version") + 1 :] == [
        "in_domain",
        "domain_reasons",
        "distance_percentile",
    ]
    (tmp_path / "in.csv").write_text("formula\nLiCl\nAl2O3\nXx3\n")
    score_list(tmp_path / "in.csv", tmp_path / "out.csv", stand_in)
    with (tmp_path / "out.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["in_domain"].lower() for row in rows] == ["true", "false", ""]
    assert [row["domain_reasons"] for row in rows] == ["", "no mobile ion of the data", ""]
    assert [row["distance_percentile"] for row in rows][2] == ""
    score_list(tmp_path / "in.csv", tmp_path / "out.parquet", stand_in)
    assert pq.read_table(tmp_path / "out.parquet")["in_domain"].to_pylist() == [True, False, None]


def test_the_command_line_shows_verdict_neighbours_quantiles_and_contributions(
    stand_in: Any,
) -> None:
    asked = {"quantiles": [0.05, 0.95], "neighbours": True, "explain": True}
    text = io.StringIO()
    show(_answer(stand_in, "LiCl", "Al2O3", **asked), 0.9, Console(file=text, width=120))
    shown = text.getvalue()
    assert "inside the training data" in shown
    assert "OUTSIDE the training data" in shown
    assert shown.count("no mobile ion of the data") == 1
    assert "10.1/near" in shown
    assert "0.95" in shown
    assert "What moves activation energy (eV)" in shown

"""Prefactor, diffusion and resistance in an answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from serving.answer_schema import PredictResponse
from serving.answers import response
from serving.blocks import MaterialText, score_block


def answer(stand_in: Any, *texts: MaterialText, **asked: float) -> list[dict[str, Any]]:
    scored = score_block(stand_in, texts, temperatures_k=[298.15, 333.15], **asked)
    body = response(stand_in, list(range(len(texts))), scored, [25.0, 60.0])
    PredictResponse.model_validate(json.loads(json.dumps(body, allow_nan=False)))
    predictions: list[dict[str, Any]] = body["predictions"]
    return predictions


def test_a_density_shows_diffusion_with_the_caution(stand_in: Any) -> None:
    (item,) = answer(stand_in, MaterialText("Li3PS4", "formula", 1.9), haven_ratio=0.5)
    diffusion = item["log10_diffusion_coefficient_cm2_s"]
    assert diffusion["lower"] < diffusion["value"] < diffusion["upper"]
    points = [point["log10_diffusion_coefficient_cm2_s"] for point in item["conductivity_curve"]]
    assert points[0]["value"] == pytest.approx(diffusion["value"])
    assert points[1]["value"] != pytest.approx(diffusion["value"])
    note = item["transport_notes"][0]
    assert "Haven ratio of 0.5" in note
    assert "disputed" in note


def test_without_a_density_diffusion_is_null_with_a_note(stand_in: Any) -> None:
    (item,) = answer(stand_in, MaterialText("Li3PS4", "formula"))
    assert item["log10_diffusion_coefficient_cm2_s"] is None
    assert item["conductivity_curve"][1]["log10_diffusion_coefficient_cm2_s"] is None
    assert item["log10_prefactor_s_k_cm"] is not None
    assert item["area_specific_resistance_ohm_cm2"] is not None
    assert "no diffusion coefficient" in item["transport_notes"][0]
    assert item["notes"] == []
    assert item["in_domain"] is True


def test_a_structure_needs_no_density(stand_in: Any, disordered_cif: str) -> None:
    (item,) = answer(stand_in, MaterialText(disordered_cif, "cif"))
    assert item["log10_diffusion_coefficient_cm2_s"] is not None
    # 0.5 Li in a cube of 4.10 Angstrom
    assert "7.25e+21 Li ions" in item["transport_notes"][0]


def test_without_a_mobile_ion_all_three_are_null(stand_in: Any) -> None:
    (item,) = answer(stand_in, MaterialText("Al2O3", "formula", 3.95))
    assert item["log10_prefactor_s_k_cm"] is None
    assert item["log10_diffusion_coefficient_cm2_s"] is None
    assert item["area_specific_resistance_ohm_cm2"] is None
    assert "no known mobile ion" in item["transport_notes"][0]


def test_each_density_stays_with_its_material_where_a_block_is_halved(stand_in: Any) -> None:
    texts = [
        MaterialText("Li3PS4", "formula", 1.9),
        MaterialText("Xx", "formula", 1.0),
        MaterialText("Fe2O3", "formula", 5.2),  # on which the stand-in fails
        MaterialText("Na3PS4", "formula", 2.2),
        MaterialText("LiCl", "formula"),
    ]
    together = answer(stand_in, *texts)
    for row, text in enumerate(texts):
        alone = answer(stand_in, text)[0]
        assert together[row] == {**alone, "id": row}

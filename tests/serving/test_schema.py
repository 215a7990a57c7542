"""The shape of requests and answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from serving.answer_schema import PredictResponse
from serving.answers import response
from serving.blocks import MaterialText, read_material, score_block
from serving.schema import MAX_MATERIALS, PredictRequest, first_fault

LLZO = {"formula": "Li7La3Zr2O12"}
CIF = {"structure": "data_x", "format": "cif"}


def fault_of(body: Any) -> tuple[str, str | None]:
    text = body if isinstance(body, str) else json.dumps(body)
    with pytest.raises(ValidationError) as caught:
        PredictRequest.model_validate_json(text)
    fault = first_fault(caught.value)
    assert fault.message
    return fault.code, fault.field


def test_formula_and_structure_become_named_texts() -> None:
    request = PredictRequest.model_validate({"materials": [{"id": "a", **LLZO}, CIF]})
    assert [material.text() for material in request.materials] == [
        MaterialText("Li7La3Zr2O12", "formula"),
        MaterialText("data_x", "cif"),
    ]
    assert [material.id for material in request.materials] == ["a", None]
    assert (request.temperatures_c, request.coverage) == ([], 0.9)


def test_a_space_group_stands_beside_its_formula() -> None:
    body = {"materials": [{**LLZO, "space_group_number": 230}, LLZO]}
    texts = [item.text() for item in PredictRequest.model_validate(body).materials]
    assert [text.space_group_number for text in texts] == [230, None]
    read = [read_material(text) for text in texts]
    assert [getattr(material, "space_group_number", "") for material in read] == [230, None]


def test_a_density_stands_beside_its_formula() -> None:
    body = {"materials": [{**LLZO, "density_g_cm3": 5}, {**LLZO, "density_g_cm3": None}]}
    request = PredictRequest.model_validate(body)
    assert [item.text().density_g_cm3 for item in request.materials] == [5.0, None]
    assert (request.haven_ratio, request.separator_thickness_um) == (1.0, 25.0)


def test_a_pymatgen_structure_may_be_an_object_or_text() -> None:
    structure = {"@class": "Structure", "sites": []}
    body = {
        "materials": [
            {"structure": structure, "format": "pymatgen"},
            {"structure": json.dumps(structure), "format": "pymatgen"},
        ]
    }
    first, second = PredictRequest.model_validate(body).materials
    assert json.loads(first.text().text) == json.loads(second.text().text) == structure


def test_celsius_becomes_kelvin() -> None:
    request = PredictRequest.model_validate({"materials": [], "temperatures_c": [25, -20.5]})
    assert request.temperatures_k == pytest.approx([298.15, 252.65], abs=1e-12)


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ("{", "invalid_json", None),
        ("", "invalid_json", None),
        ('{"materials":' + "[" * 100_000, "invalid_json", None),
        ('{"materials": [{"formula": "\\ud800"}]}', "invalid_json", None),
        ([], "invalid_field", None),
        (None, "invalid_field", None),
        ({}, "missing_field", "materials"),
        ({"materials": "Li3PS4"}, "invalid_field", "materials"),
        ({"materials": ["Li3PS4"]}, "invalid_field", "materials.0"),
        ({"materials": [LLZO], "temprature": 25}, "unknown_field", "temprature"),
        ({"materials": [LLZO, {"formla": "Li"}]}, "unknown_field", "materials.1.formla"),
        ({"materials": [{"formula": 5}]}, "invalid_field", "materials.0.formula"),
        ({"materials": [{"id": "a"}]}, "invalid_field", "materials.0"),
        ({"materials": [{**LLZO, **CIF}]}, "invalid_field", "materials.0"),
        ({"materials": [{"structure": "data_x"}]}, "invalid_field", "materials.0"),
        ({"materials": [{**LLZO, "format": "cif"}]}, "invalid_field", "materials.0"),
        ({"materials": [{**CIF, "format": "xyz"}]}, "invalid_field", "materials.0.format"),
        ({"materials": [{**CIF, "structure": {}}]}, "invalid_field", "materials.0"),
        ({"materials": [{**CIF, "structure": [1]}]}, "invalid_field", "materials.0.structure"),
        ({"materials": [{**LLZO, "id": True}]}, "invalid_field", "materials.0.id"),
        ({"materials": [{**LLZO, "id": 10**30}]}, "invalid_field", "materials.0.id"),
        ({"materials": [{**LLZO, "id": "x" * 201}]}, "invalid_field", "materials.0.id"),
        ({"materials": [LLZO] * 257}, "too_many_materials", "materials"),
        ({"materials": [], "temperatures_c": [25] * 101}, "invalid_field", "temperatures_c"),
        ({"materials": [], "temperatures_c": [25, "60"]}, "invalid_field", "temperatures_c.1"),
        ({"materials": [], "temperatures_c": [-273.15]}, "invalid_field", "temperatures_c.0"),
        ({"materials": [], "temperatures_c": [2001]}, "invalid_field", "temperatures_c.0"),
        ({"materials": [], "temperatures_c": [float("nan")]}, "invalid_field", "temperatures_c.0"),
        ({"materials": [], "temperatures_c": [float("inf")]}, "invalid_field", "temperatures_c.0"),
        ({"materials": [], "temperatures_c": [10**400]}, "invalid_field", "temperatures_c.0"),
        ({"materials": [], "coverage": 1.0}, "invalid_field", "coverage"),
        ({"materials": [], "coverage": True}, "invalid_field", "coverage"),
        ({"materials": [], "haven_ratio": 0.04}, "invalid_field", "haven_ratio"),
        ({"materials": [], "haven_ratio": 5.1}, "invalid_field", "haven_ratio"),
        ({"materials": [], "haven_ratio": "1"}, "invalid_field", "haven_ratio"),
        ({"materials": [], "haven_ratio": None}, "invalid_field", "haven_ratio"),
        (
            {"materials": [], "separator_thickness_um": 0},
            "invalid_field",
            "separator_thickness_um",
        ),
        (
            {"materials": [], "separator_thickness_um": float("nan")},
            "invalid_field",
            "separator_thickness_um",
        ),
        (
            {"materials": [{**LLZO, "density_g_cm3": 5108}]},
            "invalid_field",
            "materials.0.density_g_cm3",
        ),
        (
            {"materials": [{**LLZO, "density_g_cm3": True}]},
            "invalid_field",
            "materials.0.density_g_cm3",
        ),
        ({"materials": [{**CIF, "density_g_cm3": 5.1}]}, "invalid_field", "materials.0"),
        ({"materials": [{**CIF, "space_group_number": 230}]}, "invalid_field", "materials.0"),
        *(
            (
                {"materials": [{**LLZO, "space_group_number": wrong}]},
                "invalid_field",
                "materials.0.space_group_number",
            )
            for wrong in (0, 231, 1.5, True, "230", [230])
        ),
    ],
)
def test_a_malformed_body_is_refused_with_its_field(
    body: Any, code: str, field: str | None
) -> None:
    assert fault_of(body) == (code, field)


def test_too_many_materials_point_to_the_command_for_lists() -> None:
    with pytest.raises(ValidationError) as caught:
        PredictRequest.model_validate({"materials": [LLZO] * (MAX_MATERIALS + 1)})
    assert "frenkel score" in first_fault(caught.value).message


def test_256_materials_are_accepted() -> None:
    request = PredictRequest.model_validate({"materials": [LLZO] * MAX_MATERIALS})
    assert len(request.materials) == 256


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["materials", "formula", "structure", "format", "id", "coverage"])
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON)
@settings(max_examples=300, deadline=None)
def test_any_json_is_either_a_request_or_a_named_fault(body: Any) -> None:
    try:
        PredictRequest.model_validate_json(json.dumps(body))
    except ValidationError as error:
        fault = first_fault(error)
        assert fault.code
        assert fault.message
        assert len(fault.field or "") <= 200


Ask = Callable[[list[str], list[float]], dict[str, Any]]


@pytest.fixture
def answer(stand_in: Any) -> Ask:
    def ask(formulas: list[str], temperatures_c: list[float]) -> dict[str, Any]:
        texts = [MaterialText(formula, "formula") for formula in formulas]
        kelvin = [temperature_c + 273.15 for temperature_c in temperatures_c]
        scored = score_block(stand_in, texts, coverage=0.8, temperatures_k=kelvin)
        return response(stand_in, list(range(len(texts))), scored, temperatures_c)

    return ask


def test_answers_keep_the_order_and_bad_materials_are_items(answer: Ask) -> None:
    body = answer(["Li3PS4", "Xx3", "Na3PS4"], [25.0, 60.0])
    parsed = PredictResponse.model_validate(body)
    assert [item.status for item in parsed.predictions] == ["ok", "error", "ok"]
    assert [item.id for item in parsed.predictions] == [0, 1, 2]
    refusal = body["predictions"][1]["error"]
    assert (refusal["code"], refusal["field"]) == ("invalid_material", "formula")
    good = body["predictions"][2]
    assert good["mobile_ion"] == "Na"
    curve = good["conductivity_curve"]
    assert [point["temperature_c"] for point in curve] == [25.0, 60.0]
    room = good["log10_conductivity_s_cm"]
    assert curve[0]["log10_conductivity_s_cm"]["value"] == pytest.approx(room["value"], abs=1e-9)
    assert room["upper"] - room["lower"] == pytest.approx(1.6)


def test_a_value_that_is_missing_for_a_reason_is_null_with_a_note(answer: Ask) -> None:
    item = answer(["Al2O3"], [25.0])["predictions"][0]
    assert item["status"] == "ok"
    assert item["log10_conductivity_s_cm"] is None
    assert item["conductivity_curve"][0]["log10_conductivity_s_cm"] is None
    assert item["shear_modulus_gpa"] is not None
    assert item["notes"]
    assert item["in_domain"] is False


def test_numbers_that_are_not_finite_make_an_error_item(answer: Ask) -> None:
    bad, good = answer(["Fe3O4", "Li3PS4"], [])["predictions"]
    assert (bad["status"], bad["error"]["code"]) == ("error", "not_finite")
    assert good["status"] == "ok"


def test_a_material_on_which_the_model_fails_harms_no_other(answer: Ask) -> None:
    texts = ["Li3PS4", "Na3PS4", "Fe2O3", "LiCl", "Li2O"]
    alone = answer(["Li2O"], [25.0])["predictions"][0]
    items = answer(texts, [25.0])["predictions"]
    assert [item["status"] for item in items] == ["ok", "ok", "error", "ok", "ok"]
    assert items[2]["error"]["code"] == "internal"
    assert items[4] == {**alone, "id": 4}


def test_a_model_that_fails_on_everything_is_not_hidden_in_error_rows(answer: Ask) -> None:
    with pytest.raises(ArithmeticError):
        answer(["Fe2O3"] * 40, [])


def test_without_materials_there_are_no_predictions(answer: Ask) -> None:
    body = answer([], [25.0])
    assert body["predictions"] == []
    assert body["model"]["version"] == "stand-in"

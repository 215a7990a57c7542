"""Text that was made to do harm: every one is an answer, in time, and the service stays itself."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.serving.conftest import DISORDERED_CIF, POSCAR
from tests.serving.hostile_texts import HOSTILE, broken, formula_like

pytestmark = pytest.mark.server

LONGEST_S = 6.0
FUZZ = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def client(server: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server, timeout=60) as client:
        yield client


def answered(client: httpx.Client, material: dict[str, Any]) -> dict[str, Any]:
    """The item of a material, after checks that hold for whatever was sent."""
    started = time.monotonic()
    response = client.post("/predict", json={"materials": [material, {"formula": "LiCl"}]})
    assert time.monotonic() - started < LONGEST_S
    assert response.status_code == 200, response.text[:300]
    assert "Traceback" not in response.text
    item, neighbour = response.json()["predictions"]
    assert neighbour["status"] == "ok"
    return dict(item)


@pytest.mark.parametrize(("kind", "text"), HOSTILE.values(), ids=HOSTILE.keys())
def test_every_known_hazard_is_refused_by_name(client: httpx.Client, kind: str, text: str) -> None:
    material = {"formula": text} if kind == "formula" else {"structure": text, "format": kind}
    item = answered(client, material)
    assert item["status"] == "error"
    assert item["error"]["code"] == "invalid_material"
    assert item["error"]["field"] == kind
    assert item["error"]["message"]


def test_a_formula_whose_oxidation_states_explode_is_quick(client: httpx.Client) -> None:
    assert answered(client, {"formula": "Li1.3Al0.3Ti1.7(PO4)3"})["status"] == "ok"


@given(formula_like())
@FUZZ
def test_any_formula_is_answered(client: httpx.Client, formula: str) -> None:
    assert answered(client, {"formula": formula})["status"] in ("ok", "error")


@given(broken(DISORDERED_CIF))
@FUZZ
def test_any_broken_cif_is_answered(client: httpx.Client, text: str) -> None:
    assert answered(client, {"structure": text, "format": "cif"})["status"] in ("ok", "error")


@given(broken(POSCAR))
@FUZZ
def test_any_broken_poscar_is_answered(client: httpx.Client, text: str) -> None:
    assert answered(client, {"structure": text, "format": "poscar"})["status"] in ("ok", "error")


@given(st.binary(max_size=200) | st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["materials", "formula", "structure", "id", "x"]), inner),
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
@FUZZ
def test_any_body_is_answered_or_refused(client: httpx.Client, body: bytes) -> None:
    for path in ("/predict", "/rank"):
        response = client.post(path, content=body, headers={"Content-Type": "application/json"})
        assert response.status_code in (200, 400)
        if response.status_code == 400:
            assert set(response.json()["error"]) == {"code", "message", "field", "request_id"}


def test_every_request_that_the_description_allows_has_a_documented_answer(server: str) -> None:
    schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
    description = httpx.get(f"{server}/openapi.json").json()
    schema = schemathesis.openapi.from_dict(description)
    calls: list[int] = []

    def agree(operation: Any) -> None:
        documented = {int(status) for status in operation.definition.raw["responses"]}

        @given(operation.as_strategy())
        @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
        def agrees(case: Any) -> None:
            status = case.call(base_url=server).status_code
            calls.append(status)
            assert status in documented

        agrees()

    for found in schema.get_all_operations():
        agree(found.ok())
    assert {200, 400} <= set(calls)
    assert max(calls) < 500


def test_the_description_is_openapi_with_real_examples(client: httpx.Client) -> None:
    description = client.get("/openapi.json").json()
    post = description["paths"]["/predict"]["post"]
    asked = post["requestBody"]["content"]["application/json"]["example"]
    shown = post["responses"]["200"]["content"]["application/json"]["example"]
    assert client.post("/predict", json=asked).json() == shown
    page = client.get("/docs").text
    for word in ("http://", "https://", "<script", "<link"):
        assert word not in page.replace("https://doi.org", "")


def test_the_description_has_every_path_and_a_real_answer_to_each_question(
    client: httpx.Client,
) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    listed = {tuple(each.split()) for each in client.get("/").json()["paths"]}
    described = {(method.upper(), path) for path, each in paths.items() for method in each}
    assert listed - {("GET", "/docs"), ("GET", "/openapi.json")} == described
    parsed = paths["/parse"]["get"]
    (parameter,) = parsed["parameters"]
    answer = parsed["responses"]["200"]["content"]["application/json"]["example"]
    assert client.get("/parse", params={"formula": parameter["example"]}).json() == answer
    cell = paths["/cell"]["post"]
    asked = cell["requestBody"]["content"]["application/json"]["example"]
    answer = cell["responses"]["200"]["content"]["application/json"]["example"]
    assert client.post("/cell", json=asked).json() == answer
    assert "<pre>null</pre>" not in client.get("/docs").text

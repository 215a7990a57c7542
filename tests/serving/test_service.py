"""The service, asked over HTTP on a really started server."""

from __future__ import annotations

import csv
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.material import Material
from models.bundle import open_bundle
from models.card import ModelCard
from models.prediction import PROPERTIES
from models.predictor import Predictor
from models.transport_picture import TRANSPORT_PROPERTIES
from serving.answer_schema import PredictResponse
from serving.batch import score_list
from serving.cli import main

pytestmark = pytest.mark.server

FORMULAS = ["Li7La3Zr2O12", "Li6PS5Cl", "Na3PS4"]


@pytest.fixture(scope="module")
def client(server: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server, timeout=60) as client:
        yield client


def post(client: httpx.Client, body: Any, **headers: str) -> httpx.Response:
    return client.post("/predict", json=body, headers=headers)


def error_of(response: httpx.Response) -> dict[str, Any]:
    error: dict[str, Any] = response.json()["error"]
    assert set(error) == {"code", "message", "field", "request_id"}
    assert error["request_id"] == response.headers["X-Request-Id"]
    assert "Traceback" not in response.text
    return error


def test_materials_are_answered_in_order(
    client: httpx.Client, predictor: Predictor, disordered_cif: str
) -> None:
    body = {
        "materials": [
            {"id": "a", "formula": "Li6PS5Cl"},
            {"structure": disordered_cif, "format": "cif"},
            {"id": 3, "formula": "Xx3"},
            {"id": "a", "formula": "Na3PS4"},
        ],
        "temperatures_c": [25, 60],
        "coverage": 0.9,
    }
    response = post(client, body)
    assert response.status_code == 200
    answer = response.json()
    PredictResponse.model_validate(answer)
    assert answer["model"] == {
        "version": predictor.version,
        "data_sha256": predictor.manifest.data_sha256,
        "trained_at": predictor.manifest.trained_at,
    }
    items = answer["predictions"]
    assert [item["id"] for item in items] == ["a", None, 3, "a"]
    assert [item["status"] for item in items] == ["ok", "ok", "error", "ok"]
    assert items[2]["error"]["field"] == "formula"
    assert items[0]["mobile_ion"] == "Li"
    for name in PROPERTIES:
        interval = items[0][name]
        assert interval["lower"] <= interval["value"] <= interval["upper"]
    curve = items[0]["conductivity_curve"]
    assert [point["temperature_c"] for point in curve] == [25.0, 60.0]
    room = curve[0]["log10_conductivity_s_cm"]["value"]
    assert room == pytest.approx(items[0]["log10_conductivity_s_cm"]["value"], abs=0.01)


def test_list_http_and_command_line_give_the_same_numbers(
    client: httpx.Client,
    predictor: Predictor,
    bundle: Path,
    tmp_path: Path,
    disordered_cif: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "mixed.cif").write_text(disordered_cif)
    rows = [["formula", "cif_path"], *([formula, ""] for formula in FORMULAS), ["", "mixed.cif"]]
    with (tmp_path / "in.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    score_list(tmp_path / "in.csv", tmp_path / "out.csv", predictor)
    with (tmp_path / "out.csv").open(newline="") as stream:
        listed = list(csv.DictReader(stream))

    materials = [{"formula": formula} for formula in FORMULAS]
    materials.append({"structure": disordered_cif, "format": "cif"})
    served = post(client, {"materials": materials}).json()["predictions"]
    alone = [post(client, {"materials": [one]}).json()["predictions"][0] for one in materials]

    monkeypatch.setenv("FRENKEL_BUNDLE", str(bundle))
    with pytest.raises(SystemExit):
        main(["predict", *FORMULAS, "--cif", str(tmp_path / "mixed.cif"), "--json"])
    typed = json.loads(capsys.readouterr().out)["predictions"]

    for row, *items in zip(listed, served, alone, typed, strict=True):
        assert row["status"] == "ok"
        for name in PROPERTIES:
            for key, ending in (("value", ""), ("lower", "_lower"), ("upper", "_upper")):
                for item in items:
                    assert item[name][key] == pytest.approx(float(row[name + ending]), abs=1e-9)


def test_the_transport_picture_is_that_of_the_predictor(
    client: httpx.Client, predictor: Predictor
) -> None:
    materials = [{"formula": "Li7La3Zr2O12", "density_g_cm3": 5.1}, {"formula": "Na3PS4"}]
    asked = {"haven_ratio": 0.4, "separator_thickness_um": 100}
    answer = post(client, {"materials": materials, "temperatures_c": [60], **asked}).json()
    PredictResponse.model_validate(answer)
    picture = predictor.predict(
        [Material.from_formula(material["formula"]) for material in materials],
        temperatures_k=[333.15],
        haven_ratio=0.4,
        separator_thickness_um=100.0,
        densities_g_cm3=[5.1, None],
    ).transport
    for row, item in enumerate(answer["predictions"]):
        assert item["transport_notes"] == picture.notes[row]
        for name in TRANSPORT_PROPERTIES:
            band = [bound[row] for bound in getattr(picture, name)]
            if name == "log10_diffusion_coefficient_cm2_s" and row == 1:
                assert item[name] is None
                continue
            assert list(item[name].values()) == pytest.approx(band, rel=1e-9)
    curve = picture.log10_diffusion_curve
    assert curve is not None
    points = [item["conductivity_curve"][0] for item in answer["predictions"]]
    served = points[0]["log10_diffusion_coefficient_cm2_s"]
    assert served["value"] == pytest.approx(curve.value[0, 0], rel=1e-9)
    assert points[1]["log10_diffusion_coefficient_cm2_s"] is None


@pytest.mark.parametrize(
    ("content", "code", "field"),
    [
        (b"{", "invalid_json", None),
        (b"", "invalid_json", None),
        (b"\xff\xfe{}", "invalid_json", None),
        (b'{"materials": ' + b"[" * 500_000, "invalid_json", None),
        (b"[]", "invalid_field", None),
        (b"{}", "missing_field", "materials"),
        (b'{"materials": "LiCl"}', "invalid_field", "materials"),
        (b'{"materials": [{"formla": "LiCl"}]}', "unknown_field", "materials.0.formla"),
        (b'{"materials": [], "coverage": NaN}', "invalid_field", "coverage"),
        (b'{"materials": [], "temperatures_c": [1e999]}', "invalid_field", "temperatures_c.0"),
    ],
)
def test_a_malformed_body_is_400_with_its_field(
    client: httpx.Client, content: bytes, code: str, field: str | None
) -> None:
    headers = {"Content-Type": "application/json"}
    response = client.post("/predict", content=content, headers=headers)
    assert response.status_code == 400
    error = error_of(response)
    assert (error["code"], error["field"]) == (code, field)


def test_a_longer_list_is_pointed_to_the_command_for_lists(client: httpx.Client) -> None:
    response = post(client, {"materials": [{"formula": "LiCl"}] * 257})
    assert response.status_code == 400
    assert "frenkel score" in error_of(response)["message"]
    assert post(client, {"materials": [{"formula": "LiCl"}] * 256}).status_code == 200


def test_a_body_over_the_limit_is_413_declared_or_chunked(client: httpx.Client) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(50):
            yield b" " * 1_000_000

    headers = {"Content-Type": "application/json"}
    for content in (b" " * 2_000_001, pieces()):
        response = client.post("/predict", content=content, headers=headers)
        assert response.status_code == 413
        assert error_of(response)["code"] == "body_too_large"
    padded = json.dumps({"materials": []}).encode().ljust(2_000_000)
    assert client.post("/predict", content=padded, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/vnd.bentoml+pickle"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
def test_anything_but_json_is_415(client: httpx.Client, headers: dict[str, str]) -> None:
    response = client.post("/predict", content=b'{"materials": []}', headers=headers)
    assert (response.status_code, error_of(response)["code"]) == (415, "not_json")


def test_json_with_a_charset_is_json(client: httpx.Client) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    response = client.post("/predict", content=b'{"materials": []}', headers=headers)
    assert (response.status_code, response.json()["predictions"]) == (200, [])


def test_every_answer_carries_the_request_id(client: httpx.Client) -> None:
    given_id = {"X-Request-Id": "run-7"}
    answers = [
        post(client, {"materials": []}, **given_id),
        post(client, {}, **given_id),
        client.get("/nowhere", headers=given_id),
        client.get("/livez", headers=given_id),
    ]
    assert [answer.headers["X-Request-Id"] for answer in answers] == ["run-7"] * 4
    assert len(client.get("/livez").headers["X-Request-Id"]) == 32


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("POST", "/predict/", 404),
        ("GET", "/predict", 405),
        ("POST", "/livez", 404),
        ("GET", "/../../etc/passwd", 404),
    ],
)
def test_other_paths_and_methods_have_the_same_error_shape(
    client: httpx.Client, method: str, path: str, status: int
) -> None:
    response = client.request(method, path)
    assert response.status_code == status
    error_of(response)


def test_health_and_metrics_answer(client: httpx.Client) -> None:
    for path in ("/livez", "/readyz"):
        assert client.get(path).status_code == 200
    post(client, {"materials": [{"formula": "LiCl"}, {"formula": "Xx"}]})
    client.get("/made-up-path-that-must-not-become-a-label")
    text = client.get("/metrics").text
    assert 'frenkel_request_seconds_count{endpoint="/predict",status="200"}' in text
    assert 'frenkel_materials_total{reason="invalid_material",status="error"}' in text
    assert 'endpoint="other",status="404"' in text
    assert "made-up" not in text


@pytest.mark.parametrize(
    "formula",
    [
        "",
        " ",
        "Xx3",
        "D2O",
        "Li" + "9" * 100,
        "Li-1",
        "Linan",
        "Li1e999",
        "(" * 10_000 + "Li" + ")" * 10_000,
        "H" * 100_000,
        "Li\x00Cl",
        "=cmd()",
        "../../etc/passwd",
        "http://localhost/",
    ],
)
def test_hostile_formulas_are_error_items(client: httpx.Client, formula: str) -> None:
    response = post(client, {"materials": [{"formula": formula}, {"formula": "LiCl"}]})
    assert response.status_code == 200
    bad, good = response.json()["predictions"]
    assert (bad["status"], good["status"]) == ("error", "ok")
    assert bad["error"]["code"] == "invalid_material"


def test_hostile_structures_are_error_items(client: httpx.Client, disordered_cif: str) -> None:
    structures = [
        ("cif", ""),
        ("cif", "\x00" * 1000),
        ("cif", disordered_cif.replace("_cell_length_a 4.10", "_cell_length_a nan")),
        ("cif", disordered_cif.replace("_cell_length_a 4.10", "_cell_length_a 1e308")),
        ("cif", disordered_cif.replace("Li1 Li", "Xx1 Xx")),
        ("cif", disordered_cif.replace("0 0 0 0.5", "inf 0 0 0.5")),
        ("cif", disordered_cif + "Cl2 Cl 0.1 0.2 0.3 1\n" * 20_000),
        ("poscar", "Li\n1.0\n"),
        ("poscar", "Li\n1.0\n4 0 0\n0 4 0\n0 0 4\nLi\n1000000000\ndirect\n0 0 0\n"),
        ("pymatgen", "{}"),
        ("pymatgen", '{"@module": "os", "@class": "system"}'),
        ("pymatgen", "[" * 100_000),
    ]
    for kind, text in structures:
        response = post(
            client, {"materials": [{"structure": text, "format": kind}, {"formula": "LiCl"}]}
        )
        assert response.status_code == 200, (kind, text[:80])
        bad, good = response.json()["predictions"]
        assert (bad["status"], good["status"]) == ("error", "ok"), (kind, text[:80])
        assert bad["error"]["code"] == "invalid_material", (kind, text[:80], bad)


@given(formula=st.text(max_size=30), kind=st.sampled_from(["formula", "cif", "poscar", "pymatgen"]))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_text_is_answered(client: httpx.Client, formula: str, kind: str) -> None:
    material = {"formula": formula} if kind == "formula" else {"structure": formula, "format": kind}
    response = post(client, {"materials": [material]})
    assert response.status_code == 200
    item = response.json()["predictions"][0]
    assert item["status"] in ("ok", "error")
    assert item.get("error", {}).get("code") != "internal"


def test_the_model_page_carries_the_card_of_the_bundle(client: httpx.Client, bundle: Path) -> None:
    page = client.get("/model").json()
    assert page["version"] == open_bundle(bundle).version
    assert ModelCard.model_validate(page["card"]) == ModelCard.load(bundle)


def test_requests_side_by_side_are_all_answered(client: httpx.Client) -> None:
    def ask(number: int) -> tuple[int, str]:
        body = {"materials": [{"id": str(number), "formula": f"Li{number + 1}PS4"}]}
        response = post(client, body)
        return response.status_code, response.json()["predictions"][0]["id"]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(32))) == [(200, str(number)) for number in range(32)]


def test_a_sender_that_leaves_does_not_stop_the_service(server: str, client: httpx.Client) -> None:
    host, port = server.removeprefix("http://").split(":")
    head = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    for _ in range(5):
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(head + b"Content-Length: 1000\r\n\r\n{")
    assert post(client, {"materials": [{"formula": "LiCl"}]}).status_code == 200

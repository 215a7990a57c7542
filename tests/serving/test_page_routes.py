"""What the page is made of and asks for, over HTTP and on disk."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from serving.cell_drawing import MOST_SITES_DRAWN
from serving.formula_check import formula_check
from serving.map_page import map_page
from serving.page_files import DOCUMENT, OWN_FILES, PAGE_PATHS
from serving.page_routes import prefers_html, question_of
from serving.plain_page import plain_page

FOLDER = Path(__file__).parents[2] / "serving" / "page"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture(scope="module")
def client(server: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server, timeout=60) as client:
        yield client


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        (BROWSER, True),
        ("TEXT/HTML", True),
        ("text/html;q=0.9, application/json", True),
        ("application/json, text/html", False),
        ("application/json", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_who_asks_for_html_gets_it(accept: str, html: bool) -> None:
    assert prefers_html(accept) is html


def test_every_file_of_the_folder_is_served_and_no_other() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {*OWN_FILES, DOCUMENT}


def test_modules_import_only_what_is_served() -> None:
    for path in FOLDER.glob("*.js"):
        for module in re.findall(r'from "(.*?)"', path.read_text()):
            assert module.startswith("./"), path.name
            assert module.removeprefix("./") in OWN_FILES, path.name


def test_no_script_makes_markup_out_of_text() -> None:
    for path in FOLDER.glob("*.js"):
        text = path.read_text()
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert word not in text, path.name


def test_nothing_is_fetched_from_elsewhere() -> None:
    allowed = ("http://www.w3.org/2000/svg", "https://doi.org/")
    for path in FOLDER.iterdir():
        for address in re.findall(r"https?://[^\"'` )$]*", path.read_text()):
            assert address in allowed, (path.name, address)


def test_every_known_material_names_its_source() -> None:
    known = json.loads((FOLDER / "known.json").read_text())
    marked = {each["label"] for each in known["log10_conductivity_s_cm"]}
    assert marked == {"LLZO", "LGPS", "Li6PS5Cl", "LiPON", "liquid"}
    for name, materials in known.items():
        for each in materials:
            assert re.fullmatch(r"10\.\d{4,5}/\S+", each["doi"]), (name, each)
            assert each["words"]


def test_the_map_has_the_thresholds_of_the_literature() -> None:
    found = map_page()
    lithium = found["metals"]["Li"]
    assert found["poisson_ratio"] == 0.33
    near = min(lithium["density_driven"], key=lambda point: abs(point[0] - 0.1))
    assert near[1] == pytest.approx(0.697, abs=0.005)  # at v = 0.1
    near = min(lithium["pressure_driven"], key=lambda point: abs(point[0] - 2.0))
    assert near[1] == pytest.approx(3.17, rel=0.05)  # at v = 2
    assert {each["formula"] for each in lithium["known"]} >= {"Li7La3Zr2O12", "Li3N", "LiBH4"}
    assert all(v > 1 for v, _ in lithium["pressure_driven"])


def test_a_formula_is_read_or_refused_with_its_reason() -> None:
    found = formula_check("0.75Li2S-0.25P2S5")
    amounts = {each["symbol"]: each["amount"] for each in found["elements"]}
    assert amounts == {"Li": 1.5, "S": 2.0, "P": 0.5}
    assert (found["mobile_ion"], found["error"]) == ("Li", None)
    wrong = formula_check("Li7La3Zr2O12Xx" * 20)
    assert wrong["elements"] == []
    assert "200" in wrong["error"]["message"]


def test_an_address_asks_what_a_body_would() -> None:
    query = {"formula": "LiCl", "coverage": "0.5", "temperatures_c": "25,60", "t_max": "9"}
    assert question_of(query) == {
        "materials": [{"formula": "LiCl"}],
        "coverage": 0.5,
        "temperatures_c": [25.0, 60.0],
    }
    assert question_of({"formula": "LiCl", "coverage": "much"})["coverage"] == "much"


def test_the_plain_page_escapes_what_it_repeats() -> None:
    text = plain_page("<script>alert(1)</script>", None, "<b>wrong</b>")
    assert "<script" not in text
    assert "&lt;b&gt;wrong" in text


@pytest.mark.server
def test_the_same_path_is_a_page_or_an_index(client: httpx.Client) -> None:
    page = client.get("/", headers={"Accept": BROWSER})
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["vary"] == "Accept"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "http" not in policy
    index = client.get("/").json()
    assert index["service"] == "frenkel"
    assert "POST /predict" in index["paths"]


@pytest.mark.server
def test_files_are_kept_by_the_browser(client: httpx.Client) -> None:
    for path in PAGE_PATHS:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["x-content-type-options"] == "nosniff"
        tag = {"If-None-Match": answer.headers["etag"]}
        again = client.get(path, headers=tag)
        assert (again.status_code, again.content) == (304, b"")
    plotly = client.get("/page/plotly.min.js", headers={"Accept-Encoding": "gzip"})
    assert "max-age=31536000" in plotly.headers["cache-control"]
    assert plotly.headers["content-encoding"] == "gzip"
    assert int(plotly.headers["content-length"]) < len(plotly.content) / 2
    plain = client.get("/page/main.js", headers={"Accept-Encoding": "identity"})
    assert plain.content == (FOLDER / "main.js").read_bytes()
    assert client.get("/page/nothing.js").status_code == 404
    assert client.get("/page/../service.py").status_code == 404


@pytest.mark.server
def test_a_formula_is_checked_without_a_prediction(client: httpx.Client) -> None:
    assert client.get("/parse", params={"formula": "Li6PS5Cl"}).json()["mobile_ion"] == "Li"
    assert client.get("/parse", params={"formula": ""}).json()["error"]["field"] == "formula"
    missing = client.get("/parse")
    assert (missing.status_code, missing.json()["error"]["field"]) == (400, "formula")


@pytest.mark.server
def test_without_scripts_an_address_is_answered(client: httpx.Client) -> None:
    answer = client.get("/plain", params={"formula": "Li6PS5Cl", "temperatures_c": "60"})
    assert "log10 conductivity at 60 °C" in answer.text
    assert "<script" not in answer.text
    assert answer.text.count("log10 conductivity at 60 °C") == 1
    params = {"formula": "Li6PS5Cl", "electrode": "Na", "temperatures_c": "25,60"}
    other = client.get("/plain", params=params).text
    assert "no Na metal is plated" in other
    assert other.count("log10 conductivity at 25 °C") == 1
    refused = client.get("/plain", params={"formula": "Xx"})
    assert (refused.status_code, "No prediction" in refused.text) == (200, True)
    wrong = client.get("/plain", params={"formula": "LiCl", "coverage": "2"})
    assert "No prediction: must be a number from 0.5 to 0.99" in wrong.text


@pytest.mark.server
def test_a_cell_is_given_to_be_drawn(
    client: httpx.Client, disordered_cif: str, poscar: str
) -> None:
    drawn: dict[str, Any] = client.post(
        "/cell", json={"structure": disordered_cif, "format": "cif"}
    ).json()
    assert drawn["error"] is None
    assert drawn["vectors_angstrom"][0][0] == pytest.approx(4.1)
    mixed = [site for site in drawn["sites"] if len(site["species"]) == 2]
    assert len(mixed) == 8  # the corners
    assert {each["symbol"]: each["occupancy"] for each in mixed[0]["species"]} == {
        "Li": 0.5,
        "Na": 0.5,
    }
    ordered = client.post("/cell", json={"structure": poscar, "format": "poscar"}).json()
    assert ordered["space_group_number"] == 221
    broken = client.post("/cell", json={"structure": "data_x", "format": "cif"}).json()
    assert (broken["error"]["field"], broken["sites"]) == ("cif", [])
    for body in ({}, {"formula": "LiCl"}, {"structure": None, "format": "cif"}):
        assert client.post("/cell", json=body).status_code == 400


@pytest.mark.server
def test_a_cell_of_too_many_sites_is_not_drawn(client: httpx.Client) -> None:
    side = 8  # times that many ions of each kind
    places = [
        f"{x / side} {y / side} {z / side}"
        for x in range(side)
        for y in range(side)
        for z in range(side)
    ]
    lines = ["cubes", "1.0", "32 0 0", "0 32.1 0", "0 0 32.2", "Li", str(len(places)), "direct"]
    shifted = [f"{text.split()[0]}{n % 7 + 1} {' '.join(text.split()[1:])}" for n, text in
               enumerate(places)]  # fmt: skip
    text = "\n".join([*lines, *shifted])
    answer = client.post("/cell", json={"structure": text, "format": "poscar"}).json()
    assert f"at most {MOST_SITES_DRAWN} are drawn" in answer["error"]["message"]


def test_compressed_files_are_the_same_each_time() -> None:
    from serving.page_files import PageFile

    file = PageFile(b"text " * 1000, "text/plain", "no-cache")
    assert gzip.decompress(file.compressed) == file.content
    assert file.compressed == PageFile(file.content, "text/plain", "no-cache").compressed

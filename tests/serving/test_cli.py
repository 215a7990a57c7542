"""The command line, as a user types it."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from models.prediction import PROPERTIES
from models.transport_picture import TRANSPORT_PROPERTIES
from serving.answer_schema import PredictResponse
from serving.cli import main

REPOSITORY = Path(__file__).parents[2]


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.fixture
def trained(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRENKEL_BUNDLE", str(bundle))


@pytest.fixture
def untrained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRENKEL_BUNDLE", str(tmp_path / "nothing"))


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from serving.cli import main\n"
        "try:\n    main(['--help'])\n"
        "except SystemExit:\n    pass\n"
        "heavy = {'torch', 'xgboost', 'bentoml', 'mlflow', 'pandas', 'pymatgen', 'matminer'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert ended.stderr.strip() == "[]"
    assert all(command in ended.stdout for command in ("predict", "score", "serve"))


@pytest.mark.usefixtures("trained")
def test_json_has_the_shape_of_the_service(capsys: pytest.CaptureFixture[str]) -> None:
    line = ["predict", "Li7La3Zr2O12", "Na3PS4", "--temperature-c", "25", "60", "-20", "--json"]
    assert run(*line) == 0
    body = json.loads(capsys.readouterr().out)
    answers = PredictResponse.model_validate(body).predictions
    assert [answer.id for answer in answers] == ["Li7La3Zr2O12", "Na3PS4"]
    curve = body["predictions"][0]["conductivity_curve"]
    assert [point["temperature_c"] for point in curve] == [25.0, 60.0, -20.0]


@pytest.mark.usefixtures("trained")
def test_the_table_names_every_property_with_its_unit(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("predict", "Li7La3Zr2O12", "-t", "60", "--coverage", "0.8") == 0
    shown = capsys.readouterr().out
    for words in (
        "Li7La3Zr2O12",
        "mobile ion Li",
        "80 % interval",
        "S/cm",
        "at 60 °C",
        "eV",
        "GPa",
        "dendrite",
        "prefactor",
        "ohm cm2",
        "no diffusion coefficient",
    ):
        assert words in shown


@pytest.mark.usefixtures("trained")
def test_a_density_shows_diffusion_at_each_temperature(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "140")  # a label that is wrapped would not be found
    line = ["predict", "Li7La3Zr2O12", "Li6PS5Cl", "--density", "5.1", "1.8", "-t", "60"]
    assert run(*line, "--haven-ratio", "0.4", "--thickness-um", "40") == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert shown.count("log10 diffusion coefficient at 25 °C") == 2
    assert shown.count("log10 diffusion coefficient at 60 °C") == 2
    assert "Haven ratio of 0.4" in shown
    assert "40 um" in shown


@pytest.mark.usefixtures("trained")
def test_a_plot_is_written_beside_the_same_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["predict", "Li6PS5Cl", "--temperature-c", "25", "60", "--json"]
    assert run(*line) == 0
    alone = json.loads(capsys.readouterr().out)
    assert run(*line, "--plot", str(tmp_path / "arrhenius.png")) == 0
    plotted = json.loads(capsys.readouterr().out)
    assert (tmp_path / "arrhenius.png").stat().st_size > 10_000
    curves = [each["predictions"][0]["conductivity_curve"] for each in (alone, plotted)]
    assert [point["temperature_c"] for point in curves[1]] == [25.0, 60.0]
    assert curves[0] == curves[1]


@pytest.mark.usefixtures("trained")
def test_an_electrode_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("predict", "LiNaPS4Cl", "--electrode", "Na", "--json") == 0
    (item,) = json.loads(capsys.readouterr().out)["predictions"]
    assert item["dendrite"]["electrode"] == "Na"


@pytest.mark.usefixtures("trained")
def test_files_are_read_in_the_format_named(
    tmp_path: Path, disordered_cif: str, poscar: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mixed.cif").write_text(disordered_cif)
    (tmp_path / "salt.vasp").write_text(poscar)
    cif, vasp = str(tmp_path / "mixed.cif"), str(tmp_path / "salt.vasp")
    assert run("predict", "LiCl", "--cif", cif, "--poscar", vasp, "--json") == 0
    items = json.loads(capsys.readouterr().out)["predictions"]
    assert [item["id"] for item in items] == ["LiCl", cif, vasp]
    assert run("predict", "--cif", vasp) == 1


@pytest.mark.usefixtures("trained")
def test_a_bad_material_is_named_and_the_others_are_answered(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("predict", "Li3PS4", "Xx3") == 1
    captured = capsys.readouterr()
    assert "Li3PS4" in captured.out
    assert captured.err.startswith("frenkel: Xx3: formula: ")
    assert len(captured.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("predict", "at least one formula"),
        ("predict LiCl --temperature-c -300", "--temperature-c"),
        ("predict LiCl --temperature-c nan", "--temperature-c"),
        ("predict LiCl --temperature-c warm", "--temperature-c"),
        ("predict LiCl --temperature-c", "--temperature-c"),
        ("predict LiCl --coverage 1", "--coverage"),
        ("predict LiCl --haven-ratio 9", "--haven-ratio"),
        ("predict LiCl --thickness-um -1", "--thickness-um"),
        ("predict LiCl NaCl --density 2", "--density: 1 densities for 2 formulas"),
        ("predict LiCl --density 2070", "--density"),
        ("predict LiCl NaCl --space-group 225", "--space-group: 1 numbers for 2 formulas"),
        ("predict LiCl --space-group 231", "--space-group"),
        ("predict LiCl --space-group 2.5", "--space-group"),
        ("score nowhere.csv out.csv --thickness-um 50", "need --transport"),
        ("predict --cif nowhere.cif", "there is no file 'nowhere.cif'"),
        ("predict LiCl", "make train"),
        ("predict LiCl --loud", "--loud"),
        ("predict LiCl --electrode Fe", "--electrode"),
        ("predict LiCl --plot out.doc", "--plot: 'out.doc' must end in"),
        ("score nowhere.csv out.csv", "there is no file 'nowhere.csv'"),
        ("score nowhere.csv out.doc", "must end in .csv, .parquet or .jsonl"),
        ("serve", "FRENKEL_BUNDLE"),
        ("serve --port 0", "--port"),
        ("dance", "dance"),
    ],
)
@pytest.mark.usefixtures("untrained")
def test_a_mistake_ends_with_one_clear_line(
    line: str,
    words: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(*line.split()) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1
    assert captured.err.startswith("frenkel: ")
    assert words in captured.err


@pytest.mark.usefixtures("untrained")
def test_a_setting_that_makes_no_sense_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRENKEL_PORT", "many")
    assert run("serve") == 2
    assert capsys.readouterr().err.startswith("frenkel: FRENKEL_PORT: ")


@pytest.mark.usefixtures("trained")
def test_an_altered_bundle_is_refused_by_name(
    bundle: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    altered = tmp_path / "altered"
    altered.mkdir()
    for file in bundle.iterdir():
        (altered / file.name).write_bytes(file.read_bytes())
    (altered / "planted.json").write_text("{}")
    monkeypatch.setenv("FRENKEL_BUNDLE", str(altered))
    for line in (["predict", "LiCl"], ["serve"]):
        assert run(*line) == 2
        assert "planted.json" in capsys.readouterr().err


@pytest.mark.usefixtures("trained")
def test_a_port_in_use_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert run("serve", "--port", port) == 2
        assert f"port {port}" in capsys.readouterr().err


@pytest.mark.usefixtures("trained")
def test_score_writes_the_numbers_that_predict_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    formulas = ["Li6PS5Cl", "Na3PS4", "Li1.3Al0.3Ti1.7(PO4)3"]
    lines = [f"{formula},2.5" for formula in [*formulas, "Xx"]]
    (tmp_path / "in.csv").write_text("\n".join(["formula,density_g_cm3", *lines]) + "\n")
    asked = ["--haven-ratio", "0.4", "--thickness-um", "50"]
    files = [str(tmp_path / "in.csv"), str(tmp_path / "out.csv")]
    assert run("score", *files, "--transport", *asked) == 0
    assert "4 rows: 3 predicted, 1 errors" in capsys.readouterr().err
    assert run("predict", *formulas, "--density", "2.5", "2.5", "2.5", *asked, "--json") == 0
    items = json.loads(capsys.readouterr().out)["predictions"]
    with (tmp_path / "out.csv").open() as stream:
        rows = list(csv.DictReader(stream))[:3]
    for row, item in zip(rows, items, strict=True):
        assert row["transport_notes"] == " | ".join(item["transport_notes"])
        for name in (*PROPERTIES, *TRANSPORT_PROPERTIES):
            for key, ending in (("value", ""), ("lower", "_lower"), ("upper", "_upper")):
                assert float(row[name + ending]) == pytest.approx(item[name][key], rel=1e-9)

"""A user's own measurements: units, problems, and how they join the tables."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.training.samples import collected, disordered, measured
from training.measurement_schema import measurement_frame
from training.own_data import InvalidOwnData, read_own_data, with_own_data
from training.own_rows import NO_REFERENCE
from training.records import ACTIVATION_ENERGY, BULK, CONDUCTIVITY, SHEAR
from training.sources import SourceStatus
from training.splits import paper_groups
from training.tables import Dataset, materials

HEADER = "formula,property,value,unit,temperature,temperature_unit,bound,reference"


def written(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / "mine.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def tables(*rows: object) -> Dataset:
    nothing = pd.DataFrame({"source": [], "reason": []}, dtype="string")
    frame = measurement_frame(collected(*rows), {})  # type: ignore[arg-type]
    status = SourceStatus("obelix", True, "cache", "ab" * 32, None)
    return Dataset(frame, {}, (status,), nothing, nothing)


@pytest.mark.parametrize(
    ("line", "name", "value", "kelvin"),
    [
        ("Li3PS4,conductivity,0.5,mS/cm,25,C,,a", CONDUCTIVITY, math.log10(5e-4), 298.15),
        ("Li3PS4,conductivity,5e-4,S/cm,298.15,K,,a", CONDUCTIVITY, math.log10(5e-4), 298.15),
        ("Li3PS4,conductivity,0.05,S/m,60,C,,a", CONDUCTIVITY, math.log10(5e-4), 333.15),
        ("Li3PS4,conductivity,-3.5,log10(S/cm),25,C,<,a", CONDUCTIVITY, -3.5, 298.15),
        ("Li3PS4,activation_energy,0.35,eV,,,,a", ACTIVATION_ENERGY, 0.35, math.nan),
        ("Li3PS4,activation_energy,350,meV,,,,a", ACTIVATION_ENERGY, 0.35, math.nan),
        ("Li3PS4,activation_energy,33.76986624,kJ/mol,,,,a", ACTIVATION_ENERGY, 0.35, math.nan),
        ("Li3PS4,shear_modulus,8,GPa,,,,a", SHEAR, math.log10(8), math.nan),
        ("Li3PS4,bulk_modulus,8000,MPa,,,,a", BULK, math.log10(8), math.nan),
    ],
)
def test_units_become_those_of_the_tables(
    tmp_path: Path, line: str, name: str, value: float, kelvin: float
) -> None:
    (row,) = read_own_data(written(tmp_path, line)).measurements
    assert row.property == name
    assert row.value == pytest.approx(value, abs=1e-8)
    assert row.temperature_k == pytest.approx(kelvin, nan_ok=True)
    assert row.bound == ("<" if ",<," in line else "=")


def test_every_problem_is_listed_at_once_with_row_and_column(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "Li3PS4,conductivity,0.5,mS/cm,25,C,,a",
        "Xx3,conductivity,-2,mS/cm,25,F,>,a",
        ",hardness,many,GPa,,,,",
        "Li3PS4,activation_energy,0.35,kJ,25,C,<,a",
        "Li3PS4,conductivity,5,S/cm,5000,C,,a",
        "Li3PS4,conductivity,50,S/cm,25,C,,a",
        "Li3PS4,conductivity,0.5,mS/cm,25,C,,a",
        "Li3PS4,conductivity",
    )
    with pytest.raises(InvalidOwnData, match="is not used, it has 14 problems") as found:
        read_own_data(path)
    places = [(each.row, each.column) for each in found.value.problems]
    assert places == [
        *((3, name) for name in ("formula", "value", "temperature_unit", "bound")),
        *((4, name) for name in (None, "property", "value")),
        *((5, name) for name in ("unit", "temperature", "bound")),
        (6, "temperature"),
        (7, "value"),
        (8, None),
        (9, None),
    ]
    text = str(found.value)
    assert "row 5, unit: 'kJ' is no unit of it; accepted: eV, meV, kJ/mol" in text
    assert "row 8: repeats row 2; accepted: each measurement once" in text


def test_a_header_that_is_not_understood_is_refused_before_any_row(tmp_path: Path) -> None:
    path = written(tmp_path, "a,b,c,d", header="value,bonud,value,property")
    with pytest.raises(InvalidOwnData) as found:
        read_own_data(path)
    reasons = {(each.column, each.reason) for each in found.value.problems}
    assert reasons == {
        ("bonud", "is no column of this table"),
        ("value", "stands twice"),
        ("unit", "the column is missing"),
        (None, "no column says which material"),
    }


@pytest.mark.parametrize("content", [b"", b"formula,property,value,unit\n", b"\xff\xfe\x00", b'"a'])
def test_a_file_without_rows_or_that_is_no_text_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidOwnData):
        read_own_data(path)
    with pytest.raises(InvalidOwnData, match="cannot be read"):
        read_own_data(tmp_path / "none.csv")


def test_a_cif_gives_composition_structure_and_space_group(tmp_path: Path) -> None:
    (tmp_path / "mine.cif").write_text(disordered().to(fmt="cif"))
    line = "mine.cif,conductivity,1,mS/cm,25,C"
    path = written(
        tmp_path, line, header="cif_path,property,value,unit,temperature,temperature_unit"
    )
    joined, _ = with_own_data(tables(measured()), read_own_data(path))
    own = joined.measurements[joined.measurements["source"] == "own"]
    assert own["mobile_ion"].tolist() == ["Li"]
    (material,) = materials(own, joined)
    assert material.structure is not None
    assert material.space_group_number == own["space_group_number"].item()


def test_own_rows_join_the_papers_and_compositions_they_belong_to(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "Li3PS4,conductivity,0.5,mS/cm,25,C,,https://doi.org/10.1000/X",
        "Li6PS5Cl,conductivity,1,mS/cm,25,C,,",
        "Li6PS5Br,conductivity,2,mS/cm,25,C,,",
    )
    joined, left_out = with_own_data(tables(measured(doi="10.1000/x")), read_own_data(path))
    frame = joined.measurements
    assert frame["source"].tolist() == ["obelix", "own", "own", "own"]
    assert frame["reference"].tolist()[2:] == [NO_REFERENCE, NO_REFERENCE]
    groups = paper_groups(frame)
    assert groups[0] == groups[1]
    assert groups[2] == groups[3] != groups[0]
    assert joined.sources[-1].name == "own"
    assert left_out == []


def test_a_value_that_the_tables_have_from_that_paper_is_left_out_by_name(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "Li7La3Zr2O12,conductivity,1e-4,S/cm,25,C,,10.1000/x",
        "Li7La3Zr2O12,conductivity,1e-4,S/cm,25,C,,10.1000/other",
        "Li7La3Zr2O12,conductivity,2e-4,S/cm,25,C,,10.1000/x",
    )
    joined, left_out = with_own_data(tables(measured(value=-4.0)), read_own_data(path))
    assert len(joined.measurements) == 3
    assert len(left_out) == 1
    assert left_out[0].startswith("row 2: Li7La3Zr2O12")
    assert np.isfinite(joined.measurements["value"]).all()


@pytest.mark.parametrize(
    ("extra", "arguments"),
    [
        ("mine.csv", "--extra mine.csv"),
        ("--extra mine.csv", "--extra mine.csv"),
        ("--profile small", "--profile small"),
    ],
)
def test_make_takes_a_bare_file_for_own_data(extra: str, arguments: str) -> None:
    command = ["make", "--no-print-directory", "--dry-run", "train", f"EXTRA={extra}"]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == f".venv/bin/frenkel-train train {arguments}"

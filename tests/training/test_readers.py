"""Readers on hand-made files, with the defects that the real ones have."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from pymatgen.core import Lattice, Structure

from training.conductivity_tables import read_liverpool, read_obelix
from training.moduli_tables import (
    ONE_GPA_NOTE,
    read_ahmad,
    read_matbench,
    read_matbench_compositions,
)
from training.nasicon_tables import read_xu
from training.records import (
    ACTIVATION_ENERGY,
    SHEAR,
    Collector,
)

if TYPE_CHECKING:
    pass


FIRST_LIVERPOOL = b"""\xef\xbb\xbfID,composition,source,temperature,target,log_target
1,Li2Ti0.75Ta0.25O3.125,10.1016/J.fusengdes.2010.04.003,300,9.00E-05,-4.045757491
2,"""


def test_liverpool_degrees_become_kelvin_and_a_reference_without_doi_is_kept() -> None:
    text = (
        FIRST_LIVERPOOL
        + b"""LiF,Journal De Physique 26 339-341. 1965,25,1e-14,-14
3,"""
        + b'"""(Li2S)0.7 (P2S5)0.3""",10.1/x,-20,1e-4,-4\n'
    )
    found = Collector()
    read_liverpool({"data/misc/LiIonDatabase.csv": text}, found)
    first, second, third = found.measurements
    assert first.temperature_k == pytest.approx(573.15)
    assert first.value == pytest.approx(math.log10(9e-5))
    assert first.doi == "10.1016/j.fusengdes.2010.04.003"
    assert second.doi is None
    assert second.reference == "journal de physique 26 339-341. 1965"
    assert third.temperature_k == pytest.approx(253.15)
    # 0.7 Li2S + 0.3 P2S5: 1.4 Li, 0.6 P, 2.2 S of 4.2 atoms
    assert dict(third.material.fractions)["S"] == pytest.approx(2.2 / 4.2)


def test_a_formula_that_is_none_is_rejected_with_its_line() -> None:
    text = FIRST_LIVERPOOL + b"Qq3,10.1/x,25,1e-4,-4\n"
    found = Collector()
    read_liverpool({"data/misc/LiIonDatabase.csv": text}, found)
    assert len(found.measurements) == 1
    (rejected,) = found.rejected
    assert (rejected.source, rejected.row_of_origin) == ("liverpool", "line 3 (ID 2)")
    assert rejected.text == "Qq3"
    assert rejected.reason.startswith("formula not understood: ")


def xu_rows(*rows: str) -> bytes:
    return ("Formula,S,Ea,Paper,PO4\n" + "\n".join(rows) + "\n").encode()


def test_hafnium_typed_hf_is_not_hydrogen_fluoride() -> None:
    found = Collector()
    read_xu("test", xu_rows("Li1.2Fe0.2HF1.8 (PO4)3,1.58E-04,,aono3,3"), found)
    (row,) = found.measurements
    assert {element for element, _ in row.material.fractions} == {"Li", "O", "P", "Fe", "Hf"}
    assert row.reference == "xu2020:aono3"
    assert found.repaired[0].formula == "Li1.2Fe0.2Hf1.8(PO4)3"


def test_a_lost_subscript_comes_back_from_the_column_of_tetrahedra() -> None:
    found = Collector()
    read_xu(
        "test", xu_rows("Na2Mg0.5Zr1.5(PO4),1e-6,,t1,3", "Na3Zr2(SiO4)2(PO4),1e-3,,t1,1"), found
    )
    phosphorus = [dict(row.material.fractions)["P"] for row in found.measurements]
    assert phosphorus == pytest.approx([3 / 19, 1 / 20])


def test_the_rows_that_winand_measured_at_400_k_say_so() -> None:
    found = Collector()
    rows = xu_rows("Na2AlZr(PO4)3,0.0000012,0.586,,3", "Na2AlZr(PO4)3,0.00012,,,3")
    read_xu("training", rows, found)
    hot, energy, other = found.measurements
    assert (hot.temperature_k, other.temperature_k) == (400.0, 298.15)
    assert hot.reference != other.reference == "xu2020:training"
    assert (energy.property, energy.value) == (ACTIVATION_ENERGY, 0.586)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("Na2YbZr1.0(PO4)3,3.55E-03,,DELMAS,3", "temperature in doubt"),
        ("Li1.1Zr1.9Y0.1(PO4)3,8.90E-03,,YutaoLi,3", "unit in doubt"),
        ("Li1.7Ti1.3Cr1.7(PO4)3,6.31E-05,,Svitan,3", "more framework metal"),
    ],
)
def test_nasicon_rows_that_cannot_be_trusted_are_rejected_by_name(row: str, reason: str) -> None:
    found = Collector()
    read_xu("test", xu_rows(row), found)
    assert found.measurements == []
    assert found.rejected[0].reason.startswith(reason)


def test_ahmad_rows_with_a_warning_or_an_impossible_modulus_are_rejected() -> None:
    def row(ident: str, shear: float, bulk: float, warnings: list[str] | None) -> dict[str, object]:
        elasticity = {"G_VRH": shear, "K_VRH": bulk, "warnings": warnings}
        cif = Structure(Lattice.cubic(3.0), ["Li"], [[0, 0, 0]]).to(fmt="cif")
        return {"task_id": ident, "pretty_formula": "Li", "cif": cif, "elasticity": elasticity}

    import json

    rows = [
        row("mp-1", 4.0, 14.0, None),
        row("mp-2", 1005.0, 64.0, ["One or more eigenvalues of the elastic tensor is negative"]),
        row("mp-3", -5.0, 70.0, None),
        row("mp-4", 5.0, 20.0, ["Contains a rare earth element"]),
        row("mp-5", 1005.0, 64.0, None),
    ]
    found = Collector()
    read_ahmad(json.dumps(rows).encode(), found)
    assert [m.row_of_origin for m in found.measurements] == ["mp-1", "mp-1", "mp-4", "mp-4"]
    assert [m.value for m in found.measurements[:2]] == pytest.approx([0.60206, 1.14613], abs=1e-5)
    assert [(r.row_of_origin, r.reason) for r in found.rejected] == [
        (
            "mp-2",
            "elastic tensor in doubt: One or more eigenvalues of the elastic tensor is negative",
        ),
        ("mp-3", "modulus not positive"),
        ("mp-5", "Poisson ratio under -0.5"),
    ]
    assert set(found.structures) == {"ahmad2018:mp-1", "ahmad2018:mp-4"}


def test_a_matbench_zero_is_one_gigapascal_and_is_kept_with_a_note() -> None:
    table = {
        "mbid": {"0": "mb-log-gvrh-00001", "1": "mb-log-gvrh-00002"},
        "composition": {"0": "In4 I12", "1": "Ca1 Ag2 Ge2"},
        "spg_num": {"0": 14, "1": 139},
        "log10(G_VRH)": {"0": 0.0, "1": 1.447158},
    }
    found = Collector()
    read_matbench(SHEAR, table, found)
    assert [(m.value, m.note) for m in found.measurements] == [
        (0.0, ONE_GPA_NOTE),
        (1.447158, None),
    ]
    assert [m.space_group_number for m in found.measurements] == [14, 139]


def test_a_matbench_table_that_lost_rows_is_refused() -> None:
    member = {"crabnet/data/matbench/elasticity_log10(G_VRH).csv": b"formula,target\nLi1F1,1.0\n"}
    with pytest.raises(ValueError, match="1 rows instead of 10987"):
        read_matbench_compositions(member, (SHEAR,), Collector())


def test_obelix_reader_needs_every_member() -> None:
    with pytest.raises(KeyError):
        read_obelix({}, Collector())

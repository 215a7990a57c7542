"""A structure read as a job, and its record on disk."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

import numpy as np
import pytest

from features.limits import InvalidMaterial
from features.material import Material
from features.material_records import MaterialRecords
from features.structure_jobs import StructureJob, known_structure, read_structure, with_facts
from features.table import FEATURE_VERSION, feature_table

CIF = """data_rock_salt
_cell_length_a 5.13
_cell_length_b 5.13
_cell_length_c 5.13
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'F m -3 m'
_symmetry_Int_Tables_number 225
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Li1 Li 0 0 0 1
Cl1 Cl 0.5 0.5 0.5 1
"""


def read(job: StructureJob) -> Material:
    found = read_structure(job)
    assert isinstance(found, Material)
    return found


def test_facts_stand_in_for_the_structure_with_the_same_features() -> None:
    plain, ready = Material.parse(CIF, "cif"), read(StructureJob(CIF, "cif"))
    assert ready.structure is None
    assert ready.has_structure
    assert ready.content_hash == plain.content_hash
    assert ready.fractions == plain.fractions
    a, b = (feature_table([material]).to_numpy() for material in (plain, ready))
    np.testing.assert_array_equal(a, b)


def test_a_record_is_the_material_bit_for_bit(tmp_path: Path) -> None:
    job = StructureJob(CIF, "cif", tmp_path)
    assert known_structure(job) is None
    ready, known = read(job), known_structure(job)
    assert known is not None
    assert known.crystal is not None
    assert ready.crystal is not None
    np.testing.assert_array_equal(known.crystal.values, ready.crystal.values)
    assert known.crystal.coordination_number == ready.crystal.coordination_number
    assert (known.formula, known.fractions, known.lattice, known.space_group_number) == (
        ready.formula,
        ready.fractions,
        ready.lattice,
        ready.space_group_number,
    )
    assert known.crystal.atoms == ready.crystal.atoms
    assert known.content_hash == ready.content_hash


def test_another_text_or_format_has_another_record(tmp_path: Path) -> None:
    read(StructureJob(CIF, "cif", tmp_path))
    assert known_structure(StructureJob(CIF + "\n", "cif", tmp_path)) is None
    assert known_structure(StructureJob(CIF, "poscar", tmp_path)) is None
    assert known_structure(StructureJob(CIF, "cif")) is None


def test_the_same_crystal_in_another_text_is_not_computed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = read(StructureJob(CIF, "cif", tmp_path))

    def computed(*_: object) -> object:
        raise AssertionError("computed again")

    monkeypatch.setattr("features.structure_jobs.crystal_row", computed)
    again = read(StructureJob(CIF.replace("rock_salt", "other"), "cif", tmp_path))
    assert again.crystal is not None
    assert first.crystal is not None
    np.testing.assert_array_equal(again.crystal.values, first.crystal.values)


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "other form", "other width"])
def test_a_damaged_record_is_computed_anew(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    job = StructureJob(CIF, "cif", tmp_path)
    ready = read(job)
    path = MaterialRecords(tmp_path, FEATURE_VERSION).path(CIF, "cif")
    content = path.read_bytes()
    body = content.partition(b"\n")[2]
    match damage:
        case "cut":
            content = content[:-20]
        case "flipped":
            content = content[:100] + bytes([content[100] ^ 1]) + content[101:]
        case "empty":
            content = b""
        case "other form":
            content = _sealed(b"[1, 2]")
        case "other width":
            record = json.loads(body)
            record["values"] = record["values"][:-1]
            content = _sealed(json.dumps(record).encode())
    path.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert known_structure(job) is None
    assert "computed anew" in caplog.text
    again = read(job)
    assert again.content_hash == ready.content_hash
    assert known_structure(job) is not None


def _sealed(body: bytes) -> bytes:
    import hashlib

    return hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def test_a_text_that_is_refused_is_a_value_and_leaves_no_record(tmp_path: Path) -> None:
    found = read_structure(StructureJob("junk", "cif", tmp_path))
    assert isinstance(found, InvalidMaterial)
    assert found.field == "cif"
    assert not list(tmp_path.rglob("*.json"))


def test_a_formula_needs_no_facts() -> None:
    found = read(StructureJob("LiCl", "formula"))
    assert found.crystal is None
    with pytest.raises(ValueError, match="no structure"):
        with_facts(found)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_cache_that_cannot_be_written_costs_no_answer(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert read(StructureJob(CIF, "cif", tmp_path)).crystal is not None


def test_a_cache_that_is_a_file_costs_no_answer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("x")
    with caplog.at_level(logging.WARNING):
        assert read(StructureJob(CIF, "cif", tmp_path / "file")).crystal is not None
    assert "not kept" in caplog.text


def test_a_crystal_with_something_uncomputed_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> float:
        raise ValueError("no cell")

    monkeypatch.setattr("features.coordination_voronoi.mobile_coordination_number", fails)
    found = read(StructureJob(CIF, "cif", tmp_path))
    assert found.crystal is not None
    assert found.crystal.failures == ("coordination number: ValueError: no cell",)
    assert np.isnan(found.crystal.coordination_number)
    assert known_structure(StructureJob(CIF, "cif", tmp_path)) is None

"""The feature table: order, missing blocks, cache, processes and failures."""

from __future__ import annotations

import json
import logging
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pymatgen.core import Lattice, Structure

from features import crystal_table
from features.material import Material
from features.table import FEATURE_VERSION, feature_groups, feature_table, fraction_matrix, rounded


def rock_salt(edge: float = 5.14, scaling: tuple[int, int, int] = (1, 1, 1)) -> Structure:
    sites = [[0, 0, 0], [0.5, 0.5, 0.5]]
    cell = Structure.from_spacegroup("Fm-3m", Lattice.cubic(edge), ["Li", "Cl"], sites)
    return cell * scaling


def disordered() -> Structure:
    species = [{"Li": 0.5, "Zr": 0.2}, {"S": 0.7, "Cl": 0.3}]
    return Structure(Lattice.cubic(3.6), species, [[0, 0, 0], [0.5, 0.5, 0.5]])


def materials() -> list[Material]:
    return [
        Material.from_formula("Li7La3Zr2O12"),
        Material.from_structure(rock_salt()),
        Material.from_formula("Li6PS5Cl", space_group_number=216, lattice=(9.9,) * 3 + (90,) * 3),
        Material.from_structure(disordered()),
    ]


def cached_files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.npy"))


def test_groups_hold_every_column_once_and_in_the_order_of_the_table() -> None:
    groups = feature_groups()
    assert list(groups) == ["composition", "symmetry", "structure", "transport", "ranked_elements"]
    names = [name for columns in groups.values() for name in columns]
    assert len(set(names)) == len(names)
    assert list(feature_table(materials()).columns) == names


def test_the_table_is_numbers_by_row() -> None:
    table = feature_table(materials())
    assert isinstance(table.index, pd.RangeIndex)
    assert len(table) == 4
    assert (table.dtypes == np.float64).all()


def test_fractions_go_to_the_column_of_their_element() -> None:
    matrix = fraction_matrix([Material.from_formula("Li2O")])
    assert matrix.shape == (1, 103)
    assert matrix[0, 2] == pytest.approx(2 / 3)
    assert matrix[0, 7] == pytest.approx(1 / 3)
    assert matrix.sum() == pytest.approx(1.0)


def test_a_missing_block_is_missing_as_a_whole() -> None:
    groups, table = feature_groups(), feature_table(materials())
    assert table[groups["composition"]].notna().all(axis=None)
    assert table.loc[0, groups["symmetry"]].isna().all()
    assert table.loc[0, groups["structure"] + groups["transport"]].isna().all()
    assert table.loc[1, groups["symmetry"]].notna().all()
    assert table.loc[1, "space_group_number"] == 225
    assert table.loc[1, "mobile_coordination_mean"] == pytest.approx(6.0, abs=1e-5)


def test_a_lattice_without_a_structure_fills_its_own_columns_only() -> None:
    groups, table = feature_groups(), feature_table(materials())
    assert table.loc[2, "space_group_number"] == 216
    known = table.loc[2, groups["structure"] + groups["transport"]].dropna()
    assert known.to_dict() == {
        "cell_middle_to_shortest": 1.0,
        "cell_longest_to_shortest": 1.0,
        "cell_mean_angle_from_right_deg": 0.0,
    }


def test_only_the_groups_asked_for_are_given() -> None:
    groups = feature_groups()
    table = feature_table(materials(), groups=["transport", "symmetry"])
    assert list(table.columns) == groups["symmetry"] + groups["transport"]
    assert feature_table(materials(), groups=[]).shape == (4, 0)


def test_an_unknown_group_is_refused() -> None:
    with pytest.raises(ValueError, match="colour"):
        feature_table(materials(), groups=["colour"])


def test_no_materials_make_an_empty_table() -> None:
    names = [name for columns in feature_groups().values() for name in columns]
    assert list(feature_table([]).columns) == names
    assert len(feature_table([])) == 0


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Li7La3Zr2O12", "O12Zr2La3Li7"),
        ("Li7La3Zr2O12", "Li14La6Zr4O24"),
        ("Li7La3Zr2O12", "Li3.5La1.5ZrO6"),
        ("Li3PO4", "Li3(PO4)1"),
    ],
)
def test_the_way_a_formula_is_written_does_not_change_its_row(first: str, second: str) -> None:
    table = feature_table([Material.from_formula(first), Material.from_formula(second)])
    pd.testing.assert_series_equal(table.loc[0], table.loc[1], check_names=False)


def test_supercells_have_the_same_row() -> None:
    cells = [rock_salt(), rock_salt(scaling=(2, 1, 1)), disordered(), disordered() * (1, 2, 2)]
    table = feature_table([Material.from_structure(cell) for cell in cells])
    for one, other in ((0, 1), (2, 3)):
        pd.testing.assert_series_equal(
            table.loc[one], table.loc[other], check_names=False, rtol=1e-8, atol=1e-8
        )


def test_rounding_keeps_eight_digits_and_drops_noise() -> None:
    values = np.array([[math.pi * 1e5, -1 / 3, 7.0, 0.0, 3e-17, np.nan]])
    found = rounded(values)
    np.testing.assert_allclose(found[0, :3], values[0, :3], rtol=5e-9)
    assert found[0, 2] == 7.0
    assert found[0, 3] == 0.0
    assert found[0, 4] == 0.0
    assert np.isnan(found[0, 5])
    np.testing.assert_array_equal(rounded(values * (1 + 1e-13)), found)


def test_a_second_call_reads_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = feature_table(materials(), cache=tmp_path)
    assert len(cached_files(tmp_path)) == 3  # two structures and a lattice

    def computed_again(*_: object) -> None:
        raise AssertionError("the cache was not used")

    monkeypatch.setattr(crystal_table, "crystal_row", computed_again)
    pd.testing.assert_frame_equal(feature_table(materials(), cache=tmp_path), first)


def test_another_feature_version_does_not_read_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feature_table(materials(), cache=tmp_path)
    monkeypatch.setattr("features.table.FEATURE_VERSION", FEATURE_VERSION + "-next")
    feature_table(materials(), cache=tmp_path)
    assert len(cached_files(tmp_path)) == 6


@pytest.mark.parametrize("damage", ["cut", "text", "shape", "pickle"])
def test_a_damaged_cache_file_is_reported_and_computed_anew(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    first = feature_table(materials(), cache=tmp_path)
    for path in cached_files(tmp_path):
        if damage == "cut":
            path.write_bytes(path.read_bytes()[:100])
        elif damage == "text":
            path.write_text("no array")
        elif damage == "shape":
            np.save(path, np.zeros(3))
        else:
            np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with caplog.at_level(logging.WARNING):
        again = feature_table(materials(), cache=tmp_path)
    pd.testing.assert_frame_equal(again, first)
    assert "computed anew" in caplog.text
    pd.testing.assert_frame_equal(feature_table(materials(), cache=tmp_path), first)


def test_equal_materials_are_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    whole = crystal_table.crystal_row

    def counted(structure: Structure, lattice: tuple[float, ...]) -> object:
        calls.append(structure)
        return whole(structure, lattice)

    monkeypatch.setattr(crystal_table, "crystal_row", counted)
    table = feature_table([Material.from_structure(rock_salt()) for _ in range(3)])
    assert len(calls) == 1
    pd.testing.assert_series_equal(table.loc[0], table.loc[2], check_names=False)


def test_one_failing_part_leaves_the_rest_of_the_table(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    def broken(*_: object) -> dict[str, float]:
        raise np.linalg.LinAlgError("no convergence")

    whole = feature_table(materials())
    monkeypatch.setattr("features.structure.network_columns", broken)
    with caplog.at_level(logging.WARNING):
        table = feature_table(materials(), cache=tmp_path)
    assert "no network: LinAlgError: no convergence features for LiCl" in caplog.text
    assert table.loc[1, ["network_bulk_modulus_gpa", "coordination_mean"]].isna().all()
    others = [name for name in table if name in whole and table.loc[1, name] == whole.loc[1, name]]
    assert {"density_g_cm3", "percolating_hop_angstrom_3d", "fraction_Li"} <= set(others)
    assert len(cached_files(tmp_path)) == 1  # the lattice; what failed is not kept


def test_a_structure_beyond_the_tables_is_a_missing_block_and_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    flat = Structure(Lattice([[1, 0, 0], [2, 0, 0], [0, 0, 1]]), ["Li"], [[0, 0, 0]])
    material = Material("Li", (("Li", 1.0),), structure=flat)
    with caplog.at_level(logging.WARNING):
        table = feature_table([material])
    assert "UnusableStructure" in caplog.text
    groups = feature_groups()
    assert table[groups["structure"] + groups["transport"]].isna().all(axis=None)
    assert table[groups["composition"]].notna().all(axis=None)


@pytest.mark.slow
def test_processes_give_the_same_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crystal_table, "FEWEST_FOR_PROCESSES", 2)
    many = [Material.from_structure(rock_salt(5.0 + 0.01 * step)) for step in range(12)]
    one, two = feature_table(many), feature_table(many, jobs=2, cache=tmp_path)
    pd.testing.assert_frame_equal(one, two)
    assert len(cached_files(tmp_path)) == 12


def test_every_known_structure_has_a_row_without_a_failure(
    mirror: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A sample of the known electrolytes' structures, ordered and disordered."""
    from training.tables import load_dataset

    structures = load_dataset(mirror=mirror).structures
    keys = sorted(structures)[:: max(1, len(structures) // 60)]
    sample = [Material.from_structure(structures[key]) for key in keys]
    with caplog.at_level(logging.WARNING, logger="features.crystal_table"):
        table = feature_table(sample)
    assert caplog.text == ""
    assert table["density_g_cm3"].between(0.3, 25).all()
    has_mobile = table["mobile_ion_fraction"] > 0
    assert table.loc[has_mobile, "percolating_hop_angstrom_1d"].notna().all()
    assert json.loads(table.iloc[0].dropna().to_json())

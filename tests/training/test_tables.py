"""From files to tidy measurements: readers, defects, duplicates, fits, structures."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure

from features.material import Material
from training.arrhenius_fits import add_fitted_energies, fit_activation_energy
from training.conductivity_tables import read_liverpool, read_obelix
from training.duplicates import drop_repeated_measurements, mark_repeated_moduli
from training.measurement_schema import COLUMNS, measurement_frame, measurement_schema
from training.moduli_tables import (
    ONE_GPA_NOTE,
    read_ahmad,
    read_matbench,
    read_matbench_compositions,
    tidy_integers,
)
from training.nasicon_tables import read_xu
from training.records import (
    ACTIVATION_ENERGY,
    BULK,
    CONDUCTIVITY,
    SHEAR,
    Collector,
    Measurement,
    element_amounts,
    normal_doi,
    papers,
    plain_formula,
)
from training.structure_store import StructureStore, structure_from_cif
from training.table_cache import READERS, Tables, read_tables, write_tables
from training.tables import data_sha256, load_dataset, materials

if TYPE_CHECKING:
    from training.tables import Dataset

FIRST_LIVERPOOL = b"""\xef\xbb\xbfID,composition,source,temperature,target,log_target
1,Li2Ti0.75Ta0.25O3.125,10.1016/J.fusengdes.2010.04.003,300,9.00E-05,-4.045757491
2,"""


def measured(
    formula: str = "Li7La3Zr2O12",
    value: float = -4.0,
    source: str = "obelix",
    row: str = "a",
    **changes: object,
) -> Measurement:
    name = str(changes.pop("property", CONDUCTIVITY))
    doi = changes.pop("doi", "10.1000/x")
    if name == CONDUCTIVITY:
        changes.setdefault("temperature_k", 298.15)
    return Measurement(
        property=name,
        value=value,
        material=Material.from_formula(formula),
        source=source,
        row_of_origin=row,
        doi=doi,  # type: ignore[arg-type]
        reference=changes.pop("reference", doi),  # type: ignore[arg-type]
        **changes,  # type: ignore[arg-type]
    )


def collected(*rows: Measurement) -> Collector:
    return Collector(measurements=list(rows))


# --- small text rules ---


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        ("10.1039/C3DT52917G", "10.1039/c3dt52917g"),
        ("https://doi.org/10.1021/ab", "10.1021/ab"),
        (" doi:10.1021/acs.inorgchem.8b01785.s001 ", "10.1021/acs.inorgchem.8b01785"),
        ("10.1016/a|10.1016/B", "10.1016/a|10.1016/b"),
        ("Journal De Physique 26 339-341. 1965", None),
        ("", None),
        (None, None),
    ],
)
def test_one_paper_has_one_doi_however_it_is_written(text: str | None, doi: str | None) -> None:
    assert normal_doi(text) == doi


def test_a_joint_reference_names_both_papers() -> None:
    assert papers("10.1016/a|10.1016/b") == ("10.1016/a", "10.1016/b")


def test_whole_amounts_are_divided_and_fractional_ones_kept() -> None:
    assert plain_formula({"Li": 8.0, "P": 4.0, "O": 14.0}) == "Li4P2O7"
    assert plain_formula({"Li": 3.6, "Sc": 3.6, "O": 8.0}) == "Li3.6Sc3.6O8"
    assert plain_formula({"Li": 1.0, "F": 1.0}) == "LiF"


def test_both_spellings_of_a_matbench_formula_give_one_text() -> None:
    assert tidy_integers("Ca1 Ag2 Ge2") == tidy_integers("Ag2Ca1Ge2") == "Ag2CaGe2"
    assert tidy_integers("Na3 N1") == "NNa3"


def test_an_element_named_twice_is_added_up() -> None:
    assert element_amounts("Li1O2Li3") == {"Li": 4.0, "O": 2.0}


# --- readers on hand-made files ---


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


def test_an_impossible_value_is_rejected_with_the_range() -> None:
    found = Collector()
    assert not found.keep(measured(value=3.0))
    assert found.rejected[0].reason == "log10_conductivity_s_cm outside (-30, 1]"


# --- Arrhenius fits ---


@given(
    st.floats(0.05, 1.4),
    st.floats(0.0, 15.0),
    st.lists(st.integers(230, 700), min_size=3, max_size=8, unique=True).filter(
        lambda t: max(t) - min(t) >= 20
    ),
)
def test_the_fit_gives_back_the_energy_that_made_the_data(
    energy_ev: float, log_prefactor: float, temperatures_k: list[int]
) -> None:
    kelvin = np.array(temperatures_k, dtype=float)
    log10_sigma = (log_prefactor - energy_ev / (8.617333262e-5 * kelvin) - np.log(kelvin)) / np.log(
        10.0
    )
    fitted = fit_activation_energy(kelvin.tolist(), log10_sigma.tolist())
    assert fitted is not None
    assert fitted[0] == pytest.approx(energy_ev, rel=1e-6)
    assert fitted[1] == pytest.approx(1.0, abs=1e-9)


def test_a_fit_by_hand_of_sigma_that_grows_tenfold_from_300_to_330_k() -> None:
    # ln(10 * 330 / 300) = 2.39790 over 1/300 - 1/330 = 3.0303e-4 gives 7913.1 K, 0.68190 eV;
    # the middle point lies on the line.
    middle = 315.0
    step = (1 / 300 - 1 / middle) / (1 / 300 - 1 / 330)
    log_sigma_t = math.log(300) + 2.397895 * step
    values = [0.0, (log_sigma_t - math.log(middle)) / math.log(10), 1.0]
    fitted = fit_activation_energy([300.0, middle, 330.0], values)
    assert fitted is not None
    assert fitted[0] == pytest.approx(0.68190, abs=1e-4)


@pytest.mark.parametrize(
    "temperatures_k",
    [[300.0, 330.0], [300.0, 300.02, 330.0], [300.0, 310.0, 319.9], [300.0, 300.0, 300.0]],
)
def test_too_few_or_too_near_temperatures_give_no_fit(temperatures_k: list[float]) -> None:
    values = [-5.0 + 0.02 * t for t in temperatures_k]
    assert fit_activation_energy(temperatures_k, values) is None


def series(values: list[float], **changes: object) -> Collector:
    return collected(
        *(
            measured(
                value=v,
                source="liverpool",
                row=f"line {i}",
                temperature_k=300.0 + 20 * i,
                **changes,
            )
            for i, v in enumerate(values)
        )
    )


def test_a_straight_series_of_one_paper_adds_one_energy() -> None:
    found = series([-6.0, -5.55, -5.15])
    add_fitted_energies(found)
    (energy,) = [m for m in found.measurements if m.property == ACTIVATION_ENERGY]
    assert energy.source == "liverpool_fit"
    assert energy.row_of_origin == "line 0; line 1; line 2"
    assert 0.4 < energy.value < 0.6
    assert math.isnan(energy.temperature_k)


def test_a_crooked_series_is_rejected_by_name() -> None:
    found = series([-6.0, -3.0, -5.0])
    add_fitted_energies(found)
    assert all(m.property == CONDUCTIVITY for m in found.measurements)
    assert found.rejected[0].reason == "Arrhenius fit with r2 of 0.95 or less"


def test_bounds_and_values_of_other_papers_take_no_part_in_a_fit() -> None:
    found = series([-6.0, -5.55, -5.15], bound="<")
    add_fitted_energies(found)
    other = collected(
        *(
            measured(value=-6.0 + 0.4 * i, source="liverpool", temperature_k=300.0 + 20 * i, doi=d)
            for i, d in enumerate(["10.1000/a", "10.1000/b", "10.1000/a"])
        )
    )
    add_fitted_energies(other)
    assert len(found.measurements) == len(other.measurements) == 3


# --- duplicates ---


def test_one_value_of_one_paper_in_two_tables_is_kept_once_with_obelix_first() -> None:
    found = collected(
        measured(value=-4.0, source="laskowski", row="line 7"),
        measured(value=-4.002, source="obelix", row="xyz", doi="10.1000/x|10.1000/y"),
    )
    drop_repeated_measurements(found)
    assert [m.source for m in found.measurements] == ["obelix"]
    assert found.rejected[0].reason == "duplicate of obelix xyz"
    assert found.rejected[0].row_of_origin == "line 7"


@pytest.mark.parametrize(
    "other",
    [
        {"value": -4.05},
        {"doi": "10.1000/z"},
        {"bound": "<"},
        {"temperature_k": 373.15},
        {"formula": "Li6.4La3Zr1.4Ta0.6O12"},
        {"source": "obelix"},
    ],
)
def test_values_that_differ_in_anything_are_all_kept(other: dict[str, object]) -> None:
    changed = {"source": "liverpool", **other}
    found = collected(measured(row="a"), measured(row="b", **changed))  # type: ignore[arg-type]
    drop_repeated_measurements(found)
    assert len(found.measurements) == 2


def test_a_row_without_doi_repeats_the_same_value_of_a_known_paper() -> None:
    found = collected(measured(), measured(source="xu2020", doi=None, reference="xu2020:t1"))
    drop_repeated_measurements(found)
    assert [m.source for m in found.measurements] == ["obelix"]


def test_one_crystal_in_two_elasticity_tables_is_kept_and_marked() -> None:
    def modulus(source: str, row: str, number: int, key: str | None) -> Measurement:
        return measured(
            "LiF", 1.7, source, row, property=SHEAR, structure_key=key, space_group_number=number
        )

    found = collected(
        modulus("matbench", "mb-1", 225, None),
        modulus("mp_binaries", "mp-1", 225, "mp_binaries:mp-1"),
        modulus("elastic_tensor_2015", "mp-1", 225, "elastic_tensor_2015:mp-1"),
        modulus("matbench", "mb-2", 221, None),
    )
    marks = mark_repeated_moduli(found)
    assert len(found.measurements) == 4
    assert marks == {0: "elastic_tensor_2015:mp-1", 1: "elastic_tensor_2015:mp-1"}


# --- schema, structures, cache ---


def test_the_table_of_measurements_has_the_columns_of_its_schema() -> None:
    frame = measurement_frame(collected(measured(space_group_number=230)), {})
    assert tuple(frame.columns) == COLUMNS
    assert frame["unit"].tolist() == ["log10(S/cm)"]
    assert frame["mobile_ion"].tolist() == ["Li"]


@pytest.mark.parametrize(
    ("column", "value"),
    [("bound", ">"), ("value", 5.0), ("temperature_k", math.nan), ("space_group_number", 231)],
)
def test_a_table_with_an_impossible_entry_is_refused(column: str, value: object) -> None:
    import pandera.errors

    frame = measurement_frame(collected(measured(space_group_number=1)), {})
    frame.loc[0, column] = value
    with pytest.raises(pandera.errors.SchemaError):
        measurement_schema().validate(frame)


def disordered() -> Structure:
    contents = [{"Li": 0.875}, {"Bi": 0.5, "Sb": 0.5}]
    return Structure(Lattice.orthorhombic(3.0, 4.0, 5.0), contents, [[0, 0, 0], [0.5, 0.5, 0.5]])


def test_partial_occupancies_survive_the_store(tmp_path: Path) -> None:
    StructureStore.of({"obelix:jqc": disordered()}).write(tmp_path / "s.gz")
    back = StructureStore.read(tmp_path / "s.gz")
    assert list(back) == ["obelix:jqc"]
    assert back["obelix:jqc"] == disordered()
    assert back["obelix:jqc"] is back["obelix:jqc"]
    assert "nothing" not in back


def test_a_cif_comes_without_oxidation_states() -> None:
    structure = disordered()
    structure.add_oxidation_state_by_element({"Li": 1, "Bi": 5, "Sb": 5})
    read = structure_from_cif(structure.to(fmt="cif"))
    assert {str(kind) for kind in read.composition} == {"Li", "Bi", "Sb"}


def test_a_crystal_is_kept_as_its_primitive_cell_with_space_group_and_cubic_lattice() -> None:
    rock_salt = Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(4.0), ["Li", "F"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )
    found = Collector()
    crystal = found.crystal(rock_salt, "table:1")
    assert len(rock_salt) == 8
    assert len(found.structures["table:1"]) == 2
    assert crystal.space_group_number == 225
    assert crystal.lattice == pytest.approx((4.0, 4.0, 4.0, 90.0, 90.0, 90.0))


def tables_of(*rows: Measurement) -> Tables:
    frame = measurement_frame(collected(*rows), {})
    text = pd.DataFrame({"source": [], "reason": []}, dtype="string")
    return Tables(frame, {"obelix:a": disordered()}, text, text)


def test_kept_tables_read_back_the_same(tmp_path: Path) -> None:
    written = write_tables(tmp_path, "key", tables_of(measured(), measured(value=-7.0)))
    back = read_tables(tmp_path, "key")
    assert back is not None
    pd.testing.assert_frame_equal(back.measurements, written.measurements)
    assert back.structures["obelix:a"] == disordered()
    assert read_tables(tmp_path, "other key") is None


def test_damaged_kept_tables_are_thrown_away(tmp_path: Path) -> None:
    write_tables(tmp_path, "key", tables_of(measured()))
    (tmp_path / "tables/key/measurements.parquet").write_bytes(b"damaged")
    assert read_tables(tmp_path, "key") is None
    assert not (tmp_path / "tables/key").exists()


def test_every_module_that_makes_the_tables_is_part_of_their_key() -> None:
    code = (
        "import sys, training.tables\n"
        "print(*sorted(m for m in sys.modules if m.startswith(('training.', 'features.'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= set(READERS)
    assert "features.crystal" in READERS  # imported only where a structure is read


# --- the real data ---


def only(dataset: Dataset, source: str) -> pd.DataFrame:
    rows = dataset.measurements[dataset.measurements["source"] == source]
    if rows.empty:
        pytest.skip(f"{source} is not within reach")
    return rows


def test_obelix_has_599_rows_37_bounds_and_321_structures(dataset: Dataset) -> None:
    rows = only(dataset, "obelix")
    assert len(rows) == 599
    bounds = rows.loc[rows["bound"] == "<", "value"]
    assert bounds.round(6).value_counts().to_dict() == {-10.0: 36, -8.0: 1}
    assert rows["obelix_split"].value_counts().to_dict() == {"train": 478, "test": 121}
    assert rows["structure_key"].notna().sum() == 321
    ordered = [dataset.structures[key].is_ordered for key in rows["structure_key"].dropna()]
    assert ordered.count(False) == 249
    assert rows["doi"].notna().all()
    assert (rows["mobile_ion"] == "Li").all()


def test_all_820_liverpool_rows_are_accounted_for(dataset: Dataset) -> None:
    rows = only(dataset, "liverpool")
    gone = dataset.rejected[dataset.rejected["source"] == "liverpool"]
    assert len(rows) + len(gone) == 820
    assert gone["reason"].str.startswith("duplicate of ").all()
    assert rows["temperature_k"].min() == pytest.approx(5 + 273.15)
    assert rows["temperature_k"].max() == pytest.approx(873 + 273.15)


def test_at_least_1300_laskowski_conductivities_come_with_their_papers(dataset: Dataset) -> None:
    rows = only(dataset, "laskowski")
    rows = rows[rows["property"] == CONDUCTIVITY]
    gone = dataset.rejected[dataset.rejected["source"] == "laskowski"]
    repeated = gone[
        gone["reason"].str.startswith("duplicate of ") & gone["text"].str.contains(CONDUCTIVITY)
    ]
    assert len(rows) + len(repeated) >= 1300
    assert rows["doi"].notna().mean() > 0.99


def test_elastic_tensor_2015_has_1181_crystals_with_both_moduli(dataset: Dataset) -> None:
    rows = only(dataset, "elastic_tensor_2015")
    assert rows.groupby("property").size().to_dict() == {BULK: 1181, SHEAR: 1181}
    first = rows[(rows["row_of_origin"] == "mp-10003") & (rows["property"] == SHEAR)].iloc[0]
    assert first["value"] == pytest.approx(math.log10(97.1416044794))
    assert first["space_group_number"] == 124
    assert dataset.structures["elastic_tensor_2015:mp-10003"].num_sites == 12


def test_matbench_has_10987_rows_of_each_modulus_all_whole_gigapascals(dataset: Dataset) -> None:
    rows = only(dataset, "matbench")
    assert rows.groupby("property").size().to_dict() == {BULK: 10_987, SHEAR: 10_987}
    whole = 10.0 ** rows["value"]
    assert (whole - whole.round()).abs().max() < 1e-6
    assert (rows.loc[rows["property"] == SHEAR, "value"] == 0.0).sum() == 31


def test_both_forms_of_matbench_give_the_same_rows(dataset: Dataset, tmp_path: Path) -> None:
    status = {each.name: each for each in dataset.sources}
    if not status["matbench_log_gvrh"].available:
        pytest.skip("matbench with space groups is not within reach")
    from training.archives import read_members
    from training.fetching import SourceFetcher
    from training.sources import cache_dir, source_named

    source = source_named("matbench_compositions")
    fetched = SourceFetcher(cache_dir()).fetch(source)
    if fetched.path is None or source.package is None:
        pytest.skip("the package with the matbench compositions is not within reach")
    bare = Collector()
    members = read_members(fetched.path, source.package.members)
    read_matbench_compositions(members, (SHEAR, BULK), bare)
    full = only(dataset, "matbench").sort_values(["property", "row_of_origin"])
    bare_rows = sorted(bare.measurements, key=lambda m: (m.property, m.row_of_origin))
    assert [m.row_of_origin for m in bare_rows] == full["row_of_origin"].tolist()
    assert [m.material.formula for m in bare_rows] == full["formula"].tolist()
    np.testing.assert_allclose([m.value for m in bare_rows], full["value"], atol=1e-9)


def test_mirrored_tables_are_read_in_full(dataset: Dataset, mirror: Path) -> None:
    assert (only(dataset, "mp_binaries")["property"] == SHEAR).sum() == 3953
    ahmad = only(dataset, "ahmad2018")
    gone = dataset.rejected[dataset.rejected["source"] == "ahmad2018"]
    assert (ahmad["property"] == SHEAR).sum() + len(gone) == 546
    assert (10 ** ahmad["value"]).between(0.1, 600).all()
    xu = only(dataset, "xu2020")
    assert (xu.loc[xu["mobile_ion"] == "Na", "property"] == CONDUCTIVITY).sum() >= 75


def test_every_structure_named_in_the_table_is_there(dataset: Dataset) -> None:
    assert set(dataset.measurements["structure_key"].dropna()) <= set(dataset.structures)


def test_the_hash_of_the_data_does_not_depend_on_row_order(dataset: Dataset) -> None:
    few = dataset.measurements.head(50).reset_index(drop=True)
    shuffled = few.iloc[::-1].reset_index(drop=True)
    one = data_sha256(dataset.with_measurements(few))
    assert data_sha256(dataset.with_measurements(shuffled)) == one
    few.loc[3, "value"] += 1e-9
    assert data_sha256(dataset.with_measurements(few)) != one


def test_rows_get_materials_with_their_measured_composition_and_structure(
    dataset: Dataset,
) -> None:
    rows = pd.concat(
        [only(dataset, "obelix").head(40), only(dataset, "elastic_tensor_2015").head(10)]
    )
    made = materials(rows, dataset)
    for row, material in zip(rows.to_dict("records"), made, strict=True):
        assert material.composition_key == row["composition_key"]
        assert (material.structure is None) == pd.isna(row["structure_key"])
        assert material.space_group_number == row["space_group_number"]


def test_a_cif_gives_the_same_crystal_in_training_and_from_outside(dataset: Dataset) -> None:
    from training.archives import read_members
    from training.fetching import SourceFetcher
    from training.sources import cache_dir, source_named

    source = source_named("obelix")
    path = SourceFetcher(cache_dir(), offline=True).fetch(source).path
    if path is None:
        pytest.skip("OBELiX is not within reach")
    cifs = read_members(path, ("data/randomized_cifs/[0-4]*.cif",))
    same = 0
    for name, content in sorted(cifs.items())[:25]:
        served = Material.from_cif(content.decode())
        kept = dataset.structures[f"obelix:{name.rsplit('/', 1)[-1].removesuffix('.cif')}"]
        trained = replace(served, structure=kept)
        same += served.content_hash == trained.content_hash
    assert same == 25


def test_rows_of_one_crystal_share_one_material(dataset: Dataset) -> None:
    rows = only(dataset, "elastic_tensor_2015").head(20)
    made = materials(rows, dataset)
    assert len({id(material) for material in made}) == rows["structure_key"].nunique()


def test_a_source_can_be_loaded_on_its_own(tmp_path: Path, mirror: Path) -> None:
    small = load_dataset(tmp_path, mirror=mirror, only=["xu2020_training"], offline=True)
    assert set(small.measurements["source"]) == {"xu2020"}
    again = load_dataset(tmp_path, mirror=mirror, only=["xu2020_training"], offline=True)
    pd.testing.assert_frame_equal(small.measurements, again.measurements)


def test_obelix_reader_needs_every_member() -> None:
    with pytest.raises(KeyError):
        read_obelix({}, Collector())

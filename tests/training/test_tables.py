"""What the real data sets give; tests skip where a source is out of reach."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from features.material import Material
from training.moduli_tables import (
    read_matbench_compositions,
)
from training.records import (
    BULK,
    CONDUCTIVITY,
    SHEAR,
    Collector,
)
from training.tables import data_sha256, load_dataset, materials

if TYPE_CHECKING:
    from training.tables import Dataset


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

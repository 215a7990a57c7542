"""The published stability table, and volume ratios from the structures behind it."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.dendrite_reference import DendriteReference
from models.electrodes import volume_ratio
from models.volume_ratio import coordination_numbers
from training.dendrite_data import (
    STABILITY_ROWS,
    VolumeRatioRows,
    ahmad_structures,
    fit_dendrite_reference,
    fit_volume_ratio,
    read_stability_table,
    stability_table,
    volume_ratio_rows,
)
from training.tables import Dataset


@pytest.fixture(scope="module")
def table(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    found = stability_table(tmp_path_factory.mktemp("cache"), mirror=mirror)
    if found is None:
        pytest.skip("the mirror has no stability table")
    return found


def test_the_table_has_its_12950_rows_and_12607_with_moduli(table: pd.DataFrame) -> None:
    assert len(table) == STABILITY_ROWS
    assert int(table["chi_kJ_mol_nm"].notna().sum()) == 12_607
    assert set(table["src"]) == {"MP_DFT", "cgcnn_pred"}


def test_a_table_that_lost_rows_or_columns_is_refused(table: pd.DataFrame) -> None:
    for part in (table.head(5), table.drop(columns="v")):
        content = gzip.compress(part.to_csv(index=False).encode())
        with pytest.raises(ValueError, match="stability table has"):
            read_stability_table(content)


def test_structures_give_the_published_volume_ratios(mirror: Path, table: pd.DataFrame) -> None:
    path = mirror / "elasticity" / "ahmad2018-training-set-data.json"
    structures = ahmad_structures(path.read_bytes())
    assert len(structures) == 546
    listed = table.set_index("mp").loc[list(structures)]
    numbers = coordination_numbers(list(structures.values()))
    assert np.isfinite(numbers).all()
    error = np.abs(volume_ratio(numbers) / listed["v"].to_numpy() - 1.0)
    assert np.median(error) < 1e-4
    assert error.max() < 0.01


def test_each_structure_counts_once_and_comes_from_the_table_where_it_can(
    dataset: Dataset, table: pd.DataFrame
) -> None:
    small = dataset.with_measurements(
        dataset.measurements[dataset.measurements["source"].isin(["ahmad2018", "obelix"])]
    )
    rows = volume_ratio_rows(small, table)
    known = int(table["formula"].notna().sum())
    assert known == 2377
    obelix = len(rows.materials) - known
    assert 250 < obelix <= 321
    assert all(material.structure is None for material in rows.materials)
    assert np.isfinite(rows.ratio).all()
    assert (rows.ratio > 0.0).all()
    alone = volume_ratio_rows(small, None)
    assert 250 + 454 < len(alone.materials) <= 321 + 454


def test_equal_compositions_share_a_group(dataset: Dataset, table: pd.DataFrame) -> None:
    empty = dataset.with_measurements(dataset.measurements.head(0))
    rows = volume_ratio_rows(empty, table)
    keys = np.array([material.composition_key for material in rows.materials])
    for group in np.unique(rows.groups)[:50]:
        assert len(set(keys[rows.groups == group])) == 1
    assert len(np.unique(rows.groups)) == len(set(keys))


def test_held_out_compositions_are_met_much_better_than_by_a_typical_ratio(
    dataset: Dataset, table: pd.DataFrame
) -> None:
    empty = dataset.with_measurements(dataset.measurements.head(0))
    rows = volume_ratio_rows(empty, table)
    fitted = fit_volume_ratio(rows)
    assert fitted is not None
    model, held_out = fitted
    error = np.median(np.abs(held_out / rows.ratio - 1.0))
    typical = np.median(np.abs(np.median(rows.ratio) / rows.ratio - 1.0))
    assert error < 0.15 < 0.3 < typical
    assert 0.2 < model.log_deviation < 0.35


def test_too_few_rows_teach_nothing() -> None:
    assert fit_volume_ratio(VolumeRatioRows.of([], np.zeros(0))) is None


def test_without_the_table_there_are_no_ranks_and_it_is_said(
    dataset: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.delenv("FRENKEL_DATA_MIRROR", raising=False)
    empty = dataset.with_measurements(dataset.measurements.head(0))
    reference, metrics = fit_dendrite_reference(empty, tmp_path)
    assert reference == DendriteReference(None, None)
    assert metrics == {}
    assert "no percentiles" in caplog.text
    assert "v of a formula is a typical one" in caplog.text

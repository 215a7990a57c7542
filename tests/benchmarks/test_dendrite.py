"""The parts of the dendrite benchmark that can be wrong without anybody seeing it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks._dendrite_ranking import (
    data_rows,
    fold_predictions,
    li_compounds,
    top_decile_recall,
)
from benchmarks.dendrite import chi_figures
from training.dendrite_data import stability_table
from training.preparation import (
    MODULI_FEATURES,
    MODULI_PROPERTIES,
    Prepared,
    moduli_data,
    prepare,
)
from training.profiles import small_profile
from training.sources import cache_dir
from training.tables import Dataset


@pytest.fixture(scope="module")
def prepared(dataset: Dataset) -> Prepared:
    """Ahmad's rows and some without a structure."""
    frame = dataset.measurements
    if "ahmad2018" not in set(frame["source"]):
        pytest.skip("the Ahmad structures are not within reach")
    ours = frame[frame["source"] == "ahmad2018"].iloc[:240]
    bare = frame[frame["property"].isin(MODULI_PROPERTIES) & frame["structure_key"].isna()]
    part = frame.loc[ours.index.union(bare.index[:200])].reset_index(drop=True)
    return prepare(
        dataset.with_measurements(part), MODULI_PROPERTIES, MODULI_FEATURES, cache_dir(), jobs=1
    )


def test_recall_counts_the_best_tenth_found_in_the_named_tenth() -> None:
    truth = np.arange(20.0)  # the best two are 19 and 18
    assert top_decile_recall(truth, truth) == 1.0
    assert top_decile_recall(truth, -truth) == 0.0
    named = truth.copy()
    named[[18, 0]] = [0.0, 18.5]
    assert top_decile_recall(truth, named) == 0.5


def test_each_structure_has_a_training_row_of_its_own(prepared: Prepared) -> None:
    data = moduli_data(prepared)
    rows = data_rows(prepared, data)
    structures = [index for index, m in enumerate(prepared.materials) if m.has_structure]
    assert len(structures) > 100
    for index in structures:
        assert data.material[rows[index]] == index
        assert data.known[rows[index]] == "structure"


def test_compounds_carry_the_published_moduli(prepared: Prepared, mirror: Path) -> None:
    table = stability_table(cache_dir(), mirror=mirror)
    assert table is not None
    compounds = li_compounds(prepared, table)
    assert len(compounds.material) == 120
    assert np.isnan(compounds.network_shear_gpa).all()  # all of these have DFT moduli
    by_shear = table[table["src"] == "MP_DFT"]["G"].dropna().to_numpy()
    for shear in compounds.shear_gpa[:20]:
        assert np.isclose(by_shear, shear, rtol=1e-9).any()


def test_labels_of_a_fold_do_not_reach_its_own_predictions(prepared: Prepared) -> None:
    """The moduli of one composition are made absurd; its own prediction must not notice."""
    config = replace(small_profile().moduli, folds=2)
    data = moduli_data(prepared)
    chosen = data.groups == data.groups[0]
    spoiled = data.y.copy()
    spoiled[chosen] += 1.5
    honest = fold_predictions(data, config, "formula")
    lied = fold_predictions(replace(data, y=spoiled), config, "formula")
    own = honest.fold == honest.fold[chosen][0]
    assert np.array_equal(honest.each[own], lied.each[own])
    assert np.array_equal(honest.errors[own], lied.errors[own])
    assert not np.array_equal(honest.each[~own], lied.each[~own])


def test_the_published_table_and_the_worked_values_come_out(mirror: Path) -> None:
    table = stability_table(cache_dir(), mirror=mirror)
    assert table is not None
    figures = {figure.metric: figure for figure in chi_figures(table)}
    for metric, figure in figures.items():
        assert figure.met or metric == "max relative error, pressure term", metric
    assert figures["max relative error, chi"].n == 12_607
    assert figures["max relative error, pressure term"].note.startswith("1 rows beyond")

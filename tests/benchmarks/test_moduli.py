"""The parts of the moduli benchmark that can be wrong without anybody seeing it."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from monty.json import MontyEncoder
from pymatgen.core import Lattice, Structure

from benchmarks import _moduli_full
from benchmarks._moduli_folds import MAGPIE, Tested, allowed, matbench_number
from benchmarks.moduli import error_figure, fold_note, is_li_compound
from features.material import Material
from features.table import feature_groups
from training.profiles import small_profile
from training.tables import Dataset


def measurements() -> pd.DataFrame:
    rows = [
        ("mb-log-gvrh-00001", "AgCl"),
        ("mb-log-kvrh-00001", "AgCl"),
        ("mb-log-gvrh-00002", "AgCl"),  # a polymorph
        ("mb-log-gvrh-00003", "LiF"),
        ("mp-1", "AgCl"),
        ("mp-2", "LiF"),
    ]
    return pd.DataFrame(rows, columns=["row_of_origin", "composition_key"])


def test_shear_and_bulk_modulus_of_a_crystal_share_a_number() -> None:
    assert matbench_number(measurements()).tolist() == [1, 1, 2, 3, 0, 0]


def test_a_fold_learns_polymorphs_but_no_other_table_s_value_of_a_test_composition() -> None:
    frame = measurements()
    kept = allowed(frame, matbench_number(frame), {1})
    assert frame["row_of_origin"][kept].tolist() == [
        "mb-log-gvrh-00002",
        "mb-log-gvrh-00003",
        "mp-2",
    ]


def test_lithium_rows_are_those_with_an_anion() -> None:
    taken = {f: is_li_compound(Material.from_formula(f)) for f in ("Li2S", "LiBH4", "LiAl", "NaCl")}
    assert taken == {"Li2S": True, "LiBH4": True, "LiAl": False, "NaCl": False}


def test_a_figure_counts_its_rows_and_the_truths_that_are_known() -> None:
    truth = np.array([[1.0, 2.0], [1.5, np.nan], [2.0, 1.0], [0.0, 0.0]])
    tested = Tested(truth, np.array([0, 0, 1, 1]), np.arange(4))
    tested.predictions = {
        "formula": truth + np.array([[0.1, 0.2]]),
        "mean": np.nan_to_num(truth) * 0.0,
    }
    tested.inside = {"formula": np.array([[True, True], [True, True], [False, True], [True, True]])}
    figure = error_figure(tested, "A", "formula", 0, baselines=(), at_most=0.2)
    assert figure.value == pytest.approx(0.1)
    assert figure.n == 4
    assert figure.met
    assert figure.baselines == {"mean": pytest.approx(4.5 / 4)}
    assert "75.0%" in figure.note
    bulk = error_figure(tested, "A", "formula", 1, baselines=())
    assert (bulk.n, bulk.value) == (3, pytest.approx(0.2))


def test_the_spread_over_folds_is_that_of_their_means() -> None:
    note = fold_note(np.zeros(4), np.array([0.1, 0.3, 0.4, 0.4]), np.array([0, 0, 1, 1]))
    assert note == "folds 0.3000 +- 0.1000"


def test_magpie_columns_are_all_there() -> None:
    assert len(MAGPIE) == 132
    assert set(MAGPIE) <= set(feature_groups()["composition"])


def rock_salts(count: int) -> bytes:
    """A file as matbench publishes it: a split table with pymatgen structures."""
    metals = ["Li", "Na", "K", "Rb", "Ag", "Mg", "Ca", "Sr", "Ba", "Mn", "Fe", "Ni"]
    halides = ["F", "Cl", "Br", "I", "O", "S", "Se", "Te"]
    pairs = [(metal, anion) for metal in metals for anion in halides][:count]
    data = [
        [
            Structure.from_spacegroup(
                "Fm-3m", Lattice.cubic(5 + 0.01 * row), [m, a], [[0] * 3, [0.5] * 3]
            ),
            1.0 + 0.01 * row,
        ]
        for row, (m, a) in enumerate(pairs)
    ]
    table = {"index": list(range(count)), "columns": ["structure", "log10(G_VRH)"], "data": data}
    return gzip.compress(json.dumps(table, cls=MontyEncoder).encode())


def test_official_structures_are_read_in_order() -> None:
    materials, shear = _moduli_full.read_structures(rock_salts(3))
    assert [material.composition_key for material in materials] == [
        Material.from_formula(formula).composition_key for formula in ("LiF", "LiCl", "LiBr")
    ]
    assert all(material.space_group_number == 225 for material in materials)
    assert shear.tolist() == [1.0, 1.01, 1.02]


def test_a_structure_that_cannot_be_used_is_named() -> None:
    table = json.loads(gzip.decompress(rock_salts(2)))
    table["data"][1][0]["sites"][0]["species"] = [{"element": "X", "occu": 1}]  # a dummy atom
    with pytest.raises(ValueError, match="row 2"):
        _moduli_full.read_structures(gzip.compress(json.dumps(table).encode()))


@pytest.mark.slow
def test_the_full_protocol_runs_on_a_file_of_the_same_form(
    dataset: Dataset, tmp_path: Path
) -> None:
    path = tmp_path / "matbench_log_gvrh.json.gz"
    path.write_bytes(rock_salts(64))
    config = replace(small_profile().moduli, folds=2)
    (figure,) = _moduli_full.structure_folds(path, dataset, tmp_path, config)
    assert figure.protocol == "E"
    assert figure.n == 64
    assert 0.0 < figure.value < 1.0


def test_without_the_structures_the_full_protocol_says_what_is_missing(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRENKEL_CACHE", str(tmp_path))
    monkeypatch.setattr(
        _moduli_full,
        "OFFICIAL_STRUCTURES",
        replace(_moduli_full.OFFICIAL_STRUCTURES, https=(), mirror="nowhere.json.gz"),
    )
    with pytest.raises(SystemExit, match="official structures"):
        _moduli_full.full_figures(dataset)

"""Which way v is found, and that a saved model answers as before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pymatgen.core import Lattice, Structure

from features.material import Material
from features.table import feature_table
from models.electrodes import LITHIUM, SODIUM, electrode_columns, typical_volume_ratio, volume_ratio
from models.volume_ratio import (
    COMPOSITION,
    STRUCTURE,
    TYPICAL,
    VolumeRatioModel,
    VolumeRatios,
    coordination_numbers,
    volume_ratios,
)

ANIONS = ("O", "S", "F", "Cl", "Br", "I", "N", "Se")
CATIONS = ("Si", "P", "Ti", "Al", "Zr", "La", "Mg", "B")
ROCK_SALT = Structure.from_spacegroup(
    "Fm-3m", Lattice.cubic(5.13), ["Li", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]
)


def _features(materials: list[Material]) -> pd.DataFrame:
    return feature_table(materials, groups=("composition",))


@pytest.fixture(scope="module")
def learned() -> tuple[VolumeRatioModel, np.ndarray, np.ndarray]:
    """A made-up rule that composition decides: sulfides 0.06, all else 0.12, some noise."""
    rng = np.random.default_rng(5)
    formulas = [
        f"Li{a}{cation}{b}{anion}{c}"
        for a, b, c in ((1, 1, 2), (2, 1, 3), (3, 1, 4), (4, 1, 5))
        for cation in CATIONS
        for anion in ANIONS
    ]
    materials = [Material.from_formula(formula) for formula in formulas]
    clean = np.array([0.06 if "S" in formula.replace("Si", "") else 0.12 for formula in formulas])
    ratio = clean * np.exp(0.05 * rng.standard_normal(len(formulas)))
    model = VolumeRatioModel()
    held_out = model.fit(_features(materials), ratio, np.arange(len(formulas), dtype=np.int64))
    return model, held_out, ratio


def _ratios(materials: list[Material], model: VolumeRatioModel | None) -> VolumeRatios:
    metal = electrode_columns([material.mobile_ion for material in materials])
    return volume_ratios(materials, _features(materials), metal, model)


def test_the_rule_is_learned_and_its_error_is_the_held_out_one(
    learned: tuple[VolumeRatioModel, np.ndarray, np.ndarray],
) -> None:
    model, held_out, ratio = learned
    error = np.log(held_out / ratio)
    assert model.log_deviation == pytest.approx(np.sqrt(np.mean(error**2)))
    assert 0.04 < model.log_deviation < 0.15
    found = _ratios([Material.from_formula("Li3PS4"), Material.from_formula("Li3PO4")], model)
    assert found.value == pytest.approx([0.06, 0.12], rel=0.2)
    relative = np.sqrt(np.expm1(model.log_deviation**2))
    assert found.deviation == pytest.approx(relative * found.value)
    assert found.source == [COMPOSITION, COMPOSITION]


def test_a_structure_comes_before_the_composition(
    learned: tuple[VolumeRatioModel, np.ndarray, np.ndarray],
) -> None:
    material = Material.from_structure(ROCK_SALT)
    found = _ratios([material, Material.from_formula("LiCl")], learned[0])
    assert found.source == [STRUCTURE, COMPOSITION]
    assert found.value[0] == pytest.approx(float(volume_ratio(6.0, LITHIUM)), rel=1e-6)
    assert found.deviation[0] < found.deviation[1]


def test_disorder_makes_the_structure_less_certain() -> None:
    mixed = ROCK_SALT.copy()
    mixed.replace_species({"Li": {"Li": 0.9, "Na": 0.1}})
    ordered, disordered = (Material.from_structure(each) for each in (ROCK_SALT, mixed))
    found = _ratios([ordered, disordered], None)
    assert found.source == [STRUCTURE, STRUCTURE]
    assert found.value[0] == pytest.approx(found.value[1], rel=1e-6)
    assert found.deviation[0] < found.deviation[1]


def test_without_a_model_a_formula_has_a_typical_ratio() -> None:
    found = _ratios([Material.from_formula("Li3PS4")], None)
    typical, deviation = typical_volume_ratio()
    assert found.source == [TYPICAL]
    assert found.value[0] == pytest.approx(float(typical))
    assert found.deviation[0] == pytest.approx(float(deviation))


def test_other_metals_take_no_number_from_the_model_of_lithium(
    learned: tuple[VolumeRatioModel, np.ndarray, np.ndarray],
) -> None:
    formulas = ["Na3PS4", "AgI", "Al2O3"]
    found = _ratios([Material.from_formula(formula) for formula in formulas], learned[0])
    assert found.source == [TYPICAL, None, None]
    assert found.value[0] == pytest.approx(float(typical_volume_ratio(SODIUM)[0]))
    assert np.isnan(found.value[1:]).all()


def test_a_structure_without_the_ion_says_nothing() -> None:
    bare = Structure(Lattice.cubic(4.0), ["O"], [[0, 0, 0]])
    relative = Material(formula="LiO", fractions=(("Li", 0.5), ("O", 0.5)), structure=bare)
    assert np.isnan(coordination_numbers([relative])).all()
    assert _ratios([relative], None).source == [TYPICAL]


def test_a_cell_that_does_not_close_is_logged_and_passed_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    lonely = Structure(Lattice.cubic(200.0), ["Li", "O"], [[0, 0, 0], [0.0, 0.0, 0.01]])
    material = Material(formula="LiO", fractions=(("Li", 0.5), ("O", 0.5)), structure=lonely)
    assert np.isnan(coordination_numbers([material])).all()
    assert "no coordination number for LiO" in caplog.text


def test_a_saved_model_answers_the_same(
    learned: tuple[VolumeRatioModel, np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    model = learned[0]
    model.save(tmp_path)
    again = VolumeRatioModel.load(tmp_path)
    assert again is not None
    features = _features([Material.from_formula("Li3PS4")])
    assert again.predict(features) == pytest.approx(model.predict(features), rel=1e-6)
    assert again.log_deviation == model.log_deviation


def test_a_bundle_without_the_model_gives_none(tmp_path: Path) -> None:
    assert VolumeRatioModel.load(tmp_path) is None


def test_no_materials_give_no_ratios() -> None:
    found = _ratios([], None)
    assert found.value.shape == (0,)
    assert found.source == []

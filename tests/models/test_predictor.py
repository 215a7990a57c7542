from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure

from features.material import Material
from models.bundle import AlteredBundle
from models.prediction import PROPERTIES
from models.predictor import Predictor

FORMULAS = ["Li7La3Zr2O12", "Li6PS5Cl", "Na3PS4", "Li1.3Al0.3Ti1.7(PO4)3", "MgSc2Se4"]


def _materials(*formulas: str) -> list[Material]:
    return [Material.from_formula(formula) for formula in formulas]


def test_every_property_has_a_value_inside_its_interval(predictor: Predictor) -> None:
    frame = predictor.predict(_materials(*FORMULAS)).frame
    for name in PROPERTIES:
        columns = frame[[f"{name}_lower", name, f"{name}_upper"]].to_numpy()
        assert np.isfinite(columns).all(), name
        assert (columns[:, 0] < columns[:, 1]).all(), name
        assert (columns[:, 1] < columns[:, 2]).all(), name


def test_the_columns_stand_in_the_promised_order(predictor: Predictor) -> None:
    frame = predictor.predict(_materials("LiF")).frame
    expected = [f"{name}{end}" for name in PROPERTIES for end in ("", "_lower", "_upper")]
    assert list(frame.columns) == ["formula", "mobile_ion", *expected]


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.permutations(["Li6", "P", "S5", "Cl"]), st.sampled_from([1, 2, 7, 0.5]))
def test_order_and_scale_of_a_formula_do_not_change_the_answer(
    predictor: Predictor, parts: list[str], scale: float
) -> None:
    reference = predictor.predict(_materials("Li6PS5Cl")).frame.iloc[:, 2:].to_numpy()
    text = f"({''.join(parts)}){scale}"
    assert np.array_equal(predictor.predict(_materials(text)).frame.iloc[:, 2:], reference)


def test_a_supercell_has_the_answer_of_its_cell(predictor: Predictor) -> None:
    cell = Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(5.13), ["Li", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )
    larger = cell.copy()
    larger.make_supercell([2, 1, 1])
    one, two = (
        predictor.predict([Material.from_structure(structure)]).frame.iloc[:, 2:].to_numpy()
        for structure in (cell, larger)
    )
    assert np.allclose(one.astype(float), two.astype(float), rtol=1e-9, atol=0)


def test_a_material_has_the_same_answer_alone_and_in_a_list(predictor: Predictor) -> None:
    together = predictor.predict(_materials(*FORMULAS)).frame
    for row, formula in enumerate(FORMULAS):
        alone = predictor.predict(_materials(formula)).frame
        assert np.allclose(
            alone.iloc[0, 2:].astype(float), together.iloc[row, 2:].astype(float), rtol=1e-12
        )


def test_the_curve_follows_the_arrhenius_law_through_the_served_pair(predictor: Predictor) -> None:
    block = predictor.predict(_materials("Li6PS5Cl"), temperatures_k=[298.15, 373.15])
    assert block.curve is not None
    value = block.curve["value"][0]
    assert value[0] == pytest.approx(block.frame["log10_conductivity_s_cm"][0], abs=1e-12)
    energy = block.frame["activation_energy_ev"][0]
    # Hand-computed: 1 / (k_B ln 10) = 5039.76 K/eV, 1/298.15 - 1/373.15 = 6.7413e-4 1/K.
    expected = value[0] + np.log10(298.15 / 373.15) + energy * 5039.76 * 6.74134e-4
    assert value[1] == pytest.approx(expected, abs=1e-4)


def test_the_curve_is_least_certain_far_from_room_temperature(predictor: Predictor) -> None:
    block = predictor.predict(_materials("Li6PS5Cl"), temperatures_k=[298.15, 250.0, 600.0])
    assert block.curve is not None
    width = (block.curve["upper"] - block.curve["lower"])[0]
    assert width[0] <= width[1]
    assert width[0] < width[2]


def test_a_higher_coverage_gives_a_wider_interval(predictor: Predictor) -> None:
    materials = _materials(*FORMULAS)
    narrow = predictor.predict(materials, coverage=0.5).frame
    wide = predictor.predict(materials, coverage=0.95).frame
    for name in PROPERTIES:
        assert (wide[f"{name}_upper"] > narrow[f"{name}_upper"]).all()
        assert (wide[f"{name}_lower"] <= narrow[f"{name}_lower"]).all()


def test_the_dendrite_score_does_not_depend_on_the_interval_asked_for(
    predictor: Predictor,
) -> None:
    materials = _materials(*FORMULAS)
    name = "dendrite_suppression_score"
    usual = predictor.predict(materials)
    for coverage in (0.5, 0.9, 0.99):
        other = predictor.predict(materials, coverage=coverage)
        assert np.allclose(other.frame[name], usual.frame[name], rtol=1e-9, equal_nan=True)
        assert np.allclose(
            other.dendrite.probability_chi_negative,
            usual.dendrite.probability_chi_negative,
            rtol=1e-9,
        )


def test_an_activation_energy_is_positive_in_interval_and_quantiles(predictor: Predictor) -> None:
    levels = (0.005, 0.05, 0.5)
    block = predictor.predict(
        _materials("Li2WS4", "Na3PS4", "LiReO4", "AgI"), coverage=0.99, quantiles=levels
    )
    energy = block.estimates["activation_energy_ev"]
    assert (energy.mean - energy.below >= 0.02 - 1e-12).all()
    assert (energy.quantiles >= 0.02).all()
    assert (np.diff(energy.quantiles, axis=1) >= 0).all()


def test_poisson_ratio_is_physical_for_every_material(predictor: Predictor) -> None:
    formulas = ["LiH", "Li", "C", "LiBH4", "Na", "Mg", "LiFePO4", "BN", "Li3N", "MgO", "HCl"]
    frame = predictor.predict(_materials(*formulas)).frame
    shear, bulk = frame["shear_modulus_gpa"], frame["bulk_modulus_gpa"]
    ratio = (3 * bulk - 2 * shear) / (6 * bulk + 2 * shear)
    assert ((ratio > 0) & (ratio < 0.5)).all()


def test_a_material_without_a_mobile_ion_is_told_so(predictor: Predictor) -> None:
    block = predictor.predict(_materials("Al2O3"))
    assert np.isnan(block.frame["log10_conductivity_s_cm"][0])
    assert block.frame["shear_modulus_gpa"][0] > 0
    assert not block.in_domain[0]
    assert "no known mobile ion" in block.notes[0][0]


def test_an_ion_without_training_data_is_answered_and_flagged(predictor: Predictor) -> None:
    block = predictor.predict(_materials("Ag2HgI4"))
    assert np.isfinite(block.frame["log10_conductivity_s_cm"][0])
    assert not block.in_domain[0]
    assert "mobile ion Ag" in block.notes[0][0]


def test_both_dendrite_criteria_are_shown(predictor: Predictor) -> None:
    block = predictor.predict(_materials("Li7La3Zr2O12"))
    shear = block.frame["shear_modulus_gpa"][0]
    assert block.dendrite.monroe_newman_ratio[0] == pytest.approx(shear / (2 * 3.4))
    assert np.isfinite(block.dendrite.terms.chi[0])


@pytest.mark.parametrize("coverage", [0.4, 0.999, float("nan")])
def test_a_coverage_that_was_not_calibrated_is_refused(
    predictor: Predictor, coverage: float
) -> None:
    with pytest.raises(ValueError, match="coverage"):
        predictor.predict(_materials("LiF"), coverage=coverage)


def test_a_temperature_below_absolute_zero_is_refused(predictor: Predictor) -> None:
    with pytest.raises(ValueError, match="absolute zero"):
        predictor.predict(_materials("LiF"), temperatures_k=[-1.0])


def test_a_measured_composition_is_named_first(predictor: Predictor) -> None:
    block = predictor.predict(_materials("Li10GeP2S12", "Li7La3Zr2O12"), neighbours=True)
    assert block.surroundings is not None
    for notes, around in zip(block.notes, block.surroundings, strict=True):
        assert notes[0].startswith("this composition has been measured: log10 conductivity")
        assert around.neighbours[0].same_composition
        assert around.measured
    assert block.in_domain == [True, True]


def test_a_new_material_has_five_measured_neighbours(predictor: Predictor) -> None:
    block = predictor.predict(_materials("Li5.7PS4.7Cl1.2Br0.1"), neighbours=True)
    assert block.surroundings is not None
    (around,) = block.surroundings
    assert len(around.neighbours) == 5
    assert around.measured == []
    assert all("Li" in each.measured.formula for each in around.neighbours)
    assert not any("has been measured" in note for note in block.notes[0])


def test_contributions_add_up_to_a_plausible_prediction(predictor: Predictor) -> None:
    block = predictor.predict(_materials("Li6PS5Cl", "Al2O3"), explain=True)
    assert block.contributions is not None
    for target, rows in block.contributions.items():
        total = sum(each.contribution for each in rows[0])
        assert total == pytest.approx(block.estimates[target].mean[0], abs=2.0), target
    assert block.contributions["activation_energy_ev"][1] == []  # nothing moves in it
    assert block.contributions["log10_shear_modulus_gpa"][1]


def test_quantiles_rise_and_hold_the_interval(predictor: Predictor) -> None:
    block = predictor.predict(_materials(*FORMULAS), quantiles=[0.05, 0.5, 0.95])
    for estimate in block.estimates.values():
        assert (np.diff(estimate.quantiles, axis=1) > 0).all()
        assert (estimate.quantiles[:, 0] >= estimate.mean - estimate.below - 1e-9).all()
        assert (estimate.quantiles[:, 2] <= estimate.mean + estimate.above + 1e-9).all()


@pytest.mark.parametrize("quantiles", [[0.001], [1.0], [0.5] * 22, [float("nan")]])
def test_quantiles_that_cannot_be_told_are_refused(
    predictor: Predictor, quantiles: list[float]
) -> None:
    with pytest.raises(ValueError, match="quantiles must be"):
        predictor.predict(_materials("LiF"), quantiles=quantiles)


@pytest.mark.parametrize(
    "formula", ["Fe", "CuZn", "Li17Sn4", "XeF2", "C6H12O6", "ClF3", "Li", "LiAl", "LiXeF7"]
)
def test_what_is_no_electrolyte_lies_outside(predictor: Predictor, formula: str) -> None:
    block = predictor.predict(_materials(formula))
    assert block.in_domain == [False]
    assert block.domain.reasons[0]
    assert set(block.domain.reasons[0]) <= set(block.notes[0])


def test_outside_the_data_the_interval_is_wider(predictor: Predictor) -> None:
    block = predictor.predict(_materials("Li6PS5Cl", "Li6PuS5Cl"))
    assert block.in_domain == [True, False]
    sigma = block.estimates["log10_conductivity_s_cm"]
    assert (sigma.below + sigma.above)[1] > 1.3 * (sigma.below + sigma.above)[0]
    assert sigma.expected_error[1] > sigma.expected_error[0]
    assert any("wider" in note for note in block.notes[1])


def test_a_temperature_far_from_the_data_is_said(predictor: Predictor) -> None:
    block = predictor.predict(_materials("Li6PS5Cl"), temperatures_k=[298.15, 1900.0])
    assert any("no conductivity was measured at" in each for each in block.domain.reasons[0])
    assert block.in_domain == [False]


def test_a_temperature_far_from_the_data_leaves_the_other_answers_as_they_are(
    predictor: Predictor,
) -> None:
    asked = _materials("Li6PS5Cl", "Li3PO4", "Al2O3")
    near = predictor.predict(asked, temperatures_k=[298.15, 333.15])
    both = predictor.predict(asked, temperatures_k=[298.15, 333.15, 1900.0])
    pd.testing.assert_frame_equal(near.frame, both.frame)
    assert near.curve is not None
    assert both.curve is not None
    for name, curve in near.curve.items():
        assert np.array_equal(both.curve[name][:, :2], curve, equal_nan=True)
    assert not any("wider" in note for note in both.notes[0])


def test_no_materials_give_an_empty_block(predictor: Predictor) -> None:
    assert len(predictor.predict([]).frame) == 0


def test_each_altered_file_is_refused_by_name(bundle: Path, tmp_path: Path) -> None:
    import shutil

    for name in sorted(path.name for path in bundle.iterdir() if path.name != "manifest.sha256"):
        copy = tmp_path / name
        shutil.copytree(bundle, copy)
        content = bytearray((copy / name).read_bytes())
        content[-2] ^= 1
        (copy / name).write_bytes(bytes(content))
        with pytest.raises(AlteredBundle) as caught:
            Predictor.load(copy)
        assert caught.value.file == name

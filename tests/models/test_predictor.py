from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure

from features.material import Material
from models.bundle import AlteredBundle
from models.predictor import PROPERTIES, Predictor

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

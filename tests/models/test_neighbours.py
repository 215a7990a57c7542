from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from features.material import Material
from features.table import fraction_matrix
from models.labels import FloatArray
from models.neighbours import Measured, MeasuredMaterials, grouped


def _fractions(*formulas: str) -> FloatArray:
    return fraction_matrix([Material.from_formula(formula) for formula in formulas])


def _sigma(formula: str, value: float, temperature_c: float = 25.0, doi: str = "10/a") -> Measured:
    return Measured(formula, value, "=", None, temperature_c, doi)


FORMULAS = ("Li6PS5Cl", "Li6PS5Br", "Li7La3Zr2O12", "Li3PS4", "LiF", "Na3PS4")


def _known() -> MeasuredMaterials:
    measured = [[_sigma(formula, -float(at))] for at, formula in enumerate(FORMULAS)]
    measured[0] += [_sigma("Li6PS5Cl", -2.0, 60.0), _sigma("Li6PS5Cl", -2.7, 25.0, "10/b")]
    return MeasuredMaterials(_fractions(*FORMULAS), measured)


def test_the_very_composition_comes_first_and_says_so() -> None:
    (around,) = _known().around(_fractions("Li12P2S10Cl2"))
    assert around.neighbours[0].same_composition
    assert around.neighbours[0].distance == 0.0
    assert [each.measured.temperature_c for each in around.measured] == [25.0, 25.0, 60.0]
    assert len(around.neighbours) == 5
    assert not any(each.same_composition for each in around.neighbours[1:])


def test_a_new_composition_has_neighbours_in_order_and_no_measurement() -> None:
    (around,) = _known().around(_fractions("Li6PS5I"))
    assert around.measured == []
    assert [each.measured.formula for each in around.neighbours[:2]] == ["Li6PS5Br", "Li6PS5Cl"]
    distances = [each.distance for each in around.neighbours]
    assert distances == sorted(distances)


def test_a_doped_relative_is_not_the_very_composition() -> None:
    (around,) = _known().around(_fractions("Li6.4La3Zr1.4Ta0.6O12"))
    assert around.neighbours[0].measured.formula == "Li7La3Zr2O12"
    assert not around.neighbours[0].same_composition


def test_an_energy_joins_the_conductivity_of_its_paper() -> None:
    energy = Measured("Li3PS4", None, "=", 0.36, None, "10/b")
    alone = Measured("LiF", None, "=", 0.7, None, "10/c")
    rows = [_sigma("Li3PS4", -6.0), _sigma("Li3PS4", -6.2, 25.0, "10/b"), energy, alone]
    shares, measured = grouped(_fractions("Li3PS4", "Li3PS4", "Li3PS4", "LiF"), rows)
    assert len(shares) == 2
    by_formula = {each[0].formula: each for each in measured}
    assert [each.activation_energy_ev for each in by_formula["Li3PS4"]] == [None, 0.36]
    assert by_formula["LiF"] == [alone]


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    known = _known()
    known.save(tmp_path)
    asked = _fractions("Li6PS5I", "LiF")
    assert MeasuredMaterials.load(tmp_path).around(asked) == known.around(asked)


def test_nothing_measured_has_no_neighbours() -> None:
    empty = MeasuredMaterials(np.zeros((0, 103)), [])
    assert empty.around(_fractions("LiF"))[0].neighbours == []


def test_a_composition_without_a_measurement_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one measurement"):
        MeasuredMaterials(_fractions("LiF"), [[]])

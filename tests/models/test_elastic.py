from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.elastic import (
    poisson_ratio,
    pugh_ratio,
    shear_modulus_from_youngs_gpa,
    youngs_modulus_gpa,
)

moduli = st.floats(0.01, 1000.0)


@pytest.mark.parametrize(
    ("shear", "bulk", "expected"),
    [(2, 6, 0.35), (1, 4, 5 / 13), (4, 8, 2 / 7), (10, 25, 55 / 170), (60, 100, 0.25)],
)
def test_poisson_ratio_matches_values_worked_by_hand(
    shear: float, bulk: float, expected: float
) -> None:
    assert poisson_ratio(shear, bulk) == pytest.approx(expected, rel=1e-12)


def test_youngs_modulus_and_pugh_ratio_match_values_worked_by_hand() -> None:
    # 9 * 100 * 60 / (300 + 60)
    assert youngs_modulus_gpa(60.0, 100.0) == pytest.approx(150.0)
    assert pugh_ratio(60.0, 105.0) == pytest.approx(1.75)


@given(moduli, moduli)
def test_the_isotropic_relations_agree_with_each_other(shear: float, bulk: float) -> None:
    nu = poisson_ratio(shear, bulk)
    youngs = youngs_modulus_gpa(shear, bulk)
    assert -1.0 < nu < 0.5
    assert youngs == pytest.approx(2.0 * shear * (1.0 + float(nu)), rel=1e-6)
    assert youngs == pytest.approx(3.0 * bulk * (1.0 - 2.0 * float(nu)), rel=1e-6)


@given(st.floats(0.1, 200.0), st.floats(0.1, 200.0))
def test_shear_modulus_comes_back_from_youngs_modulus(shear: float, bulk: float) -> None:
    back = shear_modulus_from_youngs_gpa(youngs_modulus_gpa(shear, bulk), bulk)
    assert back == pytest.approx(shear, rel=1e-6)


@pytest.mark.parametrize(("shear", "bulk"), [(0.0, 5.0), (5.0, -1.0), (np.nan, 5.0)])
def test_moduli_that_no_stable_solid_has_give_nan(shear: float, bulk: float) -> None:
    assert np.isnan(poisson_ratio(shear, bulk))
    assert np.isnan(youngs_modulus_gpa(shear, bulk))
    assert np.isnan(pugh_ratio(shear, bulk))


def test_a_bad_row_leaves_its_neighbours_alone() -> None:
    nu = poisson_ratio([2.0, -2.0, 4.0], [6.0, 6.0, 8.0])
    assert nu[[0, 2]] == pytest.approx([0.35, 2 / 7])
    assert np.isnan(nu[1])


def test_a_youngs_modulus_above_nine_times_the_bulk_modulus_gives_nan() -> None:
    assert np.isnan(shear_modulus_from_youngs_gpa(46.0, 5.0))

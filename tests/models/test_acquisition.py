from __future__ import annotations

import numpy as np
import pytest

from features.material import Material
from features.table import fraction_matrix
from models.acquisition import diverse_batch, expected_improvement, upward_deviation


def test_the_expected_improvement_is_that_of_many_draws() -> None:
    mean, deviation = np.array([-3.5, -3.0, -1.0]), np.array([0.6, 1.0, 0.2])
    drawn = np.random.default_rng(1).normal(mean, deviation, (400_000, 3))
    by_drawing = np.maximum(drawn + 3.0, 0.0).mean(axis=0)
    np.testing.assert_allclose(expected_improvement(mean, deviation, -3.0), by_drawing, atol=3e-3)


def test_without_doubt_the_improvement_is_the_difference_and_nothing_known_stays_unknown() -> None:
    found = expected_improvement(np.array([-2.0, -4.0, np.nan]), np.zeros(3), -3.0)
    np.testing.assert_array_equal(found, [1.0, 0.0, np.nan])


def test_the_deviation_is_that_of_the_upper_side_of_the_interval() -> None:
    found = upward_deviation(np.array([0.0]), np.array([1.0]), 0.9)
    np.testing.assert_allclose(found, 1.0 / 1.6448536, rtol=1e-6)
    with pytest.raises(ValueError, match="coverage"):
        upward_deviation(np.zeros(1), np.ones(1), 1.0)


def test_a_batch_is_spread_over_different_compositions() -> None:
    formulas = ["Li6PS5Cl", "Li6.01PS5Cl", "Li6PS5Br", "Li7La3Zr2O12", "Li3YCl6"]
    fractions = fraction_matrix([Material.from_formula(text) for text in formulas])
    score = np.array([1.0, 0.99, 0.5, 0.6, 0.4])
    assert diverse_batch(score, fractions, 3).tolist() == [0, 3, 4]
    assert diverse_batch(score, fractions, 9).tolist()[:3] == [0, 3, 4]
    assert sorted(diverse_batch(score, fractions, 9).tolist()) == [0, 1, 2, 3, 4]
    score[0] = np.nan
    assert diverse_batch(score, fractions, 1).tolist() == [1]

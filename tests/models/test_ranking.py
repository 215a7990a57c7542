"""Probabilities of being good enough, and which materials no other beats."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.ranking import pareto_front, probability_above


def above(value: float, lower: float, upper: float, threshold: float) -> float:
    found = probability_above(
        np.array([value]), np.array([lower]), np.array([upper]), 0.9, threshold
    )
    return float(found[0])


def test_the_bounds_of_a_90_percent_interval_leave_5_percent_on_either_side() -> None:
    assert above(-4.0, -5.0, -3.0, -3.0) == pytest.approx(0.05)
    assert above(-4.0, -5.0, -3.0, -5.0) == pytest.approx(0.95)
    assert above(-4.0, -5.0, -3.0, -4.0) == pytest.approx(0.5)


def test_the_side_that_faces_the_threshold_counts() -> None:
    assert above(0.0, -1.0, 10.0, -1.0) == pytest.approx(0.95)
    assert above(0.0, -1.0, 10.0, 10.0) == pytest.approx(0.05)


def test_a_value_without_width_is_above_or_not() -> None:
    assert [above(1.0, 1.0, 1.0, threshold) for threshold in (0.0, 1.0, 2.0)] == [1.0, 0.5, 0.0]


def test_no_value_has_no_probability() -> None:
    assert np.isnan(above(np.nan, np.nan, np.nan, 0.0))
    with pytest.raises(ValueError, match="coverage"):
        probability_above(np.zeros(1), np.zeros(1), np.zeros(1), 1.0, 0.0)


def test_the_front_of_a_staircase() -> None:
    goals = np.array([[3, 1], [2, 2], [1, 3], [1, 1], [2, 2], [np.nan, 9], [2, 1]], dtype=float)
    assert pareto_front(goals).tolist() == [True, True, True, False, True, False, False]


def test_one_goal_has_its_best_rows_as_front_and_none_has_all() -> None:
    assert pareto_front(np.array([[1.0], [2.0], [2.0]])).tolist() == [False, True, True]
    assert pareto_front(np.empty((3, 0))).all()
    assert pareto_front(np.empty((0, 2))).shape == (0,)


@given(arrays(np.float64, (12, 3), elements=st.integers(0, 4).map(float)))
def test_the_front_is_what_the_definition_says(goals: np.ndarray) -> None:
    beaten = [any((other >= row).all() and (other > row).any() for other in goals) for row in goals]
    assert pareto_front(goals).tolist() == [not each for each in beaten]

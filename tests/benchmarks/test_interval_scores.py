from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from benchmarks._interval_scores import (
    LEVELS,
    central_interval,
    coverage_with_binomial_interval,
    crps,
    interval_scores,
    miscalibration_area,
)


def _normal(rows: int, width: float = 1.0) -> np.ndarray:
    return np.tile(width * norm.ppf(LEVELS), (rows, 1))


def test_a_central_interval_takes_the_two_levels_around_the_median() -> None:
    lower, upper = central_interval(_normal(1), 0.9)
    assert (lower[0], upper[0]) == pytest.approx((-1.6449, 1.6449), abs=1e-4)


def test_the_interval_score_is_the_width_and_the_scaled_miss() -> None:
    one = np.ones(3)
    score = interval_scores(np.array([0.0, 2.5, -1.5]), -one, one, 0.9)
    # Width 2; a miss costs 2 / 0.1 = 20 times its size.
    assert score == pytest.approx([2.0, 32.0, 12.0])


def test_the_binomial_interval_is_the_exact_one() -> None:
    truth = np.arange(10.0)
    estimate = coverage_with_binomial_interval(truth, np.zeros(10), np.full(10, 8.5))
    assert estimate.value == 0.9
    assert (estimate.lower, estimate.upper) == pytest.approx((0.5550, 0.9975), abs=1e-4)


def test_crps_of_a_normal_forecast_is_the_closed_form() -> None:
    # At the mean of a standard normal: 2 phi(0) - 1 / sqrt(pi) = 0.2337.
    assert crps(np.zeros(1), _normal(1))[0] == pytest.approx(0.2337, abs=0.005)
    assert crps(np.array([3.0]), _normal(1))[0] == pytest.approx(2.437, abs=0.06)


def test_a_calibrated_forecast_has_no_area_and_a_bold_one_has_some() -> None:
    truth = np.random.default_rng(0).normal(size=5000)
    assert miscalibration_area(truth, _normal(5000)) < 0.01
    # A third of the true width: inside the half interval are 18 %, so the curve sags.
    assert miscalibration_area(truth, _normal(5000, 1 / 3)) > 0.2

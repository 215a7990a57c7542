from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import norm

from models.intervals import calibrate
from models.labels import Labels


def _calibrated(rows: int, seed: int, scatter: float = 0.0):  # type: ignore[no-untyped-def]
    generator = np.random.default_rng(seed)
    spread = generator.uniform(0.5, 2.0, rows)
    truth = generator.normal(size=rows)
    predicted = truth + spread * generator.normal(size=rows)
    category = np.where(generator.random(rows) < 0.5, "formula", "structure")
    calibration = calibrate(predicted, spread, Labels.of(truth), category, scatter)
    return calibration, predicted, truth, spread, category


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9, 0.95])
def test_fresh_rows_are_covered_as_often_as_stated(coverage: float) -> None:
    calibration = _calibrated(4000, 0)[0]
    _, predicted, truth, spread, category = _calibrated(4000, 1)
    width = calibration.half_width(spread, category, coverage)
    assert np.mean(np.abs(truth - predicted) <= width) == pytest.approx(coverage, abs=0.025)


def test_a_wider_spread_gives_a_wider_interval() -> None:
    calibration = _calibrated(2000, 0)[0]
    width = calibration.half_width(np.array([0.5, 2.0]), np.array(["formula"] * 2), 0.9)
    assert width[1] > 2.0 * width[0]


def test_no_interval_is_narrower_than_replicate_scatter() -> None:
    generator = np.random.default_rng(3)
    truth = generator.normal(size=500)
    labels = Labels.of(truth)
    category = np.full(500, "formula")
    calibration = calibrate(truth + 1e-6, np.full(500, 1e-6), labels, category, 0.41)
    width = calibration.half_width(np.array([0.0]), np.array(["formula"]), 0.9)
    assert width[0] == pytest.approx(0.41 * norm.ppf(0.95))


def test_a_coverage_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match=r"between 0\.5 and 0\.99"):
        _calibrated(200, 0)[0].half_width(np.ones(1), np.array(["all"]), 0.999)


def test_a_higher_coverage_is_never_narrower() -> None:
    calibration = _calibrated(1000, 4)[0]
    one = np.ones(1)
    widths = [
        calibration.half_width(one, np.array(["structure"]), coverage)[0]
        for coverage in np.linspace(0.5, 0.99, 30)
    ]
    assert all(after >= before for before, after in itertools.pairwise(widths))

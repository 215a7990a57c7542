from __future__ import annotations

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from models.error_scale import Alike, Circumstances
from models.intervals import ONE_SIGMA, Calibration, calibrate
from models.labels import FloatArray, Labels

FORMULA = "formula/Li"


def _known(prediction: FloatArray, spread: FloatArray, distance: FloatArray) -> Circumstances:
    category = np.full(len(prediction), FORMULA, dtype="<U16")
    return Circumstances(prediction, spread, np.column_stack([distance, distance]), category)


def _rows(count: int, seed: int) -> tuple[Circumstances, FloatArray]:
    """Errors that grow with spread and distance, and are skewed where the prediction is low."""
    generator = np.random.default_rng(seed)
    spread, distance = generator.uniform(0.3, 1.5, count), generator.exponential(1.0, count)
    prediction = generator.normal(size=count)
    noise = generator.normal(size=count)
    skewed = np.where(prediction < 0, 1.0 - generator.exponential(1.0, count), noise)
    truth = prediction + spread * np.exp(0.3 * distance) * skewed
    return _known(prediction, spread, distance), truth


def _calibrated(count: int = 3000, seed: int = 0, scatter: float = 0.0) -> Calibration:
    known, truth = _rows(count, seed)
    return calibrate(known, Labels.of(truth), np.arange(count) % 5, scatter)


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9, 0.95])
def test_fresh_rows_are_covered_as_often_as_stated(coverage: float) -> None:
    known, truth = _rows(4000, 1)
    below, above = _calibrated().interval(known, coverage)
    error = truth - known.prediction
    assert np.mean((error >= -below) & (error <= above)) == pytest.approx(coverage, abs=0.025)


@pytest.mark.parametrize("low", [True, False])
def test_both_sides_miss_as_often_where_errors_are_skewed(low: bool) -> None:
    known, truth = _rows(6000, 2)
    part = (known.prediction < -0.5) if low else (known.prediction > 0.5)
    below, above = _calibrated(6000).interval(known.take(part), 0.8)
    error = (truth - known.prediction)[part]
    assert np.mean(error < -below) == pytest.approx(0.1, abs=0.035)
    assert np.mean(error > above) == pytest.approx(0.1, abs=0.035)


def test_coverage_holds_near_and_far() -> None:
    known, truth = _rows(6000, 3)
    below, above = _calibrated(6000).interval(known, 0.9)
    error = truth - known.prediction
    inside = (error >= -below) & (error <= above)
    order = np.argsort(known.distance[:, 0])
    for part in np.array_split(order, 4):
        assert np.mean(inside[part]) == pytest.approx(0.9, abs=0.05)


def test_spread_and_distance_widen_an_interval() -> None:
    asked = _known(np.zeros(3), np.array([0.4, 1.4, 0.4]), np.array([0.1, 0.1, 3.0]))
    below, above = _calibrated().interval(asked, 0.9)
    width = below + above
    assert width[1] > 2.0 * width[0]
    assert width[2] > 1.5 * width[0]


@given(st.floats(0.5, 0.99), st.floats(-3, 3), st.floats(0, 5), st.floats(0, 50))
def test_no_interval_is_narrower_than_replicate_scatter(
    coverage: float, prediction: float, spread: float, distance: float
) -> None:
    asked = _known(np.array([prediction]), np.array([spread]), np.array([distance]))
    below, above = EXACT.interval(asked, coverage)
    assert below[0] + above[0] >= 2 * 0.41 * norm.ppf(0.5 + coverage / 2) - 1e-9
    assert below[0] > 0.0
    assert above[0] > 0.0


def _exact() -> Calibration:
    """A calibration whose errors are next to nothing, with the scatter of conductivities."""
    generator = np.random.default_rng(3)
    truth = generator.normal(size=500)
    known = _known(truth + 1e-6, np.full(500, 1e-6), np.zeros(500))
    return calibrate(known, Labels.of(truth), np.arange(500) % 5, 0.41)


EXACT = _exact()


def test_quantiles_rise_and_hold_their_share() -> None:
    known, truth = _rows(4000, 4)
    calibration = _calibrated()
    levels = [0.005, 0.05, 0.25, 0.5, 0.75, 0.95, 0.995]
    offsets = list(calibration.offsets(known, levels).T)
    for level, offset in zip(levels, offsets, strict=True):
        share = np.mean(truth - known.prediction <= offset)
        assert share == pytest.approx(level, abs=0.025)
    assert all((high >= low).all() for low, high in itertools.pairwise(offsets))


def test_the_parts_of_the_uncertainty_make_up_the_whole() -> None:
    calibration = _calibrated(scatter=0.41)
    asked = _known(np.zeros(2), np.array([0.4, 1.4]), np.array([0.1, 3.0]))
    low, high = calibration.offsets(asked, ONE_SIGMA).T
    epistemic = calibration.epistemic(low, high)
    assert epistemic[1] > epistemic[0]
    assert np.hypot(epistemic, 0.41) == pytest.approx((high - low) / 2, rel=1e-6)


def test_a_higher_coverage_is_never_narrower() -> None:
    calibration, asked = _calibrated(1000, 4), _known(np.ones(1), np.ones(1), np.ones(1))
    reach = [calibration.interval(asked, c) for c in np.linspace(0.5, 0.99, 30).tolist()]
    for (below, above), (below_next, above_next) in itertools.pairwise(reach):
        assert below_next[0] >= below[0]
        assert above_next[0] >= above[0]


def test_bounds_pull_the_lower_quantiles_down_only() -> None:
    known, truth = _rows(2000, 5)
    fold = np.arange(2000) % 5
    bound = np.zeros(2000, bool)
    bound[:300] = True  # measured values that are known as "below" only
    exact = calibrate(known, Labels.of(truth), fold, 0.0)
    mixed = calibrate(known, Labels.of(np.where(bound, truth + 1.0, truth), bound), fold, 0.0)
    asked = _known(np.zeros(1), np.ones(1), np.ones(1))
    for level in (0.05, 0.25, 0.5, 0.95):
        one, other = (each.offsets(asked, [level])[0, 0] for each in (exact, mixed))
        assert other == pytest.approx(one, abs=0.4)


def test_a_rare_category_shares_the_scores_of_all() -> None:
    known, truth = _rows(2000, 6)
    category = known.category.copy()
    category[:30] = "formula/Na"
    calibration = calibrate(
        Circumstances(known.prediction, known.spread, known.distance, category),
        Labels.of(truth),
        np.arange(2000) % 5,
        0.0,
    )
    assert not any(name.startswith("formula/Na") for name in calibration.scores)
    asked = Circumstances(np.zeros(1), np.ones(1), np.ones((1, 2)), np.array(["formula/Na"]))
    assert np.isfinite(calibration.offsets(asked, [0.05])).all()


def test_outside_the_data_an_error_of_twice_the_usual_is_expected() -> None:
    calibration = _calibrated()
    asked = _known(np.zeros(2), np.full(2, 0.3), np.zeros(2))
    flagged = Circumstances(
        asked.prediction, asked.spread, asked.distance, asked.category, np.array([True, False])
    )
    error = calibration.expected_error(flagged)
    assert error[0] == pytest.approx(2.0 * calibration.typical_error)
    assert error[1] < calibration.typical_error
    below, above = calibration.interval(flagged, 0.9)
    assert below[0] > below[1]
    assert above[0] > above[1]


def test_materials_alike_that_agree_make_an_interval_narrower() -> None:
    calibration = _calibrated()
    asked = _known(np.zeros(2), np.full(2, 1.0), np.zeros(2))
    alike = Alike(np.stack([np.linspace(-0.1, 0.1, 50), np.linspace(-20.0, 20.0, 50)]), 0.65)
    plain = np.add(*calibration.interval(asked, 0.9))
    agreed, scattered = np.add(*calibration.interval(replace(asked, alike=alike), 0.9))
    assert agreed < plain[0] < scattered


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_materials_alike_count_with_their_share_at_every_level(share: float) -> None:
    calibration = _calibrated()
    asked = _known(np.full(1, 2.0), np.ones(1), np.zeros(1))
    alike = Alike(np.linspace(-3.0, 5.0, 101)[None, :], share)
    for level in (0.05, 0.3, 0.5, 0.9):
        errors = calibration.offsets(asked, [level])[0, 0]
        mixed = calibration.offsets(replace(asked, alike=alike), [level])[0, 0]
        sample = -3.0 + 8.0 * level - 2.0
        assert mixed == pytest.approx(share * sample + (1.0 - share) * errors)


def test_no_agreement_makes_an_interval_narrower_than_replicate_scatter() -> None:
    agreed = Alike(np.full((1, 20), 0.3), 0.65)
    asked = replace(_known(np.zeros(1), np.ones(1), np.zeros(1)), alike=agreed)
    below, above = EXACT.interval(asked, 0.9)
    assert below[0] + above[0] >= 2 * 0.41 * norm.ppf(0.95) - 1e-9
    assert below[0] > 0.0


def test_outside_the_data_nothing_is_alike() -> None:
    calibration = _calibrated()
    outside = replace(_known(np.zeros(1), np.ones(1), np.zeros(1)), outside=np.array([True]))
    with_sample = replace(outside, alike=Alike(np.zeros((1, 20)), 0.65))
    levels = [0.05, 0.5, 0.95]
    assert np.array_equal(
        calibration.offsets(with_sample, levels), calibration.offsets(outside, levels)
    )


def test_what_lies_beyond_every_held_out_row_is_objected_to() -> None:
    calibration = _calibrated()
    asked = _known(np.zeros(2), np.full(2, 0.4), np.array([1e3, 0.1]))
    far, near = calibration.objections(asked, "log10 conductivity")
    assert "no log10 conductivity was measured near this composition" in far[0]
    assert near == []


def test_rows_beyond_the_error_limit_have_twice_the_error_of_the_rest() -> None:
    calibration = _calibrated(6000)
    known, truth = _rows(6000, 7)
    flagged = np.array([bool(each) for each in calibration.objections(known, "it")])
    error = np.abs(truth - known.prediction)
    assert 0.005 < flagged.mean() < 0.15
    assert error[flagged].mean() > 2.0 * error[~flagged].mean()


def test_a_close_relative_of_a_measured_material_is_never_objected_to() -> None:
    asked = _known(np.zeros(1), np.array([50.0]), np.array([0.1]))
    assert _calibrated().objections(asked, "it") == [[]]


def test_what_is_stored_is_what_was_learned() -> None:
    calibration, (known, _) = _calibrated(), _rows(50, 8)
    again = Calibration.from_state(json.loads(json.dumps(calibration.to_state())))
    for one, other in zip(
        calibration.interval(known, 0.9), again.interval(known, 0.9), strict=True
    ):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("coverage", [0.4, 0.999, float("nan")])
def test_a_coverage_out_of_range_is_refused(coverage: float) -> None:
    with pytest.raises(ValueError, match=r"between 0\.5 and 0\.99"):
        EXACT.interval(_known(np.zeros(1), np.ones(1), np.ones(1)), coverage)


@pytest.mark.parametrize("level", [0.0, 0.001, 1.0, float("nan")])
def test_a_level_out_of_range_is_refused(level: float) -> None:
    with pytest.raises(ValueError, match="between"):
        EXACT.offsets(_known(np.zeros(1), np.ones(1), np.ones(1)), [level])

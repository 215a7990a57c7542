from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks._interval_methods import raw_spread
from benchmarks._interval_scores import LEVELS
from benchmarks._judged import OURS, Judged, domain_figures, figures, joined, our_quantiles
from benchmarks._uncertainty_plots import save_curves, save_plots
from models.error_scale import Circumstances
from models.intervals import calibrate
from models.labels import Labels

ROWS = 800


def _judged(seed: int = 0) -> Judged:
    """Errors that double with distance; our quantiles know it, the other's do not."""
    generator = np.random.default_rng(seed)
    distance = generator.uniform(0.0, 2.0, ROWS)
    scale = 0.5 + distance
    prediction = generator.normal(size=ROWS)
    truth = prediction + scale * generator.normal(size=ROWS)
    quantiles = {
        OURS: raw_spread(prediction, scale),
        "raw spread": raw_spread(prediction, np.full(ROWS, 0.3)),
    }
    return Judged(truth, prediction, distance, distance > 1.9, quantiles)


def test_figures_name_target_and_coverage_and_judge_the_goals() -> None:
    found = {figure.metric: figure for figure in figures("i", "conductivity", _judged(), "")}
    coverage = found["conductivity coverage 90"]
    assert coverage.met
    assert coverage.goal == "88 to 92 %"
    assert coverage.lower < coverage.value < coverage.upper
    assert coverage.baselines["raw spread"] < 0.6
    assert found["conductivity interval score 90"].met
    assert found["conductivity CRPS"].value < found["conductivity CRPS"].baselines["raw spread"]
    assert found["conductivity miscalibration area"].value < 0.03


def test_new_systems_are_asked_for_less() -> None:
    found = {figure.metric: figure for figure in figures("ii", "conductivity", _judged(), "")}
    assert found["conductivity coverage 90"].goal == ">= 86 %"


def test_the_domain_is_judged_by_the_errors_beyond_it() -> None:
    found = {f.metric: f for f in domain_figures("i", "conductivity", _judged(), "")}
    quintiles = [
        found[f"conductivity mean error, distance quintile {at}"].value for at in range(1, 6)
    ]
    assert quintiles == sorted(quintiles)
    assert found["conductivity mean error rises over quintiles"].met
    ratio = found["conductivity error ratio, flagged to rest"]
    assert 1.3 < ratio.value < 2.3
    assert ratio.lower < ratio.value < ratio.upper
    assert found["conductivity coverage 95 in domain"].met


def test_folds_are_joined_row_by_row() -> None:
    one, other = _judged(0), _judged(1)
    both = joined([one, other])
    assert len(both.truth) == 2 * ROWS
    assert both.quantiles[OURS].shape == (2 * ROWS, len(LEVELS))
    assert np.array_equal(both.flagged[ROWS:], other.flagged)


def test_what_is_judged_is_what_would_be_served() -> None:
    rows = _judged()
    category = np.full(ROWS, "formula/Li")
    distance = np.column_stack([rows.distance, rows.distance])
    known = Circumstances(rows.prediction, np.full(ROWS, 0.5), distance, category)
    calibration = calibrate(known, Labels.of(rows.truth), np.arange(ROWS) % 5, 0.1)
    quantiles = our_quantiles(calibration, known)
    assert (np.diff(quantiles, axis=1) >= -1e-9).all()
    below, above = calibration.interval(known, 0.9)
    assert quantiles[:, LEVELS.index(0.05)] == pytest.approx(rows.prediction - below)
    assert quantiles[:, LEVELS.index(0.95)] == pytest.approx(rows.prediction + above)


def test_curves_of_targets_left_out_are_kept_and_drawn(tmp_path: Path) -> None:
    path = tmp_path / "curves" / "uncertainty.json"
    save_curves({("i", "conductivity"): _judged(0), ("ii", "conductivity"): _judged(1)}, path)
    save_curves({("i", "shear modulus"): _judged(2)}, path)
    save_plots(path, tmp_path)
    for name in ("reliability.png", "error_against_distance.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")

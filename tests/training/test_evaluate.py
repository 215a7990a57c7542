from __future__ import annotations

import numpy as np
import pytest

from training.evaluate import (
    bootstrap,
    coverage,
    enrichment,
    mean_absolute_error,
    roc_auc,
    root_mean_square_error,
    spearman,
)

TRUTH = np.array([0.0, 1.0, 2.0, 3.0])
PREDICTED = np.array([1.0, 1.0, 4.0, 3.0])


def test_errors_of_a_hand_counted_table() -> None:
    assert mean_absolute_error(TRUTH, PREDICTED) == 0.75
    assert root_mean_square_error(TRUTH, PREDICTED) == pytest.approx(np.sqrt(5 / 4))


def test_spearman_knows_only_order() -> None:
    assert spearman(TRUTH, np.exp(TRUTH)) == pytest.approx(1.0)
    assert spearman(TRUTH, -TRUTH) == pytest.approx(-1.0)
    assert spearman(TRUTH, np.zeros(4)) == 0.0


def test_roc_auc_of_a_hand_counted_table() -> None:
    # Pairs (positive, negative): (0.9, 0.5) and (0.9, 0.1) right, (0.3, 0.5) wrong, (0.3, 0.1).
    is_positive = np.array([1.0, 0.0, 1.0, 0.0])
    assert roc_auc(is_positive, np.array([0.9, 0.5, 0.3, 0.1])) == 0.75
    assert roc_auc(is_positive, np.zeros(4)) == 0.5
    with pytest.raises(ValueError, match="positives and negatives"):
        roc_auc(np.ones(3), np.zeros(3))


def test_enrichment_of_a_perfect_ranking_is_the_inverse_of_the_share() -> None:
    is_positive = np.zeros(100)
    is_positive[:10] = 1
    assert enrichment(is_positive, -np.arange(100.0), 0.1) == pytest.approx(10.0)
    assert enrichment(is_positive, np.arange(100.0), 0.1) == 0.0


def test_coverage_counts_both_ends() -> None:
    assert coverage(TRUTH, TRUTH, TRUTH) == 1.0
    assert coverage(TRUTH, TRUTH + 0.1, TRUTH + 1.0) == 0.0


def test_the_bootstrap_interval_holds_the_figure_and_repeats() -> None:
    generator = np.random.default_rng(0)
    truth = generator.normal(size=200)
    first = bootstrap(mean_absolute_error, truth, truth + generator.normal(size=200))
    assert first.lower < first.value < first.upper
    assert first.n == 200
    assert first.upper - first.lower < 0.3


def test_grouped_rows_widen_the_bootstrap_interval() -> None:
    error = np.repeat(np.random.default_rng(1).normal(size=20), 10)
    zero = np.zeros(200)
    alone = bootstrap(mean_absolute_error, zero, error)
    together = bootstrap(mean_absolute_error, zero, error, groups=np.repeat(np.arange(20.0), 10))
    assert together.upper - together.lower > 1.5 * (alone.upper - alone.lower)

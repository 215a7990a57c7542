from __future__ import annotations

import numpy as np
import pytest

from models.signed_scores import at_level, score_quantiles


def test_without_bounds_these_are_the_quantiles_stretched_by_one_part_in_n() -> None:
    score = np.random.default_rng(0).normal(size=999)
    stored = score_quantiles(score, np.zeros(999, bool))
    for level in (0.05, 0.5, 0.95):
        stretched = 0.5 + (level - 0.5) * 1000 / 999
        expected = np.quantile(score, stretched, method="hazen")
        assert float(at_level(stored, level)) == pytest.approx(expected, abs=2e-3)


def test_a_bound_hands_its_weight_to_the_scores_below_it() -> None:
    # Scores 1, 2, 4 and one known only as below 3: its quarter goes to 1 and 2, so the exact
    # ones weigh 3/8, 3/8 and 1/4, and their middles stand at 3/16, 9/16 and 7/8.
    stored = score_quantiles(np.array([1.0, 2.0, 3.0, 4.0]), np.array([False, False, True, False]))
    level = np.array([3 / 16, 9 / 16, 7 / 8])
    stretched_back = 0.5 + (level - 0.5) * 4 / 5
    assert at_level(stored, stretched_back) == pytest.approx([1.0, 2.0, 4.0], abs=0.02)


def test_a_bound_with_nothing_below_it_counts_as_its_value() -> None:
    stored = score_quantiles(np.array([1.0, 2.0]), np.array([True, False]))
    assert float(at_level(stored, 0.0)) == 1.0


def test_no_scores_are_refused() -> None:
    with pytest.raises(ValueError, match="no scores"):
        score_quantiles(np.zeros(0), np.zeros(0, bool))

from __future__ import annotations

import numpy as np

from models.blend import blend_loss, learn_weights
from models.labels import Labels


def test_a_perfect_candidate_takes_all_the_weight() -> None:
    truth = np.random.default_rng(0).normal(size=300)
    noise = np.random.default_rng(1).normal(size=300)
    weights = learn_weights(np.column_stack([truth + noise, truth]), Labels.of(truth))
    assert weights.tolist() == [0.0, 1.0]


def test_two_candidates_with_independent_errors_share_the_weight() -> None:
    generator = np.random.default_rng(2)
    truth = generator.normal(size=4000)
    predictions = truth[:, None] + generator.normal(size=(4000, 2))
    labels = Labels.of(truth)
    weights = learn_weights(predictions, labels)
    assert abs(weights[0] - 0.5) < 0.06
    assert weights.sum() == 1.0
    assert blend_loss(weights, predictions, labels) < blend_loss(
        np.array([1.0, 0.0]), predictions, labels
    )


def test_a_candidate_is_not_punished_for_going_below_a_bound() -> None:
    value = np.full(100, -10.0)
    labels = Labels.of(value, np.ones(100, dtype=bool))
    predictions = np.column_stack([np.full(100, -10.2), np.full(100, -8.0)])
    assert blend_loss(np.array([1.0, 0.0]), predictions, labels) == 0.0
    assert learn_weights(predictions, labels)[0] > 0.9

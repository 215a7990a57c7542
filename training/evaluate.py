"""Figures of merit: small pure functions of labels and predictions, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from models.seeds import seed_for

FloatArray = npt.NDArray[np.float64]
Metric = Callable[[FloatArray, FloatArray], float]
BOOTSTRAP_DRAWS = 2000


def mean_absolute_error(truth: FloatArray, predicted: FloatArray) -> float:
    """Mean of |predicted - truth|, both (n,), in their unit."""
    return float(np.mean(np.abs(predicted - truth)))


def root_mean_square_error(truth: FloatArray, predicted: FloatArray) -> float:
    """Root of the mean squared difference, both (n,), in their unit."""
    return float(np.sqrt(np.mean((predicted - truth) ** 2)))


def spearman(truth: FloatArray, predicted: FloatArray) -> float:
    """Rank correlation; 0 where one side is constant and ranks say nothing."""
    ranks = rankdata(truth), rankdata(predicted)
    if np.ptp(ranks[0]) == 0 or np.ptp(ranks[1]) == 0:
        return 0.0
    return float(np.corrcoef(*ranks)[0, 1])


def roc_auc(is_positive: FloatArray, score: FloatArray) -> float:
    """Probability that a positive outranks a negative, ties counting half (Mann-Whitney)."""
    positive = np.asarray(is_positive) > 0.5
    count = int(positive.sum())
    if count in (0, len(positive)):
        raise ValueError("ROC AUC needs positives and negatives")
    rank_sum = rankdata(score)[positive].sum()
    return float((rank_sum - count * (count + 1) / 2) / (count * (len(positive) - count)))


def enrichment(is_positive: FloatArray, score: FloatArray, top: float = 0.1) -> float:
    """How many times more positives the best-scored share ``top`` holds than a random one."""
    positive = np.asarray(is_positive) > 0.5
    chosen = np.argsort(-score, kind="stable")[: max(1, round(top * len(score)))]
    return float(positive[chosen].mean() / positive.mean())


def coverage(truth: FloatArray, lower: FloatArray, upper: FloatArray) -> float:
    """Share of the truths inside their intervals."""
    return float(np.mean((truth >= lower) & (truth <= upper)))


@dataclass(frozen=True)
class Estimate:
    """A figure with its bootstrap 95 % interval and the number of rows behind it."""

    value: float
    lower: float
    upper: float
    n: int


def bootstrap(
    metric: Metric, truth: FloatArray, predicted: FloatArray, *, groups: FloatArray | None = None
) -> Estimate:
    """``metric`` on all rows, and the 2.5 and 97.5 % quantiles of it on resampled rows.

    groups: (n,) rows that are resampled together, where rows are not independent.
    """
    generator = np.random.default_rng(seed_for("bootstrap", len(truth)))
    members = (
        [np.array([row]) for row in range(len(truth))]
        if groups is None
        else [np.flatnonzero(groups == group) for group in np.unique(groups)]
    )
    values = []
    for _ in range(BOOTSTRAP_DRAWS):
        chosen = generator.integers(0, len(members), len(members))
        rows = np.concatenate([members[index] for index in chosen])
        values.append(metric(truth[rows], predicted[rows]))
    lower, upper = np.quantile(values, [0.025, 0.975])
    return Estimate(metric(truth, predicted), float(lower), float(upper), len(truth))

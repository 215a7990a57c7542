"""Whether what the service is asked differs in kind from what the model was trained on.

Three statistics over the recorded numbers of the materials, each the largest over the features:
the Kolmogorov-Smirnov distance, the population stability index over ten bins, and, for the
composition distance to the training data, how much farther the asked ones lie (one-sided
Kolmogorov-Smirnov: nearer is no drift). How large each gets by chance is found by permutation:
asked and trained materials are put together and dealt out anew. The alarm is on the smallest of
the three chances, and its own distribution over the same permutations sets the threshold, so the
rate of false alarms is the one that is stated, whatever the features have in common.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.feature_summary import NAMES, TrainingSummary
from models.labels import BoolArray, FloatArray, IntArray
from models.seeds import seed_for

FALSE_ALARMS = 0.05
PERMUTATIONS = 999
BINS = 10
# Both sides are thinned to this many rows, evenly: more say the same and take longer.
MOST_ROWS = 2000
FEWEST_ROWS = 20
STATISTICS = ("kolmogorov_smirnov", "population_stability_index", "domain_distance")


@dataclass(frozen=True)
class FeatureDrift:
    """One feature. alarm: its Kolmogorov-Smirnov distance or its index is beyond the threshold
    for the largest of all features."""

    name: str
    training_mean: float
    asked_mean: float
    kolmogorov_smirnov: float
    population_stability_index: float
    alarm: bool


@dataclass(frozen=True)
class DriftResult:
    """chances: of each of STATISTICS to be as large without drift. chance: of the smallest of
    them to be as small; the alarm is on where it is at most ``false_alarms``."""

    rows: int
    training_rows: int
    features: list[FeatureDrift]
    farther: float
    training_distance: float
    asked_distance: float
    chances: dict[str, float]
    chance: float
    false_alarms: float
    alarm: bool


def find_drift(
    training: TrainingSummary,
    features: FloatArray,
    distance: FloatArray,
    *,
    false_alarms: float = FALSE_ALARMS,
    permutations: int = PERMUTATIONS,
) -> DriftResult:
    """Compare asked materials, features (n, len(NAMES)) and distance (n,), with the training.

    Raises ValueError for fewer than FEWEST_ROWS of them.
    """
    if len(features) < FEWEST_ROWS:
        raise ValueError(f"{len(features)} recorded materials are too few: {FEWEST_ROWS} at least")
    known, asked = _thinned(len(training.features)), _thinned(len(features))
    pooled = np.vstack([training.features[known], features[asked]])
    far = np.concatenate([training.distance[known], distance[asked]])
    is_asked = np.arange(len(pooled)) >= len(known)
    generator = np.random.default_rng(seed_for("drift", len(known), len(asked)))
    dealt = np.array([generator.permutation(is_asked) for _ in range(permutations)])
    members = np.vstack([is_asked[None, :], dealt])
    ks = np.stack([_largest_gap(pooled[:, at], members) for at in range(len(NAMES))], axis=1)
    psi = np.stack([_stability_index(pooled[:, at], members) for at in range(len(NAMES))], axis=1)
    farther = _largest_gap(far, members, one_sided=True)
    statistics = np.column_stack([ks.max(axis=1), psi.max(axis=1), farther])
    chances = _chances(statistics)
    smallest = chances.min(axis=1)
    chance = float(np.mean(smallest <= smallest[0]))
    # A single feature is named where it is beyond what the largest of all reaches by chance.
    limits = np.quantile(statistics[1:], 1.0 - false_alarms, axis=0)
    return DriftResult(
        rows=len(features),
        training_rows=len(training.features),
        features=[
            FeatureDrift(
                name,
                float(training.features[:, at].mean()),
                float(features[:, at].mean()),
                float(ks[0, at]),
                float(psi[0, at]),
                bool(ks[0, at] > limits[0] or psi[0, at] > limits[1]),
            )
            for at, name in enumerate(NAMES)
        ],
        farther=float(farther[0]),
        training_distance=float(np.median(training.distance)),
        asked_distance=float(np.median(distance)),
        chances=dict(zip(STATISTICS, chances[0].tolist(), strict=True)),
        chance=chance,
        false_alarms=false_alarms,
        alarm=chance <= false_alarms,
    )


def _thinned(count: int) -> IntArray:
    """Evenly spaced positions, at most MOST_ROWS of them."""
    return np.unique(np.linspace(0, count - 1, min(count, MOST_ROWS)).astype(np.int64))


def _largest_gap(values: FloatArray, members: BoolArray, *, one_sided: bool = False) -> FloatArray:
    """(deals,) Kolmogorov-Smirnov distance between members and the rest, in each deal.

    values: (n,); members: (deals, n). one_sided: only how far the members lie above the rest.
    """
    order = np.argsort(values, kind="stable")
    last_of_ties = np.append(np.diff(values[order]) > 0, True)
    inside = np.cumsum(members[:, order], axis=1)[:, last_of_ties]
    seen = np.flatnonzero(last_of_ties) + 1
    count = int(members[0].sum())
    gap = (seen - inside) / (len(values) - count) - inside / count
    return np.asarray((gap if one_sided else np.abs(gap)).max(axis=1))


def _stability_index(values: FloatArray, members: BoolArray) -> FloatArray:
    """(deals,) population stability index, the sum of (p - q) ln(p / q) over bins.

    The bins are tenths of all values together; half a count is added to each, so that an empty one
    does not make it infinite.
    """
    edges = np.unique(np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1]))
    bins = np.searchsorted(edges, values, side="right")
    one_hot: npt.NDArray[np.float64] = np.eye(len(edges) + 1)[bins]
    inside = members.astype(np.float64) @ one_hot
    outside = one_hot.sum(axis=0) - inside
    p = (inside + 0.5) / (inside + 0.5).sum(axis=1, keepdims=True)
    q = (outside + 0.5) / (outside + 0.5).sum(axis=1, keepdims=True)
    return np.asarray(((p - q) * np.log(p / q)).sum(axis=1))


def _chances(statistics: FloatArray) -> FloatArray:
    """(deals, k) share of all deals with a statistic at least as large, of each deal itself."""
    ranked = np.sort(statistics, axis=0)
    below = np.column_stack(
        [
            np.searchsorted(ranked[:, at], statistics[:, at], side="left")
            for at in range(statistics.shape[1])
        ]
    )
    return np.asarray((len(statistics) - below) / len(statistics))

"""How large an error to expect, from what is known of a prediction before it is checked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from models.labels import BoolArray, FloatArray, IntArray

# Errors grow with these; beyond them there is nothing to learn from, so growth stops there.
MOST_DEVIATIONS = 3.5
# Ridge penalty of the regression: five inputs, a thousand rows, so it hardly matters.
PENALTY = 0.01
FEWEST_ROWS = 40


@dataclass(frozen=True)
class Alike:
    """What the truth of n materials would be if they were like materials that are known.

    values: (n, any) in the target's unit. share: how much their quantiles weigh beside those of
    held-out errors, 0 to 1.
    """

    values: FloatArray
    share: float

    def quantiles(self, levels: FloatArray) -> FloatArray:
        """(n, levels)."""
        return np.asarray(np.quantile(self.values, levels, axis=1).T)


@dataclass(frozen=True)
class Circumstances:
    """What is known of n predictions of one target.

    prediction, spread: (n,) in the target's unit; the spread is the candidates' standard
    deviation. distance: (n, 2) composition distance to the nearest training material and the mean
    of that to the five nearest. category: (n,) what was given of the material, and its mobile ion.
    outside: (n,) known from elsewhere to lie outside the data; None for none of them.
    alike: what materials alike tell of the truth; None where nobody looked.
    """

    prediction: FloatArray
    spread: FloatArray
    distance: FloatArray
    category: npt.NDArray[np.str_]
    outside: BoolArray | None = None
    alike: Alike | None = None

    def __len__(self) -> int:
        return len(self.prediction)

    def take(self, rows: Any) -> Circumstances:
        """Some of the rows (positions or a mask)."""
        return Circumstances(
            self.prediction[rows],
            self.spread[rows],
            self.distance[rows],
            self.category[rows],
            None if self.outside is None else self.outside[rows],
            None if self.alike is None else Alike(self.alike.values[rows], self.alike.share),
        )

    def inputs(self, smallest_spread: float) -> FloatArray:
        """(n, 5): the columns of the regression."""
        return np.column_stack(
            [
                self.prediction,
                self.spread,
                np.log(np.maximum(self.spread, smallest_spread)),
                np.log1p(self.distance),
            ]
        )


@dataclass(frozen=True)
class ErrorScale:
    """Expected absolute error: the exponential of a line in the standardised inputs."""

    centre: FloatArray
    width: FloatArray
    slope: FloatArray
    intercept: float
    smallest_spread: float
    floor: float

    def expected_error(self, known: Circumstances) -> FloatArray:
        """(n,) expected absolute error in the target's unit."""
        x = (known.inputs(self.smallest_spread) - self.centre) / self.width
        x = np.clip(x, -MOST_DEVIATIONS, MOST_DEVIATIONS)
        return np.maximum(np.exp(x @ self.slope + self.intercept), self.floor)

    def times(self, factor: float) -> ErrorScale:
        """The same, every error ``factor`` times as large."""
        return replace(
            self, intercept=self.intercept + float(np.log(factor)), floor=self.floor * factor
        )


def learn_error_scale(known: Circumstances, error: FloatArray, weight: FloatArray) -> ErrorScale:
    """Fit a gamma regression with a logarithmic link to absolute errors (n,).

    The scatter of an absolute error grows with its mean, as that of a gamma distribution does.
    More flexible learners (boosted trees on these and composition features) had wider intervals
    for the same coverage. Raises ValueError for no rows; a few rows give a constant.
    """
    from sklearn.linear_model import GammaRegressor

    if len(error) == 0:
        raise ValueError("no error to learn from")
    mean = max(float(np.average(error, weights=weight)), 1e-9)
    smallest_spread = max(0.02 * float(np.std(known.prediction)), 1e-9)
    x = known.inputs(smallest_spread)
    centre, width = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-9)
    if len(error) < FEWEST_ROWS:
        nothing = np.zeros(x.shape[1])
        return ErrorScale(centre, width, nothing, float(np.log(mean)), smallest_spread, 0.2 * mean)
    standard = np.clip((x - centre) / width, -MOST_DEVIATIONS, MOST_DEVIATIONS)
    fitted = GammaRegressor(alpha=PENALTY, max_iter=1000).fit(
        standard, error / mean + 0.01, sample_weight=weight
    )
    scale = ErrorScale(
        centre,
        width,
        np.asarray(fitted.coef_, np.float64),
        float(fitted.intercept_) + float(np.log(mean)),
        smallest_spread,
        0.2 * mean,
    )
    return scale.times(mean / float(np.average(scale.expected_error(known), weights=weight)))


def cross_fitted_errors(
    known: Circumstances, error: FloatArray, weight: FloatArray, fold: IntArray
) -> FloatArray:
    """(n,) expected errors of the rows of each fold, learned from the other folds."""
    expected = np.empty(len(error))
    for number in np.unique(fold):
        held_out = fold == number
        rest = ~held_out if (~held_out).any() else held_out
        scale = learn_error_scale(known.take(rest), error[rest], weight[rest])
        expected[held_out] = scale.expected_error(known.take(held_out))
    return expected

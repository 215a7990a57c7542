"""Other ways to an interval, learned from the same training rows: quantiles at LEVELS."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from benchmarks._interval_scores import LEVELS
from models.labels import FloatArray, IntArray
from models.seeds import seed_for

TREES = 60
BOOSTING_ROUNDS = 150
# CV+ compares every test row with every training row at every level: in blocks, to spare memory.
ROWS_AT_ONCE = 200
MAPIE, QUANTILE_FOREST, SPREAD = "mapie CV+", "quantile forest", "raw spread"


def mapie_cv_plus(
    train_x: FloatArray, train_y: FloatArray, groups: IntArray, test_x: FloatArray
) -> FloatArray:
    """CV+ (Barber 2021, 10.1214/20-AOS1965) around gradient-boosted trees, (n, len(LEVELS)).

    The folds keep the groups (n,) whole, as ours do. The median is the trees' prediction.
    """
    from mapie.regression import CrossConformalRegressor
    from sklearn.model_selection import GroupKFold
    from xgboost import XGBRegressor

    coverages = [round(1.0 - 2.0 * level, 3) for level in LEVELS if level < 0.5]
    model = CrossConformalRegressor(
        XGBRegressor(
            n_estimators=BOOSTING_ROUNDS,
            learning_rate=0.08,
            max_depth=6,
            subsample=0.7,
            colsample_bynode=0.25,
            max_bin=128,
            random_state=seed_for("mapie"),
        ),
        confidence_level=coverages,
        method="plus",
        cv=GroupKFold(5),
    ).fit_conformalize(train_x, train_y, groups=groups)
    quantiles = np.empty((len(test_x), len(LEVELS)))
    for start in range(0, len(test_x), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        point, interval = model.predict_interval(test_x[part])
        quantiles[part, LEVELS.index(0.5)] = point
        for at in range(len(coverages)):
            quantiles[part, at] = interval[:, 0, at]
            quantiles[part, len(LEVELS) - 1 - at] = interval[:, 1, at]
    return quantiles


def quantile_forest(train_x: FloatArray, train_y: FloatArray, test_x: FloatArray) -> FloatArray:
    """Quantile regression forest (Meinshausen 2006), (n, len(LEVELS))."""
    from quantile_forest import RandomForestQuantileRegressor

    model = RandomForestQuantileRegressor(
        n_estimators=TREES,
        min_samples_leaf=3,
        max_features=0.15,
        random_state=seed_for("quantile_forest"),
    ).fit(train_x, train_y)
    return np.asarray(model.predict(test_x, quantiles=list(LEVELS)), dtype=np.float64)


def raw_spread(prediction: FloatArray, spread: npt.NDArray[np.float64]) -> FloatArray:
    """A normal distribution as wide as our own candidates disagree, (n, len(LEVELS))."""
    return np.asarray(prediction[:, None] + spread[:, None] * norm.ppf(LEVELS)[None, :])

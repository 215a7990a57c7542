"""What the product is compared with, refitted in the same run on the same training rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from features.elements import SYMBOLS
from models.seeds import seed_for

FloatArray = npt.NDArray[np.float64]
LATTICE = ["a", "b", "c", "alpha", "beta", "gamma"]


def paper_features(frame: pd.DataFrame, fractions: FloatArray) -> FloatArray:
    """The OBELiX paper's inputs: element fractions, space group, cell (arXiv:2502.14234).

    frame: measurements (n); fractions: (n, 103). Missing entries are NaN.
    """
    space_group = frame["space_group_number"].astype("Float64").to_numpy(float, na_value=np.nan)
    lattice = frame[LATTICE].to_numpy(np.float64)
    return np.column_stack([fractions, space_group, lattice])


def median_baseline(train_y: FloatArray, rows: int) -> FloatArray:
    """The median of the training labels for everybody."""
    return np.full(rows, float(np.median(train_y)))


def paper_forest(train_x: FloatArray, train_y: FloatArray, test_x: FloatArray) -> FloatArray:
    """The forest with the settings that the paper's own search found for all rows."""
    forest = RandomForestRegressor(
        n_estimators=50, max_depth=36, max_features="sqrt", random_state=seed_for("paper_forest")
    )
    return np.asarray(forest.fit(train_x, train_y).predict(test_x))


def paper_mlp(train_x: FloatArray, train_y: FloatArray, test_x: FloatArray) -> FloatArray:
    """The perceptron of the paper's recipe: four layers of 64, cell columns standardised."""
    network = MLPRegressor(
        hidden_layer_sizes=[64, 64, 64, 64],
        learning_rate_init=0.003,
        batch_size=32,
        early_stopping=True,
        max_iter=1000,
        n_iter_no_change=100,
        random_state=seed_for("paper_mlp"),
    )
    scaler = StandardScaler().fit(train_x[:, -7:])

    def scaled(x: FloatArray) -> FloatArray:
        return np.column_stack([x[:, : len(SYMBOLS)], scaler.transform(x[:, -7:])])

    return np.asarray(network.fit(scaled(train_x), train_y).predict(scaled(test_x)))


def forest(train_x: FloatArray, train_y: FloatArray, test_x: FloatArray) -> FloatArray:
    """A plain random forest, the usual first choice on composition statistics."""
    model = RandomForestRegressor(
        n_estimators=200, n_jobs=2, max_features=1 / 3, random_state=seed_for("forest_baseline")
    )
    return np.asarray(model.fit(train_x, train_y).predict(test_x))


def logistic(train_x: FloatArray, is_positive: FloatArray, test_x: FloatArray) -> FloatArray:
    """Probability of a positive from a logistic regression on standardised inputs."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))
    model.fit(np.nan_to_num(train_x), is_positive)
    return np.asarray(model.predict_proba(np.nan_to_num(test_x))[:, 1])

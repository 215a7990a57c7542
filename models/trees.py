"""Boosted trees that understand bounds."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from models.labels import FloatArray, Labels, residual
from models.seeds import seed_for
from models.tree_table import TreeTable

if TYPE_CHECKING:
    import xgboost

# Up to so many rows the trees are walked in numpy; XGBoost takes milliseconds for a first row.
FEW_ROWS = 24


@dataclass(frozen=True)
class BoostedTreesConfig:
    """Settings of the boosted trees. ``huber_delta`` is in units of the label's own scale."""

    rounds: int = 600
    learning_rate: float = 0.03
    max_depth: int = 6
    min_child_weight: float = 3.0
    subsample: float = 0.7
    colsample_bynode: float = 0.25
    reg_lambda: float = 2.0
    max_bin: int = 128
    bags: int = 1
    huber_delta: float = 0.7


def censored_huber(
    labels: Labels, delta: float
) -> Callable[[FloatArray, xgboost.DMatrix], tuple[FloatArray, FloatArray]]:
    """Gradient and curvature of a pseudo-Huber loss that is zero where a bound is respected.

    Minimises absolute error far from the label and squared error near it, so that one wrong
    measurement cannot pull a whole leaf. Barron 2019 (10.1109/CVPR.2019.00446), alpha = 1.
    """

    def objective(prediction: FloatArray, _: xgboost.DMatrix) -> tuple[FloatArray, FloatArray]:
        difference = residual(labels, prediction) / delta
        root = np.sqrt(1.0 + difference**2)
        gradient = difference / root
        curvature = 1.0 / root  # majorises the loss: steps never overshoot
        idle = labels.is_bound & (difference <= 0.0)
        curvature = np.where(idle, 1e-3, curvature)
        return gradient * labels.weight, curvature * labels.weight

    return objective


class BoostedTrees:
    """Gradient-boosted trees on one target; ``bags`` models with different seeds are averaged."""

    family: ClassVar[str] = "xgboost"

    def __init__(self, config: BoostedTreesConfig, name: str = "boosted_trees") -> None:
        self.config = config
        self.name = name
        self._boosters: list[xgboost.Booster] = []
        self._tables: list[TreeTable] = []
        self._offset = 0.0
        self._scale = 1.0

    def fit(self, x: FloatArray, labels: Labels) -> None:
        """Learn from x (n, d), NaN allowed, and labels (n,)."""
        import xgboost

        measured = labels.value[~labels.is_bound]
        self._offset = float(np.median(measured))
        self._scale = float(np.std(measured)) or 1.0
        # Unit scale makes one set of regularisation settings fit every target.
        scaled = Labels((labels.value - self._offset) / self._scale, labels.is_bound, labels.weight)
        data = xgboost.QuantileDMatrix(x, label=scaled.value, max_bin=self.config.max_bin)
        self._boosters = [
            xgboost.train(
                self._parameters(bag),
                data,
                num_boost_round=self.config.rounds,
                obj=censored_huber(scaled, self.config.huber_delta),
            )
            for bag in range(self.config.bags)
        ]
        self._tables = []

    def _parameters(self, bag: int) -> dict[str, object]:
        config = self.config
        return {
            "tree_method": "hist",
            "eta": config.learning_rate,
            "max_depth": config.max_depth,
            "min_child_weight": config.min_child_weight,
            "subsample": config.subsample,
            "colsample_bynode": config.colsample_bynode,
            "lambda": config.reg_lambda,
            "max_bin": config.max_bin,
            "base_score": 0.0,
            "seed": seed_for(self.name, "bag", bag),
        }

    def predict(self, x: FloatArray) -> FloatArray:
        """(n,) predictions in the target's unit."""
        array = np.ascontiguousarray(x, dtype=np.float32)
        if len(array) <= FEW_ROWS:
            raw = [table.predict(array)[:, 0] for table in self._few_rows_tables()]
        else:
            raw = [booster.inplace_predict(array) for booster in self._boosters]
        mean = np.asarray(np.mean(raw, axis=0, dtype=np.float64))
        return mean * self._scale + self._offset

    def _few_rows_tables(self) -> list[TreeTable]:
        if not self._tables:
            self._tables = [TreeTable.of(booster.save_raw("ubj")) for booster in self._boosters]
        return self._tables

    def contributions(self, x: FloatArray) -> FloatArray:
        """Exact tree SHAP values (n, d + 1), the last column being the mean; target's unit."""
        import xgboost

        data = xgboost.DMatrix(x)
        parts = [booster.predict(data, pred_contribs=True) for booster in self._boosters]
        mean = np.asarray(np.mean(parts, axis=0, dtype=np.float64)) * self._scale
        mean[:, -1] += self._offset
        return mean

    def save(self, folder: Path) -> None:
        """Write the boosters as UBJ and the rest as JSON into an existing folder."""
        for bag, booster in enumerate(self._boosters):
            booster.save_model(folder / f"{self.name}-{bag}.ubj")
        state = {"config": asdict(self.config), "offset": self._offset, "scale": self._scale}
        (folder / f"{self.name}.json").write_text(json.dumps(state, indent=1))

    @classmethod
    def load(cls, folder: Path, name: str) -> BoostedTrees:
        """Read what ``save`` wrote. Raises FileNotFoundError or xgboost.core.XGBoostError."""
        import xgboost

        state = json.loads((folder / f"{name}.json").read_text())
        model = cls(BoostedTreesConfig(**state["config"]), name)
        model._offset, model._scale = float(state["offset"]), float(state["scale"])
        for bag in range(model.config.bags):
            booster = xgboost.Booster()
            booster.load_model(folder / f"{name}-{bag}.ubj")
            model._boosters.append(booster)
        return model

"""What materials alike were measured to have: a sample of labels that a random forest picks.

Each tree answers with the label of one training row, drawn once, in the leaf that a material ends
in. All trees together are a sample of the distribution that a quantile regression forest describes
(Meinshausen 2006, Journal of Machine Learning Research 7, 983).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from models.forest_trees import as_booster
from models.labels import FloatArray, Labels
from models.seeds import seed_for
from models.tree_table import TreeTable
from models.trees import FEW_ROWS

if TYPE_CHECKING:
    import xgboost


@dataclass(frozen=True)
class LabelForestConfig:
    """Settings of the forest; ``max_features`` is the share of the columns tried at a node."""

    trees: int = 200
    min_samples_leaf: int = 8
    max_features: float = 0.15


class LabelForest:
    """A random forest (Breiman 2001, 10.1023/A:1010933404324) that answers with a sample."""

    family: ClassVar[str] = "scikit-learn"

    def __init__(self, config: LabelForestConfig, name: str) -> None:
        self.config = config
        self.name = name
        self._booster: xgboost.Booster | None = None
        self._table: TreeTable | None = None

    def fit(self, x: FloatArray, labels: Labels, prediction: FloatArray) -> None:
        """Learn from x (n, d), NaN allowed, and labels (n,).

        A bound stands for what is predicted of its row (n,), and never for more than itself.
        """
        from sklearn.ensemble import RandomForestRegressor

        value = np.where(labels.is_bound, np.minimum(labels.value, prediction), labels.value)
        array = np.ascontiguousarray(x, dtype=np.float32)
        forest = RandomForestRegressor(
            n_estimators=self.config.trees,
            min_samples_leaf=self.config.min_samples_leaf,
            max_features=self.config.max_features,
            n_jobs=2,
            random_state=seed_for(self.name),
        ).fit(array, value, labels.weight)
        generator = np.random.default_rng(seed_for(self.name, "draws"))
        leaves = [
            _drawn(leaf, value, estimator.tree_.node_count, generator)
            for leaf, estimator in zip(forest.apply(array).T, forest.estimators_, strict=True)
        ]
        self._booster, self._table = as_booster(forest, leaves), None

    def sample(self, x: FloatArray) -> FloatArray:
        """(n, trees) labels of training rows that are like those of x (n, d).

        Raises RuntimeError before ``fit``.
        """
        if self._booster is None:
            raise RuntimeError("the forest is not fitted")
        array = np.ascontiguousarray(x, dtype=np.float32)
        if len(array) > FEW_ROWS:
            found = np.asarray(self._booster.inplace_predict(array), dtype=np.float64)
            return found.reshape(len(array), -1)
        if self._table is None:
            self._table = TreeTable.of(self._booster.save_raw("ubj"))
        return self._table.predict(array)

    def save(self, folder: Path) -> None:
        """Write the trees as UBJ into an existing folder. Raises RuntimeError before ``fit``."""
        if self._booster is None:
            raise RuntimeError("the forest is not fitted")
        self._booster.save_model(folder / f"{self.name}.ubj")

    @classmethod
    def load(cls, folder: Path, name: str) -> LabelForest:
        """Read what ``save`` wrote. Raises xgboost.core.XGBoostError for a missing file."""
        import xgboost

        model = cls(LabelForestConfig(), name)
        model._booster = xgboost.Booster()
        model._booster.load_model(folder / f"{name}.ubj")
        return model


def _drawn(
    leaf: npt.NDArray[np.int64], value: FloatArray, nodes: int, generator: np.random.Generator
) -> FloatArray:
    """(nodes,) for each leaf the value of one of the rows (n,) in it; 0 elsewhere."""
    result = np.zeros(nodes)
    order = generator.permutation(len(value))
    result[leaf[order]] = value[order]  # of several rows in one leaf the last in order stays
    return result

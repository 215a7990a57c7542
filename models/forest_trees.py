"""A fitted scikit-learn forest as an XGBoost model: one tree for one tree, the same answers.

A forest file then holds numbers only, and a list is answered by XGBoost's block kernel.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import xgboost
    from sklearn.ensemble import ExtraTreesRegressor

MOST_OUTPUTS = 16
_NO_PARENT = 2**31 - 1


def as_booster(forest: ExtraTreesRegressor) -> tuple[xgboost.Booster, float]:
    """A booster and an offset: forest(x) is the offset and the sum over the booster's outputs.

    scikit-learn compares 32-bit values with 64-bit thresholds, x <= t; XGBoost x < t' with t' in
    32 bits: t' is the least 32-bit number above t. The leaves are those of the mean, without their
    common offset; XGBoost adds them in 32 bits, and short sums lose less: the trees take turns at
    several outputs, which the caller adds in 64 bits.
    """
    import xgboost

    trees = [estimator.tree_ for estimator in forest.estimators_]
    offset = float(np.mean([tree.value[0, 0, 0] for tree in trees]))
    columns = int(forest.n_features_in_)
    records = [
        _record(number, tree, columns, offset, len(trees)) for number, tree in enumerate(trees)
    ]
    outputs = max(number for number in range(1, MOST_OUTPUTS + 1) if len(trees) % number == 0)
    model = _empty_model(columns, outputs)
    booster = model["learner"]["gradient_booster"]["model"]
    booster["trees"] = records
    booster["tree_info"] = [number % outputs for number in range(len(trees))]
    booster["iteration_indptr"] = list(range(0, len(trees) + 1, outputs))
    booster["gbtree_model_param"] = {"num_trees": str(len(trees)), "num_parallel_tree": "1"}
    converted = xgboost.Booster()
    converted.load_model(bytearray(json.dumps(model).encode()))
    return converted, offset


def _empty_model(columns: int, outputs: int) -> dict[str, Any]:
    """What XGBoost itself writes around the trees, from a model of one row."""
    import xgboost

    label = np.zeros((1, outputs))
    data = xgboost.DMatrix(np.zeros((1, columns), dtype=np.float32), label=label)
    tiny = xgboost.train({"base_score": 0.0, "max_depth": 1}, data, 1)
    model: dict[str, Any] = json.loads(tiny.save_raw("json"))
    return model


def _record(number: int, tree: Any, columns: int, offset: float, count: int) -> dict[str, Any]:
    """One tree as XGBoost stores it; it wants the two children of a node beside each other."""
    order = _by_level(tree.children_left, tree.children_right)
    position = np.empty(len(order), dtype=np.int64)
    position[order] = np.arange(len(order))
    left, right = tree.children_left[order], tree.children_right[order]
    is_leaf = left < 0
    inner = np.flatnonzero(~is_leaf)
    left, right = (np.where(is_leaf, -1, position[side]) for side in (left, right))
    parents = np.full(len(order), _NO_PARENT)
    parents[left[inner]] = parents[right[inner]] = inner
    leaf = ((tree.value[order, 0, 0] - offset) / count).astype(np.float32)
    condition = np.where(is_leaf, leaf, least_above(tree.threshold[order]))
    missing_left = np.where(is_leaf, 0, tree.missing_go_to_left[order])
    zeros = [0.0] * len(order)
    return {
        "base_weights": zeros,
        "categories": [],
        "categories_nodes": [],
        "categories_segments": [],
        "categories_sizes": [],
        "default_left": missing_left.astype(int).tolist(),
        "id": number,
        "left_children": left.tolist(),
        "loss_changes": zeros,
        "parents": parents.tolist(),
        "right_children": right.tolist(),
        "split_conditions": condition.astype(np.float64).tolist(),
        "split_indices": np.where(is_leaf, 0, tree.feature[order]).astype(int).tolist(),
        "split_type": [0] * len(order),
        "sum_hessian": zeros,
        "tree_param": {
            "num_deleted": "0",
            "num_feature": str(columns),
            "num_nodes": str(len(order)),
            "size_leaf_vector": "1",
        },
    }


def _by_level(left: npt.NDArray[np.int64], right: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Node numbers level by level from the root, siblings beside each other."""
    level = np.zeros(1, dtype=np.int64)
    levels = []
    while len(level):
        levels.append(level)
        inner = level[left[level] >= 0]
        level = np.column_stack([left[inner], right[inner]]).ravel()
    return np.concatenate(levels)


def least_above(threshold: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """The least 32-bit number above each threshold, so that x <= t is x < t' for 32-bit x."""
    near = threshold.astype(np.float32)
    next_up = np.nextafter(near, np.float32(np.inf))
    return np.where(near.astype(np.float64) > threshold, near, next_up)

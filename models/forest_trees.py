"""A fitted scikit-learn forest as an XGBoost model: one tree for one tree, an output for each.

A forest file then holds numbers only, and a list is answered by XGBoost's block kernel.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import xgboost
    from sklearn.ensemble import RandomForestRegressor

_NO_PARENT = 2**31 - 1


def as_booster(
    forest: RandomForestRegressor, leaves: Sequence[npt.NDArray[np.float64]]
) -> xgboost.Booster:
    """A booster whose outputs, one a tree, are what ``leaves`` holds for the leaf that x ends in.

    leaves: for each tree (nodes,) a value of every node, in scikit-learn's order.
    scikit-learn compares 32-bit values with 64-bit thresholds, x <= t; XGBoost x < t' with t' in
    32 bits: t' is the least 32-bit number above t.
    """
    import xgboost

    columns = int(forest.n_features_in_)
    records = [
        _record(number, estimator.tree_, columns, values)
        for number, (estimator, values) in enumerate(zip(forest.estimators_, leaves, strict=True))
    ]
    model = _empty_model(columns, len(records))
    booster = model["learner"]["gradient_booster"]["model"]
    booster["trees"] = records
    booster["tree_info"] = list(range(len(records)))
    booster["iteration_indptr"] = [0, len(records)]
    booster["gbtree_model_param"] = {"num_trees": str(len(records)), "num_parallel_tree": "1"}
    converted = xgboost.Booster()
    converted.load_model(bytearray(json.dumps(model).encode()))
    return converted


def _empty_model(columns: int, outputs: int) -> dict[str, Any]:
    """What XGBoost itself writes around the trees, from a model of one row."""
    import xgboost

    label = np.zeros((1, outputs))
    data = xgboost.DMatrix(np.zeros((1, columns), dtype=np.float32), label=label)
    tiny = xgboost.train({"base_score": 0.0, "max_depth": 1}, data, 1)
    model: dict[str, Any] = json.loads(tiny.save_raw("json"))
    return model


def _record(
    number: int, tree: Any, columns: int, values: npt.NDArray[np.float64]
) -> dict[str, Any]:
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
    leaf = values[order].astype(np.float32)
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

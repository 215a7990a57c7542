"""Grouped folds: rows that share a group never stand on both sides of a split."""

from __future__ import annotations

import numpy as np

from models.labels import BoolArray, IntArray
from models.seeds import seed_for


def grouped_fold_of(groups: IntArray, folds: int, name: str) -> IntArray:
    """The fold (0 .. folds - 1) of each row; groups stay whole and folds have similar sizes.

    Groups are taken from the largest to the smallest, ties in a seeded order, each to the fold
    with the fewest rows so far. Raises ValueError for fewer groups than folds.
    """
    labels, inverse, counts = np.unique(groups, return_inverse=True, return_counts=True)
    if len(labels) < folds:
        raise ValueError(f"{len(labels)} groups cannot be split into {folds} folds")
    shuffled = np.random.default_rng(seed_for("folds", name)).permutation(len(labels))
    order = shuffled[np.argsort(-counts[shuffled], kind="stable")]
    fold_of_group = np.empty(len(labels), dtype=np.int64)
    sizes = np.zeros(folds, dtype=np.int64)
    for group in order:
        fold = int(np.argmin(sizes))
        fold_of_group[group] = fold
        sizes[fold] += counts[group]
    return fold_of_group[inverse]


def purged(fold: IntArray, composition: IntArray, number: int) -> BoolArray:
    """Training rows of fold ``number``: outside it, and of no composition that stands in it.

    fold and composition: (n,). Popular compositions then cost a few training rows in each fold
    instead of chaining all their papers into one group.
    """
    held_out = fold == number
    return ~held_out & ~np.isin(composition, composition[held_out])

"""Boosted trees that also see what was measured on the nearest other compositions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np

from models.composition_distance import CompositionIndex, cumulative_shares
from models.labels import BoolArray, FloatArray, IntArray, Labels
from models.trees import BoostedTrees, BoostedTreesConfig

NEAREST = 20
"""How many compositions are looked at."""

CLOSE = 8
"""How many of them count for the mean that falls off with distance, and for the scatter."""

STEPS = (0, 2, 4, 7)
"""Which of the distances are columns: to the first, third, fifth and eighth."""

COLUMNS = 5 + len(STEPS)
NEAR_STEPS = 0.5  # of the Pettifor scale: nearer compositions than this count alike


def neighbour_columns(distance: FloatArray, value: FloatArray) -> FloatArray:
    """(n, COLUMNS): means, scatter, least and median of the neighbours' values, then distances.

    distance, value: (n, k), nearest first. With few neighbours known the farthest stands in for
    the missing ones; with none, all is NaN.
    """
    if distance.shape[1] == 0:
        return np.full((len(distance), COLUMNS), np.nan)
    missing = max(0, NEAREST - distance.shape[1])
    distance = np.pad(distance, ((0, 0), (0, missing)), mode="edge")
    value = np.pad(value, ((0, 0), (0, missing)), mode="edge")
    close = 1.0 / (distance[:, :CLOSE] + NEAR_STEPS)
    width = np.maximum(distance[:, [STEPS[-1]]], 1e-6)
    wide = np.exp(-distance / width)
    return np.column_stack(
        [
            (close * value[:, :CLOSE]).sum(axis=1) / close.sum(axis=1),
            (wide * value).sum(axis=1) / wide.sum(axis=1),
            value[:, :CLOSE].std(axis=1),
            value.min(axis=1),
            np.median(value, axis=1),
            distance[:, list(STEPS)],
        ]
    )


class NeighbourTrees:
    """``BoostedTrees`` on the columns of x and on ``neighbour_columns``.

    shares: the positions in x of the 103 atomic fractions, H to Lr. While it learns, a material
    sees nothing of its own paper or composition, as it will be with a material that is new.
    """

    family: ClassVar[str] = "xgboost"

    def __init__(
        self, config: BoostedTreesConfig, shares: IntArray, name: str = "neighbour_trees"
    ) -> None:
        self.name = name
        self._shares = shares
        self._trees = BoostedTrees(config, name)
        self._fractions: FloatArray = np.zeros((0, len(shares)))
        self._values: FloatArray = np.zeros(0)
        self._index: CompositionIndex | None = None

    def fit(self, x: FloatArray, labels: Labels, paper: IntArray, composition: IntArray) -> None:
        """Learn from x (n, d) and labels (n,); paper and composition (n,) number what each label
        comes from. A bound counts as its limit among the neighbours."""
        fractions = x[:, self._shares]
        _, first, kind = np.unique(composition, return_index=True, return_inverse=True)
        seen = np.empty((len(x), COLUMNS))
        reach = cumulative_shares(fractions[first])
        for rows, value, told in _without_each(paper, kind, labels):
            steps = np.abs(reach[kind[rows]][:, None, :] - reach[None, told, :]).sum(axis=2)
            steps[kind[rows][:, None] == np.flatnonzero(told)[None, :]] = np.inf
            nearest = np.argsort(steps, axis=1, kind="stable")[:, : min(NEAREST, told.sum() - 1)]
            seen[rows] = neighbour_columns(
                np.take_along_axis(steps, nearest, 1), value[told][nearest]
            )
        self._trees.fit(np.column_stack([x, seen]), labels)
        self._keep(fractions[first], _means(kind, labels))

    def _keep(self, fractions: FloatArray, values: FloatArray) -> None:
        self._fractions, self._values = fractions, values
        self._index = CompositionIndex(fractions)

    def predict(self, x: FloatArray) -> FloatArray:
        """(n,) predictions in the target's unit. Raises RuntimeError before ``fit``."""
        if self._index is None:
            raise RuntimeError("the trees are not fitted")
        distance, nearest = self._index.nearest(x[:, self._shares], NEAREST)
        seen = neighbour_columns(distance, self._values[nearest])
        return self._trees.predict(np.column_stack([x, seen]))

    def save(self, folder: Path) -> None:
        """Write the trees, the known compositions and their values into an existing folder."""
        self._trees.save(folder)
        np.savez_compressed(
            folder / f"{self.name}-known.npz", fractions=self._fractions, values=self._values
        )
        (folder / f"{self.name}-shares.json").write_text(json.dumps(self._shares.tolist()))

    @classmethod
    def load(cls, folder: Path, name: str) -> NeighbourTrees:
        """Read what ``save`` wrote; an array file that holds objects is refused."""
        shares = np.array(json.loads((folder / f"{name}-shares.json").read_text()), np.int64)
        model = cls(BoostedTreesConfig(), shares, name)
        model._trees = BoostedTrees.load(folder, name)
        with np.load(folder / f"{name}-known.npz", allow_pickle=False) as arrays:
            model._keep(arrays["fractions"], arrays["values"])
        return model


def _means(kind: IntArray, labels: Labels) -> FloatArray:
    total = np.bincount(kind, labels.weight * labels.value)
    return np.asarray(total / np.bincount(kind, labels.weight))


def _without_each(
    paper: IntArray, kind: IntArray, labels: Labels
) -> Iterator[tuple[IntArray, FloatArray, BoolArray]]:
    """For each paper its rows, the mean of every composition (NaN: none) over all other papers,
    and which compositions have one."""
    count = int(kind.max()) + 1
    weight = np.bincount(kind, labels.weight)
    total = np.bincount(kind, labels.weight * labels.value)
    for each in np.unique(paper):
        rows = np.flatnonzero(paper == each)
        own, value = labels.weight[rows], labels.value[rows]
        rest = weight - np.bincount(kind[rows], own, count)
        told = np.bincount(kind, paper != each, count) > 0
        sums = total - np.bincount(kind[rows], own * value, count)
        yield rows, np.where(told, sums / np.where(told, rest, 1.0), np.nan), told

"""Connectivity of periodic networks: in how many directions does a network run through the crystal.

Union-find with lattice translations. Each point keeps the translation that leads to the root of
its cluster; an edge that closes a loop with a translation left over is a way through the crystal,
and the rank of all such translations is the dimensionality of the cluster (0 to 3). The answer
does not depend on the cell: a supercell splits clusters and shortens translations but keeps ranks.
"""

from __future__ import annotations

import numpy as np

from features.elements import FloatArray
from features.roles import IntArray

Translation = tuple[int, int, int]


class PeriodicClusters:
    """Clusters of n points that edges join one by one; `dimension` is that of the best cluster."""

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))
        self._shift: list[Translation] = [(0, 0, 0)] * count
        self._loops: list[list[Translation]] = [[] for _ in range(count)]
        self.dimension = 0

    def root(self, point: int) -> tuple[int, Translation]:
        """The root of a point and the translation from the point's cell to the root's."""
        path = []
        while self._parent[point] != point:
            path.append(point)
            point = self._parent[point]
        shift = (0, 0, 0)
        for below in reversed(path):
            shift = _sum(self._shift[below], shift)
            self._parent[below], self._shift[below] = point, shift
        return point, shift

    def join(self, first: int, second: int, image: Translation) -> None:
        """An edge from `first` in the home cell to `second` in the cell `image`."""
        root_a, shift_a = self.root(first)
        root_b, shift_b = self.root(second)
        # Position of b's root as seen from a's: first -> second adds the image.
        step = _sum(_difference(image, shift_a), shift_b)
        if root_a != root_b:
            self._parent[root_b], self._shift[root_b] = root_a, _negative(step)
            self._add_loops(root_a, self._loops[root_b])
        elif step != (0, 0, 0):
            self._add_loops(root_a, [step])

    def _add_loops(self, root: int, loops: list[Translation]) -> None:
        for loop in loops:
            known = self._loops[root]
            if len(known) < 3 and _independent([*known, loop]):
                known.append(loop)
        self.dimension = max(self.dimension, len(self._loops[root]))

    def cluster_dimensions(self) -> IntArray:
        """(n,) dimensionality of the cluster that each point belongs to."""
        return np.array(
            [len(self._loops[self.root(point)[0]]) for point in range(len(self._parent))],
            dtype=np.int64,
        )


def _sum(a: Translation, b: Translation) -> Translation:
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]


def _difference(a: Translation, b: Translation) -> Translation:
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


def _negative(a: Translation) -> Translation:
    return -a[0], -a[1], -a[2]


def _independent(vectors: list[Translation]) -> bool:
    """Whether up to three integer vectors are linearly independent (exact arithmetic)."""
    if len(vectors) == 1:
        return vectors[0] != (0, 0, 0)
    (a, b, c), (d, e, f) = vectors[0], vectors[1]
    cross = (b * f - c * e, c * d - a * f, a * e - b * d)
    if len(vectors) == 2:
        return cross != (0, 0, 0)
    g, h, i = vectors[2]
    return cross[0] * g + cross[1] * h + cross[2] * i != 0


def dimensionality(count: int, first: IntArray, second: IntArray, image: IntArray) -> IntArray:
    """(n,) dimensionality (0-3) of the cluster of each point of a network of all given edges."""
    clusters = PeriodicClusters(count)
    for a, b, shift in zip(first.tolist(), second.tolist(), image.tolist(), strict=True):
        clusters.join(a, b, (shift[0], shift[1], shift[2]))
    return clusters.cluster_dimensions()


def percolation_thresholds(
    count: int, first: IntArray, second: IntArray, image: IntArray, cost: FloatArray
) -> FloatArray:
    """(3,) lowest cost at which the edges up to that cost run through the crystal in at least 1, 2
    and 3 dimensions; NaN where even all edges together do not."""
    thresholds = np.full(3, np.nan)
    clusters = PeriodicClusters(count)
    order = np.argsort(cost, kind="stable")
    edges = zip(first[order].tolist(), second[order].tolist(), image[order].tolist(), strict=True)
    for value, (a, b, shift) in zip(cost[order].tolist(), edges, strict=True):
        before = clusters.dimension
        clusters.join(a, b, (shift[0], shift[1], shift[2]))
        thresholds[before : clusters.dimension] = value
        if clusters.dimension == 3:
            break
    return thresholds

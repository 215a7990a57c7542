"""How far a row of features lies from the rows that were learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from models.columns import Columns
from models.labels import FloatArray

DIMENSIONS = 10
# A standardised feature counts at most this many standard deviations: beyond it lies only more of
# the same strangeness, and a single feature must not outweigh all others.
MOST_DEVIATIONS = 6.0
FEWEST_ROWS = 3 * DIMENSIONS


@dataclass(frozen=True)
class FeatureSpace:
    """The principal axes of a table of features and where its rows lie on them.

    columns (d), centre (d,) and scale (d,) standardise; axes (d, p) has unit variance along each
    axis; points (n, p) are the known rows.
    """

    columns: list[str]
    centre: FloatArray
    scale: FloatArray
    axes: FloatArray
    points: FloatArray

    @classmethod
    def of(cls, features: pd.DataFrame, columns: Sequence[str]) -> FeatureSpace | None:
        """The space of the rows whose columns are all known; None where they are too few."""
        table = features[list(columns)]
        x = table.to_numpy(np.float64)[table.notna().all(axis=1).to_numpy(bool)]
        if len(x) < FEWEST_ROWS:
            return None
        varies = x.std(axis=0) > 1e-9
        x, kept = x[:, varies], [name for name, moves in zip(columns, varies, strict=True) if moves]
        centre, scale = x.mean(axis=0), x.std(axis=0)
        standard = np.clip((x - centre) / scale, -MOST_DEVIATIONS, MOST_DEVIATIONS)
        _, size, axes = np.linalg.svd(standard - standard.mean(axis=0), full_matrices=False)
        count = min(DIMENSIONS, int((size > 1e-9 * size[0]).sum()))
        along = axes[:count].T / size[:count] * np.sqrt(len(x))
        points = np.unique(np.round(standard @ along, 6), axis=0)
        return cls(kept, centre, scale, along, points)

    def project(self, features: pd.DataFrame) -> FloatArray:
        """(n, p) coordinates; NaN for a row with a missing feature."""
        x = self._columns.matrix(features)
        standard = np.clip((x - self.centre) / self.scale, -MOST_DEVIATIONS, MOST_DEVIATIONS)
        return np.asarray(standard @ self.axes)

    def distance(self, features: pd.DataFrame) -> FloatArray:
        """(n,) distance to the nearest known row, in standard deviations of one axis.

        NaN for a row with a missing feature.
        """
        points = self.project(features)
        known = np.isfinite(points).all(axis=1)
        result = np.full(len(points), np.nan)
        if known.any():
            result[known] = self._tree.query(points[known])[0]
        return result

    def leave_one_out(self) -> FloatArray:
        """(n,) distance of each known row to the nearest other one."""
        return np.asarray(self._tree.query(self.points, k=2)[0][:, 1])

    @cached_property
    def _columns(self) -> Columns:
        return Columns(self.columns)

    @cached_property
    def _tree(self) -> Any:
        from scipy.spatial import KDTree

        return KDTree(self.points)

    def arrays(self, prefix: str) -> dict[str, FloatArray]:
        """The parts as named arrays for an npz file, without the names of the columns."""
        return {f"{prefix}.{name}": getattr(self, name) for name in _ARRAYS}

    @classmethod
    def from_arrays(
        cls, columns: list[str], prefix: str, arrays: dict[str, FloatArray]
    ) -> FeatureSpace:
        """The inverse of ``arrays``. Raises KeyError for a missing part."""
        return cls(columns, *(arrays[f"{prefix}.{name}"] for name in _ARRAYS))


_ARRAYS = ("centre", "scale", "axes", "points")

"""Named columns of a feature table as a plain matrix, quickly for one row as for many."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.labels import FloatArray


class Columns:
    """Some columns by name, in an order. Where they stand in a table is looked up once for each
    new set of columns, which for a single material takes longer than the rest."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        self._index: pd.Index[str] | None = None
        self._positions: npt.NDArray[np.intp] = np.zeros(0, dtype=np.intp)

    def matrix(self, features: pd.DataFrame) -> FloatArray:
        """(n, len(names)). Raises KeyError naming the first column that is not there."""
        if features.columns is not self._index:
            positions = features.columns.get_indexer(self.names)
            if (positions < 0).any():
                raise KeyError(f"the table lacks the column {self.names[positions.argmin()]!r}")
            self._positions, self._index = positions, features.columns
        return np.take(features.to_numpy(np.float64), self._positions, axis=1)


def some_rows(features: pd.DataFrame, rows: npt.NDArray[np.int64]) -> pd.DataFrame:
    """The rows at increasing positions; the table itself where that is all of them."""
    return features if len(rows) == len(features) else features.iloc[rows]

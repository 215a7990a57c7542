"""Manhattan distances from many rows to the same anchors, quick enough for lists.

Three things are used, none of which changes a distance: equal anchors count once; a column in
which nearly all anchors are alike (most elements are in few compounds) is summed once a row and
corrected for the few; and |a - b| = 2 max(a, b) - a - b takes one pass less over memory.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.labels import FloatArray, IntArray

Float32Array = npt.NDArray[np.float32]

ROWS_AT_ONCE = 64  # small enough that two blocks of distances stay in the processor's caches
ALIKE = 0.8  # a column is corrected, not summed, where this share of the anchors has one value


@dataclass(frozen=True, eq=False)
class Anchors:
    """n distinct rows of d columns, taken apart for ``distances``.

    dense: numbers of the summed columns; dense_values: (dense, n) theirs; dense_sum: (n,) over
    them. common: (d - dense,) the usual value of each other column. The exceptions are sorted by
    anchor, which begins at ``begins`` (n,): exception_column counts among the other columns.
    """

    dense: IntArray
    dense_values: Float32Array
    dense_sum: FloatArray
    others: IntArray
    common: Float32Array
    begins: IntArray
    exception_column: IntArray
    exception_value: Float32Array

    @classmethod
    def of(cls, rows: FloatArray) -> Anchors:
        """From distinct rows (n, d), n at least 1."""
        values = rows.astype(np.float32)
        common, share = _most_common(values)
        is_dense = share < ALIKE
        dense, others = np.flatnonzero(is_dense), np.flatnonzero(~is_dense)
        differs = values[:, others] != common[others]
        # Each anchor gets one entry that corrects nothing, so that none is without entries.
        anchor, column = np.nonzero(np.column_stack([np.ones(len(values), bool), differs]))
        padded = np.column_stack([np.zeros(len(values), np.float32), values[:, others]])
        return cls(
            dense=dense,
            dense_values=np.ascontiguousarray(values[:, dense].T),
            dense_sum=values[:, dense].sum(axis=1, dtype=np.float64),
            others=others,
            common=common[others],
            begins=np.searchsorted(anchor, np.arange(len(values))),
            exception_column=column,
            exception_value=padded[anchor, column],
        )

    def distances(self, x: FloatArray) -> FloatArray:
        """(m, n) sums of absolute differences, in 32 bits inside; x is (m, d) and finite.

        A row's distances do not depend on the rows beside it.
        """
        seen = x.astype(np.float32)
        result = np.empty((len(seen), len(self.begins)))
        for start in range(0, len(seen), ROWS_AT_ONCE):
            part = seen[start : start + ROWS_AT_ONCE]
            result[start : start + ROWS_AT_ONCE] = self._dense(part) + self._others(part)
        return result

    def _dense(self, seen: Float32Array) -> FloatArray:
        columns = np.ascontiguousarray(seen[:, self.dense].T)[:, :, None]
        larger = np.zeros((len(seen), len(self.begins)), dtype=np.float32)
        buffer = np.empty_like(larger)
        for mine, theirs in zip(columns, self.dense_values, strict=True):
            np.maximum(mine, theirs, out=buffer)
            np.add(larger, buffer, out=larger)
        own = seen[:, self.dense].sum(axis=1, dtype=np.float64)
        distance: FloatArray = 2.0 * larger - own[:, None] - self.dense_sum
        return distance

    def _others(self, seen: Float32Array) -> FloatArray:
        mine = seen[:, self.others]
        from_common = np.abs(mine - self.common)
        padded = np.column_stack([np.zeros(len(seen), np.float32), mine])
        usual = np.column_stack([np.zeros(len(seen), np.float32), from_common])
        exceptions = np.abs(padded[:, self.exception_column] - self.exception_value)
        exceptions -= usual[:, self.exception_column]
        correction: FloatArray = np.add.reduceat(exceptions, self.begins, axis=1)
        total: FloatArray = from_common.sum(axis=1, dtype=np.float64)[:, None] + correction
        return total


def _most_common(values: Float32Array) -> tuple[Float32Array, FloatArray]:
    """The most frequent value of each column (d,) and its share of the rows (d,)."""
    common = np.empty(values.shape[1], dtype=np.float32)
    share = np.empty(values.shape[1])
    for column, entries in enumerate(values.T):
        found, count = np.unique(entries, return_counts=True)
        common[column], share[column] = found[count.argmax()], count.max() / len(entries)
    return common, share

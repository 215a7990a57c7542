"""Where a value stands among known materials, from a small table of quantiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RankTable:
    """Rising values of one quantity at evenly spaced quantiles of `count` reference materials.

    Raises ValueError where the values are fewer than two, not finite or not rising.
    """

    quantity: str  # with its unit, "chi_kj_mol_nm"
    reference: str  # what the materials are
    count: int
    values: FloatArray

    def __post_init__(self) -> None:
        if self.values.ndim != 1 or self.values.size < 2 or not np.isfinite(self.values).all():
            raise ValueError(f"rank table of {self.quantity} needs two or more finite values")
        if (np.diff(self.values) < 0.0).any():
            raise ValueError(f"rank table of {self.quantity} has values that fall")

    @classmethod
    def from_values(
        cls, quantity: str, reference: str, values: npt.ArrayLike, *, points: int = 501
    ) -> RankTable:
        """The table of a sample; values that are not finite are left out."""
        sample = np.asarray(values, dtype=np.float64).ravel()
        sample = sample[np.isfinite(sample)]
        if not sample.size:
            raise ValueError(f"rank table of {quantity} has no finite value to rank against")
        quantiles = np.quantile(sample, np.linspace(0.0, 1.0, points))
        return cls(quantity, reference, int(sample.size), np.asarray(quantiles))

    def percent_above(self, values: npt.ArrayLike) -> FloatArray:
        """Percentage, 0 to 100, of the reference materials with a larger value; NaN stays NaN."""
        wanted = np.asarray(values, dtype=np.float64)
        share = np.linspace(0.0, 1.0, self.values.size)
        below = np.interp(wanted, *_strictly_rising(self.values, share))
        return np.asarray(np.where(np.isnan(wanted), np.nan, 100.0 * (1.0 - below)))

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers and text, for a JSON file."""
        return {
            "quantity": self.quantity,
            "reference": self.reference,
            "count": self.count,
            "values": [float(value) for value in self.values],
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> RankTable:
        """Back from `as_dict`; raises ValueError or KeyError for a record that is not one."""
        values: Sequence[float] = record["values"]
        return cls(
            str(record["quantity"]),
            str(record["reference"]),
            int(record["count"]),
            np.asarray(values, dtype=np.float64),
        )


def _strictly_rising(table: FloatArray, share: FloatArray) -> tuple[FloatArray, FloatArray]:
    """One point for each different value, in the middle of its shares: a tie counts half."""
    values, first = np.unique(table, return_index=True)
    last = np.append(first[1:], table.size) - 1
    middle = 0.5 * (share[first] + share[last])
    return values, middle

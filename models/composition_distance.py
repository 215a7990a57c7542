"""How far apart two compositions are, with chemically similar elements close together.

The elements stand in a row, the modified Pettifor scale of Glawe et al. 2016
(10.1088/1367-2630/18/9/093011), on which neighbours replace each other most readily in known
crystals. The distance is the earth mover's along that row (Hargreaves et al. 2020,
10.1021/acs.chemmater.0c03381): the share of atoms times the steps that they have to be moved,
which is the city-block distance of the cumulative shares. Li3PS4 and Li3PSe4 are 0.5 apart: half
of the atoms are moved by one step.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from features.elements import ELEMENT_COUNT, ELEMENT_ROW, SYMBOLS
from models.columns import Columns

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

MODIFIED_PETTIFOR = (
    "He Ne Ar Kr Xe Rn Fr Cs Rb K Na Li Ra Ba Sr Ca Eu Yb Lu Tm Y Er Ho Dy Tb Gd Sm Pm Nd Pr Ce "
    "La Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Sc Zr Hf Ti Ta Nb V Cr Mo W Re Tc Os Ru Ir Rh "
    "Pt Pd Au Ag Cu Ni Co Fe Mn Mg Zn Cd Hg Be Al Ga In Tl Pb Sn Ge Si B C N P As Sb Bi Po Te Se "
    "S O At I Br Cl F H"
)
"""The elements H to Lr in the order of the scale."""

FRACTION_COLUMNS = [f"fraction_{symbol}" for symbol in SYMBOLS]
"""The columns of the feature table that hold the composition."""

_FRACTIONS = Columns(FRACTION_COLUMNS)

NEAREST = 5
"""How many neighbours the second distance is a mean of."""

COARSE_GROUPS = 8
COARSE_CANDIDATES = 12
ROWS_AT_ONCE = 64  # with all their candidates they stay in the processor's cache


@lru_cache(maxsize=1)
def _order() -> IntArray:
    """Rows of the element tables in the order of the scale."""
    return np.array([ELEMENT_ROW[symbol] for symbol in MODIFIED_PETTIFOR.split()], dtype=np.int64)


def fractions_of(features: pd.DataFrame) -> FloatArray:
    """(n, 103) atomic fractions, H to Lr, from a feature table with its composition block."""
    return _FRACTIONS.matrix(features)


def cumulative_shares(fractions: FloatArray) -> FloatArray:
    """(n, 102) shares of atoms up to each step of the scale; fractions: (n, 103), H to Lr.

    The last step is left out, where every material has 1. Raises ValueError for another width.
    """
    if fractions.ndim != 2 or fractions.shape[1] != ELEMENT_COUNT:
        raise ValueError(f"fractions must be (n, {ELEMENT_COUNT}), not {fractions.shape}")
    return np.cumsum(fractions[:, _order()], axis=1)[:, :-1]


def composition_distance(one: FloatArray, other: FloatArray) -> FloatArray:
    """Steps on the scale between compositions, both (n, 103) or broadcastable; (n,)."""
    moved = cumulative_shares(np.atleast_2d(one)) - cumulative_shares(np.atleast_2d(other))
    return np.abs(moved).sum(axis=1)


class CompositionIndex:
    """Finds the nearest of n known compositions in blocks, fast enough for long lists.

    Cumulative shares summed over stretches of the scale give a lower bound of the distance in a
    few dimensions, where a tree is quick; the best candidates by it are measured in full. The
    nearest by bound are the nearest in all but a few of a hundred cases, and then by a hair.
    """

    def __init__(self, fractions: FloatArray) -> None:
        """fractions: (n, 103), H to Lr. Raises ValueError where there is no row."""
        from scipy.spatial import KDTree

        if len(fractions) == 0:
            raise ValueError("a composition index needs at least one composition")
        self._shares = cumulative_shares(fractions)
        self._tree: Any = KDTree(_coarse(self._shares))

    def __len__(self) -> int:
        return len(self._shares)

    def nearest(self, fractions: FloatArray, count: int = 1) -> tuple[FloatArray, IntArray]:
        """Distances and row numbers (n, count) of the nearest known, nearest first.

        With fewer known compositions than ``count``, as many as there are.
        """
        count = min(count, len(self))
        distance = np.empty((len(fractions), count))
        row = np.empty((len(fractions), count), dtype=np.int64)
        for start in range(0, len(fractions), ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            distance[part], row[part] = self._nearest(cumulative_shares(fractions[part]), count)
        return distance, row

    def nearness(self, fractions: FloatArray) -> FloatArray:
        """(n, 2) distance to the nearest known composition, and mean of that to the NEAREST."""
        distance, _ = self.nearest(fractions, NEAREST)
        return np.column_stack([distance[:, 0], distance.mean(axis=1)])

    def _nearest(self, shares: FloatArray, count: int) -> tuple[FloatArray, IntArray]:
        candidates = min(max(COARSE_CANDIDATES, 3 * count), len(self))
        # One candidate alone comes back without its axis.
        found = self._tree.query(_coarse(shares), k=candidates, p=1)[1].reshape(-1, candidates)
        each = np.abs(shares[:, None, :] - self._shares[found]).sum(axis=2)
        order = np.argsort(each, axis=1, kind="stable")[:, :count]
        return np.take_along_axis(each, order, 1), np.take_along_axis(found, order, 1)


def _coarse(shares: FloatArray) -> FloatArray:
    edges = np.linspace(0, shares.shape[1], COARSE_GROUPS + 1).astype(int)[:-1]
    return np.asarray(np.add.reduceat(shares, edges, axis=1))

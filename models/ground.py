"""The ground that training data cover: their elements and where their compositions lie."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from features.elements import ELEMENT_ROW, SYMBOLS
from models.composition_distance import CompositionIndex
from models.labels import BoolArray, FloatArray


@dataclass(frozen=True)
class Ground:
    """The different compositions (n, 103) that one group of targets was learned from."""

    compositions: FloatArray

    @classmethod
    def of(cls, fractions: FloatArray) -> Ground:
        """The ground of some materials; fractions: (m, 103), repeats allowed."""
        return cls(np.unique(np.round(fractions, 6), axis=0))

    @cached_property
    def index(self) -> CompositionIndex:
        """Finds the nearest of the compositions. Raises ValueError where there is none."""
        return CompositionIndex(self.compositions)

    @cached_property
    def elements(self) -> list[str]:
        """The elements that occur, by atomic number."""
        return [symbol for symbol, seen in zip(SYMBOLS, self._seen, strict=True) if seen]

    @cached_property
    def _seen(self) -> BoolArray:
        return np.asarray((self.compositions > 0).any(axis=0))

    def unseen(self, fractions: FloatArray) -> list[list[str]]:
        """The elements of each of n materials that occur in no composition of the ground."""
        strange = (fractions > 0) & ~self._seen
        return [[SYMBOLS[at] for at in np.flatnonzero(row)] for row in strange]

    def knows(self, ion: str) -> bool:
        """Whether an element occurs at all."""
        return bool(self._seen[ELEMENT_ROW[ion]])

    @cached_property
    def leave_one_out(self) -> FloatArray:
        """(n,) rising distances of each composition to the nearest other one."""
        if len(self.compositions) < 2:
            return np.zeros(1)
        return np.sort(self.index.nearest(self.compositions, 2)[0][:, 1])

    def percentile(self, distance: FloatArray) -> FloatArray:
        """(n,) how many of a hundred known compositions have a nearer neighbour."""
        known = self.leave_one_out
        return 100.0 * np.searchsorted(known, distance, side="left") / len(known)

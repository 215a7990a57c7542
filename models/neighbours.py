"""The measured materials that stand nearest to one that is asked for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from features.elements import ELEMENT_COUNT, ELEMENT_ROW, SYMBOLS
from models.composition_distance import CompositionIndex
from models.labels import FloatArray

NEIGHBOURS = 5
MOST_MEASURED = 20
# Formulas are printed with two or three digits: shares of atoms this close are the same material.
SAME_SHARE = 1e-3
FILE = "measured.json"


@dataclass(frozen=True)
class Measured:
    """One measurement. bound "<" is a conductivity below what could be detected; a value that
    was not measured is None."""

    formula: str
    log10_conductivity_s_cm: float | None
    bound: str  # "=" or "<"
    activation_energy_ev: float | None
    temperature_c: float | None
    doi: str | None


@dataclass(frozen=True)
class Neighbour:
    """A measurement beside a material: how far it is from it in composition, and whether it is
    the very same composition."""

    measured: Measured
    distance: float
    same_composition: bool


@dataclass(frozen=True)
class Surroundings:
    """What is measured at and around a material.

    neighbours: at most five different compositions, the nearest first, each by its measurement
    nearest to room temperature. measured: every measurement of the very composition, those
    nearest to room temperature first, at most MOST_MEASURED.
    """

    neighbours: list[Neighbour]
    measured: list[Neighbour]


class MeasuredMaterials:
    """All measured conductors by composition."""

    def __init__(self, fractions: FloatArray, measured: Sequence[Sequence[Measured]]) -> None:
        """fractions: (n, 103), one row a composition; measured: its measurements, one or more.

        Raises ValueError where the two do not go together.
        """
        if len(fractions) != len(measured) or not all(measured):
            raise ValueError("every composition needs at least one measurement")
        self._fractions = fractions
        self._measured = [sorted(each, key=_from_room_temperature) for each in measured]
        self._index = CompositionIndex(fractions) if len(fractions) else None

    def __len__(self) -> int:
        return len(self._measured)

    def around(self, fractions: FloatArray) -> list[Surroundings]:
        """What stands around each of n materials; fractions: (n, 103)."""
        if self._index is None:
            return [Surroundings([], []) for _ in fractions]
        distance, row = self._index.nearest(fractions, NEIGHBOURS)
        gap = np.abs(self._fractions[row] - fractions[:, None, :]).max(axis=2)
        return [
            self._surroundings(*each)
            for each in zip(
                row.tolist(), distance.tolist(), (gap <= SAME_SHARE).tolist(), strict=True
            )
        ]

    def _surroundings(
        self, rows: list[int], distances: list[float], same: list[bool]
    ) -> Surroundings:
        # Two decimals of a formula can tell compositions apart that are the same to SAME_SHARE.
        order = sorted(range(len(rows)), key=lambda at: (not same[at], distances[at]))
        neighbours = [
            Neighbour(self._measured[rows[at]][0], distances[at], same[at]) for at in order
        ]
        measured = [
            Neighbour(each, distances[at], True)
            for at in order
            if same[at]
            for each in self._measured[rows[at]]
        ]
        measured.sort(key=lambda each: _from_room_temperature(each.measured))
        return Surroundings(neighbours, measured[:MOST_MEASURED])

    def save(self, folder: Path) -> None:
        """Write ``measured.json`` into an existing folder."""
        state = [
            {
                "shares": {SYMBOLS[at]: share[at] for at in np.flatnonzero(share)},
                "measured": [asdict(each) for each in measured],
            }
            for share, measured in zip(self._fractions, self._measured, strict=True)
        ]
        (folder / FILE).write_text(json.dumps(state))

    @classmethod
    def load(cls, folder: Path) -> MeasuredMaterials:
        """Read what ``save`` wrote. Raises FileNotFoundError, KeyError or TypeError."""
        state = json.loads((folder / FILE).read_text())
        fractions = np.zeros((len(state), ELEMENT_COUNT))
        for row, record in enumerate(state):
            for symbol, share in record["shares"].items():
                fractions[row, ELEMENT_ROW[symbol]] = share
        return cls(fractions, [[Measured(**each) for each in r["measured"]] for r in state])


def grouped(
    fractions: FloatArray, measured: Sequence[Measured]
) -> tuple[FloatArray, list[list[Measured]]]:
    """Measurements (n,) with the shares of their materials (n, 103) put together by composition.

    An activation energy without a conductivity joins the measurements of the same composition and
    paper that have none of their own; where there is no such measurement, it stands alone.
    """
    shares, row = np.unique(np.round(fractions, 6), axis=0, return_inverse=True)
    together: list[list[Measured]] = [[] for _ in shares]
    for at, each in zip(row.ravel(), measured, strict=True):
        together[at].append(each)
    return shares, [_joined(each) for each in together]


def _joined(measured: list[Measured]) -> list[Measured]:
    energies = [each for each in measured if each.log10_conductivity_s_cm is None]
    result: list[Measured] = []
    used: set[int] = set()
    for each in measured:
        if each.log10_conductivity_s_cm is None:
            continue
        if each.activation_energy_ev is None:
            at = next((i for i, other in enumerate(energies) if other.doi == each.doi), None)
            if at is not None:
                used.add(at)
                each = replace(each, activation_energy_ev=energies[at].activation_energy_ev)
        result.append(each)
    return result + [each for at, each in enumerate(energies) if at not in used]


def _from_room_temperature(each: Measured) -> tuple[float, str]:
    if each.temperature_c is None or each.log10_conductivity_s_cm is None:
        return 1e6, each.doi or ""
    return abs(each.temperature_c - 25.0), each.doi or ""

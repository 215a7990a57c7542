"""A few numbers of a material that tell what kind it is, without telling which one.

They are what the service may record of what it is asked, and what training keeps of its own
materials, so that the two can be compared (``training.drift``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from features.elements import ELEMENT_ROW, MOBILE_IONS, SYMBOLS, magpie_table
from features.material import Material
from features.table import fraction_matrix
from models.composition_distance import CompositionIndex
from models.labels import FloatArray

FILE = "feature_summary.npz"
DIGITS = 3
NAMES = (
    "mobile_ion_share",
    "oxygen_share",
    "chalcogen_share",
    "halogen_share",
    "elements",
    "mean_atomic_number",
    "mean_electronegativity",
    "electronegativity_spread",
)


def summarise(materials: Sequence[Material]) -> FloatArray:
    """(n, len(NAMES)) of n materials, each number to three digits.

    Shares are of the atoms; electronegativities are Pauling's (matminer's Magpie table), the
    spread is their standard deviation over the atoms.
    """
    share = fraction_matrix(materials)
    number = np.arange(1, len(SYMBOLS) + 1, dtype=np.float64)
    negativity = magpie_table("Electronegativity")
    mean = share @ negativity
    columns = [
        _share(share, MOBILE_IONS),
        _share(share, ("O",)),
        _share(share, ("S", "Se", "Te")),
        _share(share, ("F", "Cl", "Br", "I")),
        (share > 0).sum(axis=1).astype(np.float64),
        share @ number,
        mean,
        np.sqrt(np.maximum(share @ negativity**2 - mean**2, 0.0)),
    ]
    return to_digits(np.column_stack(columns).reshape(len(materials), len(NAMES)))


def to_digits(values: FloatArray, digits: int = DIGITS) -> FloatArray:
    """Values rounded to so many significant digits; zero stays zero."""
    size = np.floor(np.log10(np.abs(values), where=values != 0.0, out=np.zeros_like(values)))
    scale = 10.0 ** (digits - 1 - size)
    return np.asarray(np.round(values * scale) / scale)


def _share(share: FloatArray, symbols: Sequence[str]) -> FloatArray:
    return np.asarray(share[:, [ELEMENT_ROW[symbol] for symbol in symbols]].sum(axis=1))


@dataclass(frozen=True)
class TrainingSummary:
    """The measured conductors, one row a composition.

    features: (n, len(NAMES)). distance: (n,) composition distance to the nearest other one.
    """

    features: FloatArray
    distance: FloatArray

    @classmethod
    def of(cls, materials: Sequence[Material]) -> TrainingSummary:
        """Of the materials that transport was learned from; equal compositions count once."""
        first = {material.composition_key: material for material in reversed(materials)}
        kept = list(first.values())
        fractions = fraction_matrix(kept)
        nearest = CompositionIndex(fractions).nearest(fractions, 2)[0][:, -1]
        return cls(summarise(kept), to_digits(nearest))

    def save(self, folder: Path) -> None:
        """Write ``feature_summary.npz`` into an existing folder."""
        names = np.array(NAMES, dtype=str)
        np.savez_compressed(
            folder / FILE, names=names, features=self.features, distance=self.distance
        )

    @classmethod
    def load(cls, folder: Path) -> TrainingSummary:
        """Read what ``save`` wrote.

        Raises FileNotFoundError where there is none, ValueError where it has other features.
        """
        with np.load(folder / FILE, allow_pickle=False) as stored:
            if tuple(stored["names"].tolist()) != NAMES:
                raise ValueError(f"{FILE} summarises other features than this version records")
            return cls(stored["features"], stored["distance"])

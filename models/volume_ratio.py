"""The volume ratio v of a material: from its structure, else its composition, else typical.

v is the room that a mole of the mobile ion takes in the electrolyte over that of its metal
(doi 10.1103/PhysRevLett.119.056003). With a structure it follows from the mean Voronoi
coordination of the ion. For a formula of a Li compound it is learned; of another metal's ion
there is too little to learn from, and it gets a typical coordination.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from features.coordination_voronoi import mobile_coordination_number
from features.crystal_table import FEATURIZER_ERRORS
from features.material import Material
from features.table import rounded
from models.columns import Columns, some_rows
from models.electrodes import LITHIUM, ElectrodeColumns, typical_volume_ratio, volume_ratio
from models.folds import grouped_fold_of
from models.labels import FloatArray, IntArray, Labels
from models.trees import BoostedTrees, BoostedTreesConfig

LOGGER = logging.getLogger(__name__)

STRUCTURE, COMPOSITION, TYPICAL = "structure", "composition", "typical"
SOURCES_IN_WORDS = {
    STRUCTURE: "mean Voronoi coordination of the mobile ion in the structure",
    COMPOSITION: "learned from the structures of Li compounds, for the composition alone",
    TYPICAL: "typical coordination of Li in 12,950 compounds; nothing else is known here",
}
# An allowance for how a crystal relaxes; v itself follows from the structure without error.
ORDERED_DEVIATION = 0.02
# Scatter of ln v over 57 refinements of 23 disordered OBELiX compositions, each in one space group.
DISORDERED_DEVIATION = 0.17

_TREES = BoostedTreesConfig(rounds=300, learning_rate=0.04, max_depth=4)
_FOLDS = 4
_NAME = "volume_ratio"
_TREES_NAME = "volume_ratio_trees"


@dataclass(frozen=True)
class VolumeRatios:
    """v of n materials (a median), its standard deviation, and which way each was found.

    NaN and None where the metal of the mobile ion is not known.
    """

    value: FloatArray
    deviation: FloatArray
    source: list[str | None]


class VolumeRatioModel:
    """ln v of a Li compound from its composition block, with one held-out error for all."""

    def __init__(self) -> None:
        self._columns = Columns([])
        self.log_deviation = float("nan")
        self._trees = BoostedTrees(_TREES, _TREES_NAME)

    def fit(self, features: pd.DataFrame, ratio: FloatArray, groups: IntArray) -> FloatArray:
        """Learn from v (n,) and return its held-out predictions (n,); groups stay together."""
        self._columns = Columns(features.columns)
        x, y = features.to_numpy(np.float64), np.log(ratio)
        fold = grouped_fold_of(groups, _FOLDS, _NAME)
        held_out = np.empty(len(y))
        for number in range(_FOLDS):
            inside = fold != number
            trees = BoostedTrees(_TREES, _TREES_NAME)
            trees.fit(x[inside], Labels.of(y[inside]))
            held_out[~inside] = trees.predict(x[~inside])
        self.log_deviation = float(np.sqrt(np.mean((held_out - y) ** 2)))
        self._trees.fit(x, Labels.of(y))
        return np.asarray(np.exp(held_out))

    def predict(self, features: pd.DataFrame) -> FloatArray:
        """v (n,) against lithium metal."""
        raw = self._trees.predict(self._columns.matrix(features))
        return np.asarray(np.exp(raw))

    def save(self, folder: Path) -> None:
        """Write the model into an existing folder."""
        self._trees.save(folder)
        state = {"columns": self._columns.names, "log_deviation": self.log_deviation}
        (folder / f"{_NAME}.json").write_text(json.dumps(state))

    @classmethod
    def load(cls, folder: Path) -> VolumeRatioModel | None:
        """What ``save`` wrote; None where the bundle was trained without such a model."""
        path = folder / f"{_NAME}.json"
        if not path.is_file():
            return None
        state = json.loads(path.read_text())
        model = cls()
        model._columns = Columns(state["columns"])
        model.log_deviation = float(state["log_deviation"])
        model._trees = BoostedTrees.load(folder, _TREES_NAME)
        return model


def volume_ratios(
    materials: Sequence[Material],
    features: pd.DataFrame,
    metal: ElectrodeColumns,
    model: VolumeRatioModel | None,
    symbols: Sequence[str | None] | None = None,
) -> VolumeRatios:
    """v of each material against ``metal`` (n,); ``features`` hold the composition block.

    ``symbols`` names the metals, where they are not those of the mobile ions: a structure tells
    the coordination of the mobile ion alone.
    """
    typical, typical_deviation = typical_volume_ratio(metal)
    value, deviation = typical.copy(), typical_deviation.copy()
    known = np.isfinite(value)
    source: list[str | None] = [TYPICAL if each else None for each in known.tolist()]
    lithium = known & (metal.molar_volume_m3_mol == LITHIUM.molar_volume_m3_mol)
    if model is not None and lithium.any():
        rows = np.flatnonzero(lithium)
        value[rows] = model.predict(some_rows(features, rows))
        deviation[rows] = value[rows] * _relative(model.log_deviation)
        for row in rows.tolist():
            source[row] = COMPOSITION
    numbers = coordination_numbers(materials)
    if symbols is not None:
        ions = [material.mobile_ion for material in materials]
        numbers[[ion != symbol for ion, symbol in zip(ions, symbols, strict=True)]] = np.nan
    ratios = volume_ratio(numbers, metal)
    for row in np.flatnonzero(np.isfinite(ratios)).tolist():
        crystal = materials[row].crystal or materials[row].structure
        ordered = crystal is not None and crystal.is_ordered
        value[row] = ratios[row]
        spread = ORDERED_DEVIATION if ordered else DISORDERED_DEVIATION
        deviation[row] = ratios[row] * _relative(spread)
        source[row] = STRUCTURE
    return VolumeRatios(value, deviation, source)


def coordination_numbers(materials: Sequence[Material]) -> FloatArray:
    """(n,) mean coordination of each material's mobile ion; NaN without a usable structure."""
    numbers = np.full(len(materials), np.nan)
    for row, material in enumerate(materials):
        ion = material.mobile_ion
        if material.crystal is not None:
            numbers[row] = material.crystal.coordination_number
            continue
        if material.structure is None or ion is None:
            continue
        try:
            numbers[row] = mobile_coordination_number(material.structure, ion)
        except FEATURIZER_ERRORS as error:
            LOGGER.warning("no coordination number for %s: %s", material.formula, error)
    return rounded(numbers)


def _relative(log_deviation: float) -> float:
    """Standard deviation over median of a log-normal number."""
    return float(np.sqrt(np.expm1(log_deviation**2)))

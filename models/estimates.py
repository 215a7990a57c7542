"""Mean, interval, quantiles and parts of the uncertainty of one target for a block of materials."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from models.error_scale import Circumstances
from models.intervals import ONE_SIGMA, Calibration, tails
from models.labels import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Estimate:
    """One target of n materials, on the scale it is learned on, arrays (n,).

    below, above: how far the interval reaches to either side of the mean. epistemic, aleatoric:
    standard deviations. expected_error: mean absolute error of held-out materials alike.
    quantiles: (n, levels). objections: why the error of a material cannot be told, in words.
    """

    mean: FloatArray
    below: FloatArray
    above: FloatArray
    epistemic: FloatArray
    aleatoric: FloatArray
    expected_error: FloatArray
    quantiles: FloatArray
    objections: list[list[str]]

    def not_below(self, lowest: float) -> Estimate:
        """The same with the interval and the quantiles cut at what is possible."""
        return replace(
            self,
            below=np.minimum(self.below, self.mean - lowest),
            quantiles=np.maximum(self.quantiles, lowest),
        )


@dataclass(frozen=True)
class Part:
    """The rows that one calibration answers for, and what is known of them."""

    rows: IntArray
    calibration: Calibration
    known: Circumstances


@dataclass(frozen=True)
class Answers:
    """What the views of a model say together of n materials.

    mean, spread: (n, targets). distance: (n, 2) ``CompositionIndex.nearness`` to the materials
    learned from. category: (n,) stratum of the calibration. outside: (n,) known to lie outside
    the data.
    """

    mean: FloatArray
    spread: FloatArray
    distance: FloatArray
    category: npt.NDArray[np.str_]
    outside: BoolArray

    def part(self, rows: IntArray, column: int, calibration: Calibration) -> Part:
        """The rows that one calibration answers for, of the target in ``column``."""
        known = Circumstances(
            self.mean[rows, column],
            self.spread[rows, column],
            self.distance[rows],
            self.category[rows],
            self.outside[rows],
        )
        return Part(rows, calibration, known)


def estimate(
    mean: FloatArray,
    parts: Iterable[Part],
    *,
    coverage: float,
    levels: Sequence[float],
    words: str,
) -> Estimate:
    """The estimate of n materials from the parts that make them up; mean: (n,).

    words: what the target is called in an objection. Raises ValueError for a coverage or level
    that is not accepted.
    """
    count = len(mean)
    columns = {name: np.full(count, np.nan) for name in _COLUMNS}
    quantiles = np.full((count, len(levels)), np.nan)
    objections: list[list[str]] = [[] for _ in range(count)]
    for part in parts:
        rows, calibration, known = part.rows, part.calibration, part.known
        offsets = calibration.offsets(known, (*tails(coverage), *ONE_SIGMA, *levels))
        ends = calibration.ends(offsets[:, 0], offsets[:, 1], coverage)
        columns["below"][rows], columns["above"][rows] = ends
        columns["epistemic"][rows] = calibration.epistemic(offsets[:, 2], offsets[:, 3])
        columns["aleatoric"][rows] = calibration.replicate_scatter
        columns["expected_error"][rows] = calibration.expected_error(known)
        quantiles[rows] = mean[rows, None] + offsets[:, 4:]
        for row, found in zip(rows, calibration.objections(known, words), strict=True):
            objections[row] = found
    return Estimate(mean=mean, **columns, quantiles=quantiles, objections=objections)


_COLUMNS = ("below", "above", "epistemic", "aleatoric", "expected_error")

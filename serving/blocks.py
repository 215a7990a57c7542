"""From texts to predictions, a block at a time: what HTTP, lists and the command line share.

A text that is no material, and a material that the model fails on, become a ``Rejection`` in
their own row. The other rows are answered as if the bad one had not been there.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from features.material import InvalidMaterial, Material
from models.predictor import PROPERTIES, PredictionBlock, Predictor

logger = logging.getLogger("bentoml.frenkel")

MaterialFormat = Literal["formula", "cif", "poscar", "pymatgen"]
BoolArray = npt.NDArray[np.bool_]

VALUE_COLUMNS: tuple[str, ...] = tuple(
    f"{name}{ending}" for name in PROPERTIES for ending in ("", "_lower", "_upper")
)
"""Value, lower and upper bound of each property, in the order of PROPERTIES."""

FAILURES_BEFORE_GIVING_UP = 16
"""So many single materials failing inside the model are no accident of theirs."""


@dataclass(frozen=True)
class MaterialText:
    """A material as it came in: its text and the format that the sender named."""

    text: str
    format: MaterialFormat


@dataclass(frozen=True)
class Rejection:
    """Why a row has no prediction. ``field`` names the input at fault, where there is one."""

    code: Literal["invalid_material", "unreadable_row", "not_finite", "internal"]
    field: str | None
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message


@dataclass(frozen=True)
class ScoredPart:
    """Predictions of some rows of a block; ``rows`` has the row number of each, in order."""

    rows: list[int]
    prediction: PredictionBlock


@dataclass(frozen=True)
class ScoredBlock:
    """A block of rows after prediction.

    rejections: one entry a row, None where the row was answered.
    parts: the predictions; almost always one part. A row that is rejected in spite of its
    prediction (because that is not finite) is still in its part.
    """

    rejections: list[Rejection | None]
    parts: list[ScoredPart]

    @property
    def answered(self) -> int:
        """How many rows have an answer."""
        return self.rejections.count(None)


def score_block(
    predictor: Predictor,
    entries: Sequence[MaterialText | Rejection],
    *,
    coverage: float = 0.9,
    temperatures_k: Sequence[float] = (),
) -> ScoredBlock:
    """Read and predict a block of materials, one entry a row.

    An entry that is a ``Rejection`` already (a row that could not be read) is passed through.
    Raises what the predictor raises where it fails on everything, not on some materials.
    """
    read = [read_material(entry) for entry in entries]
    rejections = [item if isinstance(item, Rejection) else None for item in read]
    known = {row: item for row, item in enumerate(read) if isinstance(item, Material)}
    parts, failed = _predict(predictor, known, coverage, temperatures_k)
    for row, reason in failed.items():
        message = f"the prediction failed for this material ({reason})"
        rejections[row] = Rejection("internal", None, message)
    for part in parts:
        for row, usable in zip(part.rows, _is_usable(part.prediction), strict=True):
            if not usable:
                message = "the model gave no finite number for this material"
                rejections[row] = Rejection("not_finite", None, message)
    return ScoredBlock(rejections, parts)


def read_material(entry: MaterialText | Rejection) -> Material | Rejection:
    """The material that a text stands for, or why there is none."""
    if isinstance(entry, Rejection):
        return entry
    try:
        return Material.parse(entry.text, entry.format)
    except InvalidMaterial as error:
        return Rejection("invalid_material", error.field, error.message)
    except Exception as error:
        # The parsers below Material are large and not ours. Whatever slips through them must
        # not take the neighbours of this row with it, and must be seen by us.
        logger.exception("a %s could not be read", entry.format)
        return Rejection("internal", entry.format, f"could not be read ({type(error).__name__})")


def _predict(
    predictor: Predictor,
    known: Mapping[int, Material],
    coverage: float,
    temperatures_k: Sequence[float],
) -> tuple[list[ScoredPart], dict[int, str]]:
    """Predictions of the rows known, and the rows that fail with the kind of error.

    Where the block fails it is halved until the failing materials stand alone.
    """
    parts: list[ScoredPart] = []
    failed: dict[int, str] = {}
    waiting = [list(known)] if known else []
    while waiting:
        rows = waiting.pop()
        materials = [known[row] for row in rows]
        try:
            prediction = predictor.predict(
                materials, coverage=coverage, temperatures_k=temperatures_k
            )
        except Exception as error:
            if len(rows) > 1:
                middle = len(rows) // 2
                waiting += [rows[middle:], rows[:middle]]
                continue
            if len(failed) == FAILURES_BEFORE_GIVING_UP:
                raise
            logger.exception("prediction failed for one material")
            failed[rows[0]] = type(error).__name__
        else:
            parts.append(ScoredPart(rows, prediction))
    return parts, failed


def _is_usable(prediction: PredictionBlock) -> BoolArray:
    """Rows whose numbers are finite, or missing for a reason that the notes give."""
    numbers = prediction.frame[list(VALUE_COLUMNS)].to_numpy(np.float64)
    if prediction.curve is not None:
        numbers = np.hstack([numbers, *prediction.curve.values()])
    explained = np.array([bool(notes) for notes in prediction.notes], dtype=np.bool_)
    missing = np.isnan(numbers).any(axis=1)
    usable: BoolArray = ~np.isinf(numbers).any(axis=1) & (~missing | explained)
    return usable

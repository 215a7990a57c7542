"""From texts to predictions, a block at a time: what HTTP, lists and the command line share.

A text that is no material, and a material that the model fails on, become a ``Rejection`` in
their own row. The other rows are answered as if the bad one had not been there.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

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
class ScoredBlock:
    """A block of rows after prediction.

    rejections: one entry a row, None where the row was answered.
    answered: the row numbers that were answered, ascending.
    prediction: the rows of ``answered`` in that order; None where there are none.
    """

    rejections: list[Rejection | None]
    answered: list[int]
    prediction: PredictionBlock | None


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
    rows = [row for row, item in enumerate(read) if isinstance(item, Material)]
    materials = [item for item in read if isinstance(item, Material)]
    parts, failed = _predict(predictor, materials, coverage, temperatures_k)
    for position, reason in failed.items():
        rejections[rows[position]] = Rejection(
            "internal", None, f"the prediction failed for this material ({reason})"
        )
    rows = [row for position, row in enumerate(rows) if position not in failed]
    if not rows:
        return ScoredBlock(rejections, [], None)
    prediction = _joined(parts)
    finite = _is_usable(prediction)
    for row, usable in zip(rows, finite, strict=True):
        if not usable:
            rejections[row] = Rejection(
                "not_finite", None, "the model gave no finite number for this material"
            )
    rows = [row for row, usable in zip(rows, finite, strict=True) if usable]
    return ScoredBlock(rejections, rows, _only(prediction, finite) if rows else None)


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
    materials: Sequence[Material],
    coverage: float,
    temperatures_k: Sequence[float],
) -> tuple[list[PredictionBlock], dict[int, str]]:
    """Predictions of a block, and the positions in it that fail with the kind of error.

    Where the block fails it is halved until the failing materials stand alone.
    """
    parts: list[PredictionBlock] = []
    failed: dict[int, str] = {}
    waiting = [(0, len(materials))] if materials else []
    while waiting:
        start, stop = waiting.pop()
        try:
            parts.append(
                predictor.predict(
                    materials[start:stop], coverage=coverage, temperatures_k=temperatures_k
                )
            )
        except Exception as error:
            if stop - start > 1:
                middle = (start + stop) // 2
                waiting += [(middle, stop), (start, middle)]
                continue
            if len(failed) == FAILURES_BEFORE_GIVING_UP:
                raise
            logger.exception("prediction failed for one material")
            failed[start] = type(error).__name__
    return parts, failed


def _joined(parts: Sequence[PredictionBlock]) -> PredictionBlock:
    """Predictions of consecutive pieces as one block."""
    first = parts[0]
    if len(parts) == 1:
        return first
    curves = [part.curve for part in parts if part.curve is not None]
    curve = None
    if len(curves) == len(parts):
        curve = {name: np.concatenate([piece[name] for piece in curves]) for name in curves[0]}
    return replace(
        first,
        frame=pd.concat([part.frame for part in parts], ignore_index=True),
        curve=curve,
        notes=[notes for part in parts for notes in part.notes],
        in_domain=[inside for part in parts for inside in part.in_domain],
    )


def _is_usable(prediction: PredictionBlock) -> BoolArray:
    """Rows whose numbers are finite, or missing for a reason that the notes give."""
    numbers = prediction.frame[list(VALUE_COLUMNS)].to_numpy(np.float64)
    if prediction.curve is not None:
        numbers = np.hstack([numbers, *prediction.curve.values()])
    explained = np.array([bool(notes) for notes in prediction.notes], dtype=np.bool_)
    missing = np.isnan(numbers).any(axis=1)
    usable: BoolArray = ~np.isinf(numbers).any(axis=1) & (~missing | explained)
    return usable


def _only(prediction: PredictionBlock, keep: BoolArray) -> PredictionBlock:
    """The rows of a block where ``keep`` is true."""
    if keep.all():
        return prediction
    curve = prediction.curve
    return replace(
        prediction,
        frame=prediction.frame[keep].reset_index(drop=True),
        curve=None if curve is None else {name: array[keep] for name, array in curve.items()},
        notes=[notes for notes, kept in zip(prediction.notes, keep, strict=True) if kept],
        in_domain=[inside for inside, kept in zip(prediction.in_domain, keep, strict=True) if kept],
    )

"""From texts to predictions, a block at a time: what HTTP, lists and the command line share.

A text that is no material, and a material that the model fails on, become a ``Rejection`` in
their own row. The other rows are answered as if the bad one had not been there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from features.material import InvalidMaterial, Material
from models.measured_criteria import NOTHING_MEASURED, MeasuredValues
from models.prediction import PROPERTIES, PredictionBlock
from models.transport_picture import (
    DEFAULT_HAVEN_RATIO,
    DEFAULT_SEPARATOR_THICKNESS_UM,
    TRANSPORT_PROPERTIES,
)

if TYPE_CHECKING:
    from models.predictor import Predictor

logger = logging.getLogger("bentoml.frenkel")

MaterialFormat = Literal["formula", "cif", "poscar", "pymatgen"]
BoolArray = npt.NDArray[np.bool_]

SPACE_GROUPS = range(1, 231)

VALUE_COLUMNS: tuple[str, ...] = tuple(
    f"{name}{ending}" for name in PROPERTIES for ending in ("", "_lower", "_upper")
)
"""Value, lower and upper bound of each property, in the order of PROPERTIES."""

FAILURES_BEFORE_GIVING_UP = 16
"""So many single materials failing inside the model are no accident of theirs."""


@dataclass(frozen=True)
class MaterialText:
    """A material as it came in: its text and the format that the sender named.

    density_g_cm3: said beside a formula, where it is known; a structure has its own.
    measured: what else was measured of the material, shown beside the predictions.
    space_group_number: said beside a formula, where it is known or guessed.
    """

    text: str
    format: MaterialFormat
    density_g_cm3: float | None = None
    measured: MeasuredValues = NOTHING_MEASURED
    space_group_number: int | None = None


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
    measured: one entry a row, what came with the material.
    """

    rejections: list[Rejection | None]
    parts: list[ScoredPart]
    measured: list[MeasuredValues] = field(default_factory=list)

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
    haven_ratio: float = DEFAULT_HAVEN_RATIO,
    separator_thickness_um: float = DEFAULT_SEPARATOR_THICKNESS_UM,
    quantiles: Sequence[float] = (),
    neighbours: bool = False,
    explain: bool = False,
    electrode: str | None = None,
) -> ScoredBlock:
    """Read and predict a block of materials, one entry a row.

    An entry that is a ``Rejection`` already (a row that could not be read) is passed through.
    Raises what the predictor raises where it fails on everything, not on some materials.
    """
    return score_materials(
        predictor,
        entries,
        [read_material(entry) for entry in entries],
        coverage=coverage,
        temperatures_k=temperatures_k,
        haven_ratio=haven_ratio,
        separator_thickness_um=separator_thickness_um,
        quantiles=quantiles,
        neighbours=neighbours,
        explain=explain,
        electrode=electrode,
    )


def score_materials(
    predictor: Predictor,
    entries: Sequence[MaterialText | Rejection],
    read: Sequence[Material | Rejection],
    *,
    coverage: float = 0.9,
    temperatures_k: Sequence[float] = (),
    haven_ratio: float = DEFAULT_HAVEN_RATIO,
    separator_thickness_um: float = DEFAULT_SEPARATOR_THICKNESS_UM,
    quantiles: Sequence[float] = (),
    neighbours: bool = False,
    explain: bool = False,
    electrode: str | None = None,
) -> ScoredBlock:
    """Predict entries that were read already; ``read`` has what each of them stands for.

    Raises what the predictor raises where it fails on everything, not on some materials.
    """
    rejections = [item if isinstance(item, Rejection) else None for item in read]
    known = {row: item for row, item in enumerate(read) if isinstance(item, Material)}
    densities = {
        row: entry.density_g_cm3
        for row, entry in enumerate(entries)
        if isinstance(entry, MaterialText)
    }

    def ask(rows: list[int]) -> PredictionBlock:
        return predictor.predict(
            [known[row] for row in rows],
            coverage=coverage,
            temperatures_k=temperatures_k,
            haven_ratio=haven_ratio,
            separator_thickness_um=separator_thickness_um,
            densities_g_cm3=[densities[row] for row in rows],
            quantiles=quantiles,
            neighbours=neighbours,
            explain=explain,
            electrode=electrode,
        )

    parts, failed = _predict(ask, list(known))
    for row, reason in failed.items():
        message = f"the prediction failed for this material ({reason})"
        rejections[row] = Rejection("internal", None, message)
    for part in parts:
        for row, usable in zip(part.rows, _is_usable(part.prediction), strict=True):
            if not usable:
                message = "the model gave no finite number for this material"
                rejections[row] = Rejection("not_finite", None, message)
    measured = [
        entry.measured if isinstance(entry, MaterialText) else NOTHING_MEASURED for entry in entries
    ]
    return ScoredBlock(rejections, parts, measured)


def read_material(entry: MaterialText | Rejection) -> Material | Rejection:
    """The material that a text stands for, or why there is none."""
    if isinstance(entry, Rejection):
        return entry
    try:
        if entry.space_group_number is not None:
            return Material.from_formula(entry.text, space_group_number=entry.space_group_number)
        return Material.parse(entry.text, entry.format)
    except InvalidMaterial as error:
        return Rejection("invalid_material", error.field, error.message)
    except Exception as error:
        # The parsers below Material are large and not ours. Whatever slips through them must
        # not take the neighbours of this row with it, and must be seen by us.
        logger.exception("a %s could not be read", entry.format)
        return Rejection("internal", entry.format, f"could not be read ({type(error).__name__})")


def _predict(
    ask: Callable[[list[int]], PredictionBlock], known: list[int]
) -> tuple[list[ScoredPart], dict[int, str]]:
    """Predictions of the rows known, and the rows that fail with the kind of error.

    Where the block fails it is halved until the failing materials stand alone.
    """
    parts: list[ScoredPart] = []
    failed: dict[int, str] = {}
    waiting = [known] if known else []
    while waiting:
        rows = waiting.pop()
        try:
            prediction = ask(rows)
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
    # What follows from these is missing only where they are, or where no density was said.
    derived = np.column_stack(
        [bound for name in TRANSPORT_PROPERTIES for bound in getattr(prediction.transport, name)]
    )
    infinite = np.isinf(numbers).any(axis=1) | np.isinf(derived).any(axis=1)
    usable: BoolArray = ~infinite & (~missing | explained)
    return usable

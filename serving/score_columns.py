"""The columns that scoring writes, and how they are filled from predictions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from models.transport_picture import (
    DEFAULT_HAVEN_RATIO,
    DEFAULT_SEPARATOR_THICKNESS_UM,
    TRANSPORT_PROPERTIES,
)
from serving.blocks import VALUE_COLUMNS, MaterialText, Rejection, ScoredBlock, score_materials
from serving.rows import InputBlock, with_densities

if TYPE_CHECKING:
    from collections.abc import Sequence

    from features.material import Material
    from models.labels import FloatArray
    from models.predictor import Predictor
    from models.suitability import SuitabilityPanel

OUTPUT_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("formula", "mobile_ion", "status", "error")]
    + [(name, pa.float64()) for name in VALUE_COLUMNS]
    + [("model_version", pa.string())]
    + [("in_domain", pa.bool_()), ("domain_reasons", pa.string())]
    + [("distance_percentile", pa.float64())]
)
"""What is written after the carried columns, in this order."""

TRANSPORT_COLUMNS = tuple(
    f"{name}{ending}" for name in TRANSPORT_PROPERTIES for ending in ("", "_lower", "_upper")
)
TRANSPORT_SCHEMA = pa.schema(
    [*((name, pa.float64()) for name in TRANSPORT_COLUMNS), ("transport_notes", pa.string())]
)
"""What is written after OUTPUT_SCHEMA where it is asked for."""

DENDRITE_SCHEMA = pa.schema(
    [
        (name, pa.float64())
        for name in (
            "chi_kj_mol_nm",
            "chi_kj_mol_nm_lower",
            "chi_kj_mol_nm_upper",
            "critical_wavelength_nm",
            "critical_wavelength_nm_worst",
            "critical_wavelength_nm_best",
            "probability_chi_negative",
        )
    ]
)
"""What is written last where it is asked for; a negative wavelength is stable at any."""


@dataclass(frozen=True)
class TransportColumns:
    """That the columns of TRANSPORT_SCHEMA are asked for, and for which conditions."""

    haven_ratio: float = DEFAULT_HAVEN_RATIO
    separator_thickness_um: float = DEFAULT_SEPARATOR_THICKNESS_UM


@dataclass(frozen=True)
class ScoreOptions:
    """What is asked of a list: the coverage of intervals, and which further columns."""

    coverage: float = 0.9
    transport: TransportColumns | None = None
    dendrite: bool = False

    def fields(self) -> list[pa.Field]:
        """The columns that are written after the carried ones, in order."""
        return [
            *OUTPUT_SCHEMA,
            *(TRANSPORT_SCHEMA if self.transport else []),
            *(DENDRITE_SCHEMA if self.dendrite else []),
        ]


@dataclass(frozen=True)
class ScoredRows:
    """The written columns of one block, and how many of its rows are errors."""

    table: pa.Table
    errors: int


def bare(block: InputBlock) -> InputBlock:
    """The block without its carried columns: what scoring needs, small to send."""
    return replace(block, carried=pa.table({}))


def entries_of(block: InputBlock, options: ScoreOptions) -> Sequence[MaterialText | Rejection]:
    """The materials of a block, with densities where the options ask for what needs them."""
    return block.entries if options.transport is None else with_densities(block)


def score_rows(
    predictor: Predictor,
    block: InputBlock,
    read: Sequence[Material | Rejection],
    options: ScoreOptions,
) -> ScoredRows:
    """The written columns of a block whose entries were ``read``; see `serving.blocks`."""
    transport = options.transport or TransportColumns()
    scored = score_materials(
        predictor,
        entries_of(block, options),
        read,
        coverage=options.coverage,
        haven_ratio=transport.haven_ratio,
        separator_thickness_um=transport.separator_thickness_um,
    )
    columns = output_columns(block, scored, predictor.version)
    if options.transport:
        columns += _transport_columns(scored)
    if options.dendrite:
        columns += _dendrite_columns(scored)
    table = pa.table(columns, schema=pa.schema(options.fields()))
    return ScoredRows(table, len(block.entries) - scored.answered)


def output_columns(block: InputBlock, scored: ScoredBlock, version: str) -> list[pa.Array]:
    """The columns of OUTPUT_SCHEMA for one block, a missing value being null."""
    count = len(block.entries)
    formulas: list[str | None] = list(block.formulas)
    ions: list[str | None] = [None] * count
    values = np.full((count, len(VALUE_COLUMNS)), np.nan)
    inside: list[bool | None] = [None] * count
    reasons: list[str | None] = [None] * count
    percentile = np.full(count, np.nan)
    for part in scored.parts:
        frame, domain = part.prediction.frame, part.prediction.domain
        percentile[part.rows] = domain.percentile
        for row, within, why in zip(part.rows, domain.in_domain, domain.reasons, strict=True):
            inside[row], reasons[row] = within, " | ".join(why) or None
        values[part.rows] = frame[list(VALUE_COLUMNS)].to_numpy(np.float64)
        for row, formula, ion in zip(part.rows, frame["formula"], frame["mobile_ion"], strict=True):
            formulas[row] = formula
            ions[row] = ion if isinstance(ion, str) else None
    for row, rejection in enumerate(scored.rejections):
        if rejection is not None:
            values[row], percentile[row], inside[row], reasons[row] = np.nan, np.nan, None, None
    texts = [
        formulas,
        ions,
        ["ok" if rejection is None else "error" for rejection in scored.rejections],
        [None if rejection is None else str(rejection) for rejection in scored.rejections],
    ]
    return [
        *(pa.array(column, pa.string()) for column in texts),
        *(pa.array(column, pa.float64(), from_pandas=True) for column in values.T),
        pa.array([version] * count, pa.string()),
        pa.array(inside, pa.bool_()),
        pa.array(reasons, pa.string()),
        pa.array(percentile, pa.float64(), from_pandas=True),
    ]


def _transport_columns(scored: ScoredBlock) -> list[pa.Array]:
    """The columns of TRANSPORT_SCHEMA for one block, a missing value being null."""
    count = len(scored.rejections)
    values = np.full((count, len(TRANSPORT_COLUMNS)), np.nan)
    notes: list[str | None] = [None] * count
    for part in scored.parts:
        picture = part.prediction.transport
        bands = [bound for name in TRANSPORT_PROPERTIES for bound in getattr(picture, name)]
        values[part.rows] = np.column_stack(bands)
        for row, lines in zip(part.rows, picture.notes, strict=True):
            notes[row] = " | ".join(lines)
    for row, rejection in enumerate(scored.rejections):
        if rejection is not None:
            values[row], notes[row] = np.nan, None
    return [
        *(pa.array(column, pa.float64(), from_pandas=True) for column in values.T),
        pa.array(notes, pa.string()),
    ]


def _dendrite_columns(scored: ScoredBlock) -> list[pa.Array]:
    """The columns of DENDRITE_SCHEMA for one block, a missing value being null."""
    values = np.full((len(scored.rejections), len(DENDRITE_SCHEMA)), np.nan)
    for part in scored.parts:
        values[part.rows] = _stability(part.prediction.dendrite)
    values[[rejection is not None for rejection in scored.rejections]] = np.nan
    return [pa.array(column, pa.float64(), from_pandas=True) for column in values.T]


def _stability(panel: SuitabilityPanel) -> FloatArray:
    return np.column_stack(
        [
            panel.terms.chi,
            panel.chi_lower,
            panel.chi_upper,
            panel.critical_wavelength_nm,
            panel.critical_wavelength_worst_nm,
            panel.critical_wavelength_best_nm,
            panel.probability_chi_negative,
        ]
    )


def carried_names(names: Sequence[str], written: Sequence[str]) -> dict[str, str]:
    """Output name of each carried column; ``input_`` goes before one that clashes."""
    taken = {*written, *names}
    renamed = {}
    for name in names:
        new = name
        if name in written:
            while new in taken:
                new = f"input_{new}"
            taken.add(new)
        renamed[name] = new
    return renamed

"""Prefactor, diffusion coefficient and resistance as part of a JSON item."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from models.prediction import PredictionBlock
from models.transport_picture import TRANSPORT_PROPERTIES, Band

Json = dict[str, Any]


def intervals(
    values: Sequence[float], lower: Sequence[float], upper: Sequence[float]
) -> list[Json | None]:
    """Value and bounds as objects; None where one of the three is missing."""
    return [
        {"value": value, "lower": low, "upper": high}
        if all(map(math.isfinite, (value, low, high)))
        else None
        for value, low, high in zip(values, lower, upper, strict=True)
    ]


def pictures(prediction: PredictionBlock) -> list[Json]:
    """The keys that stand in each item, one dictionary a row."""
    picture = prediction.transport
    columns = [intervals(*_lists(getattr(picture, name))) for name in TRANSPORT_PROPERTIES]
    return [
        {**dict(zip(TRANSPORT_PROPERTIES, row, strict=True)), "transport_notes": notes}
        for *row, notes in zip(*columns, picture.notes, strict=True)
    ]


def diffusion_curves(prediction: PredictionBlock) -> list[list[Json | None]]:
    """log10 D at each temperature of the curve, one list a row; empty without a curve."""
    band = prediction.transport.log10_diffusion_curve
    if band is None:
        return [[] for _ in prediction.notes]
    return [intervals(*row) for row in zip(*_lists(band), strict=True)]


def _lists(band: Band) -> list[list[Any]]:
    return [bound.tolist() for bound in band]

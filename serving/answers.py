"""Predictions as the JSON items of an answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.measured_criteria import MeasuredValues
from models.prediction import PROPERTIES, PredictionBlock
from models.predictor import Predictor
from serving.blocks import ScoredBlock
from serving.dendrite_answers import panels
from serving.reliability_answers import add_uncertainty, reliability_parts
from serving.transport_answers import diffusion_curves, intervals, pictures

Json = dict[str, Any]


def response(
    predictor: Predictor,
    ids: Sequence[str | int | None],
    scored: ScoredBlock,
    temperatures_c: Sequence[float],
) -> Json:
    """The whole answer: which model, then one item a material, in the order of ``ids``."""
    manifest = predictor.manifest
    return {
        "model": {
            "version": predictor.version,
            "data_sha256": manifest.data_sha256,
            "trained_at": manifest.trained_at,
        },
        "predictions": items(ids, scored, temperatures_c),
    }


def items(
    ids: Sequence[str | int | None], scored: ScoredBlock, temperatures_c: Sequence[float]
) -> list[Json]:
    """One item a row of the block: an answer, or a refusal with its reason."""
    answers: dict[int, Json] = {}
    for part in scored.parts:
        measured = [scored.measured[row] for row in part.rows]
        found = _answers(part.prediction, measured, temperatures_c)
        answers |= zip(part.rows, found, strict=True)
    listed = []
    for row, (identifier, rejection) in enumerate(zip(ids, scored.rejections, strict=True)):
        if rejection is None:
            listed.append({"id": identifier, "status": "ok", **answers[row]})
        else:
            error = {
                "code": rejection.code,
                "message": rejection.message,
                "field": rejection.field,
            }
            listed.append({"id": identifier, "status": "error", "error": error})
    return listed


def _answers(
    prediction: PredictionBlock, measured: Sequence[MeasuredValues], temperatures_c: Sequence[float]
) -> list[Json]:
    """The answers of a block of predictions, without ids."""
    frame = prediction.frame
    columns = {
        name: intervals(
            frame[name].tolist(), frame[f"{name}_lower"].tolist(), frame[f"{name}_upper"].tolist()
        )
        for name in PROPERTIES
    }
    add_uncertainty(prediction, columns)
    reliability = reliability_parts(prediction)
    curves = _curves(prediction, temperatures_c)
    dendrite = panels(prediction, measured)
    transport = pictures(prediction)
    ions = [ion if isinstance(ion, str) else None for ion in frame["mobile_ion"]]
    return [
        {
            "formula": formula,
            "mobile_ion": ions[row],
            **{name: columns[name][row] for name in PROPERTIES},
            **transport[row],
            "conductivity_curve": curves[row],
            "dendrite": dendrite[row],
            "in_domain": bool(prediction.in_domain[row]),
            **reliability[row],
            "notes": prediction.notes[row],
        }
        for row, formula in enumerate(frame["formula"].tolist())
    ]


def _curves(prediction: PredictionBlock, temperatures_c: Sequence[float]) -> list[list[Json]]:
    """One point a temperature, one list a row; empty where no temperature was asked."""
    curve = prediction.curve
    if curve is None or not temperatures_c:
        return [[] for _ in prediction.notes]
    conductivity = zip(
        curve["value"].tolist(), curve["lower"].tolist(), curve["upper"].tolist(), strict=True
    )
    return [
        [
            {
                "temperature_c": temperature_c,
                "log10_conductivity_s_cm": sigma,
                "log10_diffusion_coefficient_cm2_s": diffusion,
            }
            for temperature_c, sigma, diffusion in zip(
                temperatures_c, intervals(*bounds), diffusions, strict=True
            )
        ]
        for bounds, diffusions in zip(conductivity, diffusion_curves(prediction), strict=True)
    ]

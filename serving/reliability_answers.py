"""How far a prediction can be relied on, as part of a JSON item."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from models.neighbours import Neighbour
from models.prediction import PredictionBlock

Json = dict[str, Any]

LEARNED = {
    "log10_conductivity_s_cm": "log10_conductivity_s_cm",
    "activation_energy_ev": "activation_energy_ev",
    "shear_modulus_gpa": "log10_shear_modulus_gpa",
    "bulk_modulus_gpa": "log10_bulk_modulus_gpa",
}
"""Property as served, and the target that is learned."""


def add_uncertainty(prediction: PredictionBlock, columns: dict[str, list[Json | None]]) -> None:
    """Put epistemic, aleatoric and quantiles into the interval objects of learned properties."""
    names = [f"{level:g}" for level in prediction.quantile_levels]
    for served, target in LEARNED.items():
        estimate = prediction.estimates[target]
        quantiles = estimate.quantiles if served == target else 10.0**estimate.quantiles
        rows = zip(
            columns[served],
            estimate.epistemic.tolist(),
            estimate.aleatoric.tolist(),
            quantiles.tolist(),
            strict=True,
        )
        for interval, epistemic, aleatoric, values in rows:
            if interval is None:
                continue
            interval |= {"epistemic": epistemic, "aleatoric": aleatoric}
            if names:
                interval["quantiles"] = dict(zip(names, values, strict=True))


def reliability_parts(prediction: PredictionBlock) -> list[Json]:
    """The keys domain, neighbours, measured and, where asked, contributions; one dict a row."""
    domain = prediction.domain
    errors = {name: _nulls(values) for name, values in domain.expected_error.items()}
    parts: list[Json] = []
    for row, reasons in enumerate(domain.reasons):
        part: Json = {
            "domain": {
                "in_domain": domain.in_domain[row],
                "reasons": reasons,
                "percentile": float(domain.percentile[row]),
                "distance": float(domain.distance[row]),
                "expected_error": {name: values[row] for name, values in errors.items()},
            },
            "neighbours": [],
            "measured": [],
        }
        if prediction.surroundings is not None:
            around = prediction.surroundings[row]
            part["neighbours"] = [_neighbour(each) for each in around.neighbours]
            part["measured"] = [_neighbour(each) for each in around.measured]
        if prediction.contributions is not None:
            part["contributions"] = {
                target: [vars(each) for each in rows[row]]
                for target, rows in prediction.contributions.items()
            }
        parts.append(part)
    return parts


def _neighbour(each: Neighbour) -> Json:
    return {
        **vars(each.measured),
        "distance": each.distance,
        "same_composition": each.same_composition,
    }


def _nulls(values: np.typing.NDArray[np.float64]) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in values.tolist()]

"""The dendrite criteria as part of a JSON item: each by name, none hidden in the score."""

from __future__ import annotations

import math
from typing import Any

from models.electrodes import ELECTRODES
from models.predictor import PredictionBlock
from models.suitability import NOT_PREDICTED

Json = dict[str, Any]
MONROE_NEWMAN_VALIDITY = (
    "derived for polymers: suppression where G is at least twice that of the metal"
)
LINEAR_STABILITY_VALIDITY = (
    "linear stability of deposition on an ideal isotropic solid, at a perturbation of 1e8 1/m"
)


def panels(prediction: PredictionBlock) -> list[Json | None]:
    """One panel a row; None where the metal of the mobile ion has no constants here."""
    panel = prediction.dendrite
    return [
        _panel(prediction, row, ion)
        if isinstance(ion, str) and ion in ELECTRODES and math.isfinite(panel.terms.chi[row])
        else None
        for row, ion in enumerate(prediction.frame["mobile_ion"].tolist())
    ]


def _panel(prediction: PredictionBlock, row: int, ion: str) -> Json:
    panel = prediction.dendrite
    return {
        "electrode": ion,
        "linear_stability": {
            "chi_kj_mol_nm": {
                "value": float(panel.terms.chi[row]),
                "lower": float(panel.chi_lower[row]),
                "upper": float(panel.chi_upper[row]),
            },
            "critical_wavelength_nm": float(panel.critical_wavelength_nm[row]),
            "stable": bool(panel.terms.chi[row] < 0.0),
            "probability_stable": float(panel.probability_chi_negative[row]),
            "validity": LINEAR_STABILITY_VALIDITY,
        },
        "monroe_newman": {
            "ratio": float(panel.monroe_newman_ratio[row]),
            "passes": bool(panel.monroe_newman_ratio[row] >= 1.0),
            "probability_passes": float(panel.probability_monroe_newman[row]),
            "validity": MONROE_NEWMAN_VALIDITY,
        },
        "poisson_ratio": float(panel.poisson_ratio[row]),
        "pugh_ratio": float(panel.pugh_ratio[row]),
        "not_predicted": list(NOT_PREDICTED),
    }

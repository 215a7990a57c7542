"""The dendrite criteria as part of a JSON item: each by name, none hidden in the score."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from models.electrodes import ELECTRODES, LITHIUM
from models.measured_criteria import MeasuredValues, measured_criteria
from models.prediction import PredictionBlock
from models.suitability import NOT_PREDICTED, SCORE_PARTS
from models.volume_ratio import SOURCES_IN_WORDS

Json = dict[str, Any]
MONROE_NEWMAN_VALIDITY = (
    "derived for polymers: suppression where G is at least twice that of the metal"
)
LINEAR_STABILITY_VALIDITY = (
    "linear stability of deposition on an ideal isotropic solid, at a perturbation of 1e8 1/m"
)
DESIGN_RULES = (
    "high conductivity and a low area-specific resistance: both stand in this answer",
    "low shear modulus for inorganic electrolytes, against the rule for polymers; not settled",
    "low electronic conductivity, also of the interphases",
    "high fracture toughness and a dense microstructure",
    "good adhesion and wetting, kinetically stable interphases",
    "critical currents rarely pass 0.3 mA/cm2 at room temperature; 3 to 10 are wanted",
)
"""Of Famprikis et al., Nat. Mater. 18, 1278 (2019), 10.1038/s41563-019-0431-3."""
# Pugh, Philos. Mag. 45, 823 (1954), 10.1080/14786440808520496: polycrystalline metals.
DUCTILE_ABOVE = 1.75


def panels(prediction: PredictionBlock, measured: Sequence[MeasuredValues]) -> list[Json | None]:
    """One panel a row; None where the metal of the mobile ion has no constants here.

    measured: one entry a row.
    """
    panel = prediction.dendrite
    ions = prediction.electrodes
    return [
        _panel(prediction, row, ion, values)
        if ion is not None and ion in ELECTRODES and math.isfinite(panel.terms.chi[row])
        else None
        for row, (ion, values) in enumerate(zip(ions, measured, strict=True))
    ]


def _panel(prediction: PredictionBlock, row: int, ion: str, measured: MeasuredValues) -> Json:
    panel = prediction.dendrite
    return {
        "electrode": ion,
        "volume_ratio": _volume_ratio(prediction, row),
        "linear_stability": _linear_stability(prediction, row, ion),
        "monroe_newman": {
            "ratio": float(panel.monroe_newman_ratio[row]),
            "passes": bool(panel.monroe_newman_ratio[row] >= 1.0),
            "probability_passes": float(panel.probability_monroe_newman[row]),
            "validity": MONROE_NEWMAN_VALIDITY,
        },
        "score_parts": {
            **{name: float(panel.score_parts[name][row]) for name in SCORE_PARTS},
            "weights": {name: getattr(panel.weights, name) for name in SCORE_PARTS},
        },
        "poisson_ratio": float(panel.poisson_ratio[row]),
        "youngs_modulus_gpa": float(panel.youngs_modulus_gpa[row]),
        "pugh_ratio": float(panel.pugh_ratio[row]),
        "ductility_hint": _ductility(float(panel.pugh_ratio[row])),
        "measured": [asdict(each) for each in measured_criteria(measured, ELECTRODES[ion])],
        "design_rules": list(DESIGN_RULES),
        "not_predicted": list(NOT_PREDICTED),
    }


def _volume_ratio(prediction: PredictionBlock, row: int) -> Json:
    panel = prediction.dendrite
    source = prediction.volume_ratio_source[row]
    return {
        "value": float(panel.volume_ratio[row]),
        "lower": float(panel.volume_ratio_lower[row]),
        "upper": float(panel.volume_ratio_upper[row]),
        "source": source,
        "explanation": SOURCES_IN_WORDS.get(source or "", ""),
    }


def _linear_stability(prediction: PredictionBlock, row: int, ion: str) -> Json:
    panel = prediction.dendrite
    terms = panel.terms
    return {
        "chi_kj_mol_nm": {
            "value": float(terms.chi[row]),
            "lower": float(panel.chi_lower[row]),
            "upper": float(panel.chi_upper[row]),
        },
        "pressure_term_kj_mol_nm": float(terms.pressure[row]),
        "deviatoric_term_kj_mol_nm": float(terms.deviatoric[row]),
        "surface_term_kj_mol_nm": float(terms.surface[row]),
        "critical_wavelength_nm": float(panel.critical_wavelength_nm[row]),
        "critical_wavelength_worst_nm": float(panel.critical_wavelength_worst_nm[row]),
        "critical_wavelength_best_nm": float(panel.critical_wavelength_best_nm[row]),
        "stable": bool(terms.chi[row] < 0.0),
        "probability_stable": float(panel.probability_chi_negative[row]),
        "probability_density_driven": float(panel.probability_density_driven[row]),
        "probability_pressure_driven": float(panel.probability_pressure_driven[row]),
        "percentile_chi": _known(panel.percentile_chi[row]),
        "percentile_critical_wavelength": _known(panel.percentile_wavelength[row]),
        "percentile_note": _percentile_note(panel.rank_reference, ion),
        "validity": LINEAR_STABILITY_VALIDITY,
    }


def _percentile_note(reference: str | None, ion: str) -> str:
    if reference is None:
        return "null: the table of known Li compounds was not within reach at training time"
    if ion != LITHIUM.symbol:
        return "null: ranks are known against lithium metal only"
    return f"share, in percent, of {reference} that are less stable"


def _ductility(pugh_ratio: float) -> str:
    side = "ductile" if pugh_ratio > DUCTILE_ABOVE else "brittle"
    return (
        f"K/G of {pugh_ratio:.2f} is on the {side} side of Pugh's {DUCTILE_ABOVE} for metals; "
        "a hint only, soft sulfides are brittle all the same"
    )


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None

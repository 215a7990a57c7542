"""What a predictor answers: plain data, and no more to import than it takes to pass it on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from features.material import Material
    from models.estimates import Estimate
    from models.explanation import Contribution
    from models.labels import FloatArray
    from models.neighbours import Surroundings
    from models.suitability import SuitabilityPanel
    from models.transport_picture import PairEstimate, TransportPicture
    from models.verdict import DomainVerdict

PROPERTIES = (
    "log10_conductivity_s_cm",
    "activation_energy_ev",
    "shear_modulus_gpa",
    "bulk_modulus_gpa",
    "dendrite_suppression_score",
)
MOST_QUANTILES = 21


@dataclass(frozen=True)
class PredictionBlock:
    """Predictions of a block of n materials, in order.

    frame: formula, mobile_ion, then value, _lower and _upper of each of PROPERTIES; NaN only
    where ``notes`` says why. curve: "value", "lower", "upper" of log10 sigma (S/cm), each
    (n, temperatures). dendrite: every criterion, arrays (n,), against the metal of the mobile ion.
    electrodes: the metal of each, None where there is no panel.
    volume_ratio_source: how v was found, a key of models.volume_ratio.SOURCES_IN_WORDS.
    notes and in_domain: one entry a material. transport: prefactor, diffusion and resistance,
    with notes of their own. estimates: by target name, on the scale that is learned on, with
    quantiles at ``quantile_levels``. domain: why and how far outside the data. surroundings and
    contributions (by target name, one list a material): None where not asked for.
    """

    frame: pd.DataFrame
    temperatures_k: FloatArray
    curve: dict[str, FloatArray] | None
    dendrite: SuitabilityPanel
    electrodes: list[str | None]
    volume_ratio_source: list[str | None]
    notes: list[list[str]]
    in_domain: list[bool]
    transport: TransportPicture
    estimates: dict[str, Estimate]
    quantile_levels: tuple[float, ...]
    domain: DomainVerdict
    surroundings: list[Surroundings] | None = None
    contributions: dict[str, list[list[Contribution]]] | None = None


def prediction_frame(
    materials: Sequence[Material],
    pair: PairEstimate,
    shear: Estimate,
    bulk: Estimate,
    panel: SuitabilityPanel,
) -> pd.DataFrame:
    """The frame of a PredictionBlock; moduli, learned on the log10 scale, in GPa."""
    sigma, energy = pair.log10_conductivity_s_cm, pair.activation_energy_ev
    columns: dict[str, Any] = {
        "formula": [material.formula for material in materials],
        "mobile_ion": [material.mobile_ion for material in materials],
        "log10_conductivity_s_cm": sigma,
        "log10_conductivity_s_cm_lower": sigma - pair.log10_conductivity_below,
        "log10_conductivity_s_cm_upper": sigma + pair.log10_conductivity_above,
        "activation_energy_ev": energy,
        "activation_energy_ev_lower": energy - pair.activation_energy_below_ev,
        "activation_energy_ev_upper": energy + pair.activation_energy_above_ev,
    }
    for name, part in (("shear_modulus_gpa", shear), ("bulk_modulus_gpa", bulk)):
        columns[name] = 10.0**part.mean
        columns[f"{name}_lower"] = 10.0 ** (part.mean - part.below)
        columns[f"{name}_upper"] = 10.0 ** (part.mean + part.above)
    columns["dendrite_suppression_score"] = panel.score
    columns["dendrite_suppression_score_lower"] = panel.score_lower
    columns["dendrite_suppression_score_upper"] = panel.score_upper
    return pd.DataFrame(columns)

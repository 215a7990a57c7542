"""From prepared measurements to what is known of where predictions hold."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.composition_distance import fractions_of
from models.domain import Domain
from models.neighbours import Measured, MeasuredMaterials, grouped
from training.preparation import Prepared
from training.records import ACTIVATION_ENERGY, CONDUCTIVITY

ZERO_CELSIUS_K = 273.15


def fit_domain(transport: Prepared, moduli: Prepared) -> Domain:
    """The domain of the rows that transport and moduli are learned from."""
    kelvin = transport.frame["temperature_k"].dropna()
    return Domain.of(
        transport.materials,
        transport.features,
        (float(kelvin.min()), float(kelvin.max())),
        fractions_of(moduli.features),
    )


def measured_materials(transport: Prepared) -> MeasuredMaterials:
    """Every conductivity and activation energy, by composition."""
    frame = transport.frame
    measured = [
        Measured(
            formula=str(row.formula),
            log10_conductivity_s_cm=float(row.value) if row.property == CONDUCTIVITY else None,
            bound=str(row.bound),
            activation_energy_ev=float(row.value) if row.property == ACTIVATION_ENERGY else None,
            temperature_c=_celsius(row.temperature_k),
            doi=None if pd.isna(row.doi) else str(row.doi),
        )
        for row in frame.itertuples(index=False)
    ]
    return MeasuredMaterials(*grouped(fractions_of(transport.features)[transport.row], measured))


def _celsius(temperature_k: float) -> float | None:
    if not np.isfinite(temperature_k):
        return None
    return round(float(temperature_k) - ZERO_CELSIUS_K, 2)

"""Activation energies from conductivities that one paper measured at several temperatures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from training.records import ACTIVATION_ENERGY, CONDUCTIVITY, Collector, Measurement

BOLTZMANN_EV_PER_K = 8.617333262e-5  # CODATA 2018, exact
FEWEST_TEMPERATURES = 3
LEAST_SPAN_K = 20.0
LEAST_R2 = 0.95
# Only three printed energies in these tables are larger, all of solids that barely conduct; a
# larger fit comes from values a few kelvin apart.
LARGEST_EV = 1.5
SOURCE = "liverpool_fit"


def fit_activation_energy(
    temperatures_k: Sequence[float], log10_conductivities_s_cm: Sequence[float]
) -> tuple[float, float] | None:
    """E_a in eV and r2 of the line ln(sigma T) = ln(sigma_0) - E_a / (k_B T).

    None where there are fewer than three temperatures or they span less than 20 K. Equation 1 of
    Famprikis et al., 10.1038/s41563-019-0431-3, with m = -1.
    """
    kelvin = np.asarray(temperatures_k, dtype=np.float64)
    # A tenth of a kelvin is one setting of the furnace, not two.
    if len(np.unique(np.round(kelvin, 1))) < FEWEST_TEMPERATURES or np.ptp(kelvin) < LEAST_SPAN_K:
        return None
    inverse = 1.0 / kelvin
    log_sigma_t = np.asarray(log10_conductivities_s_cm) * np.log(10.0) + np.log(kelvin)
    slope, intercept = np.polyfit(inverse, log_sigma_t, 1)
    spread = float(np.sum((log_sigma_t - log_sigma_t.mean()) ** 2))
    if spread == 0.0:
        return None
    missed = float(np.sum((log_sigma_t - intercept - slope * inverse) ** 2))
    return float(-slope * BOLTZMANN_EV_PER_K), 1.0 - missed / spread


def add_fitted_energies(collector: Collector, source: str = "liverpool") -> None:
    """Add an E_a for each composition that one reference of ``source`` measured well enough.

    A series that is long enough but not straight (r2 up to 0.95) is rejected by name: a phase
    transition or two samples under one formula.
    """
    series: dict[tuple[str, object], list[Measurement]] = defaultdict(list)
    for each in collector.measurements:
        if each.source == source and each.property == CONDUCTIVITY and each.bound == "=":
            if each.reference is None:
                continue
            series[each.reference, each.material.fractions].append(each)
    for (reference, _), rows in series.items():
        fitted = fit_activation_energy(
            [row.temperature_k for row in rows], [row.value for row in rows]
        )
        if fitted is None:
            continue
        energy_ev, r2 = fitted
        origin = "; ".join(row.row_of_origin for row in rows)
        if r2 <= LEAST_R2:
            text = f"{rows[0].material.formula} ({reference}), {len(rows)} values"
            collector.reject(SOURCE, origin, text, f"Arrhenius fit with r2 of {LEAST_R2} or less")
            continue
        if energy_ev > LARGEST_EV:
            text = f"{rows[0].material.formula} ({reference}) {energy_ev:.3f} eV"
            collector.reject(SOURCE, origin, text, f"fitted E_a above {LARGEST_EV} eV")
            continue
        collector.keep(
            Measurement(
                property=ACTIVATION_ENERGY,
                value=energy_ev,
                material=rows[0].material,
                source=SOURCE,
                doi=rows[0].doi,
                reference=reference,
                row_of_origin=origin,
                note=f"fit of {len(rows)} conductivities, r2 {r2:.3f}",
            )
        )

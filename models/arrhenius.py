"""Ion transport as pure functions: sigma(T), its prefactor, diffusion and separator resistance.

Convention throughout (Famprikis et al., doi 10.1038/s41563-019-0431-3, with m = -1):

    sigma T = sigma_0 exp(-E_a / k_B T)

so ln(sigma T) is a straight line in 1/T. A pair (log10 sigma at a reference temperature, E_a)
fixes everything here. All functions broadcast their arguments and return float64 arrays; none of
them changes its input.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import constants

FloatArray = npt.NDArray[np.float64]

REFERENCE_TEMPERATURE_K = 298.15
BOLTZMANN_EV_K: float = constants.value("Boltzmann constant in eV/K")
BOLTZMANN_J_K: float = constants.k
ELEMENTARY_CHARGE_C: float = constants.e
LN_10 = float(np.log(10.0))


class ArrheniusFit(NamedTuple):
    """A straight line through log10(sigma T) against 1/T."""

    activation_energy_ev: float
    log10_conductivity_298k_s_cm: float
    r2: float


def activation_energy_slope_per_ev(
    temperature_k: npt.ArrayLike, temperature_ref_k: npt.ArrayLike = REFERENCE_TEMPERATURE_K
) -> FloatArray:
    """d log10 sigma(T) / d E_a at a fixed sigma(T_ref), in 1/eV.

    Positive above the reference temperature, zero at it, negative below.
    """
    inverse_difference = 1.0 / _kelvin(temperature_k) - 1.0 / _kelvin(temperature_ref_k)
    return np.asarray(-inverse_difference / (BOLTZMANN_EV_K * LN_10))


def log10_conductivity_at(
    log10_sigma_ref: npt.ArrayLike,
    activation_energy_ev: npt.ArrayLike,
    temperature_k: npt.ArrayLike,
    temperature_ref_k: npt.ArrayLike = REFERENCE_TEMPERATURE_K,
) -> FloatArray:
    """log10 sigma (S/cm) at a temperature, from its value at another and E_a.

    Arguments broadcast: (n, 1), (n, 1) and (t,) give (n, t). Raises ValueError where a
    temperature is not above 0 K.
    """
    temperature = _kelvin(temperature_k)
    reference = _kelvin(temperature_ref_k)
    slope = activation_energy_slope_per_ev(temperature, reference)
    return np.asarray(
        np.asarray(log10_sigma_ref, dtype=np.float64)
        + np.log10(reference / temperature)
        + slope * np.asarray(activation_energy_ev, dtype=np.float64)
    )


def log10_conductivity_sd_at(
    log10_sigma_ref_sd: npt.ArrayLike,
    activation_energy_sd_ev: npt.ArrayLike,
    correlation: npt.ArrayLike,
    temperature_k: npt.ArrayLike,
    temperature_ref_k: npt.ArrayLike = REFERENCE_TEMPERATURE_K,
) -> FloatArray:
    """Standard deviation of log10 sigma(T) for a correlated pair (log10 sigma_ref, E_a).

    Exact, because log10 sigma(T) is linear in the pair.
    """
    slope = activation_energy_slope_per_ev(temperature_k, temperature_ref_k)
    return _linear_sd(log10_sigma_ref_sd, activation_energy_sd_ev, correlation, slope)


def log10_prefactor_s_k_cm(
    log10_sigma: npt.ArrayLike,
    activation_energy_ev: npt.ArrayLike,
    temperature_k: npt.ArrayLike = REFERENCE_TEMPERATURE_K,
) -> FloatArray:
    """log10 of sigma_0 in S K/cm, from log10 sigma (S/cm) at one temperature and E_a (eV)."""
    temperature = _kelvin(temperature_k)
    return np.asarray(
        np.asarray(log10_sigma, dtype=np.float64)
        + np.log10(temperature)
        + np.asarray(activation_energy_ev, dtype=np.float64)
        / (BOLTZMANN_EV_K * temperature * LN_10)
    )


def log10_prefactor_sd(
    log10_sigma_sd: npt.ArrayLike,
    activation_energy_sd_ev: npt.ArrayLike,
    correlation: npt.ArrayLike,
    temperature_k: npt.ArrayLike = REFERENCE_TEMPERATURE_K,
) -> FloatArray:
    """Standard deviation of log10 sigma_0 for a correlated pair (log10 sigma, E_a)."""
    slope = 1.0 / (BOLTZMANN_EV_K * _kelvin(temperature_k) * LN_10)
    return _linear_sd(log10_sigma_sd, activation_energy_sd_ev, correlation, slope)


def hopping_prefactor_s_k_cm(
    carrier_density_per_cm3: npt.ArrayLike,
    jump_distance_angstrom: npt.ArrayLike,
    attempt_frequency_hz: npt.ArrayLike,
    *,
    charge_number: npt.ArrayLike = 1,
    migration_entropy_kb: npt.ArrayLike = 0.0,
    geometry_factor: npt.ArrayLike = 1.0,
) -> FloatArray:
    """sigma_0 = z (n q^2 / k_B) exp(dS_m / k_B) a_0^2 nu_0, in S K/cm.

    doi 10.1038/s41563-019-0431-3. `geometry_factor` is z <= 1; the migration entropy is given in
    units of k_B.
    """
    charge_c = np.asarray(charge_number, dtype=np.float64) * ELEMENTARY_CHARGE_C
    jump_cm = np.asarray(jump_distance_angstrom, dtype=np.float64) * 1e-8
    density = np.asarray(carrier_density_per_cm3, dtype=np.float64)
    entropy = np.exp(np.asarray(migration_entropy_kb, dtype=np.float64))
    attempts = np.asarray(attempt_frequency_hz, dtype=np.float64)
    geometry = np.asarray(geometry_factor, dtype=np.float64)
    return np.asarray(
        geometry * density * charge_c**2 / BOLTZMANN_J_K * entropy * jump_cm**2 * attempts
    )


def carrier_density_per_cm3(
    ions_per_cell: npt.ArrayLike, cell_volume_angstrom3: npt.ArrayLike
) -> FloatArray:
    """Mobile ions per cm3 from their number in a cell (occupancies summed) and its volume."""
    volume_cm3 = np.asarray(cell_volume_angstrom3, dtype=np.float64) * 1e-24
    return np.asarray(np.asarray(ions_per_cell, dtype=np.float64) / volume_cm3)


def diffusion_coefficient_cm2_s(
    conductivity_s_cm: npt.ArrayLike,
    carrier_density_per_cm3: npt.ArrayLike,
    temperature_k: npt.ArrayLike = REFERENCE_TEMPERATURE_K,
    *,
    charge_number: npt.ArrayLike = 1,
    haven_ratio: npt.ArrayLike = 1.0,
) -> FloatArray:
    """Nernst-Einstein tracer diffusion D = sigma H_R k_B T / (n q^2), in cm2/s.

    H_R is 1 for uncorrelated jumps. Where ions move in concert it is not, and the relation itself
    is debated (doi 10.1038/s41563-019-0431-3): show D with that caution.
    """
    charge_c = np.asarray(charge_number, dtype=np.float64) * ELEMENTARY_CHARGE_C
    sigma = np.asarray(conductivity_s_cm, dtype=np.float64)
    density = np.asarray(carrier_density_per_cm3, dtype=np.float64)
    haven = np.asarray(haven_ratio, dtype=np.float64)
    return np.asarray(
        sigma * haven * BOLTZMANN_J_K * _kelvin(temperature_k) / density / charge_c**2
    )


def area_specific_resistance_ohm_cm2(
    conductivity_s_cm: npt.ArrayLike, thickness_um: npt.ArrayLike
) -> FloatArray:
    """Resistance times area, t / sigma, of a separator of the given thickness."""
    thickness_cm = np.asarray(thickness_um, dtype=np.float64) * 1e-4
    return np.asarray(thickness_cm / np.asarray(conductivity_s_cm, dtype=np.float64))


def fit_arrhenius(temperatures_k: npt.ArrayLike, log10_sigmas: npt.ArrayLike) -> ArrheniusFit:
    """Least-squares line through log10(sigma T) against 1/T.

    `log10_sigmas` are log10 of S/cm, one for each temperature. r2 is that of the line, 1 for a
    perfect one. Raises ValueError for unequal lengths, non-finite numbers, or fewer than two
    different temperatures.
    """
    temperature = _kelvin(temperatures_k).ravel()
    log10_sigma = np.asarray(log10_sigmas, dtype=np.float64).ravel()
    if temperature.shape != log10_sigma.shape:
        raise ValueError("fit_arrhenius needs one conductivity for each temperature")
    if not np.isfinite(log10_sigma).all():
        raise ValueError("fit_arrhenius needs finite log10 conductivities")
    if np.unique(temperature).size < 2:
        raise ValueError("fit_arrhenius needs at least two different temperatures")
    inverse = 1.0 / temperature - 1.0 / REFERENCE_TEMPERATURE_K
    values = log10_sigma + np.log10(temperature)
    # Centred sums: the inverse temperatures differ only in their third or fourth digit.
    centred_inverse = inverse - inverse.mean()
    centred_values = values - values.mean()
    slope = float(centred_inverse @ centred_values / (centred_inverse @ centred_inverse))
    at_reference = float(values.mean() - slope * inverse.mean())
    residual = float(np.sum((centred_values - slope * centred_inverse) ** 2))
    total = float(centred_values @ centred_values)
    return ArrheniusFit(
        activation_energy_ev=-slope * BOLTZMANN_EV_K * LN_10,
        log10_conductivity_298k_s_cm=at_reference - float(np.log10(REFERENCE_TEMPERATURE_K)),
        r2=1.0 - residual / total if total > 0.0 else 1.0,
    )


def _kelvin(temperature_k: npt.ArrayLike) -> FloatArray:
    temperature = np.asarray(temperature_k, dtype=np.float64)
    if not (np.isfinite(temperature) & (temperature > 0.0)).all():
        raise ValueError("temperatures must be finite and above 0 K")
    return temperature


def _linear_sd(
    first_sd: npt.ArrayLike,
    second_sd: npt.ArrayLike,
    correlation: npt.ArrayLike,
    slope: npt.ArrayLike,
) -> FloatArray:
    """Standard deviation of first + slope * second."""
    first = np.asarray(first_sd, dtype=np.float64)
    second = np.asarray(slope, dtype=np.float64) * np.asarray(second_sd, dtype=np.float64)
    product = np.asarray(correlation, dtype=np.float64) * first * second
    # Rounding can leave a variance of about -1e-17 for a perfectly correlated pair.
    return np.asarray(np.sqrt(np.maximum(first**2 + second**2 + 2.0 * product, 0.0)))

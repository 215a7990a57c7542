"""Two criteria for even deposition of a metal on an electrolyte, as pure functions.

Linear stability: Ahmad and Viswanathan, doi 10.1103/PhysRevLett.119.056003, used at scale in
doi 10.1021/acscentsci.8b00229. chi < 0 means that a ripple of wave number k dies out.
Monroe-Newman: doi 10.1149/1.1850854, derived for polymers.

The mechanism of dendrites is not settled. Both criteria are about mechanics of a perfect
interface; neither knows cracks, grain boundaries or electronic leakage.

Moduli in GPa, volume ratio v dimensionless. Arguments broadcast; a row whose modulus or volume
ratio is not positive, or whose metal is unknown, is NaN.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.electrodes import LITHIUM, AnyElectrode

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

# The wave number at which the literature compares materials; wavelength 63 nm.
WAVE_NUMBER_PER_M = 1e8
# Suppression is expected where G is above about this many times the metal's.
MONROE_NEWMAN_FACTOR = 2.0

_PASCAL = 1e9
_KJ_MOL_NM = 1e-12  # from J mol-1 m-1


class StabilityTerms(NamedTuple):
    """chi and its parts in kJ mol-1 nm-1, all of one shape."""

    pressure: FloatArray
    deviatoric: FloatArray
    surface: FloatArray
    chi: FloatArray


def stability_terms(
    shear_modulus_gpa: npt.ArrayLike,
    poisson_ratio: npt.ArrayLike,
    volume_ratio: npt.ArrayLike,
    electrode: AnyElectrode = LITHIUM,
    wave_number_per_m: npt.ArrayLike = WAVE_NUMBER_PER_M,
) -> StabilityTerms:
    """Pressure, deviatoric and surface parts of chi, and their sum."""
    g_s, nu_s, v = _valid(shear_modulus_gpa, poisson_ratio, volume_ratio)
    g_s = g_s * _PASCAL
    g_e = electrode.shear_modulus_gpa * _PASCAL
    nu_e = electrode.poisson_ratio
    volume = electrode.molar_volume_m3_mol
    k = np.asarray(wave_number_per_m, dtype=np.float64)
    # k / (z D) in J mol-1 m-1 once multiplied by a volume and a product of moduli.
    scale = k / (electrode.valence * _denominator(g_s, nu_s, g_e, nu_e)) * _KJ_MOL_NM
    pressure = (
        0.5 * volume * (1.0 - v) * scale
        * (g_s**2 * (3.0 - 4.0 * nu_e) + g_e**2 * (4.0 * nu_s - 3.0))
    )  # fmt: skip
    deviatoric = 2.0 * g_e * g_s * volume * (1.0 + v) * _shear_coupling(nu_s, nu_e) * scale
    gamma = electrode.surface_energy_j_m2
    surface = -volume * (1.0 + v) * gamma * k**2 / (2.0 * electrode.valence) * _KJ_MOL_NM
    pressure, deviatoric, surface = np.broadcast_arrays(pressure, deviatoric, surface)
    return StabilityTerms(pressure, deviatoric, surface, pressure + deviatoric + surface)


def critical_wave_number_per_m(
    shear_modulus_gpa: npt.ArrayLike,
    poisson_ratio: npt.ArrayLike,
    volume_ratio: npt.ArrayLike,
    electrode: AnyElectrode = LITHIUM,
) -> FloatArray:
    """k_crit in 1/m: ripples with larger k are smoothed by surface tension.

    Zero or negative means that every ripple is, at any wavelength.
    """
    g_s, nu_s, v = _valid(shear_modulus_gpa, poisson_ratio, volume_ratio)
    g_s = g_s * _PASCAL
    g_e = electrode.shear_modulus_gpa * _PASCAL
    nu_e = electrode.poisson_ratio
    numerator = (
        g_s**2 * (v - 1.0) * (4.0 * nu_e - 3.0)
        - g_e**2 * (v - 1.0) * (4.0 * nu_s - 3.0)
        + 4.0 * g_e * g_s * (1.0 + v) * _shear_coupling(nu_s, nu_e)
    )
    resistance = (1.0 + v) * electrode.surface_energy_j_m2
    return np.asarray(numerator / (resistance * _denominator(g_s, nu_s, g_e, nu_e)))


def critical_wavelength_nm(critical_wave_number_per_m: npt.ArrayLike) -> FloatArray:
    """lambda_crit = 2 pi / k_crit in nm; longer is better, negative is stable at every wavelength.

    The number runs through infinity as a material becomes stable, so ranks, means and quantiles
    belong to k_crit, which falls smoothly, and only the result is turned into a wavelength.
    """
    wave_number = np.asarray(critical_wave_number_per_m, dtype=np.float64)
    with np.errstate(divide="ignore"):
        return np.asarray(2.0 * np.pi / wave_number * 1e9)


def stability_threshold(
    poisson_ratio: npt.ArrayLike,
    volume_ratio: npt.ArrayLike,
    electrode: AnyElectrode = LITHIUM,
) -> FloatArray:
    """G_s / G_e at which chi changes sign, without the surface term.

    Stable below it where v < 1 (density-driven) and above it where v > 1 (pressure-driven);
    NaN at v = 1, where nothing is stable.
    """
    _, nu_s, v = _valid(1.0, poisson_ratio, volume_ratio)
    nu_e = electrode.poisson_ratio
    # chi / (1 - v) is proportional to a g^2 + b g - c with a, c > 0: one positive root.
    mismatch = np.where(v == 1.0, np.nan, 1.0 - v)
    a = 3.0 - 4.0 * nu_e
    b = 4.0 * (1.0 + v) / mismatch * _shear_coupling(nu_s, nu_e)
    c = 3.0 - 4.0 * nu_s
    root = np.sqrt(b**2 + 4.0 * a * c)
    # Of the two equal forms of the root, the one that adds numbers of one sign.
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(b > 0.0, 2.0 * c / (b + root), (root - b) / (2.0 * a)))


def is_density_driven_stable(
    volume_ratio: npt.ArrayLike, critical_wave_number_per_m: npt.ArrayLike
) -> BoolArray:
    """Stable at every wavelength because the ion takes less room than the metal atom (v < 1)."""
    v = np.asarray(volume_ratio, dtype=np.float64)
    wave_number = np.asarray(critical_wave_number_per_m, dtype=np.float64)
    return np.asarray((v < 1.0) & (wave_number < 0.0))


def is_pressure_driven_stable(
    volume_ratio: npt.ArrayLike, critical_wave_number_per_m: npt.ArrayLike
) -> BoolArray:
    """Stable at every wavelength because pressure on peaks slows them (v > 1 and stiff)."""
    v = np.asarray(volume_ratio, dtype=np.float64)
    wave_number = np.asarray(critical_wave_number_per_m, dtype=np.float64)
    return np.asarray((v > 1.0) & (wave_number < 0.0))


def monroe_newman_ratio(
    shear_modulus_gpa: npt.ArrayLike, electrode: AnyElectrode = LITHIUM
) -> FloatArray:
    """G / (2 G_metal); above 1 the rule for polymers expects suppression.

    Most inorganic electrolytes pass it and grow dendrites all the same.
    """
    shear = np.asarray(shear_modulus_gpa, dtype=np.float64)
    shear = np.where(shear > 0.0, shear, np.nan)
    return np.asarray(shear / (MONROE_NEWMAN_FACTOR * electrode.shear_modulus_gpa))


def _shear_coupling(nu_s: FloatArray, nu_e: float | FloatArray) -> FloatArray:
    return np.asarray(2.0 - 3.0 * nu_s + nu_e * (4.0 * nu_s - 3.0))


def _denominator(
    g_s: FloatArray, nu_s: FloatArray, g_e: float | FloatArray, nu_e: float | FloatArray
) -> FloatArray:
    """D; positive for every pair of Poisson ratios below 0.5."""
    return np.asarray(
        g_s * (4.0 * nu_e - 3.0) * (nu_s - 1.0) + g_e * (nu_e - 1.0) * (4.0 * nu_s - 3.0)
    )


def _valid(
    shear_modulus_gpa: npt.ArrayLike, poisson_ratio: npt.ArrayLike, volume_ratio: npt.ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    shear = np.asarray(shear_modulus_gpa, dtype=np.float64)
    nu = np.asarray(poisson_ratio, dtype=np.float64)
    v = np.asarray(volume_ratio, dtype=np.float64)
    return (
        np.where(shear > 0.0, shear, np.nan),
        np.where((nu > -1.0) & (nu <= 0.5), nu, np.nan),
        np.where(v > 0.0, v, np.nan),
    )

"""What else follows from the pair (log10 sigma at 298.15 K, E_a), each with its interval.

The prefactor sigma_0, the diffusion coefficient by Nernst-Einstein and the area-specific
resistance of a separator (Famprikis et al., doi 10.1038/s41563-019-0431-3). Nothing here is
learned: the intervals are those of the pair, carried through the equations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.arrhenius import (
    REFERENCE_TEMPERATURE_K,
    activation_energy_slope_per_ev,
    area_specific_resistance_ohm_cm2,
    diffusion_coefficient_cm2_s,
    log10_conductivity_at,
    log10_prefactor_s_k_cm,
    log10_prefactor_sd,
)
from models.carrier_density import MobileIons

FloatArray = npt.NDArray[np.float64]

HAVEN_RATIO_RANGE = (0.05, 5.0)
SEPARATOR_THICKNESS_RANGE_UM = (0.01, 10_000.0)
DEFAULT_HAVEN_RATIO = 1.0
DEFAULT_SEPARATOR_THICKNESS_UM = 25.0

TRANSPORT_PROPERTIES = (
    "log10_prefactor_s_k_cm",
    "log10_diffusion_coefficient_cm2_s",
    "area_specific_resistance_ohm_cm2",
)
"""The bands of a TransportPicture, in the order shown."""

NO_DENSITY = (
    "no diffusion coefficient: a formula does not say how many ions there are in a volume; "
    "give density_g_cm3, or a structure"
)
NO_ION = "no prefactor, diffusion coefficient or resistance: there is no known mobile ion"


class Band(NamedTuple):
    """Values with the bounds of their intervals, three arrays of one shape."""

    value: FloatArray
    lower: FloatArray
    upper: FloatArray


@dataclass(frozen=True)
class PairEstimate:
    """The pair of n materials with how far the intervals reach at the asked coverage, arrays (n,).

    below and above: the reach to either side of the value. residual_correlation: that of the
    errors of the two, -1..1, of the view that answered.
    """

    log10_conductivity_s_cm: FloatArray
    log10_conductivity_below: FloatArray
    log10_conductivity_above: FloatArray
    activation_energy_ev: FloatArray
    activation_energy_below_ev: FloatArray
    activation_energy_above_ev: FloatArray
    residual_correlation: FloatArray


@dataclass(frozen=True)
class TransportPicture:
    """Of n materials, in order; NaN where ``notes`` say why.

    The three bands named in TRANSPORT_PROPERTIES have shape (n,) and hold at 298.15 K.
    log10_diffusion_curve: log10 D at each temperature of the conductivity curve, (n,
    temperatures); None without a curve. notes: one list a material, with the cautions.
    """

    haven_ratio: float
    separator_thickness_um: float
    mobile_ions_per_cm3: FloatArray
    log10_prefactor_s_k_cm: Band
    log10_diffusion_coefficient_cm2_s: Band
    area_specific_resistance_ohm_cm2: Band
    log10_diffusion_curve: Band | None
    notes: list[list[str]]


def transport_picture(
    pair: PairEstimate,
    ions: MobileIons,
    *,
    temperatures_k: FloatArray,
    curve: Mapping[str, FloatArray] | None = None,
    haven_ratio: float = DEFAULT_HAVEN_RATIO,
    separator_thickness_um: float = DEFAULT_SEPARATOR_THICKNESS_UM,
) -> TransportPicture:
    """The picture of a block of n materials.

    ``curve`` has "value", "lower" and "upper" of log10 sigma (S/cm) at ``temperatures_k``, each
    (n, temperatures). Raises ValueError for a Haven ratio or thickness that is not accepted.
    """
    _require("haven_ratio", haven_ratio, HAVEN_RATIO_RANGE)
    _require("separator_thickness_um", separator_thickness_um, SEPARATOR_THICKNESS_RANGE_UM)
    sigma = Band(
        pair.log10_conductivity_s_cm,
        pair.log10_conductivity_s_cm - pair.log10_conductivity_below,
        pair.log10_conductivity_s_cm + pair.log10_conductivity_above,
    )
    diffusion_curve = None
    if curve is not None:
        diffusion_curve = log10_diffusion_band(
            Band(curve["value"], curve["lower"], curve["upper"]),
            ions.density_per_cm3[:, None],
            ions.charge_number[:, None],
            temperatures_k[None, :],
            haven_ratio,
        )
    return TransportPicture(
        haven_ratio=haven_ratio,
        separator_thickness_um=separator_thickness_um,
        mobile_ions_per_cm3=ions.density_per_cm3,
        log10_prefactor_s_k_cm=log10_prefactor_band(pair),
        log10_diffusion_coefficient_cm2_s=log10_diffusion_band(
            sigma, ions.density_per_cm3, ions.charge_number, REFERENCE_TEMPERATURE_K, haven_ratio
        ),
        area_specific_resistance_ohm_cm2=resistance_band(sigma, separator_thickness_um),
        log10_diffusion_curve=diffusion_curve,
        notes=_notes(ions, haven_ratio, separator_thickness_um),
    )


def log10_prefactor_band(pair: PairEstimate) -> Band:
    """log10 sigma_0 (S K/cm), with the errors of sigma and E_a joined by their correlation.

    Not widened to sigma's own interval: where the two errors offset each other, sigma_0 is known
    the better for it.
    """
    value = log10_prefactor_s_k_cm(pair.log10_conductivity_s_cm, pair.activation_energy_ev)
    below, above = (
        log10_prefactor_sd(sigma, energy, pair.residual_correlation)
        for sigma, energy in (
            (pair.log10_conductivity_below, pair.activation_energy_below_ev),
            (pair.log10_conductivity_above, pair.activation_energy_above_ev),
        )
    )
    return Band(value, value - below, value + above)


def log10_conductivity_curve(
    pair: PairEstimate, temperatures_k: FloatArray
) -> dict[str, FloatArray]:
    """ "value", "lower", "upper" of log10 sigma at t temperatures, each (n, t).

    A high sigma goes with a high E_a above room temperature and with a low one below it. The error
    of E_a is taken apart into what follows from that of sigma (its correlation) and the rest. The
    rest always adds. The part that follows counts where it adds to sigma's own error and is left
    out where it would cancel it: cancelling is the rule over many materials, and not to be relied
    on for one. So the interval is nowhere narrower than at room temperature, and widens from it.
    """
    value = log10_conductivity_at(
        pair.log10_conductivity_s_cm[:, None],
        pair.activation_energy_ev[:, None],
        temperatures_k[None, :],
    )
    slope = activation_energy_slope_per_ev(temperatures_k)[None, :]
    above_room = slope >= 0.0
    correlation = pair.residual_correlation[:, None]

    def reach(
        sigma: FloatArray, energy_if_hot: FloatArray, energy_if_cold: FloatArray
    ) -> FloatArray:
        energy = slope * np.where(above_room, energy_if_hot[:, None], energy_if_cold[:, None])
        alone = sigma[:, None] ** 2 + (1.0 - correlation**2) * energy**2
        follows = correlation * energy * (correlation * energy + 2.0 * sigma[:, None])
        return np.asarray(np.sqrt(alone + np.maximum(follows, 0.0)))

    low, high = pair.activation_energy_below_ev, pair.activation_energy_above_ev
    return {
        "value": value,
        "lower": value - reach(pair.log10_conductivity_below, low, high),
        "upper": value + reach(pair.log10_conductivity_above, high, low),
    }


def log10_diffusion_band(
    log10_sigma: Band,
    density_per_cm3: FloatArray,
    charge_number: FloatArray,
    temperature_k: npt.ArrayLike,
    haven_ratio: float,
) -> Band:
    """log10 D (cm2/s) by Nernst-Einstein: sigma's interval, moved by what n, T and H_R fix.

    Arguments broadcast. NaN where the number of ions is.
    """
    shift = np.log10(
        diffusion_coefficient_cm2_s(
            1.0,
            density_per_cm3,
            temperature_k,
            charge_number=charge_number,
            haven_ratio=haven_ratio,
        )
    )
    return Band(*(bound + shift for bound in log10_sigma))


def resistance_band(log10_sigma: Band, thickness_um: float) -> Band:
    """t / sigma (ohm cm2): the highest conductivity gives the lowest resistance."""
    highest, lowest, value = (
        area_specific_resistance_ohm_cm2(10.0**bound, thickness_um)
        for bound in (log10_sigma.lower, log10_sigma.upper, log10_sigma.value)
    )
    return Band(value, lowest, highest)


def _notes(ions: MobileIons, haven_ratio: float, thickness_um: float) -> list[list[str]]:
    resistance = (
        f"area-specific resistance of a separator {thickness_um:g} um thick, of the electrolyte "
        "alone: contacts add to it, and grain boundaries may"
    )
    return [
        [NO_ION] if ion is None else [_diffusion_note(ion, density, haven_ratio), resistance]
        for ion, density in zip(ions.symbols, ions.density_per_cm3.tolist(), strict=True)
    ]


def _diffusion_note(ion: str, density_per_cm3: float, haven_ratio: float) -> str:
    if np.isnan(density_per_cm3):
        return NO_DENSITY
    return (
        f"diffusion coefficient by Nernst-Einstein with all {density_per_cm3:.3g} {ion} ions per "
        f"cm3 and a Haven ratio of {haven_ratio:g}; whether the relation holds where ions move "
        "together is disputed, and the interval has only the error of the conductivity"
    )


def _require(name: str, value: float, accepted: tuple[float, float]) -> None:
    low, high = accepted
    if not low <= value <= high:
        raise ValueError(f"{name} must be between {low:g} and {high:g}, not {value}")

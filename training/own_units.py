"""What a user may measure and in which units; values become those of the tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from training.records import ACTIVATION_ENERGY, BULK, CONDUCTIVITY, SHEAR, ZERO_CELSIUS_K

KJ_PER_MOL_PER_EV = 96.48533212  # CODATA 2018: elementary charge times Avogadro's number
TEMPERATURE_RANGE_K = (100.0, 2000.0)


@dataclass(frozen=True)
class Quantity:
    """One measurable property: its name in the tables and how each unit is converted.

    ``units`` maps a unit as written to the function that turns a number into the tables' unit.
    """

    property: str
    units: Mapping[str, Callable[[float], float]]
    at_temperature: bool = False


def _as_it_is(value: float) -> float:
    return value


def _log10_times(factor: float) -> Callable[[float], float]:
    def convert(value: float) -> float:
        if value <= 0.0:
            raise ValueError("must be above 0")
        return math.log10(value * factor)

    return convert


def _times(factor: float) -> Callable[[float], float]:
    return lambda value: value * factor


_MODULUS_UNITS: Mapping[str, Callable[[float], float]] = {
    "GPa": _log10_times(1.0),
    "MPa": _log10_times(1e-3),
    "log10(GPa)": _as_it_is,
}
QUANTITIES: Mapping[str, Quantity] = {
    "conductivity": Quantity(
        CONDUCTIVITY,
        {
            "S/cm": _log10_times(1.0),
            "mS/cm": _log10_times(1e-3),
            "S/m": _log10_times(1e-2),
            "log10(S/cm)": _as_it_is,
        },
        at_temperature=True,
    ),
    "activation_energy": Quantity(
        ACTIVATION_ENERGY,
        {"eV": _as_it_is, "meV": _times(1e-3), "kJ/mol": _times(1.0 / KJ_PER_MOL_PER_EV)},
    ),
    "shear_modulus": Quantity(SHEAR, _MODULUS_UNITS),
    "bulk_modulus": Quantity(BULK, _MODULUS_UNITS),
}

TEMPERATURE_UNITS: Mapping[str, Callable[[float], float]] = {
    "K": _as_it_is,
    "C": lambda celsius: celsius + ZERO_CELSIUS_K,
}


def converted(quantity: Quantity, value: float, unit: str) -> float:
    """The value in the unit of the tables. Raises ValueError for a number that has no logarithm,
    KeyError for an unknown unit."""
    return quantity.units[unit](value)


def kelvin(value: float, unit: str) -> float:
    """A temperature in K. Raises KeyError for an unknown unit."""
    return TEMPERATURE_UNITS[unit](value)

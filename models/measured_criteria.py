"""Measured values that a user has of a material, beside what the literature asks of them.

Neither can be predicted from the crystal. Both thresholds are of the debate, not settled.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from scipy.constants import physical_constants

from models.electrodes import Electrode

Verdict = Literal["meets", "between", "fails", "no threshold"]

ACCEPTED: Mapping[str, tuple[float, float]] = {
    "electronic_conductivity_s_cm": (1e-20, 1e4),
    "fracture_toughness_mpa_sqrt_m": (1e-3, 100.0),
}
"""Values that are taken; what lies outside is a slip of the unit."""

ELECTRONIC_THRESHOLDS_S_CM = (1e-10, 1e-12)
"""Wanted at least, and where the current is high."""
ELECTRONIC_SOURCE = "Han et al., Nat. Energy 4, 187 (2019), 10.1038/s41560-018-0312-z"
ELECTRONIC_DISPUTE = "Fincher et al., Joule 6, 2794 (2022), 10.1016/j.joule.2022.10.011"
TOUGHNESS_SOURCE = "Porz et al., Adv. Energy Mater. 7, 1701003 (2017), 10.1002/aenm.201701003"

FLAW_M = 10e-6  # the flaw that the toughness is judged by
EDGE_CRACK = 1.12  # stress intensity of a crack at a surface over that of one inside
FARADAY_C_MOL = physical_constants["Faraday constant"][0]


@dataclass(frozen=True)
class MeasuredValues:
    """What was measured; None where it was not said. Raises ValueError for a value out of range."""

    electronic_conductivity_s_cm: float | None = None
    fracture_toughness_mpa_sqrt_m: float | None = None

    def __post_init__(self) -> None:
        for name in ACCEPTED:
            value = getattr(self, name)
            if value is not None and not is_accepted(name, value):
                low, high = ACCEPTED[name]
                raise ValueError(f"{name} must be between {low:g} and {high:g}, not {value}")


NOTHING_MEASURED = MeasuredValues()


@dataclass(frozen=True)
class MeasuredCriterion:
    """One measured value in the panel. `thresholds` in its unit, the mildest first."""

    quantity: str
    value: float
    unit: str
    thresholds: tuple[float, ...]
    verdict: Verdict
    statement: str
    source: str


def is_accepted(name: str, value: float) -> bool:
    """Whether a number can be a value of that quantity, a key of ACCEPTED."""
    low, high = ACCEPTED[name]
    return low <= value <= high


def measured_criteria(values: MeasuredValues, electrode: Electrode) -> list[MeasuredCriterion]:
    """What was measured, against the metal of ``electrode``; empty where nothing was."""
    criteria = []
    if values.electronic_conductivity_s_cm is not None:
        criteria.append(_electronic(values.electronic_conductivity_s_cm))
    if values.fracture_toughness_mpa_sqrt_m is not None:
        criteria.append(_toughness(values.fracture_toughness_mpa_sqrt_m, electrode))
    return criteria


def critical_overpotential_mv(
    fracture_toughness_mpa_sqrt_m: float, electrode: Electrode, flaw_m: float = FLAW_M
) -> float:
    """Overpotential whose plating pressure opens a surface flaw that is filled with metal.

    The pressure is z F eta / V, the flaw grows where 1.12 pressure sqrt(pi a) passes K_Ic. The
    idea is that of Porz 2017 (10.1002/aenm.201701003); geometry and flow of the metal are left out.
    """
    stress_pa = fracture_toughness_mpa_sqrt_m * 1e6 / (EDGE_CRACK * math.sqrt(math.pi * flaw_m))
    volume = electrode.molar_volume_m3_mol
    return 1e3 * stress_pa * volume / (electrode.valence * FARADAY_C_MOL)


def _electronic(value: float) -> MeasuredCriterion:
    mild, strict = ELECTRONIC_THRESHOLDS_S_CM
    verdict: Verdict = "meets" if value <= strict else "between" if value <= mild else "fails"
    return MeasuredCriterion(
        quantity="electronic conductivity",
        value=value,
        unit="S/cm",
        thresholds=ELECTRONIC_THRESHOLDS_S_CM,
        verdict=verdict,
        statement=f"below {mild:g} S/cm, and below {strict:g} at high current, is asked for so "
        f"that metal does not plate inside; others find no part of it ({ELECTRONIC_DISPUTE})",
        source=ELECTRONIC_SOURCE,
    )


def _toughness(value: float, electrode: Electrode) -> MeasuredCriterion:
    overpotential = critical_overpotential_mv(value, electrode)
    return MeasuredCriterion(
        quantity="fracture toughness",
        value=value,
        unit="MPa m^0.5",
        thresholds=(),
        verdict="no threshold",
        statement="no accepted threshold: whether a filled flaw grows depends on its length and "
        f"the overpotential. A flaw of {FLAW_M * 1e6:g} um at the surface would grow above about "
        f"{overpotential:.2g} mV against {electrode.symbol}",
        source=TOUGHNESS_SOURCE,
    )

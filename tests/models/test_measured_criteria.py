from __future__ import annotations

import math

import pytest

from models.electrodes import LITHIUM, SODIUM
from models.measured_criteria import (
    NOTHING_MEASURED,
    MeasuredValues,
    critical_overpotential_mv,
    measured_criteria,
)


@pytest.mark.parametrize(
    ("value", "verdict"),
    [(1e-13, "meets"), (1e-12, "meets"), (5e-11, "between"), (1e-10, "between"), (1e-8, "fails")],
)
def test_electronic_conductivity_is_judged_by_two_thresholds(value: float, verdict: str) -> None:
    (criterion,) = measured_criteria(MeasuredValues(electronic_conductivity_s_cm=value), LITHIUM)
    assert criterion.verdict == verdict
    assert criterion.value == value
    assert criterion.unit == "S/cm"
    assert "10.1038/s41560-018-0312-z" in criterion.source


def test_toughness_has_no_threshold_but_an_overpotential() -> None:
    (criterion,) = measured_criteria(MeasuredValues(fracture_toughness_mpa_sqrt_m=1.0), LITHIUM)
    assert criterion.verdict == "no threshold"
    assert criterion.thresholds == ()
    assert "21 mV against Li" in criterion.statement


def test_the_critical_overpotential_is_the_hand_computed_one() -> None:
    # 1 MPa m^0.5 / (1.12 sqrt(pi 1e-5 m)) = 159.30 MPa; times 1.3e-5 m3/mol over 96485 C/mol.
    assert critical_overpotential_mv(1.0, LITHIUM) == pytest.approx(21.463, abs=0.01)
    assert critical_overpotential_mv(2.0, LITHIUM) == pytest.approx(42.926, abs=0.02)
    assert critical_overpotential_mv(1.0, LITHIUM, 40e-6) == pytest.approx(10.732, abs=0.01)
    assert critical_overpotential_mv(1.0, SODIUM) > critical_overpotential_mv(1.0, LITHIUM)


def test_nothing_measured_adds_nothing() -> None:
    assert measured_criteria(NOTHING_MEASURED, LITHIUM) == []


@pytest.mark.parametrize("value", [0.0, -1e-10, 1e5, math.nan, math.inf])
def test_a_value_that_no_electrolyte_has_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="electronic_conductivity_s_cm must be between"):
        MeasuredValues(electronic_conductivity_s_cm=value)
    with pytest.raises(ValueError, match="fracture_toughness_mpa_sqrt_m must be between"):
        MeasuredValues(fracture_toughness_mpa_sqrt_m=value)

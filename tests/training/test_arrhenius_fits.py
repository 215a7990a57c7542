"""Activation energies from conductivities at several temperatures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.samples import collected, measured
from training.arrhenius_fits import add_fitted_energies, fit_activation_energy
from training.records import (
    ACTIVATION_ENERGY,
    CONDUCTIVITY,
    Collector,
)

if TYPE_CHECKING:
    pass


@given(
    st.floats(0.05, 1.4),
    st.floats(0.0, 15.0),
    st.lists(st.integers(230, 700), min_size=3, max_size=8, unique=True).filter(
        lambda t: max(t) - min(t) >= 20
    ),
)
def test_the_fit_gives_back_the_energy_that_made_the_data(
    energy_ev: float, log_prefactor: float, temperatures_k: list[int]
) -> None:
    kelvin = np.array(temperatures_k, dtype=float)
    log10_sigma = (log_prefactor - energy_ev / (8.617333262e-5 * kelvin) - np.log(kelvin)) / np.log(
        10.0
    )
    fitted = fit_activation_energy(kelvin.tolist(), log10_sigma.tolist())
    assert fitted is not None
    assert fitted[0] == pytest.approx(energy_ev, rel=1e-6)
    assert fitted[1] == pytest.approx(1.0, abs=1e-9)


def test_a_fit_by_hand_of_sigma_that_grows_tenfold_from_300_to_330_k() -> None:
    # ln(10 * 330 / 300) = 2.39790 over 1/300 - 1/330 = 3.0303e-4 gives 7913.1 K, 0.68190 eV;
    # the middle point lies on the line.
    middle = 315.0
    step = (1 / 300 - 1 / middle) / (1 / 300 - 1 / 330)
    log_sigma_t = math.log(300) + 2.397895 * step
    values = [0.0, (log_sigma_t - math.log(middle)) / math.log(10), 1.0]
    fitted = fit_activation_energy([300.0, middle, 330.0], values)
    assert fitted is not None
    assert fitted[0] == pytest.approx(0.68190, abs=1e-4)


@pytest.mark.parametrize(
    "temperatures_k",
    [[300.0, 330.0], [300.0, 300.02, 330.0], [300.0, 310.0, 319.9], [300.0, 300.0, 300.0]],
)
def test_too_few_or_too_near_temperatures_give_no_fit(temperatures_k: list[float]) -> None:
    values = [-5.0 + 0.02 * t for t in temperatures_k]
    assert fit_activation_energy(temperatures_k, values) is None


def series(values: list[float], **changes: object) -> Collector:
    return collected(
        *(
            measured(
                value=v,
                source="liverpool",
                row=f"line {i}",
                temperature_k=300.0 + 20 * i,
                **changes,
            )
            for i, v in enumerate(values)
        )
    )


def test_a_straight_series_of_one_paper_adds_one_energy() -> None:
    found = series([-6.0, -5.55, -5.15])
    add_fitted_energies(found)
    (energy,) = [m for m in found.measurements if m.property == ACTIVATION_ENERGY]
    assert energy.source == "liverpool_fit"
    assert energy.row_of_origin == "line 0; line 1; line 2"
    assert 0.4 < energy.value < 0.6
    assert math.isnan(energy.temperature_k)


def test_a_crooked_series_is_rejected_by_name() -> None:
    found = series([-6.0, -3.0, -5.0])
    add_fitted_energies(found)
    assert all(m.property == CONDUCTIVITY for m in found.measurements)
    assert found.rejected[0].reason == "Arrhenius fit with r2 of 0.95 or less"


def test_bounds_and_values_of_other_papers_take_no_part_in_a_fit() -> None:
    found = series([-6.0, -5.55, -5.15], bound="<")
    add_fitted_energies(found)
    other = collected(
        *(
            measured(value=-6.0 + 0.4 * i, source="liverpool", temperature_k=300.0 + 20 * i, doi=d)
            for i, d in enumerate(["10.1000/a", "10.1000/b", "10.1000/a"])
        )
    )
    add_fitted_energies(other)
    assert len(found.measurements) == len(other.measurements) == 3

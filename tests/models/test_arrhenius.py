from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.arrhenius import (
    BOLTZMANN_EV_K,
    activation_energy_slope_per_ev,
    area_specific_resistance_ohm_cm2,
    carrier_density_per_cm3,
    diffusion_coefficient_cm2_s,
    fit_arrhenius,
    hopping_prefactor_s_k_cm,
    log10_conductivity_at,
    log10_conductivity_sd_at,
    log10_prefactor_s_k_cm,
    log10_prefactor_sd,
)

log10_sigmas = st.floats(-18.0, 0.0)
energies_ev = st.floats(0.0, 2.0)
temperatures_k = st.floats(150.0, 900.0)


def test_the_boltzmann_constant_is_that_of_the_si() -> None:
    exact_ev_k = 1.380649e-23 / 1.602176634e-19
    assert pytest.approx(exact_ev_k, rel=1e-9) == BOLTZMANN_EV_K


def test_conductivity_at_another_temperature_matches_a_value_worked_by_hand() -> None:
    # 1e-3 S/cm at 298.15 K with 0.30 eV, at 333.15 K:
    # 1/333.15 - 1/298.15 = -3.52366e-4 1/K; k_B ln 10 = 1.984204e-4 eV/K
    # -3 + log10(298.15/333.15) + 0.30 * 3.52366e-4 / 1.984204e-4 = -3 - 0.048204 + 0.532757
    assert log10_conductivity_at(-3.0, 0.30, 333.15) == pytest.approx(-2.515450, abs=2e-5)


def test_conductivity_at_the_reference_temperature_is_unchanged() -> None:
    assert log10_conductivity_at(-4.2, 0.35, 298.15) == pytest.approx(-4.2, abs=1e-12)


def test_without_a_barrier_conductivity_times_temperature_is_constant() -> None:
    assert log10_conductivity_at(-3.0, 0.0, 596.3) == pytest.approx(-3.0 - np.log10(2.0))


def test_conductivity_curves_broadcast_over_materials_and_temperatures() -> None:
    curve = log10_conductivity_at([[-3.0], [-5.0]], [[0.3], [0.5]], [250.0, 298.15, 400.0])
    assert curve.shape == (2, 3)
    assert curve[1, 2] == pytest.approx(float(log10_conductivity_at(-5.0, 0.5, 400.0)))


@given(log10_sigmas, energies_ev, temperatures_k, temperatures_k)
def test_going_to_a_temperature_and_back_changes_nothing(
    log10_sigma: float, energy: float, there: float, reference: float
) -> None:
    moved = log10_conductivity_at(log10_sigma, energy, there, reference)
    back = log10_conductivity_at(moved, energy, reference, there)
    assert back == pytest.approx(log10_sigma, abs=1e-9)


@given(log10_sigmas, energies_ev, temperatures_k)
def test_the_prefactor_is_the_same_from_any_temperature(
    log10_sigma: float, energy: float, temperature: float
) -> None:
    moved = log10_conductivity_at(log10_sigma, energy, temperature)
    here = log10_prefactor_s_k_cm(log10_sigma, energy)
    assert log10_prefactor_s_k_cm(moved, energy, temperature) == pytest.approx(float(here))


@given(energies_ev, temperatures_k, temperatures_k)
def test_the_slope_is_the_change_of_log10_sigma_for_one_more_electronvolt(
    energy: float, temperature: float, reference: float
) -> None:
    low = log10_conductivity_at(-4.0, energy, temperature, reference)
    high = log10_conductivity_at(-4.0, energy + 1.0, temperature, reference)
    slope = activation_energy_slope_per_ev(temperature, reference)
    assert high - low == pytest.approx(float(slope), abs=1e-9)


def test_a_prefactor_matches_a_value_worked_by_hand() -> None:
    # log10(298.15) + 0.30 / (8.617333e-5 * 298.15 * ln 10) - 3 = 2.474435 + 5.071050 - 3
    assert log10_prefactor_s_k_cm(-3.0, 0.30) == pytest.approx(4.545485, abs=2e-5)


def test_sd_at_the_reference_temperature_is_that_of_sigma_alone() -> None:
    assert log10_conductivity_sd_at(0.5, 0.1, -0.8, 298.15) == pytest.approx(0.5)


def test_sd_of_the_curve_agrees_with_drawn_pairs() -> None:
    covariance = [[0.25, -0.03], [-0.03, 0.01]]
    pairs = np.random.default_rng(3).multivariate_normal([-4.0, 0.4], covariance, 200_000)
    drawn = log10_conductivity_at(pairs[:, 0], pairs[:, 1], 400.0).std()
    stated = log10_conductivity_sd_at(0.5, 0.1, -0.6, 400.0)
    assert stated == pytest.approx(drawn, rel=0.01)
    prefactors = log10_prefactor_s_k_cm(pairs[:, 0], pairs[:, 1]).std()
    assert log10_prefactor_sd(0.5, 0.1, -0.6) == pytest.approx(prefactors, rel=0.01)


def test_a_perfectly_compensated_pair_has_no_spread_at_one_temperature() -> None:
    slope = float(activation_energy_slope_per_ev(400.0))
    assert log10_conductivity_sd_at(slope * 0.1, 0.1, -1.0, 400.0) == pytest.approx(0.0, abs=1e-7)


def test_diffusion_coefficient_matches_a_value_worked_by_hand() -> None:
    # 1e-3 S/cm, 1e22 ions/cm3, 300 K: 1e-3 * 1.380649e-23 * 300 / (1e22 * 2.566970e-38)
    assert diffusion_coefficient_cm2_s(1e-3, 1e22, 300.0) == pytest.approx(1.61357e-8, rel=1e-5)


def test_a_divalent_ion_diffuses_a_quarter_as_fast_for_the_same_conductivity() -> None:
    single = diffusion_coefficient_cm2_s(1e-4, 5e21)
    assert diffusion_coefficient_cm2_s(1e-4, 5e21, charge_number=2) == pytest.approx(
        float(single) / 4.0
    )
    assert diffusion_coefficient_cm2_s(1e-4, 5e21, haven_ratio=0.4) == pytest.approx(
        float(single) * 0.4
    )


def test_garnet_holds_the_known_number_of_lithium_ions() -> None:
    # 56 Li in a cubic cell of 12.97 Angstrom
    assert carrier_density_per_cm3(56, 12.97**3) == pytest.approx(2.5667e22, rel=1e-4)


def test_hopping_prefactor_is_nernst_einstein_read_backwards() -> None:
    # A random walk with jumps a at rate nu exp(-E/kT) has D = z a^2 nu exp(-E/kT), so the
    # prefactor and D must lead to each other.
    log10_sigma_0 = np.log10(hopping_prefactor_s_k_cm(2e22, 2.0, 1e13, geometry_factor=0.5))
    assert 10.0**log10_sigma_0 == pytest.approx(
        0.5 * 2e22 * 1.602176634e-19**2 / 1.380649e-23 * (2e-8) ** 2 * 1e13
    )
    sigma = 10.0**log10_sigma_0 / 400.0 * np.exp(-0.3 / (BOLTZMANN_EV_K * 400.0))
    expected = 0.5 * (2e-8) ** 2 * 1e13 * np.exp(-0.3 / (BOLTZMANN_EV_K * 400.0))
    assert diffusion_coefficient_cm2_s(sigma, 2e22, 400.0) == pytest.approx(expected)


def test_twenty_micrometres_of_a_millisiemens_conductor_have_two_ohm_cm2() -> None:
    assert area_specific_resistance_ohm_cm2(1e-3, 20.0) == pytest.approx(2.0)


@given(log10_sigmas, st.floats(0.05, 1.5))
def test_a_fit_gives_back_the_line_that_made_the_points(log10_sigma: float, energy: float) -> None:
    temperatures = [273.15, 298.15, 333.15, 373.15]
    fit = fit_arrhenius(temperatures, log10_conductivity_at(log10_sigma, energy, temperatures))
    assert fit.activation_energy_ev == pytest.approx(energy, abs=1e-8)
    assert fit.log10_conductivity_298k_s_cm == pytest.approx(log10_sigma, abs=1e-8)
    assert fit.r2 == pytest.approx(1.0, abs=1e-9)


def test_the_order_of_the_points_does_not_change_a_fit() -> None:
    forward = fit_arrhenius([300.0, 320.0, 350.0], [-4.0, -3.7, -3.2])
    backward = fit_arrhenius([350.0, 320.0, 300.0], [-3.2, -3.7, -4.0])
    assert forward == pytest.approx(backward)


def test_a_fit_agrees_with_polyfit_on_scattered_points() -> None:
    rng = np.random.default_rng(7)
    temperatures = np.linspace(280.0, 420.0, 9)
    values = log10_conductivity_at(-5.0, 0.45, temperatures) + rng.normal(0.0, 0.1, 9)
    slope, _ = np.polyfit(1.0 / temperatures, np.log(10.0) * values + np.log(temperatures), 1)
    fit = fit_arrhenius(temperatures, values)
    assert fit.activation_energy_ev == pytest.approx(-slope * BOLTZMANN_EV_K, rel=1e-7)
    correlation = np.corrcoef(1.0 / temperatures, values + np.log10(temperatures))[0, 1]
    assert fit.r2 == pytest.approx(correlation**2, rel=1e-7)


@pytest.mark.parametrize(
    ("temperatures", "values", "reason"),
    [
        ([300.0, 300.0], [-4.0, -4.1], "two different temperatures"),
        ([300.0], [-4.0], "two different temperatures"),
        ([300.0, 320.0], [-4.0], "one conductivity for each"),
        ([300.0, 320.0], [-4.0, np.nan], "finite log10"),
        ([0.0, 320.0], [-4.0, -3.0], "above 0 K"),
        ([300.0, np.inf], [-4.0, -3.0], "above 0 K"),
    ],
)
def test_points_without_a_line_are_refused(
    temperatures: list[float], values: list[float], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        fit_arrhenius(temperatures, values)


def test_a_temperature_in_degrees_below_zero_is_refused_and_not_guessed() -> None:
    with pytest.raises(ValueError, match="above 0 K"):
        log10_conductivity_at(-3.0, 0.3, -20.0)

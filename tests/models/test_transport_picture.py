"""What follows from conductivity and activation energy, against numbers computed by hand.

Cubic Li7La3Zr2O12: a = 12.95 Angstrom and 8 formula units, so 56 Li in 2171.747 cubic Angstrom or
2.57857e22 in a cm3. With sigma = 4e-4 S/cm at 298.15 K, E_a = 0.30 eV and 25 um:

    k_B T        = 0.02569258 eV = 4.116405e-21 J
    log10 sigma0 = -3.39794 + 2.47443 + 0.30 / (0.02569258 x 2.302585) = 4.14755
    D            = 4e-4 x 4.116405e-21 / (2.57857e22 x (1.602177e-19)^2) = 2.48760e-9 cm2/s
    ASR          = 25e-4 / 4e-4 = 6.25 ohm cm2
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.material import Material
from models.carrier_density import MobileIons
from models.predictor import Predictor
from models.transport_picture import (
    HAVEN_RATIO_RANGE,
    TRANSPORT_PROPERTIES,
    PairEstimate,
    TransportPicture,
    log10_conductivity_curve,
    transport_picture,
)

NO_TEMPERATURES = np.array([])
LLZO_PER_CM3 = 2.57857e22


def _pair(
    log10_sigma: float = -3.39794,
    half: float = 0.5,
    energy: float = 0.30,
    energy_half: float = 0.05,
    correlation: float = -0.6,
) -> PairEstimate:
    return PairEstimate(
        np.array([log10_sigma]),
        np.array([half]),
        np.array([half]),
        np.array([energy]),
        np.array([energy_half]),
        np.array([energy_half]),
        np.array([correlation]),
    )


def _ions(per_cm3: float = LLZO_PER_CM3, charge: float = 1.0) -> MobileIons:
    return MobileIons(["Li"], np.array([charge]), np.array([per_cm3]))


def _picture(
    pair: PairEstimate | None = None,
    ions: MobileIons | None = None,
    haven_ratio: float = 1.0,
    thickness_um: float = 25.0,
) -> TransportPicture:
    return transport_picture(
        pair or _pair(),
        ions or _ions(),
        temperatures_k=NO_TEMPERATURES,
        haven_ratio=haven_ratio,
        separator_thickness_um=thickness_um,
    )


def test_the_prefactor_of_the_garnet_is_the_one_computed_by_hand() -> None:
    band = _picture().log10_prefactor_s_k_cm
    assert band.value[0] == pytest.approx(4.14755, abs=1e-4)
    # 0.05 eV is 0.84518 in log10; 0.25 + 0.71432 - 2 x 0.6 x 0.5 x 0.84518 = 0.67617^2
    assert band.upper[0] - band.value[0] == pytest.approx(0.67618, abs=1e-4)
    assert band.value[0] - band.lower[0] == pytest.approx(0.67618, abs=1e-4)


def test_errors_that_offset_each_other_make_the_prefactor_sharper_than_sigma() -> None:
    band = _picture(_pair(energy_half=0.5 * 0.05915935, correlation=-1.0)).log10_prefactor_s_k_cm
    assert band.upper[0] - band.lower[0] == pytest.approx(0.0, abs=1e-6)


def test_the_diffusion_coefficient_of_the_garnet_is_the_one_computed_by_hand() -> None:
    band = _picture().log10_diffusion_coefficient_cm2_s
    assert 10.0 ** band.value[0] == pytest.approx(2.48760e-9, rel=1e-4)
    assert band.upper[0] - band.value[0] == pytest.approx(0.5)
    assert band.value[0] - band.lower[0] == pytest.approx(0.5)


def test_the_resistance_of_the_garnet_is_the_one_computed_by_hand() -> None:
    band = _picture().area_specific_resistance_ohm_cm2
    assert band.value[0] == pytest.approx(6.25, rel=1e-5)
    # Half an order of magnitude in sigma is a factor of 3.16228 either way.
    assert band.lower[0] == pytest.approx(1.97642, rel=1e-5)
    assert band.upper[0] == pytest.approx(19.7642, rel=1e-5)
    thick = _picture(thickness_um=500.0).area_specific_resistance_ohm_cm2
    assert thick.value[0] == pytest.approx(125.0, rel=1e-5)


def test_a_double_charge_quarters_the_diffusion_coefficient() -> None:
    once, twice = (
        _picture(ions=_ions(charge=charge)).log10_diffusion_coefficient_cm2_s.value[0]
        for charge in (1.0, 2.0)
    )
    assert once - twice == pytest.approx(np.log10(4.0))


@given(st.floats(*HAVEN_RATIO_RANGE))
def test_the_haven_ratio_scales_the_diffusion_coefficient_alone(haven_ratio: float) -> None:
    plain, scaled = _picture(), _picture(haven_ratio=haven_ratio)
    shift = (
        scaled.log10_diffusion_coefficient_cm2_s.value[0]
        - plain.log10_diffusion_coefficient_cm2_s.value[0]
    )
    assert shift == pytest.approx(np.log10(haven_ratio), abs=1e-9)
    assert scaled.log10_prefactor_s_k_cm == plain.log10_prefactor_s_k_cm
    assert f"Haven ratio of {haven_ratio:g}" in scaled.notes[0][0]


@given(
    log10_sigma=st.floats(-15, 0),
    halves=st.tuples(st.floats(0, 4), st.floats(0, 4)),
    energy_half=st.floats(0, 0.5),
    correlation=st.floats(-1, 1),
)
def test_values_lie_inside_intervals_that_grow_with_the_error(
    log10_sigma: float, halves: tuple[float, float], energy_half: float, correlation: float
) -> None:
    sharp, blunt = (
        _picture(_pair(log10_sigma, half, 0.4, energy_half, correlation)) for half in sorted(halves)
    )
    for name in TRANSPORT_PROPERTIES:
        band = getattr(blunt, name)
        assert band.lower[0] <= band.value[0] <= band.upper[0]
        inner = getattr(sharp, name)
        if name != "log10_prefactor_s_k_cm":  # there the error of E_a may offset a larger one
            assert band.lower[0] <= inner.lower[0] <= inner.upper[0] <= band.upper[0]


def test_without_a_density_only_the_diffusion_coefficient_is_missing() -> None:
    picture = _picture(ions=_ions(np.nan))
    assert np.isnan(picture.log10_diffusion_coefficient_cm2_s.value[0])
    assert np.isfinite(picture.log10_prefactor_s_k_cm.value[0])
    assert np.isfinite(picture.area_specific_resistance_ohm_cm2.value[0])
    assert "density_g_cm3" in picture.notes[0][0]


@pytest.mark.parametrize(
    ("haven_ratio", "thickness_um", "words"),
    [
        (0.04, 25.0, "haven_ratio"),
        (5.1, 25.0, "haven_ratio"),
        (float("nan"), 25.0, "haven_ratio"),
        (1.0, 0.0, "separator_thickness_um"),
        (1.0, -25.0, "separator_thickness_um"),
        (1.0, float("inf"), "separator_thickness_um"),
    ],
)
def test_a_parameter_out_of_range_is_refused_by_name(
    haven_ratio: float, thickness_um: float, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        _picture(haven_ratio=haven_ratio, thickness_um=thickness_um)


def test_the_predictor_attaches_the_picture_of_each_material(predictor: Predictor) -> None:
    formulas = ["Li7La3Zr2O12", "Na3PS4", "Al2O3"]
    block = predictor.predict(
        [Material.from_formula(formula) for formula in formulas],
        densities_g_cm3=[5.108, None, None],
        separator_thickness_um=50.0,
    )
    picture = block.transport
    sigma = 10.0 ** block.frame["log10_conductivity_s_cm"].to_numpy()
    resistance = picture.area_specific_resistance_ohm_cm2
    np.testing.assert_allclose(resistance.value[:2], 50e-4 / sigma[:2], rtol=1e-12)
    upper = 10.0 ** block.frame["log10_conductivity_s_cm_upper"].to_numpy()
    np.testing.assert_allclose(resistance.lower[:2], 50e-4 / upper[:2], rtol=1e-12)
    known = np.isfinite(picture.log10_diffusion_coefficient_cm2_s.value)
    assert known.tolist() == [True, False, False]
    assert np.isnan(resistance.value[2])
    assert np.isnan(picture.log10_prefactor_s_k_cm.value[2])
    assert "no known mobile ion" in picture.notes[2][0]


def test_diffusion_at_other_temperatures_is_a_straight_arrhenius_line(
    predictor: Predictor,
) -> None:
    block = predictor.predict(
        [Material.from_formula("Li7La3Zr2O12")],
        temperatures_k=[298.15, 373.15],
        densities_g_cm3=[5.108],
    )
    curve = block.transport.log10_diffusion_curve
    assert curve is not None
    room = block.transport.log10_diffusion_coefficient_cm2_s
    assert curve.value[0, 0] == pytest.approx(room.value[0], abs=1e-12)
    # The 1/T of sigma cancels against the T of Nernst-Einstein, so D is a plain exponential.
    # Hand-computed: 1 / (k_B ln 10) = 5039.76 K/eV, 1/298.15 - 1/373.15 = 6.7413e-4 1/K.
    energy = block.frame["activation_energy_ev"][0]
    assert curve.value[0, 1] - curve.value[0, 0] == pytest.approx(
        energy * 5039.76 * 6.74134e-4, abs=1e-4
    )
    assert (curve.lower < curve.value).all()
    assert (curve.value < curve.upper).all()


def test_a_higher_coverage_gives_a_wider_picture(predictor: Predictor) -> None:
    material = Material.from_formula("Li6PS5Cl")
    narrow, wide = (
        predictor.predict([material], coverage=coverage, densities_g_cm3=[1.8]).transport
        for coverage in (0.5, 0.95)
    )
    for name in TRANSPORT_PROPERTIES:
        inner, outer = getattr(narrow, name), getattr(wide, name)
        assert outer.lower[0] < inner.lower[0] < inner.upper[0] < outer.upper[0]


def test_no_materials_have_an_empty_picture() -> None:
    nothing = np.array([])
    picture = transport_picture(
        PairEstimate(*[nothing] * 7),
        MobileIons.of([]),
        temperatures_k=np.array([300.0]),
        curve=dict.fromkeys(("value", "lower", "upper"), np.empty((0, 1))),
    )
    assert picture.notes == []
    assert all(len(getattr(picture, name).value) == 0 for name in TRANSPORT_PROPERTIES)
    assert picture.log10_diffusion_curve is not None
    assert picture.log10_diffusion_curve.value.shape == (0, 1)


@given(
    correlation=st.floats(-1, 1),
    half=st.floats(0.1, 3.0),
    energy_half=st.floats(0.01, 0.5),
    warmer=st.floats(0, 300),
    further=st.floats(0, 100),
)
def test_the_curve_widens_from_room_temperature_to_both_sides(
    correlation: float, half: float, energy_half: float, warmer: float, further: float
) -> None:
    pair = _pair(half=half, energy_half=energy_half, correlation=correlation)
    hot = np.array([298.15, 298.15 + warmer, 298.15 + warmer + further])
    cold = np.array([298.15, 298.15 - warmer / 3, 298.15 - (warmer + further) / 3])
    for kelvin in (hot, cold):
        curve = log10_conductivity_curve(pair, kelvin)
        width = (curve["upper"] - curve["lower"])[0]
        assert width[0] == pytest.approx(2 * half)
        assert (np.diff(width) >= -1e-9).all()


def test_the_sides_of_a_curve_are_those_of_the_energy_that_gives_them() -> None:
    # Uncorrelated; sigma exact. Above room temperature a low E_a gives a low sigma.
    zero = np.zeros(1)
    pair = PairEstimate(
        np.array([-4.0]), zero, zero, np.array([0.4]), np.array([0.1]), np.array([0.2]), zero
    )
    curve = log10_conductivity_curve(pair, np.array([373.15, 250.0]))
    below, above = curve["value"] - curve["lower"], curve["upper"] - curve["value"]
    assert above[0, 0] == pytest.approx(2 * below[0, 0])
    assert below[0, 1] == pytest.approx(2 * above[0, 1])

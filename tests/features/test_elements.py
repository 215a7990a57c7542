"""Element tables: complete, in order, and with the values of their sources."""

from __future__ import annotations

import numpy as np
import pytest

from features import elements, radii
from features.elements import ELEMENT_COUNT, ELEMENT_ROW, SYMBOLS


def value(table: np.ndarray, symbol: str) -> float:
    return float(table[ELEMENT_ROW[symbol]])


def test_the_elements_run_from_hydrogen_to_lawrencium() -> None:
    from pymatgen.core.periodic_table import Element

    assert ELEMENT_COUNT == 103
    assert [Element(symbol).Z for symbol in SYMBOLS] == list(range(1, 104))


def test_mobile_ions_are_named_in_the_order_of_the_rule() -> None:
    assert elements.MOBILE_IONS == ("Li", "Na", "Mg")
    assert elements.KNOWN_UNTRAINED_IONS == ("K", "Ag", "Cu", "Ca", "Zn")


@pytest.mark.parametrize(
    "table",
    [
        elements.magpie_table("MeltingT"),
        elements.magpie_table("Electronegativity"),
        elements.element_table("BulkModulus"),
        elements.element_table("ShearModulus"),
        elements.element_table("ICSDVolume"),
        elements.pymatgen_table("youngs_modulus"),
        elements.cohesive_energy_ev(),
        elements.ionic_electronegativity(),
        elements.anion_charges(),
        radii.cation_radius_angstrom(),
        radii.anion_radius_angstrom(),
        radii.cation_polarizability_angstrom3(),
        radii.anion_polarizability_angstrom3(),
    ],
)
def test_every_element_has_a_finite_value(table: np.ndarray) -> None:
    assert table.shape == (103,)
    assert np.isfinite(table).all()


def test_a_gap_is_filled_with_the_mean_of_its_group_and_else_of_all() -> None:
    table = np.full(ELEMENT_COUNT, np.nan)
    table[ELEMENT_ROW["Na"]], table[ELEMENT_ROW["K"]] = 2.0, 4.0
    table[ELEMENT_ROW["O"]] = 12.0
    whole = elements.filled(table)
    assert value(whole, "Na") == 2.0
    assert value(whole, "Li") == pytest.approx(3.0)  # alkali metals
    assert value(whole, "S") == 12.0  # chalcogens
    assert value(whole, "Fe") == pytest.approx(6.0)  # no group value: mean of all


def test_tables_cannot_be_changed_by_those_who_read_them() -> None:
    table = elements.magpie_table("Number")
    with pytest.raises(ValueError, match="read-only"):
        table[0] = 5.0


@pytest.mark.parametrize(
    ("symbol", "radius"),
    [("Li", 0.76), ("Na", 1.02), ("Mg", 0.72), ("La", 1.032), ("Zr", 0.72), ("Fe", 0.645)],
)
def test_cation_radii_are_shannons_for_six_neighbours(symbol: str, radius: float) -> None:
    assert value(radii.cation_radius_angstrom(), symbol) == pytest.approx(radius)


def test_cation_radii_follow_the_coordination_number() -> None:
    assert value(radii.cation_radius_angstrom(4), "Li") == pytest.approx(0.59)
    assert value(radii.cation_radius_angstrom(8), "Li") == pytest.approx(0.92)


@pytest.mark.parametrize(
    ("symbol", "radius"), [("O", 1.40), ("S", 1.84), ("Cl", 1.81), ("I", 2.20), ("P", 2.12)]
)
def test_anion_radii_are_shannons_or_paulings(symbol: str, radius: float) -> None:
    assert value(radii.anion_radius_angstrom(), symbol) == pytest.approx(radius)


def test_polarizability_grows_down_the_halides_and_chalcogenides() -> None:
    table = radii.anion_polarizability_angstrom3()
    for series in (("F", "Cl", "Br", "I"), ("O", "S", "Se", "Te")):
        values = [value(table, symbol) for symbol in series]
        assert values == sorted(values)
    assert value(table, "I") == pytest.approx(6.43)
    assert value(radii.cation_polarizability_angstrom3(), "Na") == pytest.approx(0.41)


def test_usual_charges_are_those_of_solid_electrolytes() -> None:
    charges = elements.cation_charges()
    for symbol, charge in {"Li": 1, "Mg": 2, "P": 5, "Ge": 4, "Ti": 4, "Fe": 3, "Pb": 2}.items():
        assert value(charges.usual, symbol) == charge
    for low in charges.lowest:
        assert (low <= charges.usual).all()
    for high in charges.highest:
        assert (charges.usual <= high).all()


def test_an_unknown_property_is_refused() -> None:
    with pytest.raises(KeyError):
        elements.magpie_table("Colour")

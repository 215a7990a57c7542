"""Mobile ions in a volume."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from features.elements import KNOWN_UNTRAINED_IONS, MOBILE_IONS
from features.material import Material
from models.carrier_density import CHARGE_NUMBER, MobileIons

LLZO = Material.from_formula("Li7La3Zr2O12")


def _half_lithium() -> Material:
    """Li0.5Na0.5Cl in a cube of 4.10 Angstrom, 68.921 cubic Angstrom."""
    structure = Structure(
        Lattice.cubic(4.10), [{"Li": 0.5, "Na": 0.5}, "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )
    return Material.from_structure(structure)


def test_every_mobile_ion_has_a_charge() -> None:
    assert set(CHARGE_NUMBER) == {*MOBILE_IONS, *KNOWN_UNTRAINED_IONS}


def test_occupancies_count_in_the_number_of_ions() -> None:
    # 0.5 Li in 68.921e-24 cm3
    assert MobileIons.of([_half_lithium()]).density_per_cm3[0] == pytest.approx(7.2547e21, rel=1e-4)


def test_a_density_gives_the_number_of_ions_of_a_formula() -> None:
    # 7 x 6.941 + 3 x 138.9055 + 2 x 91.224 + 12 x 15.9994 = 839.744 g/mol;
    # 5.108 x 6.02214e23 x 7 / 839.744 = 2.56421e22
    ions = MobileIons.of([LLZO], [5.108])
    assert ions.density_per_cm3[0] == pytest.approx(2.56421e22, rel=1e-4)
    assert MobileIons.of([Material.from_formula("(Li7La3Zr2O12)8")], [5.108]).density_per_cm3[
        0
    ] == pytest.approx(ions.density_per_cm3[0], rel=1e-9)


def test_a_formula_with_its_structures_density_has_the_structures_ions() -> None:
    material = _half_lithium()
    assert material.structure is not None
    formula = Material.from_formula("Li0.5Na0.5Cl")
    given = MobileIons.of([formula], [float(material.structure.density)]).density_per_cm3
    np.testing.assert_allclose(given, MobileIons.of([material]).density_per_cm3, rtol=1e-3)


def test_a_structure_counts_before_a_density_said_beside_it() -> None:
    alone = MobileIons.of([_half_lithium()]).density_per_cm3
    assert np.array_equal(MobileIons.of([_half_lithium()], [20.0]).density_per_cm3, alone)


def test_what_is_not_known_is_missing() -> None:
    ions = MobileIons.of([LLZO, Material.from_formula("Al2O3")], [None, 3.95])
    assert np.isnan(ions.density_per_cm3).all()
    assert ions.symbols == ["Li", None]
    assert ions.charge_number[0] == 1.0
    assert np.isnan(ions.charge_number[1])


@pytest.mark.parametrize("density", [0.0, -1.0, 5100.0, float("nan"), float("inf")])
def test_a_density_that_no_solid_has_is_refused(density: float) -> None:
    with pytest.raises(ValueError, match="g/cm3"):
        MobileIons.of([LLZO], [density])


def test_densities_and_materials_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="2 densities for 1 materials"):
        MobileIons.of([LLZO], [5.1, 5.1])

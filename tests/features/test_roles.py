"""Roles and charges of the elements, and the doping that follows from them."""

from __future__ import annotations

import numpy as np
import pytest

from features.doping import doping_columns
from features.elements import ELEMENT_COUNT, ELEMENT_ROW, SYMBOLS
from features.polyanions import polyanion_columns
from features.roles import Roles, assign_roles, element_block


def matrix(*compositions: dict[str, float]) -> np.ndarray:
    fractions = np.zeros((len(compositions), ELEMENT_COUNT))
    for row, composition in enumerate(compositions):
        for symbol, amount in composition.items():
            fractions[row, ELEMENT_ROW[symbol]] = amount
    return fractions


def roles_of(**composition: float) -> Roles:
    return assign_roles(element_block(matrix(composition)))


def described(roles: Roles) -> dict[str, tuple[str, float]]:
    masks = {"mobile": roles.mobile, "anion": roles.anion, "framework": roles.framework}
    return {
        SYMBOLS[index]: (
            next(name for name, mask in masks.items() if mask[0, place]),
            round(float(roles.charge[0, place]), 6),
        )
        for place, index in enumerate(roles.block.index[0])
        if roles.block.weight[0, place] > 0
    }


@pytest.mark.parametrize(
    ("composition", "expected"),
    [
        (
            {"Li": 7, "La": 3, "Zr": 2, "O": 12},
            {
                "Li": ("mobile", 1),
                "La": ("framework", 3),
                "Zr": ("framework", 4),
                "O": ("anion", -2),
            },
        ),
        (
            {"Li": 6, "P": 1, "S": 5, "Cl": 1},
            {"Li": ("mobile", 1), "P": ("framework", 5), "S": ("anion", -2), "Cl": ("anion", -1)},
        ),
        (
            {"Li": 2, "S": 1, "O": 4},
            {"Li": ("mobile", 1), "S": ("framework", 6), "O": ("anion", -2)},
        ),
        (
            {"Li": 1, "N": 1, "O": 3},
            {"Li": ("mobile", 1), "N": ("framework", 5), "O": ("anion", -2)},
        ),
        ({"Li": 3, "N": 1}, {"Li": ("mobile", 1), "N": ("anion", -3)}),
        (
            {"Li": 1, "B": 1, "H": 4},
            {"Li": ("mobile", 1), "B": ("framework", 3), "H": ("anion", -1)},
        ),
        (
            {"Li": 2, "O": 1, "H": 1, "Cl": 1},
            {"Li": ("mobile", 1), "O": ("anion", -2), "H": ("framework", 1), "Cl": ("anion", -1)},
        ),
        (
            {"Li": 9, "Al": 1, "P": 4},
            {"Li": ("mobile", 1), "Al": ("framework", 3), "P": ("anion", -3)},
        ),
        ({"Fe": 3, "O": 4}, {"Fe": ("framework", 2.666667), "O": ("anion", -2)}),
        ({"Cu": 2, "S": 1}, {"Cu": ("mobile", 1), "S": ("anion", -2)}),
    ],
    ids=lambda part: "".join(map(str, part)) if isinstance(part, dict) else None,
)
def test_elements_take_their_chemical_role_and_charge(
    composition: dict[str, float], expected: dict[str, tuple[str, float]]
) -> None:
    assert described(roles_of(**composition)) == expected


def test_iron_gives_way_before_phosphorus() -> None:
    found = described(roles_of(Li=1, Fe=1, P=1, O=4))
    assert found["Fe"] == ("framework", 2.0)
    assert found["P"] == ("framework", 5.0)


def test_rare_states_are_taken_only_where_much_charge_is_open() -> None:
    assert described(roles_of(Ti=1, N=1))["Ti"] == ("framework", 3.0)
    assert described(roles_of(Li=7.3, La=3, Zr=2, O=12))["Zr"] == ("framework", 4.0)


def test_an_alloy_has_no_charges_to_speak_of() -> None:
    assert described(roles_of(Ni=3, Al=1))["Ni"] == ("anion", 0.0)


def test_padding_is_no_element() -> None:
    block = element_block(matrix({"Li": 1.0}, {"Li": 7, "La": 3, "Zr": 2, "O": 12}))
    assert block.index.shape == (2, 4)
    assert block.present.sum(axis=1).tolist() == [1, 4]
    assert block.weight.sum(axis=1) == pytest.approx([1.0, 1.0])
    assert assign_roles(block).charge[0].tolist() == [1.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize("bad", [-0.5, np.nan, np.inf])
def test_fractions_that_are_no_amounts_are_refused(bad: float) -> None:
    fractions = matrix({"Li": 1.0, "O": 1.0})
    fractions[0, 3] = bad
    with pytest.raises(ValueError, match="finite and not negative"):
        element_block(fractions)


def test_a_material_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="without any element"):
        element_block(np.zeros((1, ELEMENT_COUNT)))


@pytest.mark.parametrize(
    ("composition", "excess"),
    [
        # 0.6 Ta for Zr take 0.6 Li from Li7La3Zr2O12.
        ({"Li": 6.4, "La": 3, "Zr": 1.4, "Ta": 0.6, "O": 12}, -0.6 / 12),
        # Chloride on a sulfide site: one Li less than Li7PS6.
        ({"Li": 6, "P": 1, "S": 5, "Cl": 1}, -1 / 6),
        # 0.5 Al for Ge bring 0.5 Li.
        ({"Li": 1.5, "Al": 0.5, "Ge": 1.5, "P": 3, "O": 12}, 0.5 / 12),
        # 0.3 Zr for Y take 0.3 Li from Li3YCl6.
        ({"Li": 2.7, "Y": 0.7, "Zr": 0.3, "Cl": 6}, -0.3 / 6),
        # The same with a little too much Li: the charges of Y and Zr stay.
        ({"Li": 2.9, "Y": 0.7, "Zr": 0.3, "Cl": 6}, -0.3 / 6),
        ({"Li": 7, "La": 3, "Zr": 2, "O": 12}, 0.0),
        ({"Li": 1, "Cl": 1}, 0.0),
    ],
)
def test_doping_counts_the_mobile_ions_that_neutrality_asks_for(
    composition: dict[str, float], excess: float
) -> None:
    found = doping_columns(roles_of(**composition))
    assert found["mobile_excess_per_anion"][0] == pytest.approx(excess, abs=1e-12)
    assert found["mobile_excess_size_per_anion"][0] == pytest.approx(abs(excess), abs=1e-12)


def test_phosphate_is_no_host_for_the_octahedral_cation() -> None:
    found = doping_columns(roles_of(Li=1, Ge=2, P=3, O=12))
    assert found["aliovalent_cations_per_anion"][0] == 0.0


def test_argyrodites_have_anions_outside_their_polyanions() -> None:
    found = polyanion_columns(roles_of(Li=6, P=1, S=5, Cl=1))
    assert found["anions_outside_polyanions"][0] == pytest.approx(2 / 6)
    assert found["P_centres_per_anion"][0] == pytest.approx(1 / 6)


def test_pyrophosphate_shares_anions_between_its_polyanions() -> None:
    found = polyanion_columns(roles_of(Li=4, P=2, O=7))
    assert found["anions_shared_by_polyanions"][0] == pytest.approx(1 / 7)
    assert found["glass_formers_with_oxygen"][0] == pytest.approx(2 / 7)


def test_hydroxide_and_borohydride_are_told_apart() -> None:
    hydroxide = polyanion_columns(roles_of(Li=1, O=1, H=1))
    borohydride = polyanion_columns(roles_of(Li=1, B=1, H=4))
    assert hydroxide["hydroxide_share_of_anions"][0] == pytest.approx(1.0)
    assert hydroxide["borohydride_share_of_anions"][0] == 0.0
    assert borohydride["hydroxide_share_of_anions"][0] == 0.0
    assert borohydride["borohydride_share_of_anions"][0] == pytest.approx(1.0)

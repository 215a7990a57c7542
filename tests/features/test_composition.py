"""The composition block against matminer, against hand-computed values and under invariances."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.composition import (
    BLOCK_ROWS,
    MAGPIE_PROPERTIES,
    MAGPIE_STATISTICS,
    composition_columns,
    composition_features,
)
from features.elements import ELEMENT_COUNT, ELEMENT_ROW, SYMBOLS
from features.material import Material

if TYPE_CHECKING:
    from training.tables import Dataset

Composition = dict[str, float]

VARIED: list[Composition] = [
    {"Li": 7, "La": 3, "Zr": 2, "O": 12},
    {"Li": 6.4, "La": 3, "Zr": 1.4, "Ta": 0.6, "O": 12},
    {"Li": 1.3, "Al": 0.3, "Ti": 1.7, "P": 3, "O": 12},
    {"Li": 6, "P": 1, "S": 5, "Cl": 1},
    {"Li": 9.54, "Si": 1.74, "P": 1.44, "S": 11.7, "Cl": 0.3},
    {"Na": 3, "P": 1, "S": 4},
    {"Na": 2.88, "Sb": 0.88, "W": 0.12, "S": 4},
    {"Mg": 1, "B": 2, "H": 8},
    {"Li": 3, "In": 1, "Cl": 6},
    {"Li": 5, "Pu": 1, "U": 2, "O": 7},
    {"Fe": 3, "O": 4},
    {"Ni": 3, "Al": 1},
    {"Xe": 1, "F": 2},
    {"He": 1, "Li": 1},
    {"Ar": 1},
    {"Li": 1},
    {"Lr": 1, "O": 2},
    {"C": 1, "N": 1, "S": 1, "Cl": 1, "I": 1},
]


def matrix(compositions: list[Composition]) -> np.ndarray:
    fractions = np.zeros((len(compositions), ELEMENT_COUNT))
    for row, composition in enumerate(compositions):
        for symbol, amount in composition.items():
            fractions[row, ELEMENT_ROW[symbol]] += amount
    return fractions / fractions.sum(axis=1, keepdims=True)


def features_of(**composition: float) -> dict[str, float]:
    values = composition_features(matrix([composition]))[0]
    return dict(zip(composition_columns(), values.tolist(), strict=True))


def matminers_own(compositions: list[Composition]) -> np.ndarray:
    """The same columns from matminer's featurizers."""
    from matminer.featurizers.composition import (
        ElementProperty,
        IonProperty,
        Stoichiometry,
        ValenceOrbital,
    )
    from pymatgen.core import Composition as PymatgenComposition

    magpie, norms = ElementProperty.from_preset("magpie", impute_nan=True), Stoichiometry()
    orbitals, ions = ValenceOrbital(props=["frac"]), IonProperty(fast=True, impute_nan=True)
    rows = []
    for row in matrix(compositions):
        composition = PymatgenComposition({SYMBOLS[i]: row[i] for i in np.flatnonzero(row)})
        possible, largest, mean = ions.featurize(composition)
        rows.append(
            [
                *magpie.featurize(composition),
                *norms.featurize(composition),
                *orbitals.featurize(composition),
                largest,
                mean,
                float(possible),
            ]
        )
    return np.array(rows, dtype=np.float64)


def matminer_columns() -> list[str]:
    magpie = [
        f"{statistic}_{name}"
        for name in MAGPIE_PROPERTIES.values()
        for statistic in MAGPIE_STATISTICS
    ]
    norms = ["number_of_elements", *(f"fraction_norm_{norm}" for norm in (2, 3, 5, 7, 10))]
    shells = [f"{shell}_share_of_valence_electrons" for shell in "spdf"]
    ions = ["maximum_ionic_character", "mean_ionic_character", "neutral_compound_possible"]
    return [*magpie, *norms, *shells, *ions]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_matminer_gives_the_same_numbers() -> None:
    columns = [composition_columns().index(name) for name in matminer_columns()]
    ours = composition_features(matrix(VARIED))[:, columns]
    np.testing.assert_allclose(ours, matminers_own(VARIED), rtol=1e-9, atol=1e-9)


amounts = st.floats(0.01, 20.0).map(lambda amount: round(amount, 3))
compositions = st.dictionaries(st.sampled_from(SYMBOLS), amounts, min_size=1, max_size=6)


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=25, deadline=None)
@given(compositions)
def test_matminer_gives_the_same_numbers_for_any_elements(composition: Composition) -> None:
    columns = [composition_columns().index(name) for name in matminer_columns()]
    ours = composition_features(matrix([composition]))[:, columns]
    np.testing.assert_allclose(ours, matminers_own([composition]), rtol=1e-9, atol=1e-9)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_every_composition_of_the_data_has_matminers_numbers_in_a_fiftieth_of_its_time(
    dataset: Dataset,
) -> None:
    formulas = dataset.measurements["formula"].unique()
    known = [dict(Material.from_formula(formula).fractions) for formula in formulas]
    fractions = matrix(known)
    matminers_own(known[:3])  # reads its tables
    started = time.process_time()
    theirs = matminers_own(known)
    their_s = time.process_time() - started
    our_s = []
    for _ in range(3):  # the shortest is the one that nothing disturbed
        started = time.process_time()
        ours = composition_features(fractions)
        our_s.append(time.process_time() - started)
    columns = [composition_columns().index(name) for name in matminer_columns()]
    np.testing.assert_allclose(ours[:, columns], theirs, rtol=1e-9, atol=1e-9)
    assert their_s / min(our_s) >= 50.0


@settings(max_examples=50, deadline=None)
@given(compositions, st.sampled_from([0.01, 0.5, 3.0, 1000.0]))
def test_amounts_times_a_factor_change_nothing(composition: Composition, factor: float) -> None:
    scaled = {symbol: amount * factor for symbol, amount in composition.items()}
    np.testing.assert_allclose(
        composition_features(matrix([scaled])),
        composition_features(matrix([composition])),
        rtol=1e-9,
        atol=1e-9,
    )


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(SYMBOLS), st.floats(1e-4, 1e4), min_size=1, max_size=20))
def test_no_mixture_of_elements_leads_to_a_missing_number(composition: Composition) -> None:
    assert np.isfinite(composition_features(matrix([composition]))).all()


def test_no_pair_of_elements_leads_to_a_missing_number() -> None:
    pairs = itertools.combinations_with_replacement(SYMBOLS, 2)
    fractions = matrix([{a: 1.0, b: 2.0} if a != b else {a: 1.0} for a, b in pairs])
    assert len(fractions) == 5356
    assert np.isfinite(composition_features(fractions)).all()


def test_a_row_does_not_depend_on_its_neighbours() -> None:
    together = composition_features(matrix(VARIED))
    alone = np.vstack([composition_features(row[None, :]) for row in matrix(VARIED)])
    np.testing.assert_allclose(together, alone, rtol=1e-12, atol=1e-12)


def test_a_long_list_is_worked_off_in_blocks_with_the_same_result() -> None:
    few = matrix(VARIED[:3])
    many = composition_features(np.tile(few, (BLOCK_ROWS // 3 + 2, 1)))
    expected = composition_features(few)
    np.testing.assert_allclose(many[-3:], expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(many[:3], expected, rtol=1e-12, atol=1e-12)


def test_garnet_has_the_values_of_a_hand_calculation() -> None:
    found = features_of(Li=7, La=3, Zr=2, O=12)
    assert found["mean_atomic_number"] == pytest.approx((7 * 3 + 3 * 57 + 2 * 40 + 12 * 8) / 24)
    assert found["number_of_elements"] == 4
    assert found["fraction_Li"] == pytest.approx(7 / 24)
    assert found["fraction_norm_2"] == pytest.approx((49 + 9 + 4 + 144) ** 0.5 / 24)
    assert found["mobile_ion_fraction"] == pytest.approx(7 / 24)
    assert found["mobile_ions_per_anion"] == pytest.approx(7 / 12)
    assert found["mobile_ion_radius_angstrom"] == pytest.approx(0.76)
    assert found["mobile_to_anion_radius_ratio"] == pytest.approx(0.76 / 1.40)
    assert found["framework_mean_charge"] == pytest.approx((3 * 3 + 2 * 4) / 5)
    assert found["framework_mean_radius_angstrom"] == pytest.approx((3 * 1.032 + 2 * 0.72) / 5)
    assert found["framework_deviation_charge"] == pytest.approx((0.6 * 0.4) ** 0.5)
    assert found["anion_mean_polarizability_angstrom3"] == pytest.approx(1.85)
    assert found["charge_residual_per_anion_charge"] == pytest.approx(0.0, abs=1e-12)
    assert found["O_share_of_anions"] == pytest.approx(1.0)
    assert found["anion_mixing_entropy"] == pytest.approx(0.0, abs=1e-12)


def test_argyrodite_has_the_values_of_a_hand_calculation() -> None:
    found = features_of(Li=6, P=1, S=5, Cl=1)
    share = np.array([5 / 6, 1 / 6])
    assert found["anion_mixing_entropy"] == pytest.approx(-(share * np.log(share)).sum())
    assert found["halide_share_of_anions"] == pytest.approx(1 / 6)
    assert found["anion_mean_radius_angstrom"] == pytest.approx((5 * 1.84 + 1.81) / 6)
    assert found["anion_mean_polarizability_angstrom3"] == pytest.approx((5 * 5.35 + 2.96) / 6)
    assert found["neutral_compound_possible"] == 1.0


def test_rock_salt_has_no_framework_cation() -> None:
    found = features_of(Na=1, Cl=1)
    assert found["framework_cation_fraction"] == 0.0
    assert found["framework_mean_charge"] == 0.0
    assert found["mobile_ion_radius_angstrom"] == pytest.approx(1.02)
    # Charges +1 and -1 at the sum of the radii, 1.02 + 1.81 Angstrom.
    assert found["mobile_anion_attraction_per_angstrom"] == pytest.approx(1 / 2.83)
    assert found["mean_ionic_attraction_ev"] == pytest.approx(14.399645 / 2.83)


def test_mobile_ion_columns_carry_from_lithium_to_sodium() -> None:
    lithium, sodium = features_of(Li=3, P=1, S=4), features_of(Na=3, P=1, S=4)
    assert sodium["mobile_ion_fraction"] == lithium["mobile_ion_fraction"]
    assert sodium["P_centres_per_anion"] == lithium["P_centres_per_anion"]
    assert sodium["mobile_ion_radius_angstrom"] > lithium["mobile_ion_radius_angstrom"]
    assert features_of(Mg=1, S=1)["mobile_ion_charge"] == 2.0


def test_a_material_without_a_mobile_ion_has_zeros_there() -> None:
    found = features_of(Al=2, O=3)
    assert found["mobile_ion_fraction"] == 0.0
    assert found["mobile_ion_charge"] == 0.0
    assert found["mobile_ion_radius_angstrom"] == 0.0


def test_a_dozen_multivalent_elements_are_answered_at_once() -> None:
    many = dict.fromkeys(("C", "N", "P", "S", "Cl", "As", "Se", "Br", "Sb", "Te", "I", "Mn"), 1.0)
    assert features_of(**many)["neutral_compound_possible"] == 1.0
    cations = {"Cr": 1.0, "Fe": 1.0, "Co": 1.0, "Mo": 1.0, "Pd": 1.0, "W": 1.0, "Pt": 1.0, "Tl": 1}
    more = cations | {"Mn": 1, "Ru": 1, "Ir": 1, "Hg": 1, "Pb": 1, "Eu": 1, "Ce": 1, "Tc": 1}
    assert features_of(**more)["neutral_compound_possible"] == 0.0


def test_column_names_are_plain_and_unique() -> None:
    names = composition_columns()
    assert len(set(names)) == len(names)
    assert all(name.replace("_", "").isalnum() for name in names)


@pytest.mark.parametrize("shape", [(3,), (2, 5), (2, 104)])
def test_a_matrix_of_the_wrong_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="must be"):
        composition_features(np.ones(shape))


def test_no_material_gives_an_empty_block() -> None:
    empty = composition_features(np.zeros((0, ELEMENT_COUNT)))
    assert empty.shape == (0, len(composition_columns()))

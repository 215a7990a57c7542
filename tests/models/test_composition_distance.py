from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.elements import SYMBOLS
from features.material import Material
from features.table import fraction_matrix
from models.composition_distance import (
    MODIFIED_PETTIFOR,
    CompositionIndex,
    composition_distance,
    cumulative_shares,
)
from models.labels import FloatArray


def _fractions(*formulas: str) -> FloatArray:
    return fraction_matrix([Material.from_formula(formula) for formula in formulas])


def _distance(one: str, other: str) -> float:
    return float(composition_distance(_fractions(one), _fractions(other))[0])


def test_the_scale_has_every_element_once() -> None:
    assert sorted(MODIFIED_PETTIFOR.split()) == sorted(SYMBOLS)


def test_half_of_the_atoms_moved_by_one_step_are_half_a_step() -> None:
    # Four of the eight atoms, S beside Se on the scale.
    assert _distance("Li3PS4", "Li3PSe4") == pytest.approx(0.5)


def test_the_distance_of_two_elements_is_their_steps_apart() -> None:
    # Li 11, Na 10, K 9 on the scale.
    assert _distance("Li", "Na") == pytest.approx(1.0)
    assert _distance("Li", "K") == pytest.approx(2.0)


def test_similar_chemistry_is_nearer_than_different_chemistry() -> None:
    assert _distance("Li6PS5Cl", "Li6PS5Br") < _distance("Li6PS5Cl", "Li7La3Zr2O12")
    assert _distance("Li7La3Zr2O12", "Li7La3Hf2O12") < _distance("Li7La3Zr2O12", "Li3YCl6")


AMOUNTS = st.dictionaries(st.sampled_from(SYMBOLS), st.floats(0.1, 10.0), min_size=1, max_size=6)


def _row(amounts: dict[str, float]) -> FloatArray:
    row = np.zeros((1, len(SYMBOLS)))
    for symbol, amount in amounts.items():
        row[0, SYMBOLS.index(symbol)] = amount
    return row / row.sum()


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_it_is_a_distance(
    one: dict[str, float], two: dict[str, float], three: dict[str, float]
) -> None:
    a, b, c = _row(one), _row(two), _row(three)
    assert composition_distance(a, a)[0] == 0.0
    assert composition_distance(a, b)[0] == pytest.approx(composition_distance(b, a)[0])
    through = composition_distance(a, b)[0] + composition_distance(b, c)[0]
    assert composition_distance(a, c)[0] <= through + 1e-9


def test_the_index_agrees_with_measuring_every_distance() -> None:
    generator = np.random.default_rng(5)
    known, asked = (generator.dirichlet(np.full(103, 0.03), size=size) for size in (400, 200))
    distance, row = CompositionIndex(known).nearest(asked, 3)
    every = np.abs(cumulative_shares(asked)[:, None] - cumulative_shares(known)[None]).sum(axis=2)
    assert np.allclose(np.take_along_axis(every, row, 1), distance)
    assert (np.diff(distance, axis=1) >= 0).all()
    # An approximation: nearly always the nearest, and never far from it.
    assert np.mean(distance[:, 0] <= every.min(axis=1) + 1e-9) > 0.9
    assert np.mean(distance[:, 0] / every.min(axis=1)) < 1.02


def test_a_known_composition_is_its_own_nearest() -> None:
    known = _fractions("Li3PS4", "Li7La3Zr2O12", "NaCl", "LiF", "Li6PS5Cl", "MgO")
    distance, row = CompositionIndex(known).nearest(known)
    assert np.allclose(distance, 0.0)
    assert row[:, 0].tolist() == list(range(6))


def test_fewer_known_than_asked_for_give_all_of_them() -> None:
    distance, row = CompositionIndex(_fractions("LiF", "LiCl")).nearest(_fractions("LiBr"), 5)
    assert distance.shape == row.shape == (1, 2)
    assert row[0].tolist() == [1, 0]


def test_no_question_has_no_answer() -> None:
    distance, row = CompositionIndex(_fractions("LiF")).nearest(np.zeros((0, 103)), 1)
    assert distance.shape == row.shape == (0, 1)


def test_nothing_known_and_a_wrong_width_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        CompositionIndex(np.zeros((0, 103)))
    with pytest.raises(ValueError, match=r"\(n, 103\)"):
        cumulative_shares(np.zeros((2, 5)))

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.charge_balance import KNOWN_ELEMENTS, charge_balance, charge_imbalance


@pytest.mark.parametrize(
    "amounts",
    [
        {"Li": 7, "La": 3, "Zr": 2, "O": 12},
        {"Li": 6, "P": 1, "S": 5, "Cl": 1},
        {"Li": 2, "S": 1, "O": 4},
        {"Li": 1, "N": 1, "O": 3},
        {"Li": 3, "N": 1},
        {"Li": 3, "P": 1},
        {"Li": 4, "P": 2, "S": 6},
        {"Li": 1, "B": 1, "H": 4},
        {"Li": 3, "N": 2, "H": 4, "I": 1},
        {"Li": 1, "I": 1, "O": 3},
        {"Li": 1, "Ti": 2, "O": 4},
    ],
)
def test_known_compounds_balance(amounts: dict[str, float]) -> None:
    assert charge_imbalance(amounts) == pytest.approx(0.0, abs=1e-12)


def test_the_imbalance_is_the_net_charge_over_the_cation_charge() -> None:
    # LiCdCl4: 1 + 2 - 4 = -1, over 3 positive charges
    assert charge_imbalance({"Li": 1, "Cd": 1, "Cl": 4}) == pytest.approx(1 / 3)
    balance = charge_balance({"Li": 1, "Cd": 1, "Cl": 4})
    assert (balance.net, balance.positive) == (1.0, 3.0)


def test_displaced_subscripts_read_naively_do_not_balance() -> None:
    assert charge_imbalance({"Li": 1, "La": 1, "Sb": 1, "O": 53212}) > 100


def test_an_excess_of_cations_counts_like_a_lack_of_them() -> None:
    assert charge_imbalance({"Li": 3, "Cl": 1}) == pytest.approx(2 / 3)


@pytest.mark.parametrize("amounts", [{"Li": 1, "Xx": 1}, {"He": 1}, {"O": 2}, {}])
def test_what_cannot_be_judged_is_infinitely_unbalanced(amounts: dict[str, float]) -> None:
    assert charge_imbalance(amounts) == math.inf


@given(
    st.dictionaries(
        st.sampled_from(sorted(KNOWN_ELEMENTS)), st.floats(0.001, 100), min_size=1, max_size=12
    ),
    st.floats(0.01, 100),
)
def test_the_imbalance_does_not_depend_on_the_size_of_the_formula_unit(
    amounts: dict[str, float], factor: float
) -> None:
    one = charge_imbalance(amounts)
    other = charge_imbalance({element: amount * factor for element, amount in amounts.items()})
    assert one == pytest.approx(other, rel=1e-6, abs=1e-9)


def test_every_element_at_once_takes_no_time() -> None:
    started = time.perf_counter()
    charge_imbalance({element: 1.37 for element in KNOWN_ELEMENTS})
    assert time.perf_counter() - started < 1.0

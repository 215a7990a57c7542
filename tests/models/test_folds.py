from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.folds import grouped_fold_of, purged
from models.seeds import seed_for


@given(st.lists(st.integers(0, 30), min_size=40, max_size=200))
def test_a_group_never_stands_in_two_folds(groups: list[int]) -> None:
    array = np.array([*groups, 31, 32, 33], dtype=np.int64)
    fold = grouped_fold_of(array, 3, "test")
    for group in np.unique(array):
        assert len(np.unique(fold[array == group])) == 1
    assert set(fold) == {0, 1, 2}


def test_folds_of_single_rows_have_equal_sizes() -> None:
    fold = grouped_fold_of(np.arange(50), 5, "test")
    assert np.bincount(fold).tolist() == [10] * 5


def test_the_same_groups_give_the_same_folds() -> None:
    groups = np.repeat(np.arange(20), 3)
    first, second = grouped_fold_of(groups, 4, "a"), grouped_fold_of(groups, 4, "a")
    assert first.tolist() == second.tolist()


def test_more_folds_than_groups_are_refused() -> None:
    with pytest.raises(ValueError, match="2 groups"):
        grouped_fold_of(np.array([0, 0, 1]), 3, "test")


def test_a_seed_depends_on_its_name_alone() -> None:
    assert seed_for("forest", 1) == seed_for("forest", 1)
    assert seed_for("forest", 1) != seed_for("forest", 2)


def test_a_composition_of_the_test_side_is_purged_from_training() -> None:
    fold = np.array([0, 0, 1, 1])
    composition = np.array([7, 8, 8, 9])
    assert purged(fold, composition, 0).tolist() == [False, False, False, True]
    assert purged(fold, composition, 1).tolist() == [True, False, False, False]


def test_folds_are_as_equal_as_the_groups_allow() -> None:
    groups = np.repeat(np.arange(8), [8, 5, 4, 3, 2, 2, 1, 1])
    assert np.bincount(grouped_fold_of(groups, 2, "test")).tolist() == [13, 13]


def test_another_name_gives_other_folds() -> None:
    groups = np.arange(40)
    first, other = grouped_fold_of(groups, 4, "a"), grouped_fold_of(groups, 4, "b")
    assert first.tolist() != other.tolist()

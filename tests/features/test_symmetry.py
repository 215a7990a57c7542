"""Columns of the space group against the International Tables."""

from __future__ import annotations

import numpy as np
import pytest

from features.symmetry import SYMMETRY_COLUMNS, symmetry_features, symmetry_table

# number: crystal system, centre, operations in the conventional cell, point-group order,
# lattice points, polar, mirror
KNOWN = {
    1: (1, 0, 1, 1, 1, 1, 0),
    2: (1, 1, 2, 2, 1, 0, 0),
    14: (2, 1, 4, 4, 1, 0, 1),
    36: (3, 0, 8, 4, 2, 1, 1),
    62: (3, 1, 8, 8, 1, 0, 1),
    137: (4, 1, 16, 16, 1, 0, 1),
    167: (5, 1, 36, 12, 3, 0, 1),
    186: (6, 0, 12, 12, 1, 1, 1),
    216: (7, 0, 96, 24, 4, 0, 1),
    225: (7, 1, 192, 48, 4, 0, 1),
    230: (7, 1, 96, 48, 2, 0, 1),
}


@pytest.mark.parametrize("number", KNOWN)
def test_space_groups_have_the_values_of_the_international_tables(number: int) -> None:
    assert symmetry_features([number])[0].tolist() == [number, *KNOWN[number]]


def test_an_unknown_space_group_is_a_missing_row() -> None:
    found = symmetry_features([None, 225, None])
    assert found.shape == (3, len(SYMMETRY_COLUMNS))
    assert np.isnan(found[[0, 2]]).all()
    assert np.isfinite(found[1]).all()


def test_ninety_two_space_groups_have_a_centre() -> None:
    table = symmetry_table()
    assert int(table[:, SYMMETRY_COLUMNS.index("is_centrosymmetric")].sum()) == 92
    assert int(table[:, SYMMETRY_COLUMNS.index("is_polar")].sum()) == 68


@pytest.mark.parametrize("number", [0, 231, -5])
def test_a_number_that_is_no_space_group_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="between 1 and 230"):
        symmetry_features([number])

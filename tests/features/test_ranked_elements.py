"""Elements in order of their share, and of their electronegativity among equals."""

from __future__ import annotations

import numpy as np
import pytest

from features.material import Material
from features.ranked_elements import RANKS, ranked_columns, ranked_features
from features.table import fraction_matrix


def row(formula: str) -> dict[str, float]:
    values = ranked_features(fraction_matrix([Material.from_formula(formula)]))[0]
    return dict(zip(ranked_columns(), values.tolist(), strict=True))


def test_the_most_frequent_element_comes_first() -> None:
    found = row("Li7La3Zr2O12")
    numbers = [found[f"ranked_{rank}_atomic_number"] for rank in (1, 2, 3, 4)]
    assert numbers == [8.0, 3.0, 57.0, 40.0]
    shares = [found[f"ranked_{rank}_share"] for rank in (1, 2, 3, 4)]
    assert shares == pytest.approx([12 / 24, 7 / 24, 3 / 24, 2 / 24])


def test_of_equal_shares_the_less_electronegative_comes_first() -> None:
    found = row("BaTiO3")
    assert [found[f"ranked_{rank}_atomic_number"] for rank in (1, 2, 3)] == [8.0, 56.0, 22.0]
    assert row("ClNa") == pytest.approx(row("NaCl"), nan_ok=True)


def test_a_rank_that_is_not_there_has_no_share_and_no_properties() -> None:
    found = row("Fe")
    assert found["ranked_1_share"] == 1.0
    for rank in range(2, RANKS + 1):
        assert found[f"ranked_{rank}_share"] == 0.0
        assert np.isnan(found[f"ranked_{rank}_electronegativity"])


def test_elements_beyond_the_last_rank_are_left_out() -> None:
    found = row("Li6PS5ClBrI")
    assert sum(found[f"ranked_{rank}_share"] for rank in range(1, RANKS + 1)) < 1.0
    assert found["ranked_1_atomic_number"] == 3.0


def test_a_material_is_the_same_alone_and_among_others() -> None:
    formulas = ["Fe", "Li7La3Zr2O12", "NaCl", "Li6PS5ClBrI"]
    matrix = fraction_matrix([Material.from_formula(formula) for formula in formulas])
    whole = ranked_features(matrix)
    for index in range(len(formulas)):
        np.testing.assert_array_equal(ranked_features(matrix[index : index + 1])[0], whole[index])


def test_no_material_makes_no_row() -> None:
    assert ranked_features(np.zeros((0, 103))).shape == (0, len(ranked_columns()))


def test_a_row_without_elements_is_refused() -> None:
    with pytest.raises(ValueError, match="element"):
        ranked_features(np.zeros((1, 103)))

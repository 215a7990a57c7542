"""Columns of a table by name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.columns import Columns, some_rows

TABLE = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0], "c": [np.nan, 6.0]})


def test_they_come_in_the_order_asked_for() -> None:
    np.testing.assert_array_equal(Columns(["c", "a"]).matrix(TABLE), [[np.nan, 1.0], [6.0, 2.0]])


def test_another_table_is_looked_at_anew() -> None:
    columns = Columns(["b"])
    assert columns.matrix(TABLE).tolist() == [[3.0], [4.0]]
    assert columns.matrix(TABLE[["b", "a"]]).tolist() == [[3.0], [4.0]]
    assert columns.matrix(TABLE.iloc[1:]).tolist() == [[4.0]]


def test_the_matrix_is_a_copy() -> None:
    Columns(["a"]).matrix(TABLE)[:] = 0.0
    assert TABLE["a"].tolist() == [1.0, 2.0]


def test_a_missing_column_is_named() -> None:
    with pytest.raises(KeyError, match="'d'"):
        Columns(["a", "d"]).matrix(TABLE)


def test_some_rows_are_copied_and_all_are_not() -> None:
    assert some_rows(TABLE, np.array([1]))["a"].tolist() == [2.0]
    assert some_rows(TABLE, np.array([0, 1])) is TABLE

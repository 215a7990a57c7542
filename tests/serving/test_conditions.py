"""Conditions on the rows of scored lists, whatever type a column was read as."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest

from serving.conditions import holds, numbers
from serving.rows import ListError

TABLE = pa.table(
    {
        "number": pa.array([5.0, 6.0, None, 80.0]),
        "count": pa.array([5, 6, None, 80]),
        "text": ["5", "+6.0", "", "80"],
        "batch-no": ["007", "7", "A 7", None],
        "flag": [True, False, None, True],
        "flag as text": ["True", "FALSE", "", "true"],
        "nothing": pa.nulls(4),
        "price (EUR)": ["5", "n/a", "dear", "80"],
    }
)


def rows(condition: str) -> list[int]:
    return [row for row, met in enumerate(holds(TABLE, condition).to_pylist()) if met]


@pytest.mark.parametrize("column", ["number", "count", "text"])
@pytest.mark.parametrize(
    ("condition", "met"),
    [("<10", [0, 1]), ("<= 5.5", [0]), (">5e0", [1, 3]), ("==6", [1]), ("!=6", [0, 3])],
)
def test_numbers_compare_as_numbers_in_every_type(
    column: str, condition: str, met: list[int]
) -> None:
    assert rows(column + condition) == met


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        ("batch-no==007", [0, 1]),
        ("batch-no == A 7", [2]),
        ("batch-no!=A 7", [0, 1]),
        ("flag==true", [0, 3]),
        ("flag!=True", [1]),
        ("flag as text == true", [0, 3]),
        ("nothing<20", []),
        ("nothing!=x", []),
    ],
)
def test_text_flags_and_empty_columns(condition: str, met: list[int]) -> None:
    assert rows(condition) == met


def test_a_column_of_numbers_and_words_cannot_be_ordered_by_number() -> None:
    with pytest.raises(ListError, match=r"price \(EUR\) must hold numbers, not 'dear'"):
        rows("price (EUR)<10")
    assert rows("price (EUR)==5") == [0]


@pytest.mark.parametrize("condition", ["number", "number<", "<5", "number=5", "", "a<b<c<"])
def test_what_is_no_condition_is_refused(condition: str) -> None:
    with pytest.raises(ListError):
        rows(condition)


def test_text_of_csv_is_read_as_numbers_with_nan_for_what_is_empty() -> None:
    values = numbers(pa.table({"x": ["-1e-3", " .5 ", "", "NaN", None, "5."]}), "x")
    assert values[[0, 1, 5]].tolist() == [-1e-3, 0.5, 5.0]
    assert all(map(math.isnan, values[[2, 3, 4]]))

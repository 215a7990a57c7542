"""Records of CSV, well formed and not."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from serving.csv_records import csv_records

CELLS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=8)
ROWS = st.lists(st.lists(CELLS, min_size=2, max_size=3), max_size=6)


def records(text: str) -> list[tuple[int, list[str] | None]]:
    """None for a line that is not CSV."""
    found = csv_records(io.StringIO(text, newline=""))
    return [(number, None if isinstance(row, csv.Error) else row) for number, row in found]


@given(rows=ROWS)
def test_well_formed_records_are_those_of_the_standard_library(rows: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    assert [row for _, row in records(text.getvalue())] == rows


def test_a_quote_left_open_costs_its_own_line_only() -> None:
    text = '1,"good\n2,fine\n3,"two\nlines"\n4,fine\n'
    assert records(text) == [
        (1, None),
        (2, ["2", "fine"]),
        (4, ["3", "two\nlines"]),
        (5, ["4", "fine"]),
    ]
    assert records('1,fine\n2,"open') == [(1, ["1", "fine"]), (2, None)]
    assert records('"\n\n1,fine\n') == [(1, None), (2, []), (3, ["1", "fine"])]


def test_a_quote_in_the_middle_costs_its_own_line_only() -> None:
    assert records('1,"a"b\n2,5" wafer\n') == [(1, None), (2, ["2", '5" wafer'])]


def test_a_field_too_long_to_be_one_costs_its_own_line_only() -> None:
    before = csv.field_size_limit(100)
    try:
        found = records('1,"open\n' + "2,fine\n" * 50)
    finally:
        csv.field_size_limit(before)
    assert found[0] == (1, None)
    assert found[1:] == [(number, ["2", "fine"]) for number in range(2, 52)]


@given(text=st.text(st.sampled_from('a,"\n\r'), max_size=40))
def test_no_line_is_lost(text: str) -> None:
    numbers = [number for number, _ in records(text)]
    assert numbers == sorted(set(numbers))
    assert numbers[-1:] == [len(io.StringIO(text, newline="").readlines())][: len(numbers)]

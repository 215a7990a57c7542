from __future__ import annotations

import pytest

from training.laskowski_lines import joined_rows, plain


def test_a_row_on_one_line_keeps_its_fields() -> None:
    (row,) = joined_rows("Li3YBr6,1.7E-3,0.37\u0305,C2/m,12,,12345,26\n")
    assert row.parts == ("Li3YBr6",)
    assert (row.conductivity, row.activation, row.number) == ("1.7E-3", "0.37", "12")
    assert (row.icsd, row.reference, row.problem) == ("12345", "26", None)


@pytest.mark.parametrize(
    "text",
    [
        'Li6.4La3Zr1.4Ta0.6O1,,,,,,,219\n"",4.1E-4,0.27,Ia3d,230,,,\n2,,,,,,,\n',
        'Li6.4La3Zr1.4Ta0.6O1,,,,,,,\n"",4.1E-4,0.27,Ia3d,230,,,219\n2,,,,,,,\n',
        'Li6.4La3Zr1.4Ta0.6O1,,0.27,,,,,219\n"",4.1E-4,,Ia3d,230,,,\n2,,,,,,,\n',
    ],
)
def test_a_row_broken_over_three_lines_is_one_row(text: str) -> None:
    (row,) = joined_rows(text)
    assert row.parts == ("Li6.4La3Zr1.4Ta0.6O1", "2")
    assert (row.conductivity, row.activation, row.reference) == ("4.1E-4", "0.27", "219")
    assert row.line == 1


def test_a_formula_broken_in_three_keeps_its_middle() -> None:
    (row,) = joined_rows(
        "0.5Li2O-,,,,,,,280\n0.1Al2O3-,1.5E-8,0.55,,,,,\n0.095TiO2-0.4P2O5,,,,,,,\n"
    )
    assert row.parts == ("0.5Li2O-", "0.1Al2O3-", "0.095TiO2-0.4P2O5")


def test_broken_rows_one_after_another_are_kept_apart() -> None:
    broken = 'A-,,,,,,,7\n"",1E-4,,,,,,\nB,,,,,,,\n'
    rows = joined_rows(broken * 3)
    assert [row.parts for row in rows] == [("A-", "B")] * 3
    assert [row.line for row in rows] == [1, 4, 7]


def test_labels_in_the_margin_are_no_rows() -> None:
    rows = joined_rows(
        '"",,,,,\u03b2-,,\nLi4Zn(PO4)2,<1E-10,1.1,Pnma,62,Li4Zn(P,255465,38\n"",,,,,O4)2,,\n'
    )
    assert [row.parts for row in rows] == [("Li4Zn(PO4)2",)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('"",,,,,,,97\n', "reference number without"),
        ("Li3PO4,,,,,,,\nLi3PS4,1E-4,,,,,,9\n", "without the rest of its row"),
        ('"",1E-4,0.3,,,,,9\n', "numbers without a formula"),
    ],
)
def test_a_line_that_joins_nothing_is_named(text: str, problem: str) -> None:
    first = joined_rows(text)[0]
    assert first.problem is not None
    assert problem in first.problem


def test_a_missing_reference_is_taken_from_neighbours_that_agree() -> None:
    lines = ["LiI,1E-7,,,,,,{}", "Li3N,1E-3,,,,,,", "LiBr,1E-9,,,,,,{}"]
    agreeing = joined_rows("\n".join(lines).format(5, 5))
    assert (agreeing[1].reference, agreeing[1].reference_carried) == ("5", True)
    differing = joined_rows("\n".join(lines).format(5, 6))
    assert (differing[1].reference, differing[1].reference_carried) == ("", False)


def test_signs_of_the_print_become_plain() -> None:
    assert plain("1.2E\u22124 ") == "1.2E-4"
    assert plain("R3\u0305c") == "R3c"
    assert plain("0.3Li2S \u2013 0.7GeS\u00ad2") == "0.3Li2S - 0.7GeS2"
    assert plain("Li2S\u00b7P2S5") == "Li2S*P2S5"

from __future__ import annotations

import math

import pandas as pd
import pytest
from pymatgen.core import Composition

from training.laskowski import PrintedRow, align_digitized, parse_printed
from training.laskowski_alignment import TableKey, aligned_pairs
from training.laskowski_formulas import likeliest, same_fractions
from training.laskowski_lines import plain
from training.laskowski_mixtures import read_mixture

_COLUMNS = ["Structure", "\u03c3(RT)(S cm-1)", "Ea (eV)", "space group", "ICSD Entry"]


def _one(line: str) -> PrintedRow:
    (row,) = parse_printed(line)
    return row


def _digitized(*rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=_COLUMNS)


def test_a_printed_row_is_read_with_units_and_reference() -> None:
    row = _one("Li SiS  4 4,5.00E-08,0.56,P2 /m 1,11,,59708,15\n")
    assert row.formula == "Li4SiS4"
    assert row.conductivity_s_cm == 5e-8
    assert (row.bound, row.activation_energy_ev, row.reference) == ("=", 0.56, 15)
    assert (row.icsd, row.space_group_number, row.line) == ("59708", 11, 1)
    assert row.repaired
    assert row.reason is None


def test_a_bound_is_no_value() -> None:
    row = _one("LiGd(PO3)4,<1E-10,1.7,C2/c,15,,416442,47")
    assert (row.conductivity_s_cm, row.bound) == (1e-10, "<")


@pytest.mark.parametrize("text", ["<1E10", "0", "11", "-1E-4", "1E-4?", "nan", "1E-99999"])
def test_an_impossible_conductivity_alone_refuses_the_row(text: str) -> None:
    row = _one(f"Li3N,{text},,,,,,3")
    assert row.formula is None
    assert row.reason is not None
    assert "conductivity" in row.reason


def test_an_impossible_activation_energy_is_left_out_and_noted() -> None:
    row = _one("Li3N,1E-4,25,,,,,3")
    assert (row.conductivity_s_cm, row.activation_energy_ev, row.reason) == (1e-4, None, None)
    assert any("E_a 25" in note for note in row.notes)


def test_an_activation_energy_alone_is_enough() -> None:
    row = _one("Li3N,<1E10,0.25,,,,,3")
    assert (row.conductivity_s_cm, row.activation_energy_ev, row.reason) == (None, 0.25, None)


def test_a_pair_of_references_gives_the_first_and_says_so() -> None:
    row = _one("Li3OBr,1.1E-6,0.74,Pm3m,221,,67265,194-195")
    assert row.reference == 194
    assert any("194-195" in note for note in row.notes)


def test_a_row_out_of_shape_is_refused_and_harms_no_other() -> None:
    rows = parse_printed("garbage\nLi3N,1E-3,0.25,,,,,1\n,,,\nxx,yy\n")
    assert [row.formula for row in rows if row.reason is None] == ["Li3N"]
    assert all(row.reason for row in rows if row.formula is None)


def test_alignment_finds_rows_that_either_table_lacks() -> None:
    keys = [TableKey(10.0**-power, "=", 0.1 * power, "") for power in range(1, 9)]
    pairs = aligned_pairs(keys[:2] + keys[3:], keys[:5] + keys[6:])
    assert (None, 2) in pairs
    assert (4, None) in pairs
    assert [a for a, _ in pairs if a is not None] == list(range(7))
    assert len([pair for pair in pairs if None not in pair]) == 6


def test_alignment_of_an_empty_table_leaves_all_rows_alone() -> None:
    key = TableKey(1e-4, "=", None, "")
    assert aligned_pairs([key], []) == [(0, None)]
    assert aligned_pairs([], [key, key]) == [(None, 0), (None, 1)]


def test_the_digitized_table_gives_formulas_and_the_lines_give_references() -> None:
    rows = parse_printed(
        "Li10GePS12,1.21E-2,,P42/nmc,137,,188887,104\n"
        "Li4SiS4,5E-8,0.56,,11,,,15\n"
        "Li1.1Al0.1Ti1.9(PO4)3,1E-4,0.3,,167,,,145\n"
        "Li3N,1E-3,,,,,,1\n"
    )
    merged = align_digitized(
        rows,
        _digitized(
            ("Li10GeP2S12", "1.21E-02", math.nan, 137.0, 188887.0),
            ("Li4SiS4", "5.00E-08", 0.56, 11.0, math.nan),
            ("LiI", "3.00E-07", 0.44, math.nan, math.nan),
            ("Li1.1Al0.1Ti0.9(PO4)3", "1.00E-04", 0.3, 167.0, math.nan),
        ),
    )
    first, second, only_digitized, kept, only_printed = merged
    # A line that is refused on its own is saved by the clean formula, and told so.
    assert (first.formula, first.reference, first.repaired) == ("Li10GeP2S12", 104, True)
    assert any("does not balance" in note for note in first.notes)
    assert (second.formula, second.reference, second.notes) == ("Li4SiS4", 15, ())
    assert (only_digitized.formula, only_digitized.reference) == ("LiI", None)
    assert only_digitized.notes == ("stands only in the digitised table",)
    # The digitised formula is short of a Ti; the balanced printed one stays.
    assert (kept.formula, kept.reference) == ("Li1.1Al0.1Ti1.9(PO4)3", 145)
    assert (only_printed.formula, only_printed.reference) == ("Li3N", 1)


def test_a_digitized_table_without_a_column_is_refused_by_its_name() -> None:
    with pytest.raises(ValueError, match="icsd"):
        align_digitized([], _digitized().drop(columns="ICSD Entry"))


def test_the_printed_table_gives_at_least_1300_rows_with_references(laskowski_text: str) -> None:
    rows = parse_printed(laskowski_text)
    kept = [row for row in rows if row.reason is None]
    assert len(rows) == 1346
    assert sum(row.reference is not None for row in kept) >= 1300
    assert sum(row.bound == "<" for row in kept) >= 50
    assert sum(row.activation_energy_ev is not None for row in kept) >= 810
    assert sum(row.repaired for row in kept) >= 420
    assert all(row.reason and row.formula is None for row in rows if row not in kept)


def test_every_formula_given_is_one_that_pymatgen_reads_alike(laskowski_text: str) -> None:
    for row in parse_printed(laskowski_text):
        if row.formula is None:
            continue
        amounts = read_mixture(row.formula).amounts
        total = sum(amounts.values())
        known = Composition(row.formula).fractional_composition.get_el_amt_dict()
        assert known == pytest.approx({e: n / total for e, n in amounts.items()}, abs=1e-6)


def test_repair_by_rule_agrees_with_the_digitized_table(
    laskowski_text: str, laskowski_digitized: pd.DataFrame
) -> None:
    rows = parse_printed(laskowski_text)
    clean = [plain(text) for text in laskowski_digitized["Structure"]]
    assert len(rows) == len(clean)  # one line for each digitised row, in the same order
    kept = [(r, text) for r, text in zip(rows, clean, strict=True) if r.formula is not None]
    wrong = [
        (row.line, row.formula, text)
        for row, text in kept
        if row.formula and not same_fractions(read_mixture(row.formula), likeliest(text))
    ]
    assert len(wrong) <= 0.015 * len(kept), wrong
    # What is left are the digitised table's own misprints: Ti0.7 where print and charge say Ti1.7.
    assert all("Ti(PO4)3" in text or "Ti0." in text for _, _, text in wrong), wrong


def test_unmixed_digitized_formulas_read_by_pymatgen_agree_as_well(
    laskowski_text: str, laskowski_digitized: pd.DataFrame
) -> None:
    compared = agreeing = 0
    rows = parse_printed(laskowski_text)
    for row, text in zip(rows, laskowski_digitized["Structure"], strict=True):
        try:
            clean = Composition(text)
        except ValueError:
            continue  # mixtures and composites, which pymatgen does not read
        if row.formula is not None:
            compared += 1
            agreeing += clean.fractional_composition.almost_equals(
                Composition(row.formula).fractional_composition, rtol=0, atol=1e-3
            )
    assert compared >= 800
    assert agreeing >= 0.97 * compared


def test_all_printed_rows_find_their_digitized_row(
    laskowski_text: str, laskowski_digitized: pd.DataFrame
) -> None:
    rows = parse_printed(laskowski_text)
    merged = align_digitized(rows, laskowski_digitized)
    assert [row.line for row in merged] == [row.line for row in rows]
    kept = [row for row in merged if row.reason is None]
    assert sum(row.reference is not None for row in kept) >= 1300
    by_line = {row.line: row for row in rows}
    for row in kept:
        before = by_line[row.line].conductivity_s_cm
        if before is not None:
            assert row.conductivity_s_cm == before

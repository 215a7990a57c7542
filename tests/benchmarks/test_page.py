"""What the page benchmark counts, without a browser."""

from __future__ import annotations

from benchmarks._page_shots import SHOTS, candidates
from benchmarks.page import figures


def test_the_median_and_the_slow_end_are_judged_apart() -> None:
    median, slow = figures([100.0] * 18 + [500.0, 900.0])
    assert (median.value, median.met) == (100.0, True)
    assert slow.value > 300.0
    assert slow.met is False
    assert (median.n, slow.n) == (20, 20)


def test_the_list_is_the_same_each_time_and_holds_its_bad_rows() -> None:
    first = candidates(200, 5).splitlines()
    assert first == candidates(200, 5).splitlines()
    assert len(first) == 201
    assert {"Xx2O3", "not a formula"} <= set(first)
    assert len(set(first)) == 201


def test_every_picture_has_a_name_of_its_own() -> None:
    names = [shot.name for shot in SHOTS]
    assert len(set(names)) == len(names)

"""What is said of own data: the errors before and after, and what was left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.training.test_comparison import PROTOCOL, held_out, shifted
from training.effect import MEANING, effect_of_own_data
from training.own_rows import SOURCE


def test_errors_of_the_same_rows_stand_before_and_after() -> None:
    before = held_out(90, 1.0)
    after = shifted(before, -0.25)
    text = effect_of_own_data({PROTOCOL: before}, {PROTOCOL: after}, "version 3", [])
    assert "| version 3" in text
    assert "with own rows" in text
    assert MEANING in text
    assert f"{before.error.mean():.4f}" in text
    assert f"{after.error.mean():.4f}" in text
    assert "No own row is one that held-out errors are counted on." in text


def test_own_rows_have_a_table_of_their_own_and_what_was_left_out_is_listed() -> None:
    rows = held_out(90, 1.0)
    source = np.where(np.arange(90) < 6, SOURCE, "obelix")
    mine = replace(rows, source=source)
    text = effect_of_own_data(
        {PROTOCOL: rows}, {PROTOCOL: mine}, "version 3", ["row 4: no such element"]
    )
    assert "No own row is one" not in text
    assert f"{mine.error[:6].mean():.4f}" in text
    assert "Left out:\n\n- row 4: no such element" in text


def test_without_a_champion_there_is_nothing_to_compare_with() -> None:
    text = effect_of_own_data(None, {PROTOCOL: held_out(90, 1.0)}, "there is no champion", [])
    assert "Nothing to compare with: there is no champion." in text
    assert MEANING not in text

"""The Arrhenius figure, from a stand-in's answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from serving.answers import response
from serving.arrhenius_plot import (
    PlotError,
    arrhenius_figure,
    check_figure_path,
    curve_temperatures_c,
    save_arrhenius,
)
from serving.blocks import MaterialText, score_block
from tests.serving.conftest import StandIn


def answered(stand_in: StandIn, *formulas: str) -> list[dict[str, Any]]:
    celsius = curve_temperatures_c()
    entries = [MaterialText(formula, "formula") for formula in formulas]
    kelvin = [each + 273.15 for each in celsius]
    scored = score_block(stand_in, entries, temperatures_k=kelvin, neighbours=True)
    items: list[dict[str, Any]] = response(stand_in, list(formulas), scored, celsius)["predictions"]
    return items


def test_the_curve_holds_room_temperature_and_what_was_asked() -> None:
    assert curve_temperatures_c()[0] == 20.0
    assert curve_temperatures_c()[-1] == 200.0
    assert 25.0 in curve_temperatures_c()
    asked = curve_temperatures_c([-30.0, 61.7])
    assert (asked[0], asked[-1]) == (-30.0, 61.7)
    assert {25.0, 61.7} <= set(asked)
    alone = curve_temperatures_c([300.0])
    assert (alone[0], alone[-1]) == (20.0, 300.0)
    assert asked == sorted(set(asked))


def test_a_line_is_drawn_where_the_answer_says(stand_in: StandIn) -> None:
    (item,) = answered(stand_in, "Li6PS5Cl")
    axes = arrhenius_figure([item]).axes[0]
    (line,) = axes.get_lines()
    x, y = line.get_xdata(), line.get_ydata()
    coldest = item["conductivity_curve"][0]
    assert x[0] == pytest.approx(1000 / (coldest["temperature_c"] + 273.15))
    assert y[0] == pytest.approx(coldest["log10_conductivity_s_cm"]["value"])
    assert list(x) == sorted(x, reverse=True)
    words = [text.get_text() for text in axes.get_legend().get_texts()]
    assert words == ["Li6PS5Cl, predicted", "measured neighbours"]
    (top,) = axes.child_axes
    assert "25" in [label.get_text() for label in top.get_xticklabels()]


def test_several_materials_are_lines_of_their_own(stand_in: StandIn) -> None:
    items = answered(stand_in, "Li6PS5Cl", "Xx", "Na3PS4")
    assert len(arrhenius_figure(items).axes[0].get_lines()) == 2


def test_nothing_to_draw_is_said(stand_in: StandIn) -> None:
    with pytest.raises(PlotError, match="no material"):
        arrhenius_figure(answered(stand_in, "Xx"))


def test_it_is_written_by_the_ending_of_the_path(stand_in: StandIn, tmp_path: Path) -> None:
    save_arrhenius(answered(stand_in, "Li6PS5Cl"), tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(PlotError, match="must end in"):
        check_figure_path(tmp_path / "a.txt")
    with pytest.raises(PlotError, match="no folder"):
        check_figure_path(tmp_path / "none" / "a.png")

from __future__ import annotations

import pytest

from benchmarks.dendrite_page import BEGIN, DOCS, END, KNOWN, asked, table
from models.predictor import Predictor


def test_the_page_shows_the_table_of_this_code() -> None:
    text = (DOCS / "dendrites.md").read_text()
    assert text.split(BEGIN)[1].split(END)[0].strip() == table()


def test_the_leaders_have_their_published_wavelengths() -> None:
    cells = [line.split("|") for line in table().splitlines()[2:]]
    wavelength = {row[1].strip(): float(row[5]) for row in cells}
    assert len(wavelength) == len(KNOWN) == 5
    assert wavelength["Li2WS4"] == pytest.approx(3.64, abs=0.015)  # of v to three digits
    assert wavelength["LiBH4"] == pytest.approx(1.32, abs=0.005)


def test_an_asked_material_has_its_values_inside_its_intervals(predictor: Predictor) -> None:
    material = asked("Li6PS5Cl", predictor)
    assert "Li6PS5Cl" in material.label
    for value, low, high in (material.shear_modulus_gpa, material.volume_ratio):
        assert 0.0 < low < value < high

"""Text rules of the tables: DOIs, formulas, plausible values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.training.samples import measured
from training.moduli_tables import (
    tidy_integers,
)
from training.records import (
    Collector,
    element_amounts,
    normal_doi,
    papers,
    plain_formula,
)

if TYPE_CHECKING:
    pass


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        ("10.1039/C3DT52917G", "10.1039/c3dt52917g"),
        ("https://doi.org/10.1021/ab", "10.1021/ab"),
        (" doi:10.1021/acs.inorgchem.8b01785.s001 ", "10.1021/acs.inorgchem.8b01785"),
        ("10.1016/a|10.1016/B", "10.1016/a|10.1016/b"),
        ("Journal De Physique 26 339-341. 1965", None),
        ("", None),
        (None, None),
    ],
)
def test_one_paper_has_one_doi_however_it_is_written(text: str | None, doi: str | None) -> None:
    assert normal_doi(text) == doi


def test_a_joint_reference_names_both_papers() -> None:
    assert papers("10.1016/a|10.1016/b") == ("10.1016/a", "10.1016/b")


def test_whole_amounts_are_divided_and_fractional_ones_kept() -> None:
    assert plain_formula({"Li": 8.0, "P": 4.0, "O": 14.0}) == "Li4P2O7"
    assert plain_formula({"Li": 3.6, "Sc": 3.6, "O": 8.0}) == "Li3.6Sc3.6O8"
    assert plain_formula({"Li": 1.0, "F": 1.0}) == "LiF"


def test_both_spellings_of_a_matbench_formula_give_one_text() -> None:
    assert tidy_integers("Ca1 Ag2 Ge2") == tidy_integers("Ag2Ca1Ge2") == "Ag2CaGe2"
    assert tidy_integers("Na3 N1") == "NNa3"


def test_an_element_named_twice_is_added_up() -> None:
    assert element_amounts("Li1O2Li3") == {"Li": 4.0, "O": 2.0}


def test_an_impossible_value_is_rejected_with_the_range() -> None:
    found = Collector()
    assert not found.keep(measured(value=3.0))
    assert found.rejected[0].reason == "log10_conductivity_s_cm outside (-30, 1]"

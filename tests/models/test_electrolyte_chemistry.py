from __future__ import annotations

import pytest

from features.material import Material
from features.table import feature_table
from models.composition_distance import fractions_of
from models.electrolyte_chemistry import CHARGE_COLUMN, chemical_objections, outnumbered_by


def _objections(*formulas: str) -> list[list[str]]:
    materials = [Material.from_formula(formula) for formula in formulas]
    features = feature_table(materials, groups=("composition",))
    return chemical_objections(fractions_of(features), features[CHARGE_COLUMN].to_numpy())


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("Li", "pure element (Li)"),
        ("O2", "pure element (O)"),
        ("CuZn", "a metal or an alloy"),
        ("Li17Sn4", "a metal or an alloy"),
        ("LiAl", "a metal or an alloy"),
        ("LiC6", "a metal or an alloy"),
        ("XeF2", "molecular compound"),
        ("ClF3", "molecular compound"),
        ("C6H12O6", "molecular compound"),
        ("LiC2H3O2", "organic"),
        ("LiF5", "near neutral"),
        ("Li5F", "near neutral"),
    ],
)
def test_what_is_no_electrolyte_is_said_to_be_none(formula: str, words: str) -> None:
    assert any(words in reason for reason in _objections(formula)[0])


def test_known_conductors_meet_no_objection() -> None:
    known = ["Li7La3Zr2O12", "Li6PS5Cl", "Li3YCl6", "Li1.3Al0.3Ti1.7(PO4)3", "LiBH4", "Li3N"]
    known += ["Na3PS4", "Li3P", "Li10GeP2S12", "Na3Zr2Si2PO12", "LiPON", "Li2CO3", "LiCB11H12"]
    known += ["Li0.33La0.56TiO3", "Li6.4La3Zr1.4Ta0.6O12", "MgSc2Se4", "Li3OCl", "LiAlH4"]
    assert _objections(*known) == [[] for _ in known]


def test_nothing_asked_is_nothing_said() -> None:
    assert _objections() == []


@pytest.mark.parametrize(
    ("ion", "formula", "rival"),
    [
        ("Li", "Na2.99Li0.01PS4", "Na"),
        ("Li", "Na1.67Al10.67Li0.33O17", "Na"),
        ("Mg", "K1.67Mg0.67Al10.33O17", "K"),
        ("Na", "Ag5NaI6", "Ag"),
        ("Li", "LiNaPS4", None),
        ("Li", "Li6PS5Cl", None),
        ("Mg", "KMgCl3", None),
        ("Mg", "MgSc2Se4", None),
        ("K", "KAg4I5", None),
    ],
)
def test_an_ion_beside_far_more_of_another_is_not_for_certain_the_one_that_moves(
    ion: str, formula: str, rival: str | None
) -> None:
    material = Material.from_formula(formula)
    assert outnumbered_by(ion, dict(material.fractions)) == rival

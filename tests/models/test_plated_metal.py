"""Which metal is plated through a material."""

from __future__ import annotations

import pytest

from features.material import Material
from models.plated_metal import plated_metals, plating_notes
from models.predictor import Predictor

LITHIUM_ALONE = Material.from_formula("Li6PS5Cl")
BOTH = Material.from_formula("LiNaPS4Cl")


def test_by_default_it_is_that_of_the_mobile_ion() -> None:
    assert plated_metals([LITHIUM_ALONE, BOTH, Material.from_formula("Fe2O3")], None) == [
        "Li",
        "Li",
        None,
    ]
    assert plating_notes(["Li", None], None) == [[], []]


def test_a_metal_is_plated_only_through_what_holds_its_ion() -> None:
    metals = plated_metals([LITHIUM_ALONE, BOTH], "Na")
    assert metals == [None, "Na"]
    first, second = plating_notes(metals, "Na")
    assert "no Na metal" in first[0]
    assert second == []


def test_the_predictor_compares_with_the_metal_asked_for(predictor: Predictor) -> None:
    usual = predictor.predict([BOTH])
    sodium = predictor.predict([LITHIUM_ALONE, BOTH], electrode="Na")
    assert (usual.electrodes, sodium.electrodes) == (["Li"], [None, "Na"])
    assert sodium.frame["dendrite_suppression_score"].isna().tolist() == [True, False]
    assert any("no Na metal" in note for note in sodium.notes[0])
    ratio = sodium.dendrite.monroe_newman_ratio[1] / usual.dendrite.monroe_newman_ratio[0]
    assert ratio == pytest.approx(3.4 / 1.669)
    assert sodium.volume_ratio_source[1] == "typical"
    modulus = "shear_modulus_gpa"
    assert sodium.frame[modulus][1] == pytest.approx(usual.frame[modulus][0])

from __future__ import annotations

from features.material import Material
from models.predictor import Predictor
from serving.dendrite_answers import panels


def test_both_criteria_are_named_with_their_validity(predictor: Predictor) -> None:
    panel = panels(predictor.predict([Material.from_formula("Li7La3Zr2O12")]))[0]
    assert panel is not None
    stability, newman = panel["linear_stability"], panel["monroe_newman"]
    # A stiff garnet passes Monroe-Newman and fails chi: the two rules ask for opposites.
    assert newman["passes"]
    assert not stability["stable"]
    assert stability["chi_kj_mol_nm"]["lower"] < stability["chi_kj_mol_nm"]["upper"]
    assert "polymers" in newman["validity"]
    assert "fracture toughness" in panel["not_predicted"]


def test_the_criteria_face_the_metal_of_the_mobile_ion(predictor: Predictor) -> None:
    formulas = ["Na3PS4", "MgSc2Se4", "Ag2HgI4", "Al2O3"]
    block = predictor.predict([Material.from_formula(formula) for formula in formulas])
    shown = [None if panel is None else panel["electrode"] for panel in panels(block)]
    assert shown == ["Na", "Mg", None, None]

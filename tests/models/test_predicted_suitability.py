"""The dendrite panel of a real, small bundle."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from features.material import Material
from models.bundle import MANIFEST, SEAL, Manifest, seal
from models.electrodes import typical_volume_ratio, volume_ratio
from models.prediction import PredictionBlock
from models.predictor import Predictor
from models.volume_ratio import COMPOSITION, STRUCTURE, TYPICAL

ROCK_SALT = Structure.from_spacegroup(
    "Fm-3m", Lattice.cubic(5.13), ["Li", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]
)


@pytest.fixture(scope="module")
def block(predictor: Predictor) -> PredictionBlock:
    formulas = ["Li6PS5Cl", "Li7La3Zr2O12", "Na3PS4", "Ag2HgI4"]
    materials = [Material.from_formula(formula) for formula in formulas]
    return predictor.predict([*materials, Material.from_structure(ROCK_SALT)])


def test_each_volume_ratio_says_where_it_is_from(block: PredictionBlock) -> None:
    assert block.volume_ratio_source[2:] == [TYPICAL, None, STRUCTURE]
    assert block.volume_ratio_source[0] in (COMPOSITION, TYPICAL)
    panel = block.dendrite
    assert panel.volume_ratio[4] == pytest.approx(float(volume_ratio(6.0)), rel=1e-6)
    assert np.isnan(panel.volume_ratio[3])
    assert (panel.volume_ratio_lower < panel.volume_ratio)[[0, 1, 2, 4]].all()
    wide = np.log(panel.volume_ratio_upper / panel.volume_ratio_lower)
    assert wide[4] < wide[0]


def test_formulas_differ_in_volume_ratio_where_it_was_learned(block: PredictionBlock) -> None:
    if block.volume_ratio_source[0] != COMPOSITION:
        pytest.skip("no Li structures were within reach at training time")
    first, second = block.dendrite.volume_ratio[:2]
    assert first != second
    assert 0.02 < min(first, second) < max(first, second) < 0.3


def test_percentiles_are_of_lithium_compounds(block: PredictionBlock) -> None:
    panel = block.dendrite
    if panel.rank_reference is None:
        pytest.skip("the stability table was not within reach at training time")
    assert "12,607" in panel.rank_reference
    lithium = [0, 1, 4]
    for percentile in (panel.percentile_chi, panel.percentile_wavelength):
        assert ((percentile[lithium] >= 0.0) & (percentile[lithium] <= 100.0)).all()
        assert np.isnan(percentile[[2, 3]]).all()
    # The sulfide is soft, the garnet stiff.
    assert panel.percentile_chi[0] > panel.percentile_chi[1]


def test_a_bundle_without_dendrite_data_still_answers(bundle: Path, tmp_path: Path) -> None:
    poor = tmp_path / "poor"
    shutil.copytree(bundle, poor)
    manifest = Manifest.model_validate_json((poor / MANIFEST).read_text())
    for path in [*poor.glob("volume_ratio*"), *poor.glob("dendrite_ranks*")]:
        path.unlink()
    (poor / MANIFEST).unlink()
    (poor / SEAL).unlink()
    seal(poor, manifest)
    block = Predictor.load(poor).predict([Material.from_formula("Li6PS5Cl")])
    assert block.volume_ratio_source == [TYPICAL]
    assert block.dendrite.volume_ratio[0] == pytest.approx(float(typical_volume_ratio()[0]))
    assert np.isnan(block.dendrite.percentile_chi).all()
    assert block.dendrite.rank_reference is None
    assert 0.0 < block.dendrite.score[0] < 1.0

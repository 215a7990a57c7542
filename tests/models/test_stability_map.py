from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.dendrite import stability_terms
from models.electrodes import LITHIUM
from models.stability_map import (
    KNOWN_ELECTROLYTES,
    MAP_POISSON_RATIO,
    AskedMaterial,
    save_stability_map,
    stability_map,
)

ASKED = AskedMaterial("Li6PS5Cl", (10.2, 6.8, 17.0), (0.06, 0.04, 0.09))


def test_every_known_material_and_the_asked_one_stand_where_they_belong() -> None:
    (axes,) = stability_map([ASKED]).axes
    points = [
        tuple(np.ravel(line.get_xydata())) for line in axes.lines if len(line.get_xydata()) == 1
    ]
    for known in KNOWN_ELECTROLYTES:
        wanted = (known.volume_ratio, known.shear_modulus_gpa / 3.4)
        assert any(np.allclose(point, wanted) for point in points), known.label
    assert any(np.allclose(point, (0.06, 3.0)) for point in points)
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["Li6PS5Cl"]


def test_the_drawn_boundaries_are_where_chi_changes_sign() -> None:
    (axes,) = stability_map().axes
    curves = [line.get_xydata() for line in axes.lines if len(line.get_xydata()) > 100]
    assert len(curves) == 2
    for curve in curves:
        v, ratio = curve[::40].T
        terms = stability_terms(ratio * LITHIUM.shear_modulus_gpa, MAP_POISSON_RATIO, v)
        scale = np.abs(terms.pressure) + np.abs(terms.deviatoric)
        assert (terms.pressure + terms.deviatoric) / scale == pytest.approx(0.0, abs=1e-9)


def test_without_an_asked_material_there_is_no_legend() -> None:
    assert stability_map().axes[0].get_legend() is None


def test_the_map_is_written_as_an_image(tmp_path: Path) -> None:
    save_stability_map(stability_map([ASKED]), tmp_path / "map.png")
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")

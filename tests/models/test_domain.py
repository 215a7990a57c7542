from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.material import Material
from features.table import feature_table
from models.composition_distance import fractions_of
from models.domain import Domain, Look

GROUPS = ("composition", "structure")
ALKALI, METALS, ANIONS = ("Li", "Na"), ("Y", "Sc", "In", "Al", "Zr", "Ge", "P"), ("Cl", "S", "O")
KNOWN = [
    f"{ion}{amount}{metal}{anion}{amount + 1}"
    for ion in ALKALI
    for amount in (2, 3, 5)
    for metal in METALS
    for anion in ANIONS
]


def _materials(*formulas: str) -> tuple[list[Material], pd.DataFrame]:
    materials = [Material.from_formula(formula) for formula in formulas]
    return materials, feature_table(materials, groups=GROUPS)


@pytest.fixture(scope="module")
def domain() -> Domain:
    materials, features = _materials(*KNOWN)
    moduli = fractions_of(_materials("LiF", "NaCl", "MgO", "Li3PS4", "Fe")[1])
    return Domain.of(materials, features, (278.15, 600.0), moduli)


def _look(domain: Domain, *formulas: str, temperatures_k: tuple[float, ...] = ()) -> Look:
    return domain.look(*_materials(*formulas), temperatures_k)


def test_a_known_composition_is_inside(domain: Domain) -> None:
    look = _look(domain, "Li3PS4", "Li2YCl3")
    assert look.transport_distance[1, 0] == pytest.approx(0.0, abs=1e-4)
    assert look.percentile[1] == 0.0
    assert not any("unlike" in reason for reason in look.transport_reasons[1])


def test_what_is_strange_is_said_in_words(domain: Domain) -> None:
    look = _look(domain, "MgSc2S4", "Li3UCl6", "Al2O3", "CuZn")
    assert "mobile ion Mg has no training data" in look.transport_reasons[0][0]
    assert "never seen in a conductor: U" in look.transport_reasons[1]
    assert "never seen with a modulus: U" in look.moduli_reasons[1][0]
    assert "no known mobile ion" in look.transport_reasons[2][0]
    assert any("metal or an alloy" in reason for reason in look.transport_reasons[3])


def test_far_features_are_unlike_the_known_ones(domain: Domain) -> None:
    (reasons,) = _look(domain, "Li20Y").transport_reasons
    assert any("its features are unlike" in reason for reason in reasons)


@pytest.mark.parametrize(("kelvin", "outside"), [(300.0, False), (599.0, False), (900.0, True)])
def test_a_temperature_nobody_measured_at_is_said(
    domain: Domain, kelvin: float, outside: bool
) -> None:
    look = _look(domain, "Li2YCl3", temperatures_k=(299.0, kelvin))
    said = [f"no conductivity was measured at {kelvin - 273.15:g} °C" in each
            for each in look.temperature_reasons]  # fmt: skip
    assert said == [True] * outside
    assert look.transport_reasons == _look(domain, "Li2YCl3").transport_reasons


def test_the_percentile_rises_with_the_distance(domain: Domain) -> None:
    look = _look(domain, "Li2YCl3", "Li2.1YCl3", "Li2YBr3", "Li2YI3", "LiAu5Hg")
    assert (np.diff(look.percentile) >= 0).all()
    assert look.percentile[-1] == 100.0


def test_what_is_saved_is_what_is_loaded(domain: Domain, tmp_path: Path) -> None:
    domain.save(tmp_path)
    asked = ("Li2YCl3", "Li3UCl6", "Li20Y", "Al2O3")
    one, other = _look(domain, *asked), _look(Domain.load(tmp_path), *asked)
    assert one.transport_reasons == other.transport_reasons
    assert one.moduli_reasons == other.moduli_reasons
    assert np.array_equal(one.transport_distance, other.transport_distance)
    assert np.array_equal(one.percentile, other.percentile)


def test_nothing_looked_at_is_nothing_found(domain: Domain) -> None:
    look = _look(domain)
    assert look.transport_reasons == []
    assert look.transport_distance.shape == (0, 2)

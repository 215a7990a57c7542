"""The model card says what the bundle was made of and where it fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from features.material import Material
from models.bundle import open_bundle
from models.card import FILE, WORST, ModelCard
from training.card import anion_kind
from training.held_out_rows import load_rows


@pytest.fixture(scope="module")
def card(bundle: Path) -> ModelCard:
    found = ModelCard.load(bundle)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("formula", "kind"),
    [
        ("Li7La3Zr2O12", "oxides"),
        ("Li6PS5Cl", "chalcogenides (S, Se, Te)"),
        ("Li3YCl6", "halides"),
        ("Li3OCl", "mixed anions"),
        ("LiBH4", "hydrides"),
        ("Li3N", "nitrides"),
        ("LiAl", "none of these"),
    ],
)
def test_the_kind_of_the_anions(formula: str, kind: str) -> None:
    assert anion_kind(Material.from_formula(formula)) == kind


def test_every_source_stands_with_licence_and_the_values_it_gave(
    card: ModelCard, bundle: Path
) -> None:
    assert [each.name for each in card.data] == [s["name"] for s in open_bundle(bundle).sources]
    assert all(each.licence for each in card.data)
    assert next(each.values for each in card.data if each.name == "obelix") == 599


def test_the_ions_of_the_intended_use_are_those_with_data(card: ModelCard, bundle: Path) -> None:
    trained = open_bundle(bundle).mobile_ions
    assert [ion for ion in ("Li", "Na", "Mg") if ion in trained] == trained
    assert card.intended_use[0].endswith(f"mobile ion with data: {' and '.join(trained)}")


def test_figures_limits_and_failures_are_those_of_the_held_out_rows(
    card: ModelCard, bundle: Path
) -> None:
    rows = load_rows(bundle)
    assert rows is not None
    sigma = rows["log10_conductivity_s_cm"]
    assert card.figures[0].mean_absolute_error == pytest.approx(sigma.error.mean())
    for kind in ("anion", "mobile ion"):
        counted = [
            each.rows
            for each in card.limits
            if each.property == "log10_conductivity_s_cm" and each.kind == kind
        ]
        assert sum(counted) == len(sigma)
    worst = [each for each in card.known_failures if each.property == "log10_conductivity_s_cm"]
    assert len(worst) == WORST
    assert worst[0].error == pytest.approx(sigma.error.max())
    assert all(Material.from_formula(each.formula) for each in worst)


def test_the_card_is_checked_when_it_is_read(card: ModelCard, tmp_path: Path) -> None:
    content = json.loads(card.model_dump_json())
    (tmp_path / FILE).write_text(json.dumps(content | {"surprise": 1}))
    with pytest.raises(ValidationError):
        ModelCard.load(tmp_path)
    assert ModelCard.load(tmp_path / "elsewhere") is None


def test_the_card_reads_as_markdown(card: ModelCard) -> None:
    text = card.to_markdown()
    for title in ("Data", "Held-out errors", "Limits by chemistry", "Known failures"):
        assert f"## {title}" in text
    assert card.known_failures[0].formula in text

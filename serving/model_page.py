"""What the service says about its model: GET /model and GET /elements."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, FiniteFloat

from features.elements import KNOWN_UNTRAINED_IONS, SYMBOLS
from features.limits import MaterialLimits
from models.bundle import Manifest
from models.card import ModelCard
from serving.schema import MAX_MATERIALS, MAX_TEMPERATURES
from serving.settings import Settings

UNITS = {
    "log10_conductivity_s_cm": "log10 of S/cm, 25 degrees Celsius",
    "activation_energy_ev": "eV",
    "shear_modulus_gpa": "GPa",
    "bulk_modulus_gpa": "GPa",
    "dendrite_suppression_score": "from 0 to 1",
}


class Source(BaseModel):
    """A data set that was learned from, or why it was not."""

    name: str
    via: str | None = None
    sha256: str | None = None
    reason: str | None = None


class Limits(BaseModel):
    """What is accepted; a request or material beyond is refused with its reason."""

    materials_a_request: int
    temperatures_a_request: int
    body_bytes: int
    request_s: FiniteFloat
    structure_s: FiniteFloat
    structure_bytes: int
    structure_memory_mb: int
    sites: int
    formula_characters: int
    elements_a_material: int


class ModelPage(BaseModel):
    """The card of the model that answers now."""

    version: str
    trained_at: str
    data_sha256: str
    feature_version: str
    git_commit: str
    properties: dict[str, str]
    metrics: dict[str, FiniteFloat]
    mobile_ions: list[str]
    sources: list[Source]
    missing_sources: list[Source]
    limits: Limits
    card: ModelCard | None
    """What the model is for, what it was made of and where it fails; null for a model that was
    trained before there were cards."""


class ElementRow(BaseModel):
    """An element, and whether materials with it stood in the training data."""

    symbol: str
    transport: bool
    moduli: bool


class ElementsPage(BaseModel):
    """Which elements the model has seen."""

    mobile_ions: list[str]
    mobile_ions_without_data: list[str]
    elements: list[ElementRow]


def model_page(
    manifest: Manifest, settings: Settings, card: ModelCard | None = None
) -> dict[str, Any]:
    """The body of GET /model."""
    bounds = MaterialLimits()
    limits = Limits(
        materials_a_request=MAX_MATERIALS,
        temperatures_a_request=MAX_TEMPERATURES,
        body_bytes=settings.max_body_bytes,
        request_s=settings.request_timeout_s,
        structure_s=settings.structure_time_limit_s,
        structure_bytes=bounds.structure_bytes,
        structure_memory_mb=settings.structure_memory_mb,
        sites=bounds.sites,
        formula_characters=bounds.formula_characters,
        elements_a_material=bounds.elements,
    )
    page = ModelPage(
        version=manifest.version,
        trained_at=manifest.trained_at,
        data_sha256=manifest.data_sha256,
        feature_version=manifest.feature_version,
        git_commit=manifest.git_commit,
        properties=UNITS,
        metrics=manifest.metrics,
        mobile_ions=manifest.mobile_ions,
        sources=[Source(**each) for each in manifest.sources],
        missing_sources=[Source(**each) for each in manifest.missing_sources],
        limits=limits,
        card=card,
    )
    return page.model_dump()


def elements_page(manifest: Manifest) -> dict[str, Any]:
    """The body of GET /elements."""
    transport = set(manifest.elements.get("transport", []))
    moduli = set(manifest.elements.get("moduli", []))
    page = ElementsPage(
        mobile_ions=manifest.mobile_ions,
        mobile_ions_without_data=[
            ion for ion in KNOWN_UNTRAINED_IONS if ion not in manifest.mobile_ions
        ],
        elements=[
            ElementRow(symbol=symbol, transport=symbol in transport, moduli=symbol in moduli)
            for symbol in SYMBOLS
        ],
    )
    return page.model_dump()

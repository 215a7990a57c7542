"""The JSON that the service gives."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, FiniteFloat

from serving.dendrite_schema import DendritePanel, Interval


class CurvePoint(BaseModel):
    """Conductivity and diffusion at one temperature; null where the notes say why."""

    temperature_c: FiniteFloat
    log10_conductivity_s_cm: Interval | None
    log10_diffusion_coefficient_cm2_s: Interval | None


class Answer(BaseModel):
    """The prediction for one material. A property is null where the notes say why."""

    id: str | int | None
    status: Literal["ok"]
    formula: str
    mobile_ion: str | None
    log10_conductivity_s_cm: Interval | None  # log10 of S/cm, 25 degrees Celsius
    activation_energy_ev: Interval | None
    shear_modulus_gpa: Interval | None
    bulk_modulus_gpa: Interval | None
    dendrite_suppression_score: Interval | None
    log10_prefactor_s_k_cm: Interval | None  # of sigma T = sigma_0 exp(-E_a / k_B T)
    log10_diffusion_coefficient_cm2_s: Interval | None  # 25 degrees Celsius
    area_specific_resistance_ohm_cm2: Interval | None  # 25 degrees Celsius
    transport_notes: list[str]  # cautions for these three, and why one is null
    conductivity_curve: list[CurvePoint]
    dendrite: DendritePanel | None
    in_domain: bool
    notes: list[str]


class Fault(BaseModel):
    """What is wrong and where."""

    code: str
    message: str
    field: str | None


class Refusal(BaseModel):
    """A material that has no prediction, and why."""

    id: str | int | None
    status: Literal["error"]
    error: Fault


class ModelCard(BaseModel):
    """Which model answered."""

    version: str
    data_sha256: str
    trained_at: str


class PredictResponse(BaseModel):
    """The answer of POST /predict, one prediction for each material, in order."""

    model: ModelCard
    predictions: list[Annotated[Answer | Refusal, Field(discriminator="status")]]

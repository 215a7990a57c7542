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


class LearnedInterval(Interval):
    """A learned property with the two parts of its uncertainty, as standard deviations.

    Of a conductivity in log10 S/cm, of an activation energy in eV, of a modulus in log10 GPa.
    """

    epistemic: FiniteFloat  # what is not known of this material
    aleatoric: FiniteFloat  # what careful measurements of one material differ by
    quantiles: dict[str, FiniteFloat] | None = None  # by level as asked, where it was


class ExpectedError(BaseModel):
    """Mean absolute error of held-out materials alike; null where nothing is predicted."""

    log10_conductivity_s_cm: FiniteFloat | None
    activation_energy_ev: FiniteFloat | None
    log10_shear_modulus_gpa: FiniteFloat | None
    log10_bulk_modulus_gpa: FiniteFloat | None


class DomainAnswer(BaseModel):
    """Where the material stands against the training data."""

    in_domain: bool
    reasons: list[str]  # why not, in words
    percentile: FiniteFloat  # 0..100: measured conductors that have a nearer neighbour
    distance: FiniteFloat  # to the nearest measured conductor, steps of the element scale
    expected_error: ExpectedError


class MeasuredNeighbour(BaseModel):
    """A measured material near the one asked for."""

    formula: str
    log10_conductivity_s_cm: FiniteFloat | None
    bound: Literal["=", "<"]  # "<": below what could be detected
    activation_energy_ev: FiniteFloat | None
    temperature_c: FiniteFloat | None
    doi: str | None
    distance: FiniteFloat
    same_composition: bool


class FeatureContribution(BaseModel):
    """What a feature adds to the boosted trees' prediction. ``base`` is their mean prediction,
    ``other`` all features that are not listed; all together are what the trees predict."""

    feature: str
    value: FiniteFloat | None
    contribution: FiniteFloat


class Answer(BaseModel):
    """The prediction for one material. A property is null where the notes say why."""

    id: str | int | None
    status: Literal["ok"]
    formula: str
    mobile_ion: str | None
    log10_conductivity_s_cm: LearnedInterval | None  # log10 of S/cm, 25 degrees Celsius
    activation_energy_ev: LearnedInterval | None
    shear_modulus_gpa: LearnedInterval | None
    bulk_modulus_gpa: LearnedInterval | None
    dendrite_suppression_score: Interval | None
    log10_prefactor_s_k_cm: Interval | None  # of sigma T = sigma_0 exp(-E_a / k_B T)
    log10_diffusion_coefficient_cm2_s: Interval | None  # 25 degrees Celsius
    area_specific_resistance_ohm_cm2: Interval | None  # 25 degrees Celsius
    transport_notes: list[str]  # cautions for these three, and why one is null
    conductivity_curve: list[CurvePoint]
    dendrite: DendritePanel | None
    in_domain: bool
    domain: DomainAnswer
    neighbours: list[MeasuredNeighbour]  # the five nearest measured materials
    measured: list[MeasuredNeighbour]  # measurements of the very composition
    contributions: dict[str, list[FeatureContribution]] | None = None  # where asked
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

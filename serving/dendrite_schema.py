"""The dendrite panel of an answer."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, FiniteFloat


class Interval(BaseModel):
    """A value and the interval that holds the truth with the probability asked for."""

    value: FiniteFloat
    lower: FiniteFloat
    upper: FiniteFloat


class VolumeRatio(Interval):
    """v, and which way it was found."""

    source: Literal["structure", "composition", "typical"]
    explanation: str


class LinearStability(BaseModel):
    """The criterion for inorganic electrolytes (10.1103/PhysRevLett.119.056003): chi < 0.

    A negative critical wavelength means stable at every wavelength, so a best end below zero lies
    beyond infinity. A percentile is the share of known compounds that are less stable.
    """

    chi_kj_mol_nm: Interval
    pressure_term_kj_mol_nm: FiniteFloat
    deviatoric_term_kj_mol_nm: FiniteFloat
    surface_term_kj_mol_nm: FiniteFloat
    critical_wavelength_nm: FiniteFloat
    critical_wavelength_worst_nm: FiniteFloat
    critical_wavelength_best_nm: FiniteFloat
    stable: bool
    probability_stable: FiniteFloat
    probability_density_driven: FiniteFloat
    probability_pressure_driven: FiniteFloat
    percentile_chi: FiniteFloat | None
    percentile_critical_wavelength: FiniteFloat | None
    percentile_note: str
    validity: str


class MonroeNewman(BaseModel):
    """The criterion for polymers (10.1149/1.1850854): G / (2 G_metal) >= 1."""

    ratio: FiniteFloat
    passes: bool
    probability_passes: FiniteFloat
    validity: str


class ScoreParts(BaseModel):
    """What each part gives to dendrite_suppression_score, and the most it could give."""

    margin: FiniteFloat
    wavelength: FiniteFloat
    stable: FiniteFloat
    weights: dict[str, FiniteFloat]


class Measured(BaseModel):
    """A value that came with the material, beside what the literature asks of it."""

    quantity: str
    value: FiniteFloat
    unit: str
    thresholds: list[FiniteFloat]
    verdict: Literal["meets", "between", "fails", "no threshold"]
    statement: str
    source: str


class DendritePanel(BaseModel):
    """Every criterion against the metal of the mobile ion, and what none of them can know."""

    electrode: str
    volume_ratio: VolumeRatio
    linear_stability: LinearStability
    monroe_newman: MonroeNewman
    score_parts: ScoreParts
    poisson_ratio: FiniteFloat
    youngs_modulus_gpa: FiniteFloat
    pugh_ratio: FiniteFloat
    ductility_hint: str
    measured: list[Measured] = Field(description="in the order of the request's fields")
    design_rules: list[str]
    not_predicted: list[str]

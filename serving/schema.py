"""The JSON that the service takes and gives.

A body whose shape is wrong (a field missing, unknown or of the wrong type) is refused as a whole
with the field's path. A material whose content is wrong (no such element, a broken CIF) is an
error in its own item; ``serving.blocks`` sees to that.
"""

from __future__ import annotations

import json
import math
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from serving.blocks import MaterialText

MAX_MATERIALS = 256
MAX_TEMPERATURES = 100
MAX_ID_CHARACTERS = 200
MAX_PATH_CHARACTERS = 200
LARGEST_EXACT_INTEGER = 2**53  # above it, JSON readers that use doubles change the number
ABSOLUTE_ZERO_C = -273.15
HIGHEST_TEMPERATURE_C = 2000.0


def _identifier(value: object) -> object:
    if value is None or (isinstance(value, str) and len(value) <= MAX_ID_CHARACTERS):
        return value
    if (
        isinstance(value, int)
        and not isinstance(value, bool)
        and abs(value) <= LARGEST_EXACT_INTEGER
    ):
        return value
    raise PydanticCustomError(
        "identifier", f"must be text of at most {MAX_ID_CHARACTERS} characters or a whole number"
    )


def _structure(value: object) -> object:
    if value is None or isinstance(value, str | dict):
        return value
    raise PydanticCustomError("structure", "must be text (or, with format pymatgen, a JSON object)")


def _number(value: object) -> float:
    """A JSON number; NaN, which no comparison holds for, for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if abs(value) < LARGEST_EXACT_INTEGER else math.inf
    return math.nan


def _temperature(value: object) -> float:
    if ABSOLUTE_ZERO_C < (temperature_c := _number(value)) <= HIGHEST_TEMPERATURE_C:
        return temperature_c
    raise PydanticCustomError(
        "temperature",
        f"must be a number above {ABSOLUTE_ZERO_C} and at most {HIGHEST_TEMPERATURE_C:g} (Celsius)",
    )


def _coverage(value: object) -> float:
    if 0.5 <= (coverage := _number(value)) <= 0.99:
        return coverage
    raise PydanticCustomError("coverage", "must be a number from 0.5 to 0.99")


Identifier = Annotated[str | int | None, BeforeValidator(_identifier)]
TemperatureC = Annotated[float, BeforeValidator(_temperature)]
Coverage = Annotated[float, BeforeValidator(_coverage)]


class _Strict(BaseModel):
    """Numbers are numbers, text is text, and an unknown field is refused by name."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Conditions(_Strict):
    """What is asked of every material in a request."""

    temperatures_c: Annotated[list[TemperatureC], Field(max_length=MAX_TEMPERATURES)] = []
    """Temperatures of the conductivity curve, in degrees Celsius."""

    coverage: Coverage = 0.9
    """Probability with which an interval shall hold the true value."""

    @property
    def temperatures_k(self) -> list[float]:
        """The temperatures in kelvin, in the order given."""
        return [temperature_c - ABSOLUTE_ZERO_C for temperature_c in self.temperatures_c]


class MaterialItem(_Strict):
    """One material: a formula, or a structure together with the name of its format."""

    id: Identifier = None
    formula: str | None = None
    structure: Annotated[Any, BeforeValidator(_structure)] = None
    format: Literal["cif", "poscar", "pymatgen"] | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> MaterialItem:
        if (self.formula is None) == (self.structure is None):
            raise PydanticCustomError(
                "one_of", "must have either formula, or structure with format"
            )
        if (self.structure is None) != (self.format is None):
            raise PydanticCustomError(
                "one_of", "structure and format (cif, poscar or pymatgen) go together"
            )
        if isinstance(self.structure, dict) and self.format != "pymatgen":
            raise PydanticCustomError("one_of", f"structure must be text for {self.format}")
        return self

    def text(self) -> MaterialText:
        """The material's text under its named format."""
        if self.format is None:
            return MaterialText(self.formula or "", "formula")
        if isinstance(self.structure, str):
            return MaterialText(self.structure, self.format)
        return MaterialText(json.dumps(self.structure), self.format)


class PredictRequest(Conditions):
    """The body of POST /predict."""

    materials: Annotated[list[MaterialItem], Field(max_length=MAX_MATERIALS)]


class Interval(BaseModel):
    """A value and the interval that holds the truth with the probability asked for."""

    value: FiniteFloat
    lower: FiniteFloat
    upper: FiniteFloat


class CurvePoint(BaseModel):
    """Conductivity at one temperature; null where the notes say why."""

    temperature_c: FiniteFloat
    log10_conductivity_s_cm: Interval | None


class LinearStability(BaseModel):
    """The criterion for inorganic electrolytes (10.1103/PhysRevLett.119.056003): chi < 0."""

    chi_kj_mol_nm: Interval
    critical_wavelength_nm: FiniteFloat  # negative: stable at every wavelength
    stable: bool
    probability_stable: FiniteFloat
    validity: str


class MonroeNewman(BaseModel):
    """The criterion for polymers (10.1149/1.1850854): G / (2 G_metal) >= 1."""

    ratio: FiniteFloat
    passes: bool
    probability_passes: FiniteFloat
    validity: str


class DendritePanel(BaseModel):
    """Both criteria against the metal of the mobile ion, and what neither can know."""

    electrode: str
    linear_stability: LinearStability
    monroe_newman: MonroeNewman
    poisson_ratio: FiniteFloat
    pugh_ratio: FiniteFloat
    not_predicted: list[str]


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


def first_fault(error: ValidationError) -> Fault:
    """The first thing wrong with a body, in words, with the path of the field."""
    detail = error.errors(include_url=False, include_input=False)[0]
    path = ".".join(str(step) for step in detail["loc"])[:MAX_PATH_CHARACTERS]
    name = str(detail["loc"][-1])[:MAX_PATH_CHARACTERS] if detail["loc"] else ""
    match detail["type"], detail["loc"]:
        case "json_invalid", _:
            code, message = "invalid_json", detail["msg"]
        case "extra_forbidden", _:
            code, message = "unknown_field", f"there is no field '{name}' here"
        case "missing", _:
            code, message = "missing_field", f"the field '{name}' is missing"
        case "too_long", ("materials",):
            code = "too_many_materials"
            message = (
                f"at most {MAX_MATERIALS} materials a request; for longer lists use "
                "`frenkel score IN OUT`"
            )
        case "too_long", ("temperatures_c",):
            code, message = "invalid_field", f"at most {MAX_TEMPERATURES} temperatures a request"
        case "model_type" | "model_attributes_type", ():
            code, message = "invalid_field", "the body must be a JSON object"
        case _:
            code, message = "invalid_field", detail["msg"]
    return Fault(code=code, message=message, field=path or None)

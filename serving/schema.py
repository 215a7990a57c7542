"""The JSON that the service takes.

A body whose shape is wrong (a field missing, unknown or of the wrong type) is refused as a whole
with the field's path. A material whose content is wrong (no such element, a broken CIF) is an
error in its own item; ``serving.blocks`` sees to that.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from models.carrier_density import DENSITY_RANGE_G_CM3, is_density
from models.intervals import LEVEL_RANGE
from models.measured_criteria import ACCEPTED, MeasuredValues, is_accepted
from models.prediction import MOST_QUANTILES
from models.transport_picture import (
    DEFAULT_HAVEN_RATIO,
    DEFAULT_SEPARATOR_THICKNESS_UM,
    HAVEN_RATIO_RANGE,
    SEPARATOR_THICKNESS_RANGE_UM,
)
from serving.answer_schema import Fault
from serving.blocks import SPACE_GROUPS, MaterialText

MAX_MATERIALS = 256
MAX_TEMPERATURES = 100
MAX_EXPLAINED = 16
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


def _within(accepted: tuple[float, float]) -> Callable[[object], float]:
    low, high = accepted

    def check(value: object) -> float:
        if low <= (number := _number(value)) <= high:
            return number
        raise PydanticCustomError("number", f"must be a number from {low:g} to {high:g}")

    return check


def _density(value: object) -> float | None:
    if value is None:
        return None
    if is_density(density_g_cm3 := _number(value)):
        return density_g_cm3
    low, high = DENSITY_RANGE_G_CM3
    raise PydanticCustomError("density", f"must be a number from {low:g} to {high:g} (g/cm3)")


def _space_group(value: object) -> int | None:
    if value is None:
        return None
    number = _number(value)
    if number in SPACE_GROUPS:
        return int(number)
    raise PydanticCustomError("space_group", "must be a whole number from 1 to 230")


def _measured(name: str) -> Callable[[object], float | None]:
    def check(value: object) -> float | None:
        if value is None:
            return None
        if is_accepted(name, number := _number(value)):
            return number
        low, high = ACCEPTED[name]
        raise PydanticCustomError("measured", f"must be a number from {low:g} to {high:g}")

    return check


Identifier = Annotated[str | int | None, BeforeValidator(_identifier)]
TemperatureC = Annotated[float, BeforeValidator(_temperature)]
Coverage = Annotated[float, BeforeValidator(_coverage)]
HavenRatio = Annotated[float, BeforeValidator(_within(HAVEN_RATIO_RANGE))]
ThicknessUm = Annotated[float, BeforeValidator(_within(SEPARATOR_THICKNESS_RANGE_UM))]
Quantile = Annotated[float, BeforeValidator(_within(LEVEL_RANGE))]
DensityGCm3 = Annotated[float | None, BeforeValidator(_density)]
SpaceGroupNumber = Annotated[int | None, BeforeValidator(_space_group)]
ElectronicConductivity = Annotated[
    float | None, BeforeValidator(_measured("electronic_conductivity_s_cm"))
]
FractureToughness = Annotated[
    float | None, BeforeValidator(_measured("fracture_toughness_mpa_sqrt_m"))
]


class _Strict(BaseModel):
    """Numbers are numbers, text is text, and an unknown field is refused by name."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Conditions(_Strict):
    """What is asked of every material in a request."""

    temperatures_c: Annotated[list[TemperatureC], Field(max_length=MAX_TEMPERATURES)] = []
    """Temperatures of the conductivity curve, in degrees Celsius."""

    coverage: Coverage = 0.9
    """Probability with which an interval shall hold the true value."""

    haven_ratio: HavenRatio = DEFAULT_HAVEN_RATIO
    """Haven ratio of the diffusion coefficient by Nernst-Einstein; 1 for uncorrelated jumps."""

    separator_thickness_um: ThicknessUm = DEFAULT_SEPARATOR_THICKNESS_UM
    """Thickness of the separator whose area-specific resistance is answered."""

    quantiles: Annotated[list[Quantile], Field(max_length=MOST_QUANTILES)] = []
    """Levels at which each learned property's predictive distribution is answered as well."""

    explain: bool = False
    """Whether the boosted trees' predictions are taken apart into contributions of features."""

    electrode: Literal["Li", "Na", "Mg", "K"] | None = None
    """Metal of the dendrite criteria; null for that of the mobile ion."""

    @property
    def temperatures_k(self) -> list[float]:
        """The temperatures in kelvin, in the order given."""
        return [temperature_c - ABSOLUTE_ZERO_C for temperature_c in self.temperatures_c]


class MaterialItem(_Strict):
    """One material: a formula, or a structure together with the name of its format.

    A density and a space group (known or guessed) may stand beside a formula; a structure has its
    own. The two measured values are shown in the dendrite panel and change no prediction.
    """

    id: Identifier = None
    formula: str | None = None
    density_g_cm3: DensityGCm3 = None
    space_group_number: SpaceGroupNumber = None
    structure: Annotated[Any, BeforeValidator(_structure)] = None
    format: Literal["cif", "poscar", "pymatgen"] | None = None
    electronic_conductivity_s_cm: ElectronicConductivity = None
    fracture_toughness_mpa_sqrt_m: FractureToughness = None

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
        if self.structure is not None and self.density_g_cm3 is not None:
            raise PydanticCustomError(
                "one_of", "density_g_cm3 goes with formula; a structure has its own density"
            )
        if self.structure is not None and self.space_group_number is not None:
            raise PydanticCustomError(
                "one_of", "space_group_number goes with formula; that of a structure is found"
            )
        return self

    def text(self) -> MaterialText:
        """The material's text under its named format."""
        measured = MeasuredValues(
            self.electronic_conductivity_s_cm, self.fracture_toughness_mpa_sqrt_m
        )
        if self.format is None:
            return MaterialText(
                self.formula or "",
                "formula",
                self.density_g_cm3,
                measured,
                self.space_group_number,
            )
        text = self.structure if isinstance(self.structure, str) else json.dumps(self.structure)
        return MaterialText(text, self.format, measured=measured)


class PredictRequest(Conditions):
    """The body of POST /predict."""

    materials: Annotated[list[MaterialItem], Field(max_length=MAX_MATERIALS)]

    @model_validator(mode="after")
    def _few_explained(self) -> PredictRequest:
        if self.explain and len(self.materials) > MAX_EXPLAINED:
            raise PydanticCustomError(
                "too_many_explained",
                "at most {most} materials a request with explain",
                {"most": MAX_EXPLAINED},
            )
        return self


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
        case "too_long", ("quantiles",):
            code, message = "invalid_field", f"at most {MOST_QUANTILES} quantiles a request"
        case "too_many_explained", _:
            code, message = "too_many_materials", detail["msg"]
        case "model_type" | "model_attributes_type", ():
            code, message = "invalid_field", "the body must be a JSON object"
        case _:
            code, message = "invalid_field", detail["msg"]
    return Fault(code=code, message=message, field=path or None)

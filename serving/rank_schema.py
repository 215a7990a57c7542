"""The JSON that POST /rank takes and gives."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator
from pydantic_core import PydanticCustomError

from serving.answer_schema import Answer, ModelCard, Refusal
from serving.schema import PredictRequest

MAX_OBJECTIVES = 5
MAX_FILTERS = 20

RankProperty = Literal[
    "log10_conductivity_s_cm",
    "activation_energy_ev",
    "shear_modulus_gpa",
    "bulk_modulus_gpa",
    "dendrite_suppression_score",
    "chi_kj_mol_nm",
    "log10_prefactor_s_k_cm",
    "area_specific_resistance_ohm_cm2",
]
"""What can be ranked by and filtered on; each is an interval of the answer."""
RANK_PROPERTIES: tuple[RankProperty, ...] = get_args(RankProperty)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Objective(_Strict):
    """A property that shall be large, or small."""

    property: RankProperty
    goal: Literal["maximize", "minimize"]


class Filter(_Strict):
    """A demand on one property: at least or at most a number, with some probability."""

    property: RankProperty
    at_least: FiniteFloat | None = None
    at_most: FiniteFloat | None = None
    min_probability: Annotated[float, Field(ge=0.0, le=1.0)] = 0.5
    """A material passes if the demand is met with this probability; 0 excludes nothing."""

    @model_validator(mode="after")
    def _one_bound(self) -> Filter:
        if (self.at_least is None) == (self.at_most is None):
            raise PydanticCustomError("one_of", "must have either at_least or at_most")
        return self


DEFAULT_OBJECTIVES = [
    Objective(property="log10_conductivity_s_cm", goal="maximize"),
    Objective(property="dendrite_suppression_score", goal="maximize"),
]


class RankRequest(PredictRequest):
    """The body of POST /rank: a request as for /predict, and what is wanted."""

    OF_RANKING: ClassVar[frozenset[str]] = frozenset({"objectives", "filters", "top"})

    objectives: Annotated[list[Objective], Field(min_length=1, max_length=MAX_OBJECTIVES)] = (
        DEFAULT_OBJECTIVES
    )
    """The Pareto front is over these; the first decides between equals."""

    filters: Annotated[list[Filter], Field(max_length=MAX_FILTERS, default_factory=list)]
    """Demands, e.g. log10_conductivity_s_cm at_least -4."""

    top: Annotated[int, Field(ge=1)] | None = None
    """How many materials to answer at most; all without it."""


class Ranked(BaseModel):
    """One material in its place.

    front: 1 on the Pareto front of those that pass, 2 on the front of what is left, and so on;
    null where a filter excludes it or an objective has no value. probabilities: of each filter's
    demand, in their order; null where the property has no value.
    """

    rank: int
    index: int = Field(description="place in the request's list of materials, from 0")
    front: int | None
    passes: bool
    probabilities: list[FiniteFloat | None]
    prediction: Answer


class Unranked(BaseModel):
    """A material that has no prediction, by its place in the request."""

    index: int
    prediction: Refusal


class RankResponse(BaseModel):
    """The answer of POST /rank, best first."""

    model: ModelCard
    ranking: list[Ranked]
    refused: list[Unranked]

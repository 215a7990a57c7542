"""What a command line asks for, checked as a request over HTTP is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from models.measured_criteria import MeasuredValues
    from serving.blocks import MaterialText
    from serving.schema import Conditions
    from serving.settings import Settings

OPTION_OF_FIELD = {
    "temperatures_c": "--temperature-c",
    "coverage": "--coverage",
    "quantiles": "--quantiles",
    "haven_ratio": "--haven-ratio",
    "separator_thickness_um": "--thickness-um",
    "electrode": "--electrode",
}
MEASURED_OPTIONS = {
    "electronic_conductivity_s_cm": "--electronic-conductivity",
    "fracture_toughness_mpa_sqrt_m": "--fracture-toughness",
}

ElectronicOption = Annotated[
    float | None,
    typer.Option(
        "--electronic-conductivity",
        help="Measured on the one material named, S/cm; shown beside what the literature asks.",
    ),
]
ToughnessOption = Annotated[
    float | None,
    typer.Option("--fracture-toughness", help="Measured on the one material named, MPa m^0.5."),
]
ElectrodeOption = Annotated[
    str | None,
    typer.Option(
        "--electrode", help="Metal of the dendrite criteria, Li, Na, Mg or K; default: the ion's."
    ),
]
PlotOption = Annotated[
    Path | None,
    typer.Option("--plot", metavar="FILE", help="Also an Arrhenius plot: .png, .svg or .pdf."),
]


class UserError(typer.TyperException):
    """Something the user can put right; shown as one line."""

    exit_code = 2


def asked_settings() -> Settings:
    """The settings in the environment."""
    from pydantic import ValidationError

    from serving.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        detail = error.errors()[0]
        name = "_".join(str(step) for step in detail["loc"]).upper()
        raise UserError(f"FRENKEL_{name}: {detail['msg']}") from error


def asked_formulas(
    formulas: Sequence[str], densities_g_cm3: Sequence[float], space_groups: Sequence[int] = ()
) -> list[MaterialText]:
    """Formulas with their densities and space groups, where there are any."""
    texts = _with_densities(formulas, densities_g_cm3)
    if not space_groups:
        return texts
    if len(space_groups) != len(formulas):
        raise UserError(
            f"--space-group: {len(space_groups)} numbers for {len(formulas)} formulas; give one "
            "for each, in order"
        )
    return [
        replace(text, space_group_number=number)
        for text, number in zip(texts, space_groups, strict=True)
    ]


def _with_densities(
    formulas: Sequence[str], densities_g_cm3: Sequence[float]
) -> list[MaterialText]:
    from models.carrier_density import DENSITY_RANGE_G_CM3, is_density
    from serving.blocks import MaterialText

    if not densities_g_cm3:
        return [MaterialText(text, "formula") for text in formulas]
    if len(densities_g_cm3) != len(formulas):
        raise UserError(
            f"--density: {len(densities_g_cm3)} densities for {len(formulas)} formulas; give one "
            "for each, in order"
        )
    if not all(map(is_density, densities_g_cm3)):
        low, high = DENSITY_RANGE_G_CM3
        raise UserError(f"--density: must be a number from {low:g} to {high:g} (g/cm3)")
    return [
        MaterialText(text, "formula", density)
        for text, density in zip(formulas, densities_g_cm3, strict=True)
    ]


def asked_conditions(
    coverage: float,
    temperatures_c: Sequence[float],
    haven_ratio: float | None,
    thickness_um: float | None,
    quantiles: Sequence[float] = (),
    explain: bool = False,
    electrode: str | None = None,
) -> Conditions:
    """The same checks and defaults as for a request."""
    from pydantic import ValidationError

    from serving.schema import Conditions, first_fault

    asked = {
        "coverage": coverage,
        "temperatures_c": list(temperatures_c),
        "haven_ratio": haven_ratio,
        "separator_thickness_um": thickness_um,
        "quantiles": list(quantiles),
        "explain": explain,
        "electrode": electrode,
    }
    try:
        return Conditions.model_validate(
            {name: value for name, value in asked.items() if value is not None}
        )
    except ValidationError as error:
        fault = first_fault(error)
        option = OPTION_OF_FIELD[(fault.field or "").partition(".")[0]]
        raise UserError(f"{option}: {fault.message}") from error


def asked_measured(
    materials: int,
    electronic_conductivity_s_cm: float | None,
    fracture_toughness_mpa_sqrt_m: float | None,
) -> MeasuredValues:
    """What was measured of the only material on the command line."""
    from models.measured_criteria import ACCEPTED, MeasuredValues, is_accepted

    given = {
        "electronic_conductivity_s_cm": electronic_conductivity_s_cm,
        "fracture_toughness_mpa_sqrt_m": fracture_toughness_mpa_sqrt_m,
    }
    for name, value in given.items():
        if value is None:
            continue
        option = MEASURED_OPTIONS[name]
        if materials != 1:
            raise UserError(f"{option}: name one material alone, not {materials}")
        if not is_accepted(name, value):
            low, high = ACCEPTED[name]
            raise UserError(f"{option}: must be a number from {low:g} to {high:g}")
    return MeasuredValues(**given)

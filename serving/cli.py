"""The command ``frenkel``: predict, score, rank, serve.

Exit codes: 0 done, 1 some material has no prediction (``predict``) or a file could not be
written, 2 the command line, an input or the trained model is at fault, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from serving.arguments import expand_values
from serving.asked import (
    ElectrodeOption,
    ElectronicOption,
    PlotOption,
    ToughnessOption,
    UserError,
    asked_conditions,
    asked_formulas,
    asked_measured,
    asked_settings,
)
from serving.cli_rank import rank
from serving.cli_score import CoverageOption, HavenOption, ThicknessOption, score

if TYPE_CHECKING:
    from models.measured_criteria import MeasuredValues
    from models.predictor import Predictor
    from serving.blocks import MaterialText, Rejection
    from serving.schema import Conditions

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Properties of solid electrolytes from composition or structure, with intervals.",
)

StructureFile = tuple[Path, Literal["cif", "poscar"]]


@app.command()
def predict(
    formulas: Annotated[
        list[str] | None, typer.Argument(metavar="[FORMULA]...", help="E.g. Li7La3Zr2O12.")
    ] = None,
    cif: Annotated[
        list[Path] | None, typer.Option("--cif", metavar="FILE...", help="CIF files.")
    ] = None,
    poscar: Annotated[
        list[Path] | None, typer.Option("--poscar", metavar="FILE...", help="POSCAR files.")
    ] = None,
    temperature_c: Annotated[
        list[float] | None,
        typer.Option(
            "--temperature-c",
            "-t",
            metavar="T...",
            help="Also the conductivity at these temperatures in Celsius, e.g. 25 60 -20.",
        ),
    ] = None,
    coverage: CoverageOption = 0.9,
    density: Annotated[
        list[float] | None,
        typer.Option(
            "--density",
            metavar="D...",
            help="g/cm3 of each formula, in order; gives its diffusion coefficient.",
        ),
    ] = None,
    space_group: Annotated[
        list[int] | None,
        typer.Option(
            "--space-group",
            metavar="N...",
            min=1,
            max=230,
            help="Number of the space group of each formula, in order, known or guessed.",
        ),
    ] = None,
    haven_ratio: HavenOption = None,
    thickness_um: ThicknessOption = None,
    electronic_conductivity: ElectronicOption = None,
    fracture_toughness: ToughnessOption = None,
    electrode: ElectrodeOption = None,
    quantiles: Annotated[
        list[float] | None,
        typer.Option(
            "--quantiles",
            metavar="Q...",
            help="Also these quantiles of each learned property, e.g. 0.05 0.5 0.95.",
        ),
    ] = None,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain", help="Also what each feature adds to the boosted trees' prediction."
        ),
    ] = False,
    plot: PlotOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, as the service does.")] = (
        False
    ),
) -> None:
    """Predict all properties of the materials named, with intervals."""
    files: list[StructureFile] = [(path, "cif") for path in cif or []]
    files += [(path, "poscar") for path in poscar or []]
    names = [*(formulas or []), *(str(path) for path, _ in files)]
    if not names:
        raise UserError("name at least one formula, or a file after --cif or --poscar")
    for path, _ in files:
        if not path.is_file():
            raise UserError(f"there is no file '{path}'")
    conditions = asked_conditions(
        coverage,
        temperature_c or [],
        haven_ratio,
        thickness_um,
        quantiles or [],
        explain,
        electrode,
    )
    texts = asked_formulas(formulas or [], density or [], space_group or [])
    measured = asked_measured(len(names), electronic_conductivity, fracture_toughness)
    if _predict(names, texts, files, conditions, measured, as_json, plot):
        raise typer.Exit(1)


app.command()(score)
app.command()(rank)


@app.command()
def serve(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Default 3000.")] = None,
    host: Annotated[
        str | None,
        typer.Option(
            help="Default 127.0.0.1, which only this machine reaches; with FRENKEL_API_TOKEN, "
            "every address."
        ),
    ] = None,
) -> None:
    """Answer POST /predict and POST /rank over HTTP."""
    from models.bundle import BundleError
    from serving.launch import AddressError, become_server, checked_champion, free_address

    settings = asked_settings()
    try:
        bundle = checked_champion(settings.champion)
        address = free_address(host or settings.listening_host, port or settings.port)
    except (BundleError, AddressError) as error:
        raise UserError(str(error)) from error
    become_server(*address, bundle)


def _predict(
    names: Sequence[str],
    formulas: Sequence[MaterialText],
    files: Sequence[StructureFile],
    conditions: Conditions,
    measured: MeasuredValues,
    as_json: bool,
    plot: Path | None,
) -> int:
    """Predict and print; the number of materials without a prediction."""
    import json

    from serving.answers import response
    from serving.arrhenius_plot import PlotError, with_curve
    from serving.blocks import MaterialText, score_block
    from serving.rows import structure_file

    try:
        asked = with_curve(conditions, plot)
    except PlotError as error:
        raise UserError(f"--plot: {error}") from error
    named = [*formulas, *(structure_file(path, kind, kind) for path, kind in files)]
    entries: list[MaterialText | Rejection] = [
        replace(entry, measured=measured) if isinstance(entry, MaterialText) else entry
        for entry in named
    ]
    predictor = _predictor()
    scored = score_block(
        predictor,
        entries,
        coverage=conditions.coverage,
        temperatures_k=asked.temperatures_k,
        haven_ratio=conditions.haven_ratio,
        separator_thickness_um=conditions.separator_thickness_um,
        quantiles=conditions.quantiles,
        neighbours=True,
        explain=conditions.explain,
        electrode=conditions.electrode,
    )
    answer = response(predictor, names, scored, asked.temperatures_c)
    if plot is not None:
        _plot(answer["predictions"], plot, conditions)
    if as_json:
        typer.echo(json.dumps(answer, indent=2, allow_nan=False))
    else:
        from rich.console import Console

        from serving.render import show

        show(answer, conditions.coverage, Console())
    failed = [item for item in answer["predictions"] if item["status"] == "error"]
    for item in failed:
        fault = item["error"]
        where = f"{fault['field']}: " if fault["field"] else ""
        _complain(f"{item['id']}: {where}{fault['message']}")
    return len(failed)


def _plot(items: list[dict[str, Any]], path: Path, conditions: Conditions) -> None:
    """Draw the curves; what was not asked for leaves the answers again."""
    from serving.arrhenius_plot import PlotError, save_arrhenius

    try:
        save_arrhenius(items, path)
    except PlotError as error:
        raise UserError(f"--plot: {error}") from error
    for item in items:
        if item["status"] == "ok":
            item["conductivity_curve"] = [
                point
                for point in item["conductivity_curve"]
                if point["temperature_c"] in conditions.temperatures_c
            ]


def _predictor() -> Predictor:
    from models.bundle import BundleError, default_bundle_path
    from models.predictor import Predictor

    try:
        return Predictor.load(default_bundle_path())
    except BundleError as error:
        raise UserError(str(error)) from error


class _OneLine(logging.Formatter):
    """Log records without their traceback: on a command line the reason is enough."""

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info[1] if record.exc_info else None
        reason = f": {type(error).__name__}: {error}" if error else ""
        return "frenkel: " + " ".join(f"{record.getMessage()}{reason}".split())


def _complain(message: str) -> None:
    line = " ".join(message.split())
    typer.echo(f"frenkel: {line}", err=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit with its code; the caller's mistakes end as one line each."""
    handler = logging.StreamHandler()
    handler.setFormatter(_OneLine())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    words = expand_values(sys.argv[1:] if arguments is None else arguments)
    command = typer.main.get_command(app)
    try:
        code = command.main(args=words, prog_name="frenkel", standalone_mode=False)
    except typer.Abort:
        code = 130
    except typer.TyperException as error:
        _complain(error.format_message())
        code = getattr(error, "exit_code", 2)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _complain(f"{where}{error.strerror or error}")
        code = 1
    except KeyboardInterrupt:
        code = 130
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()

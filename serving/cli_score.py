"""The commands ``frenkel score`` and ``frenkel rank``: lists in, lists out.

Exit codes: 0 done, 1 a file could not be written or a process was lost (what is done is kept),
2 the command line, an input or the trained model is at fault, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import shlex
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serving.asked import UserError, asked_conditions, asked_settings

if TYPE_CHECKING:
    from serving.engines import Engine

MANY_BYTES = 300_000
"""A longer list, some ten thousand formulas, is worth the seconds that more processes take."""


class EngineName(StrEnum):
    """Who predicts."""

    local = "local"
    dask = "dask"


ListArgument = Annotated[
    Path,
    typer.Argument(
        metavar="IN",
        help="CSV, Parquet or JSON Lines with a column formula, cif or cif_path (text also .gz or "
        ".zst); or a folder or .tar of .cif files.",
    ),
]
OutArgument = Annotated[
    Path, typer.Argument(metavar="OUT", help=".csv, .jsonl (also .gz, .zst) or .parquet to write.")
]
CoverageOption = Annotated[
    float, typer.Option("--coverage", help="Probability that an interval holds the true value.")
]
TransportOption = Annotated[
    bool,
    typer.Option(
        "--transport",
        help="Also prefactor, diffusion coefficient (of structures, and of formulas with a "
        "column density_g_cm3) and area-specific resistance.",
    ),
]
DendriteOption = Annotated[
    bool,
    typer.Option(
        "--dendrite", help="Also chi and the critical wavelength of dendrites, with intervals."
    ),
]
HavenOption = Annotated[
    float | None,
    typer.Option(
        "--haven-ratio", help="Of the diffusion coefficient by Nernst-Einstein. Default 1."
    ),
]
ThicknessOption = Annotated[
    float | None,
    typer.Option(
        "--thickness-um",
        help="Separator whose area-specific resistance is shown, in um. Default 25.",
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        "--workers", min=1, max=256, help="Processes. Default: one a core, one for a short list."
    ),
]
SchedulerOption = Annotated[
    str | None,
    typer.Option("--scheduler", help="Of a running Dask cluster, e.g. tcp://10.0.0.1:8786."),
]


def score(
    source: ListArgument,
    target: OutArgument,
    coverage: CoverageOption = 0.9,
    transport: TransportOption = False,
    dendrite: DendriteOption = False,
    haven_ratio: HavenOption = None,
    thickness_um: ThicknessOption = None,
    workers: WorkersOption = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a run that was cut short.")
    ] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Drop what a run that was cut short has done.")
    ] = False,
    engine: Annotated[EngineName, typer.Option(help="Who predicts.")] = EngineName.local,
    scheduler: SchedulerOption = None,
) -> None:
    """Predict a whole list: one row out for each row in, a bad row with its reason."""
    from serving.batch import score_with
    from serving.engines import EngineError
    from serving.rows import ListError
    from serving.score_columns import ScoreOptions, TransportColumns
    from serving.writers import check_output

    settings = asked_settings()
    if not transport and (haven_ratio, thickness_um) != (None, None):
        raise UserError("--haven-ratio and --thickness-um need --transport")
    if resume and restart:
        raise UserError("--resume and --restart exclude each other")
    if scheduler is not None and engine is not EngineName.dask:
        raise UserError("--scheduler needs --engine dask")
    try:
        check_output(target)  # before the model is loaded, which takes seconds
        if not source.exists():
            raise ListError(f"there is no file '{source}'")
        conditions = asked_conditions(coverage, [], haven_ratio, thickness_um)
        columns = TransportColumns(conditions.haven_ratio, conditions.separator_thickness_um)
        options = ScoreOptions(conditions.coverage, columns if transport else None, dendrite)
        chosen = _engine(engine, source, workers, scheduler)
    except ListError as error:
        raise UserError(str(error)) from error
    try:
        counts = score_with(
            chosen,
            source,
            target,
            options,
            block_rows=settings.block_rows,
            resume=resume,
            restart=restart,
        )
    except ListError as error:
        raise UserError(str(error)) from error
    except KeyboardInterrupt:
        _say_how_to_go_on(source, target, "stopped")
        raise typer.Exit(130) from None
    except (OSError, EngineError) as error:
        _say_how_to_go_on(source, target, _reason(error))
        raise typer.Exit(1) from error
    finally:
        chosen.close()
    before = f" ({counts.resumed_rows} by an earlier run)" if counts.resumed_rows else ""
    typer.echo(
        f"{counts.rows} rows{before}: {counts.rows - counts.errors} predicted, {counts.errors} "
        f"errors -> {target}",
        err=True,
    )


def _engine(name: EngineName, source: Path, workers: int | None, scheduler: str | None) -> Engine:
    from models.bundle import BundleError, default_bundle_path
    from serving.engines import Processes, available_cores, in_process
    from serving.readers import open_list
    from serving.structure_rows import StructureRows

    bundle = default_bundle_path()
    try:
        if name is EngineName.dask:
            return _dask(bundle, workers, scheduler)
        if open_list(source).has_structures:
            # Structures take nearly all of the time, so it is they that get the processes.
            structures = StructureRows(workers or available_cores(), cache=_cache())
            return in_process(bundle, structures)
        cores = available_cores() if source.stat().st_size > MANY_BYTES else 1
        if (workers or cores) == 1:
            return in_process(bundle)
        return Processes(bundle, workers or cores)
    except BundleError as error:
        raise UserError(str(error)) from error


def _dask(bundle: Path, workers: int | None, scheduler: str | None) -> Engine:
    try:
        from serving.dask_engine import DaskEngine
    except ImportError as error:
        raise UserError("--engine dask needs Dask: pip install 'frenkel[dask]'") from error
    return DaskEngine(bundle, workers=workers, scheduler=scheduler, cache=_cache())


def _cache() -> Path:
    """Where what was computed of structures is kept: FRENKEL_CACHE, as in training."""
    import os

    return Path(os.environ.get("FRENKEL_CACHE") or Path(".cache") / "frenkel")


def _say_how_to_go_on(source: Path, target: Path, why: str) -> None:
    from serving.parts import folder_of, unfinished_rows

    rows = unfinished_rows(target)
    typer.echo(f"frenkel: {why}", err=True)
    if rows:
        command = shlex.join(["frenkel", "score", str(source), str(target), "--resume"])
        typer.echo(
            f"frenkel: {rows} rows are done and kept in '{folder_of(target)}'; go on with the "
            f"same options and --resume: {command}",
            err=True,
        )


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or error}"
    return str(error)

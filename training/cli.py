"""``frenkel-train``: data, train, promote, rollback, compare, drift, benchmark."""

from __future__ import annotations

import logging
import os
import runpy
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from training.cli_drift import drift
from training.cli_registry import compare, promote, rollback

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Fetch the data, train and register the models, measure them.",
)
BENCHMARKS = Path("benchmarks")


@app.callback()
def _logging() -> None:
    logging.basicConfig(format="%(message)s", level=logging.WARNING, stream=sys.stderr)
    logging.getLogger("frenkel").setLevel(logging.INFO)


@app.command()
def data(
    report: Annotated[
        bool, typer.Option("--report", help="Count rows kept, repaired and rejected.")
    ] = False,
) -> None:
    """Fetch and check every data source, and build the tables."""
    from training.report import data_report
    from training.tables import NoSources, load_dataset

    try:
        dataset = load_dataset()
    except NoSources as error:
        _stop(str(error))
    for status in dataset.sources:
        found = f"from {status.via}" if status.available else f"not used: {status.reason}"
        typer.echo(f"{status.name:<28} {found}", err=True)
    if report:
        typer.echo(data_report(dataset)[0])


@app.command()
def train(
    profile: Annotated[str, typer.Option(help="full, or small for a quick try.")] = "full",
    bundle: Annotated[
        Path | None,
        typer.Option(
            help="Where the champion goes (FRENKEL_BUNDLE or ./bundle); named here, an empty place "
            "also takes a challenger."
        ),
    ] = None,
    extra: Annotated[
        Path | None, typer.Option("--extra", help="A CSV file of your own measurements.")
    ] = None,
) -> None:
    """Train all models, track them in MLflow, register a version, promote it if good enough."""
    from models.bundle import BundleError, default_bundle_path
    from training.own_data import InvalidOwnData
    from training.profiles import profile_named
    from training.publication import check_place
    from training.tables import NoSources
    from training.train import train as run_training

    try:
        settings = profile_named(profile)
        check_place(bundle or default_bundle_path())
    except (ValueError, BundleError) as error:
        _stop(str(error))
    try:
        trained = run_training(
            settings, bundle or default_bundle_path(), extra=extra, keep_anyway=bundle is not None
        )
    except (NoSources, InvalidOwnData) as error:
        _stop(str(error))
    metrics = trained.manifest.metrics
    for name, value in metrics.items():
        if name.endswith(".mae") and name.removesuffix(".mae") + ".rows" in metrics:
            typer.echo(f"{name.removesuffix('.mae'):<34} held-out MAE {value:.3f}")
    if trained.effect is not None:
        typer.echo(f"\n{trained.effect}")
    typer.echo(trained.published.in_words(trained.manifest.version))


app.command()(promote)
app.command()(rollback)
app.command()(compare)
app.command()(drift)


@app.command()
def benchmark(
    names: Annotated[
        list[str] | None, typer.Argument(help="Benchmarks to run; all if none.")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="moduli with matbench's structures, downloaded.")
    ] = False,
) -> None:
    """Run benchmarks/*.py; each writes benchmarks/results/<name>.json."""
    known = sorted(path.stem for path in BENCHMARKS.glob("[!_]*.py"))
    if not known:
        _stop(f"no benchmarks in '{BENCHMARKS}': run this in the root of the repository")
    chosen = names or known
    for name in chosen:
        if name not in known:
            _stop(f"unknown benchmark '{name}': accepted are {', '.join(known)}")
    if full and chosen != ["moduli"]:
        _stop("--full is for the benchmark moduli alone")
    sys.path.insert(0, os.getcwd())
    for name in chosen:
        sys.argv = [name, *(["--full"] if full else [])]
        runpy.run_module(f"benchmarks.{name}", run_name="__main__")


def _stop(message: str) -> NoReturn:
    typer.echo(f"error: {message}", err=True)
    raise typer.Exit(1)


def main() -> None:
    """The console script. A file or folder that cannot be used ends as one line."""
    try:
        app()
    except OSError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)

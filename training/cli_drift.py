"""``frenkel-train drift``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def drift(
    records: Annotated[Path, typer.Argument(help="The file that FRENKEL_RECORD named.")],
    out: Annotated[Path, typer.Argument(help="Folder for the report.")],
    bundle: Annotated[
        Path | None, typer.Option("--bundle", help="Trained model (FRENKEL_BUNDLE or ./bundle).")
    ] = None,
    false_alarms: Annotated[
        float, typer.Option(min=0.001, max=0.5, help="Rate of false alarms.")
    ] = 0.05,
) -> None:
    """Compare what the service was asked with what the model was trained on.

    Exit code 3 where drift was found.
    """
    from models.bundle import BundleError, default_bundle_path, open_bundle
    from models.feature_summary import TrainingSummary
    from training.drift import find_drift
    from training.drift_report import RecordsError, read_records, report_text, write_report

    folder = bundle or default_bundle_path()
    try:
        open_bundle(folder)
        training = TrainingSummary.load(folder)
        asked = read_records(records)
        result = find_drift(training, asked.features, asked.distance, false_alarms=false_alarms)
    except FileNotFoundError as error:
        typer.echo(f"error: '{folder}' was trained before drift could be found", err=True)
        raise typer.Exit(1) from error
    except (BundleError, RecordsError, ValueError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error
    write_report(out, asked, training, result)
    typer.echo(report_text(asked, result).partition("\n![")[0])
    if result.alarm:
        raise typer.Exit(3)

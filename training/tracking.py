"""What a training run leaves in MLflow: runs, figures, plots, the bundle, the registered model."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MODEL_NAME = "frenkel"
CHAMPION = "champion"
EXPERIMENT = "frenkel"
DEFAULT_TRACKING_URI = "sqlite:///mlflow.db"


def quiet_telemetry() -> None:
    """Switch off MLflow's and BentoML's reports to their makers, unless the user chose."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")


def connect() -> None:
    """Point MLflow at MLFLOW_TRACKING_URI or a SQLite file here; artifacts lie beside it."""
    quiet_telemetry()
    import mlflow

    uri = os.environ.get("MLFLOW_TRACKING_URI", DEFAULT_TRACKING_URI)
    mlflow.set_tracking_uri(uri)
    if mlflow.get_experiment_by_name(EXPERIMENT) is None:
        # A server decides for itself where artifacts go; a local database needs to be told.
        local = uri.startswith("sqlite:")
        mlflow.create_experiment(
            EXPERIMENT, artifact_location=Path("mlartifacts").absolute().as_uri() if local else None
        )
    mlflow.set_experiment(EXPERIMENT)


@contextmanager
def run(name: str, parameters: Mapping[str, Any], *, nested: bool = False) -> Iterator[str]:
    """An MLflow run around a block; yields its id. A failure inside marks the run failed."""
    import mlflow

    with mlflow.start_run(run_name=name, nested=nested) as active:
        mlflow.log_params({key: str(value)[:500] for key, value in parameters.items()})
        yield str(active.info.run_id)


def log_child(name: str, parameters: Mapping[str, Any], metrics: Mapping[str, list[float]]) -> None:
    """A child run for one candidate of one target; a metric is logged once for each fold."""
    import mlflow

    with run(name, parameters, nested=True):
        for metric, values in metrics.items():
            for step, value in enumerate(values):
                mlflow.log_metric(metric, value, step=step)


def log_result(metrics: Mapping[str, float], folder: Path, tags: Mapping[str, str]) -> None:
    """Metrics, tags and every file of ``folder`` (plots, the data report) on the active run."""
    import mlflow

    mlflow.log_metrics(dict(metrics))
    mlflow.set_tags(dict(tags))
    mlflow.log_artifacts(str(folder), "report")


def register(bundle: Path, version: str) -> str:
    """Log the bundle as an MLflow model without pickle and make it the champion.

    Returns the number of the registered version.
    """
    import mlflow
    from mlflow import MlflowClient

    info = mlflow.pyfunc.log_model(
        name="bundle",
        loader_module="models.pyfunc",
        data_path=str(bundle),
        pip_requirements=["frenkel"],
        registered_model_name=MODEL_NAME,
    )
    number = str(info.registered_model_version)
    client = MlflowClient()
    client.set_model_version_tag(MODEL_NAME, number, "bundle_version", version)
    client.set_registered_model_alias(MODEL_NAME, CHAMPION, number)
    return number

"""What a training run leaves in MLflow: runs, figures, plots, the bundle, the registered model."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MODEL_NAME = "frenkel"
CHAMPION, CHALLENGER, PREVIOUS = "champion", "challenger", "previous"
EXPERIMENT = "frenkel"
DEFAULT_TRACKING_URI = "sqlite:///mlflow.db"


def quiet_telemetry() -> None:
    """Switch off MLflow's and BentoML's reports to their makers, and MLflow's progress bars,
    unless the user chose."""
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
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
        _create_experiment(local=uri.startswith("sqlite:"))
    mlflow.set_experiment(EXPERIMENT)


def _create_experiment(local: bool) -> None:
    """Unless another training has made it at this moment."""
    import mlflow
    from mlflow.exceptions import MlflowException

    # A server decides for itself where artifacts go; a local database needs to be told.
    location = Path("mlartifacts").absolute().as_uri() if local else None
    try:
        mlflow.create_experiment(EXPERIMENT, artifact_location=location)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


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


def tag_run(tags: Mapping[str, str]) -> None:
    """Tags on the active run."""
    import mlflow

    mlflow.set_tags(dict(tags))


def log_text(text: str, name: str) -> None:
    """A text as a file of the active run's report."""
    import mlflow

    mlflow.log_text(text, f"report/{name}")


def register(bundle: Path, tags: Mapping[str, str]) -> str:
    """Log the bundle as an MLflow model without pickle, and register it as a new version.

    The code that reads it travels along, so it can be loaded where only its requirements are
    installed. tags: put on the version. Returns its number.
    """
    import mlflow
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    info = mlflow.pyfunc.log_model(
        name="bundle",
        loader_module="models.pyfunc",
        data_path=str(bundle),
        code_paths=[str(_package_folder(name)) for name in ("features", "models")],
        pip_requirements=run_requirements(),
        signature=ModelSignature(inputs=Schema([ColSpec("string", "formula")])),
        registered_model_name=MODEL_NAME,
        tags={"bundle_version": tags.get("bundle_version", "")},
    )
    number = str(info.registered_model_version)
    tag_version(number, tags)
    return number


def tag_version(number: str, tags: Mapping[str, str]) -> None:
    """Put tags on a version."""
    from mlflow import MlflowClient

    client = MlflowClient()
    for key, value in tags.items():
        client.set_model_version_tag(MODEL_NAME, number, key, value)


def run_requirements() -> list[str]:
    """What this package needs to predict: its own requirements, none of the extras."""
    from importlib.metadata import requires

    return [each for each in requires("frenkel") or [] if "extra ==" not in each]


def _package_folder(name: str) -> Path:
    from importlib.util import find_spec

    found = find_spec(name)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"the package {name} is not installed")
    return Path(found.origin).parent

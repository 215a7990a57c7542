"""The champion as an MLflow model: loaded, served, and without pickle."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pytest

from features.material import Material
from models.bundle import open_bundle
from models.predictor import Predictor
from tests.deployment.started import started
from tests.serving.conftest import free_port
from training import registry, tracking
from training.publication import version_tags

FORMULAS = ["Li6PS5Cl", "Na3PS4", "Li1.3Al0.3Ti1.7P3O12"]
START_LIMIT_S = 90


@pytest.fixture(scope="module")
def champion(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an MLflow database whose champion is the bundle."""
    folder = tmp_path_factory.mktemp("mlflow")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
        tracking.connect()
        with tracking.run("test", {}):
            registry.promote(tracking.register(bundle, version_tags(bundle, open_bundle(bundle))))
    return folder


def expected(predictor: Predictor) -> pd.DataFrame:
    return predictor.predict([Material.from_formula(text) for text in FORMULAS]).frame


def assert_same(found: pd.DataFrame, frame: pd.DataFrame) -> None:
    assert found["formula"].tolist() == FORMULAS
    numbers = frame.select_dtypes("number").columns
    np.testing.assert_allclose(found[numbers], frame[numbers], rtol=1e-9, atol=1e-9)


def test_the_champion_loads_through_mlflow_with_the_same_numbers(
    champion: Path, predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{champion}/mlflow.db")
    tracking.connect()
    model = mlflow.pyfunc.load_model("models:/frenkel@champion")
    assert_same(model.predict(pd.DataFrame({"formula": FORMULAS})), expected(predictor))
    assert not [p for p in champion.rglob("*") if p.suffix in {".pkl", ".pickle", ".joblib"}]
    with pytest.raises(ValueError, match="row 1"):
        model.predict(pd.DataFrame({"formula": ["LiF", "Xx3"]}))


def test_the_model_carries_code_and_requirements_of_its_own(
    champion: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{champion}/mlflow.db")
    tracking.connect()
    import mlflow

    folder = Path(mlflow.artifacts.download_artifacts("models:/frenkel@champion"))
    assert (folder / "code/models/pyfunc.py").is_file()
    assert (folder / "code/features/material.py").is_file()
    requirements = (folder / "requirements.txt").read_text()
    assert "xgboost" in requirements
    assert "pytest" not in requirements


@pytest.mark.slow
@pytest.mark.server
def test_mlflow_models_serve_answers_with_the_same_numbers(
    champion: Path, predictor: Predictor
) -> None:
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--env-manager", "local"]
    command += ["-m", "models:/frenkel@champion", "-h", "127.0.0.1", "-p", str(port), "-w", "1"]
    environment = os.environ | {"MLFLOW_TRACKING_URI": f"sqlite:///{champion}/mlflow.db"}
    with started(
        command,
        port=port,
        ready_path="/ping",
        folder=champion,
        environment=environment,
        limit_s=START_LIMIT_S,
    ) as address:
        body = {"dataframe_records": [{"formula": each} for each in FORMULAS]}
        answer = httpx.post(f"{address}/invocations", json=body, timeout=60)
    assert_same(pd.DataFrame(answer.json()["predictions"]), expected(predictor))

"""The Bento: built from a bundle, run from where it was unpacked, with the same numbers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from models.bundle import open_bundle
from models.prediction import PROPERTIES
from models.predictor import Predictor
from serving.blocks import MaterialText, score_block
from tests.deployment.started import started
from tests.serving.conftest import free_port

pytestmark = [pytest.mark.slow, pytest.mark.server]

REPOSITORY = Path(__file__).parents[2]
TRAVELS = ("features", "models", "serving", "bentofile.yaml", "pyproject.toml", "constraints.txt")
FORMULAS = ("Li6PS5Cl", "Na3PS4", "Li1.3Al0.3Ti1.7P3O12", "Fe2O3")
START_LIMIT_S = 60


def bentoml(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "bentoml", *arguments]


@pytest.fixture(scope="module")
def bento(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a Bento that was built from a checkout with this bundle, and exported."""
    folder = tmp_path_factory.mktemp("bento")
    checkout = folder / "checkout"
    checkout.mkdir()
    for name in (*TRAVELS, "LICENSE"):
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, checkout / name)
    shutil.copytree(bundle, checkout / "bundle")
    built = subprocess.run(
        bentoml("build", "--output", "tag"),
        cwd=checkout,
        env=os.environ | {"BENTOML_HOME": str(folder / "home"), "BENTOML_DO_NOT_TRACK": "True"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (found,) = (folder / "home/bentos/frenkel").glob("*/bento.yaml")
    return Path(shutil.copytree(found.parent, folder / "unpacked"))


@pytest.fixture(scope="module")
def served(bento: Path) -> Iterator[str]:
    """Address of ``bentoml serve`` in the unpacked Bento."""
    port = free_port()
    environment = {k: v for k, v in os.environ.items() if k != "FRENKEL_BUNDLE"}
    environment |= {
        "BENTOML_HOME": str(bento.parent / "home2"),
        "BENTOML_DO_NOT_TRACK": "True",
        "FRENKEL_WORKERS": "1",
    }
    with started(
        bentoml("serve", str(bento), "--host", "127.0.0.1", "--port", str(port)),
        port=port,
        ready_path="/readyz",
        folder=bento.parent,
        environment=environment,
        limit_s=START_LIMIT_S,
    ) as address:
        yield address


def test_a_bento_carries_the_bundle_and_the_code_that_reads_it(bento: Path, bundle: Path) -> None:
    inside = bento / "src"
    assert open_bundle(inside / "bundle") == open_bundle(bundle)
    code = "import models.predictor, serving.app; print(models.predictor.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=inside, capture_output=True, text=True, check=True
    )
    assert Path(done.stdout.strip()) == inside / "models/predictor.py"
    assert not (inside / "training").exists()


def test_the_bento_gives_the_same_numbers(served: str, predictor: Predictor) -> None:
    body = {"materials": [{"formula": each} for each in FORMULAS]}
    answer = httpx.post(f"{served}/predict", json=body, timeout=60).json()
    assert answer["model"]["version"] == predictor.version
    entries = [MaterialText(each, "formula") for each in FORMULAS]
    frame = score_block(predictor, entries).parts[0].prediction.frame
    for row, item in enumerate(answer["predictions"]):
        for name in PROPERTIES:
            if item[name] is None:
                assert frame[name].isna()[row]
                continue
            for key, ending in (("value", ""), ("lower", "_lower"), ("upper", "_upper")):
                expected = frame[f"{name}{ending}"][row]
                assert item[name][key] == pytest.approx(expected, rel=1e-9, abs=1e-9)

"""A team's MLflow server on a real PostgreSQL, and two trainings that end at the same moment."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier

import pytest

from models.bundle import open_bundle
from tests.deployment.started import started
from tests.serving.conftest import free_port
from tests.training.bundles import other_version

pytestmark = [pytest.mark.slow, pytest.mark.server, pytest.mark.timeout(240)]

START_LIMIT_S = 120
# What `frenkel-train train` does once the bundle is built.
PUBLISH = """
import sys
from pathlib import Path
from models.bundle import open_bundle
from training import tracking
from training.publication import publish

built, target = map(Path, sys.argv[1:])
tracking.connect()
manifest = open_bundle(built)
report = built.with_name(built.name + "-report")
report.mkdir()
(report / "metrics.txt").write_text(str(manifest.metrics))
with tracking.run("together", {"bundle": manifest.version}):
    tracking.log_result(manifest.metrics, report, {"bundle_version": manifest.version})
    publish(built, manifest, target)
"""


def postgresql_program(name: str) -> str:
    """A program of Debian's package, which keeps most of them off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    path = str(found[-1]) if found else shutil.which(name)
    if path is None:
        pytest.skip(f"PostgreSQL is not installed (no {name}): apt-get install postgresql")
    return path


def its_user() -> dict[str, str]:
    """PostgreSQL refuses to run as root; Debian's package brings a user for it."""
    if os.geteuid() != 0:
        return {}
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
    return {"user": "postgres"}


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """Address of an empty database of a PostgreSQL server of its own."""
    initdb, postgres = postgresql_program("initdb"), postgresql_program("postgres")
    user = its_user()
    with tempfile.TemporaryDirectory(prefix="frenkel-pg-") as name:
        folder, port = Path(name), free_port()
        if user:
            shutil.chown(folder, user["user"])
        data = folder / "data"
        made = subprocess.run(
            [initdb, "-D", str(data), "-U", "frenkel", "--auth=trust", "--encoding=UTF8"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            **user,  # type: ignore[call-overload]
        )
        assert made.returncode == 0, made.stderr
        command = [postgres, "-D", str(data), "-h", "127.0.0.1", "-p", str(port), "-k", str(folder)]
        with ExitStack() as stack:
            log = stack.enter_context((folder / "postgres.log").open("w"))
            process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, **user)  # type: ignore[call-overload]
            try:
                address = f"127.0.0.1:{port}/postgres"
                _wait_for_database(f"postgresql://frenkel@{address}", process)
                yield f"postgresql+psycopg://frenkel@{address}"
            finally:
                process.send_signal(signal.SIGINT)  # does not wait for connections left open
                process.wait(30)


def _wait_for_database(address: str, process: subprocess.Popen[bytes]) -> None:
    psycopg = pytest.importorskip("psycopg")
    deadline = time.monotonic() + START_LIMIT_S
    while True:
        assert process.poll() is None, "PostgreSQL ended at once"
        try:
            psycopg.connect(address).close()
            return
        except psycopg.OperationalError:
            assert time.monotonic() < deadline, "PostgreSQL does not answer"
            time.sleep(0.2)


@pytest.fixture(scope="module")
def tracking_server(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of ``mlflow server`` on that database, with artifacts in a folder."""
    folder, port = tmp_path_factory.mktemp("server"), free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", database]
    command += ["--artifacts-destination", str(folder / "artifacts"), "--workers", "1"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with started(
        command,
        port=port,
        ready_path="/health",
        folder=folder,
        environment=os.environ
        | {
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # eight more processes, for nothing
        },
        limit_s=START_LIMIT_S,
    ) as address:
        yield address


def test_two_trainings_that_end_together_lose_nothing(
    tracking_server: str, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = [
        other_version(bundle, tmp_path / name, error) for name, error in (("a", 0.0), ("b", 0.001))
    ]
    served = tmp_path / "bundle"
    environment = os.environ | {"MLFLOW_TRACKING_URI": tracking_server}
    trainings = [
        subprocess.Popen(
            [sys.executable, "-c", PUBLISH, str(each), str(served)],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for each in built
    ]
    for training in trainings:
        _, complaints = training.communicate(timeout=200)
        assert training.returncode == 0, complaints

    import mlflow

    from training import registry, tracking

    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking_server)
    tracking.connect()
    runs = mlflow.search_runs(experiment_names=[tracking.EXPERIMENT], output_format="list")
    versions = {open_bundle(each).version for each in built}
    assert {run.data.tags["bundle_version"] for run in runs} == versions
    assert {run.info.status for run in runs} == {"FINISHED"}
    for run in runs:
        assert run.data.metrics == pytest.approx(open_bundle(built[0]).metrics)
        kept = {
            each.path
            for each in mlflow.artifacts.list_artifacts(
                run_id=run.info.run_id, artifact_path="report"
            )
        }
        assert {"report/metrics.txt", "report/verdict.md"} <= kept
    assert list(registry.versions()) == ["1", "2"]
    kept_versions = set()
    for number, version in registry.versions().items():
        with registry.bundle_of(number) as folder:
            assert open_bundle(folder).version == version.tags["bundle_version"]
        kept_versions.add(version.tags["bundle_version"])
    assert kept_versions == versions
    champion = registry.aliases()[tracking.CHAMPION]
    assert open_bundle(served).version == registry.versions()[champion].tags["bundle_version"]


def test_champions_and_challengers_named_at_the_same_moment_turn_nobody_down(
    tracking_server: str, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow import MlflowClient

    from training import registry, tracking

    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking_server)
    tracking.connect()
    with tracking.run("aliases", {}):
        numbers = [tracking.register(bundle, {}) for _ in range(2)]
    client, together = MlflowClient(), Barrier(2)

    def first(number: str) -> bool:
        together.wait(30)
        registry.keep_as_challenger(number, "tried")
        together.wait(30)
        return registry.succeed(number, None)

    with ThreadPoolExecutor(2) as both:
        for _ in range(10):
            for alias in registry.aliases():
                client.delete_registered_model_alias(tracking.MODEL_NAME, alias)
            succeeded = list(both.map(first, numbers))
            # Where neither is turned away, the later one stays.
            assert any(succeeded)
            assert registry.aliases()[tracking.CHAMPION] in numbers

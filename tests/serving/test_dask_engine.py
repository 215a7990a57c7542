"""A list scored on a Dask cluster has the rows and the numbers of one scored here."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from models.predictor import Predictor
from serving.batch import score_with
from serving.engines import InProcess
from serving.rows import InputBlock, ListError
from serving.score_columns import ScoreOptions

pytest.importorskip("distributed", reason="Dask is an optional extra")
from serving.dask_engine import DaskEngine, _score

pytestmark = pytest.mark.slow

FORMULAS = [f"Li{n}.5PS4Cl0.{n}" if n % 11 else "Xx" for n in range(1, 120)]


@pytest.fixture(scope="module")
def engine(bundle: Path) -> Iterator[DaskEngine]:
    engine = DaskEngine(bundle, workers=2)
    yield engine
    engine.close()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text("formula\n" + "\n".join(FORMULAS) + "\n")
    return path


def test_dask_writes_what_one_process_writes(
    engine: DaskEngine, source: Path, predictor: Predictor
) -> None:
    here, there = source.with_name("here.csv"), source.with_name("there.csv")
    options = ScoreOptions(dendrite=True)
    score_with(InProcess(predictor), source, here, options, block_rows=16)
    counts = score_with(engine, source, there, options, block_rows=16)
    assert (counts.rows, counts.errors) == (119, 10)
    assert there.read_bytes() == here.read_bytes()


def test_a_worker_killed_half_way_costs_no_rows_and_no_duplicates(
    engine: DaskEngine, source: Path, predictor: Predictor
) -> None:
    here, there = source.with_name("here.csv"), source.with_name("there.csv")
    score_with(InProcess(predictor), source, here, ScoreOptions(), block_rows=8)
    pids = list(engine._client.run(os.getpid).values())

    class Killing:
        """Kills a worker once three blocks are written; more are under way then."""

        version = engine.version

        def scored(self, blocks: Iterable[InputBlock], options: ScoreOptions) -> Iterator:
            for number, scored in enumerate(engine.scored(blocks, options)):
                if number == 3:
                    os.kill(pids[0], signal.SIGKILL)
                yield scored

        def close(self) -> None:
            pass

    counts = score_with(Killing(), source, there, ScoreOptions(), block_rows=8)
    assert counts.rows == 119
    assert there.read_bytes() == here.read_bytes()
    engine._client.wait_for_workers(2, timeout=60)
    assert pids[0] not in engine._client.run(os.getpid).values()


def test_each_worker_loads_the_bundle_once(engine: DaskEngine) -> None:
    loaded = engine._client.run(
        lambda dask_worker: [name for name in dask_worker.plugins if name.startswith("frenkel-")]
    )
    assert list(loaded.values()) == [[engine._plugin]] * 2


def test_a_structure_is_read_on_a_worker(
    engine: DaskEngine, tmp_path: Path, disordered_cif: str, predictor: Predictor
) -> None:
    folder = tmp_path / "cifs"
    folder.mkdir()
    (folder / "good.cif").write_text(disordered_cif)
    (folder / "bad.cif").write_text("not a cif")
    counts = score_with(engine, folder, tmp_path / "out.csv", ScoreOptions())
    assert (counts.rows, counts.errors) == (2, 1)
    score_with(InProcess(predictor), folder, tmp_path / "here.csv", ScoreOptions())
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "here.csv").read_bytes()


def test_a_cluster_that_is_there_is_used_and_left_running(
    engine: DaskEngine, bundle: Path, source: Path, predictor: Predictor
) -> None:
    here, there = source.with_name("here.csv"), source.with_name("there.csv")
    score_with(InProcess(predictor), source, here, ScoreOptions(), block_rows=16)
    guest = DaskEngine(bundle, scheduler=engine._client.scheduler.address)
    score_with(guest, source, there, ScoreOptions(), block_rows=16)
    guest.close()
    assert there.read_bytes() == here.read_bytes()
    assert len(engine._client.scheduler_info()["workers"]) == 2


def test_a_scheduler_that_does_not_answer_is_one_clear_error(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.dask_engine.CONNECT_TIMEOUT_S", 1)
    with pytest.raises(ListError, match="no Dask scheduler answers"):
        DaskEngine(bundle, scheduler="tcp://127.0.0.1:9")


def test_the_function_that_travels_is_of_a_module() -> None:
    assert _score.__module__ == "serving.dask_engine"

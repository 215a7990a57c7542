"""The blocks of a list predicted on a Dask cluster: a local one, or one whose scheduler is named.

The bundle's files travel to each worker once, and the worker checks and loads them once. The
client sends blocks, keeps a few of them under way for each thread, and gives them back in order:
what a worker was at work on when it died is done again by another, and a block is written once,
whoever did it.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import shutil
import tempfile
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import dask
from distributed import Client, KilledWorker, LocalCluster, Worker, WorkerPlugin, get_worker

from features.material import Material
from serving.blocks import MaterialText, Rejection, read_material
from serving.engines import EngineError, Scored, available_cores, load_for_blocks
from serving.rows import InputBlock, ListError
from serving.score_columns import ScoredRows, ScoreOptions, bare, entries_of, score_rows
from serving.structure_rows import StructureRows

if TYPE_CHECKING:
    from distributed import Future

    from models.predictor import Predictor

BLOCKS_AHEAD = 3  # for each worker, so that none waits for the client
TRIES = 5  # of a block whose worker dies
CONNECT_TIMEOUT_S = 20


class BundleOnWorker(WorkerPlugin):
    """Brings the bundle to a worker when it starts, and keeps its predictor.

    The files are written to a folder of the worker's own and opened like any bundle, so a byte
    that changed on its way is refused.
    """

    idempotent = True

    def __init__(self, files: dict[str, bytes], name: str, cache: Path | None) -> None:
        self.files = files
        self.name = name
        self.cache = cache

    def setup(self, worker: Worker) -> None:
        """Called by Dask once in each worker process."""
        folder = Path(tempfile.mkdtemp(prefix="frenkel-bundle-", dir=worker.local_directory))
        try:
            for name, content in self.files.items():
                (folder / name).write_bytes(content)
            self.predictor: Predictor = load_for_blocks(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        self.files = {}
        self.lock = threading.Lock()  # a worker with several threads has one model
        self.structures: StructureRows | None = None

    def score(self, block: InputBlock, options: ScoreOptions) -> ScoredRows:
        """In a thread of the worker."""
        entries = entries_of(block, options)
        with self.lock:
            return score_rows(self.predictor, block, self._read(entries), options)

    def teardown(self, worker: Worker) -> None:
        """Called by Dask when the worker ends."""
        if self.structures is not None:
            self.structures.close()

    def _read(self, entries: Sequence[MaterialText | Rejection]) -> list[Material | Rejection]:
        """Structures in a process of their own, which is killed when one takes too long."""
        if all(isinstance(e, Rejection) or e.format == "formula" for e in entries):
            return [read_material(entry) for entry in entries]
        if self.structures is None:
            if multiprocessing.current_process().daemon:
                raise RuntimeError(
                    "workers that read structures must be allowed processes of their own: start "
                    "them with DASK_DISTRIBUTED__WORKER__DAEMON=False"
                )
            self.structures = StructureRows(1, cache=self.cache)
        return self.structures.read(entries)


class DaskEngine:
    """Predicts on a cluster; without ``scheduler`` on a local one of ``workers`` processes.

    ``cache``, for structures, is of this machine and serves a local cluster only. Raises
    BundleError where there is no bundle, ListError where the scheduler does not answer.
    """

    def __init__(
        self,
        bundle: Path,
        *,
        workers: int | None = None,
        scheduler: str | None = None,
        cache: Path | None = None,
    ) -> None:
        from models.bundle import open_bundle

        self.version = open_bundle(bundle).version
        self._cluster = None if scheduler else _local_cluster(workers or available_cores())
        try:
            self._client = Client(self._cluster or scheduler, timeout=CONNECT_TIMEOUT_S)
        except (OSError, ValueError) as error:
            raise ListError(f"no Dask scheduler answers at '{scheduler}': {error}") from error
        self._plugin = _plugin_name(bundle)
        files = {path.name: path.read_bytes() for path in sorted(bundle.iterdir())}
        kept = None if scheduler or cache is None else cache.resolve()
        self._client.register_plugin(BundleOnWorker(files, self._plugin, kept), name=self._plugin)

    def scored(self, blocks: Iterable[InputBlock], options: ScoreOptions) -> Scored:
        """Each block with its written columns, in order."""
        waiting: deque[tuple[InputBlock, Future[ScoredRows]]] = deque()
        try:
            for block in blocks:
                waiting.append((block, self._submit(block, options)))
                if len(waiting) > self._most_waiting():
                    first, future = waiting.popleft()
                    yield first, future.result()
            while waiting:
                first, future = waiting.popleft()
                yield first, future.result()
        except (KilledWorker, RuntimeError) as error:
            if not isinstance(error, KilledWorker):
                raise EngineError(str(error)) from error
            raise EngineError(
                f"{TRIES} workers died one after the other on the same rows, most often for want "
                "of memory; give them more, or set a smaller FRENKEL_BLOCK_ROWS"
            ) from error
        finally:
            for _, future in waiting:
                future.cancel()

    def _submit(self, block: InputBlock, options: ScoreOptions) -> Future[ScoredRows]:
        # pure=False: two blocks of equal rows are two blocks.
        return self._client.submit(_score, bare(block), options, self._plugin, pure=False)

    def _most_waiting(self) -> int:
        return BLOCKS_AHEAD * max(1, len(self._client.scheduler_info(n_workers=-1)["workers"]))

    def wait_for_workers(self, count: int) -> None:
        """Until so many workers are up with the model loaded."""
        self._client.wait_for_workers(count, timeout=120)
        self._client.run(lambda: None)  # a worker answers once its plugins are set up

    def close(self) -> None:
        """Leave the cluster; a local one ends."""
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()


def _local_cluster(workers: int) -> LocalCluster:
    dask.config.set(
        {"distributed.scheduler.allowed-failures": TRIES, "distributed.worker.daemon": False}
    )
    return LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        silence_logs="ERROR",
    )


def _plugin_name(bundle: Path) -> str:
    """Of this code's choice and the bundle's seal, so that two models do not mix on a worker."""
    digest = hashlib.sha256((bundle / "manifest.json").read_bytes()).hexdigest()
    return f"frenkel-{digest[:16]}"


def _score(block: InputBlock, options: ScoreOptions, plugin: str) -> ScoredRows:
    """On a worker."""
    held = cast(BundleOnWorker, get_worker().plugins[plugin])
    return held.score(block, options)

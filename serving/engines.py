"""Who predicts the blocks of a list: this process, or several on this machine.

An engine takes blocks and gives the same blocks back in order, with their predictions. Whoever
predicts, the numbers are the same.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from serving.blocks import read_material
from serving.rows import InputBlock
from serving.score_columns import ScoredRows, ScoreOptions, bare, entries_of, score_rows
from serving.structure_rows import StructureRows

if TYPE_CHECKING:
    from models.predictor import Predictor

Scored = Iterator[tuple[InputBlock, ScoredRows]]

BLOCKS_AHEAD = 2  # for each process, so that none waits for the reader


class EngineError(RuntimeError):
    """A process that predicts was lost; what is done so far is kept."""


class Engine(Protocol):
    """Predicts the blocks of one list after the other."""

    version: str

    def scored(self, blocks: Iterable[InputBlock], options: ScoreOptions) -> Scored:
        """Each block with its written columns, in order. Raises EngineError."""
        ...

    def close(self) -> None:
        """Give back what the engine holds; safe to call again."""
        ...


class InProcess:
    """Predicts here; structures, where ``structures`` is given, are read in its processes."""

    def __init__(self, predictor: Predictor, structures: StructureRows | None = None) -> None:
        self.version = predictor.version
        self._predictor = predictor
        self._structures = structures

    def scored(self, blocks: Iterable[InputBlock], options: ScoreOptions) -> Scored:
        """Each block with its written columns, in order."""
        if self._structures is None:
            for block in blocks:
                read = [read_material(entry) for entry in entries_of(block, options)]
                yield block, score_rows(self._predictor, block, read, options)
            return
        ready = self._structures.read_ahead((block, entries_of(block, options)) for block in blocks)
        for block, read in ready:
            yield block, score_rows(self._predictor, block, read, options)

    def close(self) -> None:
        """Ends the processes that read structures."""
        if self._structures is not None:
            self._structures.close()


def in_process(path: Path, structures: StructureRows | None = None) -> InProcess:
    """An engine with the bundle at ``path``. Raises BundleError where there is none."""
    from models.predictor import Predictor  # torch and more, which a mere reader goes without

    return InProcess(Predictor.load(path), structures)


class Processes:
    """Predicts in ``workers`` processes, each with the bundle at ``path`` loaded once.

    Raises BundleError where there is none.
    """

    def __init__(self, path: Path, workers: int) -> None:
        from models.bundle import open_bundle

        self.version = open_bundle(path).version
        self._workers = workers
        self._pool = ProcessPoolExecutor(
            workers,
            # Fresh processes: a fork of one that runs OpenMP threads can hang.
            mp_context=get_context("spawn"),
            initializer=_begin_worker,
            initargs=(path,),
        )

    def scored(self, blocks: Iterable[InputBlock], options: ScoreOptions) -> Scored:
        """Each block with its written columns, in order; a few blocks are in memory at a time."""
        waiting: deque[tuple[InputBlock, Future[ScoredRows]]] = deque()
        try:
            for block in blocks:
                waiting.append((block, self._pool.submit(_score, bare(block), options)))
                if len(waiting) > self._workers * BLOCKS_AHEAD:
                    first, future = waiting.popleft()
                    yield first, future.result()
            while waiting:
                first, future = waiting.popleft()
                yield first, future.result()
        except BrokenProcessPool as error:
            raise EngineError(
                "a process that predicts was killed, most often for want of memory; try fewer "
                "--workers, or a smaller FRENKEL_BLOCK_ROWS"
            ) from error

    def close(self) -> None:
        """Ends the processes; what they still do is dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)


_loaded: Predictor | None = None


def _begin_worker(path: Path) -> None:
    """In each new process: one thread, the model, and an end when its parent ends."""
    global _loaded
    # Ctrl-C is for the parent, which ends us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _loaded = load_for_blocks(path)


def load_for_blocks(path: Path) -> Predictor:
    """The predictor of a process that is one of several: it uses one thread."""
    os.environ["OMP_NUM_THREADS"] = "1"  # XGBoost reads it when it is loaded, which is below
    import torch
    from threadpoolctl import threadpool_limits

    from models.predictor import Predictor

    torch.set_num_threads(1)
    threadpool_limits(1)  # what numpy loaded before
    predictor = Predictor.load(path)
    gc.freeze()  # the model stays: the garbage collector need not walk it again and again
    return predictor


def _score(block: InputBlock, options: ScoreOptions) -> ScoredRows:
    if _loaded is None:
        raise RuntimeError("the process has no model")
    read = [read_material(entry) for entry in entries_of(block, options)]
    return score_rows(_loaded, block, read, options)


def _end_with_parent() -> None:
    """A parent that was killed cannot say so: whoever waits for its work would wait for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

"""One process that reads structures: limited in time and memory, replaced whenever it ends.

It is a pebble pool of a single process. With a pool for each, a process that is killed never holds
a lock or half a message of another.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import resource
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, InvalidStateError
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import forkserver, resource_tracker
from typing import Any

import pebble

from features.limits import InvalidMaterial
from features.material import Material
from features.structure_jobs import StructureJob, read_structure, warm_up

LOGGER = logging.getLogger(__name__)

JOBS_A_PROCESS = 5000  # then it is replaced, so that what leaks in a parser cannot pile up
OUTLIVED_S = 5.0  # so long after its limit a job ends its process itself, should its parent be gone
TERMINATION_S = 0.05  # between SIGTERM, which these processes ignore, and SIGKILL
WATCHED_EVERY_S = 0.5
OUT_OF_MEMORY = 77  # exit code
NICENESS = 5  # whoever waits for a formula goes before whoever sent a structure that hangs
PRELOADED = [
    "features.limited_process",
    "features.cif",
    "features.poscar",
    "features.pymatgen_json",
    "features.crystal",
    "features.coordination_voronoi",
    "matminer.utils.data",
    "pandas",
    "pymatgen.analysis.bond_valence",  # reads seconds' worth of YAML
    "pymatgen.io.cif",
    "pymatgen.symmetry.analyzer",
]
"""Imported once, by the process that the others are forked from."""

Reading = Material | InvalidMaterial
Reader = Callable[[StructureJob], Reading]


@dataclass
class _Pool:
    """A pebble pool of one process, and the jobs given to it that are not done."""

    pebbles: pebble.ProcessPool
    open: set[Future[Any]] = field(default_factory=set)

    def schedule(
        self, function: Callable[..., Any], arguments: tuple[Any, ...], timeout_s: float | None
    ) -> Future[Any]:
        """Raises RuntimeError where the pool is found broken."""
        with _sigterm_kept_off():
            done: Future[Any] = self.pebbles.schedule(function, arguments, timeout=timeout_s)
        self.open.add(done)
        done.add_done_callback(self.open.discard)
        return done

    def is_broken(self) -> bool:
        """Whether jobs may wait for nothing: pebble forgets one that comes as it breaks."""
        return bool(self.open) and not self.pebbles.active

    def end(self) -> None:
        """Kill the process; what pebble has forgotten ends with BrokenProcessPool."""
        self.pebbles.stop()
        self.pebbles.join()
        for job in list(self.open):
            with suppress(InvalidStateError):  # ended meanwhile
                job.set_exception(BrokenProcessPool("the process ended before the job was begun"))


class LimitedProcess:
    """Starts with the first job. Give it one job at a time: a second waits in its pipe.

    ``reader`` is a function of a module, so that the process can find it by name.
    """

    def __init__(
        self, time_limit_s: float, memory_limit_bytes: int, reader: Reader = read_structure
    ) -> None:
        self._reader = reader
        self._time_limit_s = time_limit_s
        self._memory_limit_bytes = memory_limit_bytes
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._pool = self._new_pool()
        self._watcher: threading.Thread | None = None
        self._ending: list[threading.Thread] = []

    def read(self, job: StructureJob) -> Future[Reading]:
        """The job's result. TimeoutError past the limit, pebble.ProcessExpired where the process
        ended at it, BrokenProcessPool where it was not begun. Cancelling kills the process.

        Raises RuntimeError once closed.
        """
        arguments = (self._reader, job, self._time_limit_s + OUTLIVED_S)
        pool, done = self._schedule(_read, arguments, self._time_limit_s)
        done.add_done_callback(partial(self._leave_cancelled, pool))
        return done

    def ping(self) -> Future[int]:
        """The process id, once the process answers."""
        return self._schedule(os.getpid, (), None)[1]

    def close(self) -> None:
        """End the process, whatever it does."""
        with self._lock:
            self._closing.set()
        self._pool.end()
        if self._watcher is not None:
            self._watcher.join()
        for ending in self._ending:
            ending.join()

    def _schedule(
        self, function: Callable[..., Any], arguments: tuple[Any, ...], timeout_s: float | None
    ) -> tuple[_Pool, Future[Any]]:
        with self._lock:
            if self._closing.is_set():
                raise RuntimeError("the pool is closed")
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch, daemon=True)
                self._watcher.start()
            try:
                return self._pool, self._pool.schedule(function, arguments, timeout_s)
            except RuntimeError:  # it was killed while idle, which a pebble pool does not survive
                self._renew()
                return self._pool, self._pool.schedule(function, arguments, timeout_s)

    def _leave_cancelled(self, pool: _Pool, done: Future[Reading]) -> None:
        """The process of a cancelled job may take the next one before pebble kills it for the
        first: the next one gets another."""
        if done.cancelled() and not self._closing.is_set():
            with self._lock:
                if self._pool is pool:
                    self._renew()
                    self._pool.schedule(os.getpid, (), None)  # started before it is wanted

    def _watch(self) -> None:
        while not self._closing.wait(WATCHED_EVERY_S):
            with self._lock:
                if self._pool.is_broken():
                    self._renew()

    def _renew(self) -> None:
        """Under the lock."""
        ending = threading.Thread(target=self._pool.end, daemon=True)
        ending.start()
        self._ending = [*filter(threading.Thread.is_alive, self._ending), ending]
        self._pool = self._new_pool()

    def _new_pool(self) -> _Pool:
        pebble.CONSTS.term_timeout = TERMINATION_S
        context = multiprocessing.get_context("forkserver")  # forking here would copy held locks
        context.set_forkserver_preload(PRELOADED)
        return _Pool(
            pebble.ProcessPool(
                max_workers=1,
                max_tasks=JOBS_A_PROCESS,
                initializer=_prepare,
                initargs=(self._memory_limit_bytes,),
                context=context,
            )
        )


@contextmanager
def _sigterm_kept_off() -> Iterator[None]:
    """For the process that the others are forked from, should it start here: SIGTERM is sent to a
    whole group, and what is under way is still to be answered. It ends when its parent does."""
    resource_tracker.ensure_running()  # started now, as its start lets SIGTERM in again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        forkserver.ensure_running()
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _prepare(memory_limit_bytes: int) -> None:
    """Runs first in a new process."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # sent to a whole group; the parent still drains
    warm_up()
    os.nice(NICENESS)
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    unlimited = hard == resource.RLIM_INFINITY
    limit = memory_limit_bytes if unlimited else min(memory_limit_bytes, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _read(reader: Reader, job: StructureJob, alarm_s: float) -> Reading:
    """Only plain values leave: an error of a parser may not survive the way to another process."""
    signal.setitimer(signal.ITIMER_REAL, alarm_s)
    try:
        return reader(job)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)  # what is left of the heap is not worth keeping
    except Exception as error:
        kind = type(error).__name__
        LOGGER.exception("a %s could not be read", job.format)
        return InvalidMaterial(job.format, f"could not be read ({kind})")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)

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
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pebble

from features.limits import InvalidMaterial
from features.material import Material
from features.structure_jobs import StructureJob, read_structure, warm_up

LOGGER = logging.getLogger(__name__)

JOBS_A_PROCESS = 5000  # then it is replaced, so that what leaks in a parser cannot pile up
OUTLIVED_S = 5.0  # so long after its limit a job ends its process itself, should its parent be gone
TERMINATION_S = 0.05  # between SIGTERM, which these processes ignore, and SIGKILL
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
        self._closed = False
        self._pool = self._new_pool()

    def read(self, job: StructureJob) -> Future[Reading]:
        """The job's result. TimeoutError past the limit, pebble.ProcessExpired where the process
        ended at it, BrokenProcessPool where it was not begun. Cancelling kills the process.

        Raises RuntimeError once closed.
        """
        arguments = (self._reader, job, self._time_limit_s + OUTLIVED_S)
        return self._schedule(_read, arguments, self._time_limit_s)

    def ping(self) -> Future[int]:
        """The process id, once the process answers."""
        return self._schedule(os.getpid, (), None)

    def close(self) -> None:
        """End the process, whatever it does."""
        with self._lock:
            self._closed = True
            _end(self._pool)

    def _schedule(
        self, function: Callable[..., Any], arguments: tuple[Any, ...], timeout_s: float | None
    ) -> Future[Any]:
        with self._lock:
            if self._closed:
                raise RuntimeError("the pool is closed")
            try:
                return self._pool.schedule(function, arguments, timeout=timeout_s)
            except RuntimeError:  # it was killed while idle, which a pebble pool does not survive
                threading.Thread(target=_end, args=(self._pool,), daemon=True).start()
                self._pool = self._new_pool()
                return self._pool.schedule(function, arguments, timeout=timeout_s)

    def _new_pool(self) -> pebble.ProcessPool:
        pebble.CONSTS.term_timeout = TERMINATION_S
        context = multiprocessing.get_context("forkserver")  # forking here would copy held locks
        context.set_forkserver_preload(PRELOADED)
        return pebble.ProcessPool(
            max_workers=1,
            max_tasks=JOBS_A_PROCESS,
            initializer=_prepare,
            initargs=(self._memory_limit_bytes,),
            context=context,
        )


def _end(pool: pebble.ProcessPool) -> None:
    pool.stop()
    pool.join()


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

"""Structures read in processes that are killed when they take too long, callers served in turn.

Parsers and featurizers of crystals are large, not ours, and partly in C: no limit inside a process
holds them for certain.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Self

from pebble import ProcessExpired

from features.limited_process import OUT_OF_MEMORY, LimitedProcess, Reader, Reading
from features.limits import InvalidMaterial
from features.structure_jobs import StructureJob, known_structure, read_structure

__all__ = ["Reading", "StructureJob", "StructurePool"]

TRIES = 3  # of a job whose process died before it was begun
OVERDUE_S = 2.0  # a process is killed and replaced within this time of its limit


@dataclass(eq=False)
class _Call:
    """The jobs of one caller: what waits, what runs, what was found."""

    jobs: list[StructureJob]
    waiting: deque[int]
    found: dict[int, Reading]
    result: Future[list[Reading]] = field(default_factory=Future)
    running: set[Future[Reading]] = field(default_factory=set)
    tries: dict[int, int] = field(default_factory=dict)


@dataclass(eq=False)
class _Slot:
    """A process, and since when it is at work (time.monotonic; None while it is idle)."""

    process: LimitedProcess
    busy_since: float | None = None


class StructurePool:
    """``processes`` workers; a job gets ``time_limit_s`` and its process ``memory_limit_bytes``.

    Each caller has its turn for one job after the other, so that one structure never waits behind
    the two hundred of somebody else. May be used from several threads. Processes start with
    ``start`` or the first job and end with ``close``. ``cache`` is a folder with what was computed
    before; without it nothing is kept. ``reader``, a function of a module, does a job;
    ``on_restart`` is called whenever a process has to be replaced. Raises ValueError for limits
    that leave nothing to run.
    """

    def __init__(
        self,
        processes: int,
        time_limit_s: float = 5.0,
        memory_limit_bytes: int = 2 * 2**30,
        cache: Path | None = None,
        *,
        reader: Reader = read_structure,
        on_restart: Callable[[], None] = lambda: None,
    ) -> None:
        if processes < 1 or not time_limit_s > 0 or memory_limit_bytes < 1:
            raise ValueError("a pool needs at least one process, some time and some memory")
        self.time_limit_s = time_limit_s
        self.memory_limit_bytes = memory_limit_bytes
        self.cache = cache
        self._slots = [
            _Slot(LimitedProcess(time_limit_s, memory_limit_bytes, reader))
            for _ in range(processes)
        ]
        self._lock = threading.RLock()
        self._calls: deque[_Call] = deque()  # those with jobs that wait
        self._open: set[_Call] = set()
        self._restarts = 0
        self._on_restart = on_restart
        self._closed = False

    @property
    def restarts(self) -> int:
        """How many processes were killed, or died, and had to be replaced."""
        return self._restarts

    @property
    def waiting(self) -> int:
        """How many jobs wait for a process."""
        with self._lock:
            return sum(len(call.waiting) for call in self._calls)

    def read(self, jobs: Sequence[StructureJob]) -> list[Reading]:
        """The material of each job or why there is none, in order.

        A job past its time or memory, or whose process died, is an InvalidMaterial on the field of
        its format. Raises RuntimeError on a closed pool, CancelledError where it is closed
        meanwhile.
        """
        return self.submit(jobs).result()

    def submit(self, jobs: Sequence[StructureJob]) -> Future[list[Reading]]:
        """As ``read`` without waiting. To cancel the future stops the work: jobs that wait are
        dropped, and a process at work on one is killed."""
        kept = [
            dataclasses.replace(job, cache=self.cache) if job.cache is None else job for job in jobs
        ]
        known = {index: known_structure(job) for index, job in enumerate(kept)}
        found: dict[int, Reading] = {
            index: material for index, material in known.items() if material is not None
        }
        call = _Call(kept, deque(index for index in known if index not in found), found)
        with self._lock:
            if self._closed:
                raise RuntimeError("the pool is closed")
            if not call.waiting:
                call.result.set_result([found[index] for index in known])
                return call.result
            self._calls.append(call)
            self._open.add(call)
            call.result.add_done_callback(partial(self._leave, call))
            self._dispatch()
        return call.result

    def start(self) -> None:
        """Start the processes, without waiting for them."""
        for slot in self._slots:
            slot.process.ping()

    def is_alive(self, timeout_s: float = 1.0) -> bool:
        """Whether an idle process answers in time, or all are at work within their time limit."""
        now = time.monotonic()
        with self._lock:
            if self._closed:
                return False
            idle = [slot for slot in self._slots if slot.busy_since is None]
            busy = [slot.busy_since for slot in self._slots if slot.busy_since is not None]
            answers = {slot.process.ping() for slot in idle}
        if not answers:
            return all(now - since < self.time_limit_s + OVERDUE_S for since in busy)
        return any(
            not answer.cancelled() and answer.exception() is None
            for answer in wait(answers, timeout_s, "FIRST_COMPLETED").done
        )

    def close(self) -> None:
        """End all processes; whoever waits gets a CancelledError."""
        with self._lock:
            self._closed = True
            for call in list(self._open):
                call.result.cancel()
        for slot in self._slots:
            slot.process.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _dispatch(self) -> None:
        """Give idle processes the next jobs, one of each caller in turn. Under the lock."""
        for slot in self._slots:
            if slot.busy_since is not None or not self._calls or self._closed:
                continue
            call = self._calls.popleft()
            index = call.waiting.popleft()
            if call.waiting:
                self._calls.append(call)
            slot.busy_since = time.monotonic()
            running = slot.process.read(call.jobs[index])
            call.running.add(running)
            running.add_done_callback(partial(self._finish, slot, call, index))

    def _finish(self, slot: _Slot, call: _Call, index: int, done: Future[Reading]) -> None:
        with self._lock:
            slot.busy_since = None
            call.running.discard(done)
            error = None if done.cancelled() else done.exception()
            if done.cancelled() or error is not None:
                self._restarts += 1
                self._on_restart()
            if not call.result.done():
                if isinstance(error, BrokenProcessPool) and self._may_retry(call, index):
                    if not call.waiting:
                        self._calls.appendleft(call)
                    call.waiting.appendleft(index)
                elif not done.cancelled():
                    call.found[index] = self._outcome(call.jobs[index], error) or done.result()
            self._dispatch()
            complete = len(call.found) == len(call.jobs) and not call.result.done()
        if complete:
            try:
                call.result.set_result([call.found[n] for n in range(len(call.jobs))])
            except InvalidStateError:  # cancelled at this moment
                return

    def _may_retry(self, call: _Call, index: int) -> bool:
        call.tries[index] = call.tries.get(index, 1) + 1
        return call.tries[index] <= TRIES

    def _outcome(self, job: StructureJob, error: BaseException | None) -> InvalidMaterial | None:
        match error:
            case None:
                return None
            case TimeoutError():
                reason = f"took longer than {self.time_limit_s:g} s, the most accepted"
            case ProcessExpired(exitcode=code) if code == OUT_OF_MEMORY:
                megabytes = self.memory_limit_bytes // 2**20
                reason = f"needed more than {megabytes:,} MB of memory, the most accepted"
            case _:
                reason = "ended the process that read it"
        return InvalidMaterial(job.format, reason)

    def _leave(self, call: _Call, result: Future[list[Reading]]) -> None:
        """Of a call that is answered or was cancelled: nothing of it goes on."""
        with self._lock:
            self._open.discard(call)
            if not result.cancelled():
                return
            if call in self._calls:
                self._calls.remove(call)
            call.waiting.clear()
            for running in list(call.running):
                running.cancel()

"""Which dead server processes are replaced at once; how it goes on a real server: test_recovery."""

from __future__ import annotations

from dataclasses import dataclass, field

from circus.exc import ConflictError
from circus.process import DEAD_OR_ZOMBIE, RUNNING, UNEXISTING

from serving.arbiter import TRIED_AGAIN_AFTER_S, _replace


@dataclass
class OneProcess:
    status: int
    lived_s: float

    def age(self) -> float:
        return self.lived_s


@dataclass
class Watcher:
    processes: dict[int, OneProcess]


@dataclass
class Arbiter:
    watchers: list[Watcher]
    is_busy: bool = False
    looked: int = field(default=0, init=False)

    def manage_watchers(self) -> str:
        if self.is_busy:
            raise ConflictError
        self.looked += 1
        return "awaited by the event loop"


def arbiter_of(*processes: OneProcess, is_busy: bool = False) -> Arbiter:
    return Arbiter([Watcher(dict(enumerate(processes)))], is_busy)


OLD, YOUNG = TRIED_AGAIN_AFTER_S + 1, TRIED_AGAIN_AFTER_S - 1


def test_one_that_has_served_is_replaced_at_once() -> None:
    for status in (DEAD_OR_ZOMBIE, UNEXISTING):
        arbiter = arbiter_of(OneProcess(RUNNING, YOUNG), OneProcess(status, OLD))
        assert _replace(arbiter) == "awaited by the event loop"
        assert arbiter.looked == 1


def test_one_that_ends_soon_after_its_start_waits_for_circus() -> None:
    arbiter = arbiter_of(OneProcess(RUNNING, OLD), OneProcess(DEAD_OR_ZOMBIE, YOUNG))
    assert _replace(arbiter) is None
    assert arbiter.looked == 0


def test_nothing_is_done_where_all_run_or_circus_is_at_it() -> None:
    running = arbiter_of(OneProcess(RUNNING, OLD))
    _replace(running)
    assert running.looked == 0
    assert _replace(arbiter_of(OneProcess(DEAD_OR_ZOMBIE, OLD), is_busy=True)) is None

"""Which dead server processes are replaced at once; how it goes on a real server: test_recovery."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from circus.exc import ConflictError
from circus.process import DEAD_OR_ZOMBIE, RUNNING, UNEXISTING
from circus.sighandler import SysHandler

from serving.arbiter import TRIED_AGAIN_AFTER_S, _replace, attend

OLD, YOUNG = TRIED_AGAIN_AFTER_S + 1, TRIED_AGAIN_AFTER_S - 1


@dataclass
class OneProcess:
    status: int
    lived_s: float

    def age(self) -> float:
        return self.lived_s


@dataclass
class Loop:
    later: list[tuple[Any, ...]] = field(default_factory=list)

    def call_later(self, delay_s: float, *call: Any) -> None:
        assert delay_s > 0
        self.later.append(call)


@dataclass
class Arbiter:
    watchers: list[SimpleNamespace]
    is_busy: bool = False
    looked: int = 0

    def manage_watchers(self) -> str:
        if self.is_busy:
            raise ConflictError
        self.looked += 1
        return "awaited by the event loop"


@dataclass
class Controller:
    arbiter: Arbiter
    loop: Loop = field(default_factory=Loop)


def controller_of(*processes: OneProcess, is_busy: bool = False) -> Controller:
    watcher = SimpleNamespace(processes=dict(enumerate(processes)))
    return Controller(Arbiter([watcher], is_busy))


def test_one_that_has_served_is_replaced_at_once() -> None:
    for status in (DEAD_OR_ZOMBIE, UNEXISTING):
        controller = controller_of(OneProcess(RUNNING, YOUNG), OneProcess(status, OLD))
        assert _replace(controller) == "awaited by the event loop"
        assert controller.arbiter.looked == 1


def test_one_that_ends_soon_after_its_start_waits_for_circus() -> None:
    controller = controller_of(OneProcess(RUNNING, OLD), OneProcess(DEAD_OR_ZOMBIE, YOUNG))
    assert _replace(controller) is None
    assert controller.arbiter.looked == 0
    assert controller.loop.later == []


def test_nothing_is_done_where_all_run() -> None:
    controller = controller_of(OneProcess(RUNNING, OLD))
    assert _replace(controller) is None
    assert controller.arbiter.looked == 0


def test_it_is_tried_again_where_circus_is_at_something_else() -> None:
    controller = controller_of(OneProcess(DEAD_OR_ZOMBIE, OLD), is_busy=True)
    assert _replace(controller) is None
    assert controller.loop.later == [(_replace, controller)]


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGCHLD])
def test_circus_calls_what_attends_to_a_signal(number: signal.Signals) -> None:
    class Handler(SysHandler):  # type: ignore[misc]
        def __init__(self) -> None:
            """Without taking the signals of this process."""

    heard: list[Any] = []

    def hear(handler: Any) -> None:
        heard.append(handler)

    attend(Handler, number, hear)
    handler = Handler()
    handler.signal(number)
    assert heard == [handler]
    assert number in Handler.SIGNALS
    assert len(Handler.SIGNALS) == len(set(Handler.SIGNALS))

"""``bentoml serve`` with two differences in how Circus keeps the server processes.

SIGHUP reaches the server processes. Circus would replace them, but they can do better: load a new
champion beside the old one and change over between two requests.

A server process that was killed is replaced at once. BentoML has Circus look every ten seconds.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any

TRIED_AGAIN_AFTER_S = 10.0
"""One that ends sooner than this after its start waits for Circus's next look, so that a process
that cannot start is not started without a pause."""
BUSY_S = 0.2


def main() -> None:
    """Run BentoML's command line with the arguments of this process."""
    from bentoml_cli.cli import cli
    from circus.sighandler import SysHandler

    attend(SysHandler, signal.SIGHUP, _tell_processes)
    attend(SysHandler, signal.SIGCHLD, _replace_soon)
    cli()


def attend(handler: Any, number: signal.Signals, react: Callable[[Any], None]) -> None:
    """Have Circus's class of signal handlers call ``react`` with the handler on a signal.

    Circus finds the method by its own name of the signal: that of SIGCHLD is "cld".
    """
    setattr(handler, f"handle_{handler.SIG_NAMES[number]}", react)
    if number not in handler.SIGNALS:
        handler.SIGNALS = [*handler.SIGNALS, number]


def _tell_processes(handler: Any) -> None:
    for watcher in handler.controller.arbiter.watchers:
        for pid in list(watcher.processes):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGHUP)


def _replace_soon(handler: Any) -> None:
    controller = handler.controller
    controller.loop.add_callback_from_signal(_replace, controller)


def _replace(controller: Any) -> Any:
    from circus.exc import ConflictError
    from circus.process import DEAD_OR_ZOMBIE, UNEXISTING

    dead = [
        process
        for watcher in controller.arbiter.watchers
        for process in watcher.processes.values()
        if process.status in (DEAD_OR_ZOMBIE, UNEXISTING)
    ]
    if not dead or any(process.age() < TRIED_AGAIN_AFTER_S for process in dead):
        return None
    try:
        return controller.arbiter.manage_watchers()
    except ConflictError:  # Circus is at something else
        controller.loop.call_later(BUSY_S, _replace, controller)
        return None


if __name__ == "__main__":
    main()

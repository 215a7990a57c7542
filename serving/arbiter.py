"""``bentoml serve`` with two differences in how Circus keeps the server processes.

SIGHUP reaches the server processes. Circus would replace them, but they can do better: load a new
champion beside the old one and change over between two requests.

A server process that was killed is replaced at once. BentoML has Circus look every ten seconds.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import Any

TRIED_AGAIN_AFTER_S = 10.0
"""One that ends sooner than this after its start waits for Circus's next look, so that a process
that cannot start is not started without a pause."""


def main() -> None:
    """Run BentoML's command line with the arguments of this process."""
    from bentoml_cli.cli import cli
    from circus.sighandler import SysHandler

    SysHandler.handle_hup = _tell_processes
    SysHandler.handle_chld = _replace_soon
    SysHandler.SIGNALS = [*SysHandler.SIGNALS, signal.SIGCHLD]
    cli()


def _tell_processes(handler: Any) -> None:
    for watcher in handler.controller.arbiter.watchers:
        for pid in list(watcher.processes):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGHUP)


def _replace_soon(handler: Any) -> None:
    controller = handler.controller
    controller.loop.add_callback_from_signal(_replace, controller.arbiter)


def _replace(arbiter: Any) -> Any:
    from circus.exc import ConflictError
    from circus.process import DEAD_OR_ZOMBIE, UNEXISTING

    dead = [
        process
        for watcher in arbiter.watchers
        for process in watcher.processes.values()
        if process.status in (DEAD_OR_ZOMBIE, UNEXISTING)
    ]
    if dead and all(process.age() > TRIED_AGAIN_AFTER_S for process in dead):
        with suppress(ConflictError):  # Circus is at it, or on its way out
            return arbiter.manage_watchers()
    return None


if __name__ == "__main__":
    main()

"""``bentoml serve`` with one difference: SIGHUP reaches the server processes.

Circus, which keeps BentoML's server processes alive, would replace them. They can do better: load
a new champion beside the old one and change over between two requests.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import Any


def main() -> None:
    """Run BentoML's command line with the arguments of this process."""
    from bentoml_cli.cli import cli
    from circus.sighandler import SysHandler

    SysHandler.handle_hup = _tell_processes
    cli()


def _tell_processes(handler: Any) -> None:
    for watcher in handler.controller.arbiter.watchers:
        for pid in list(watcher.processes):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGHUP)


if __name__ == "__main__":
    main()

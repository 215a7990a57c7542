"""A service under test: its processes, their memory, and whom they talk to."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

ROOT = Path(__file__).parent.parent
START_LIMIT_S = 180.0
STOP_LIMIT_S = 60.0
OURS = ["-m", "serving.cli", "serve", "--port"]
BARE = ["-m", "bentoml", "serve", "benchmarks._bare_service:BareService", "--host", "127.0.0.1"]


@dataclass(frozen=True)
class Server:
    """A started server, and how long it took to be ready."""

    port: int
    cold_s: float
    process: psutil.Process

    def tree(self) -> list[psutil.Process]:
        """The process and everything below it that still runs."""
        alive = []
        for each in [self.process, *self.process.children(recursive=True)]:
            try:
                if each.status() != psutil.STATUS_ZOMBIE:
                    alive.append(each)
            except psutil.NoSuchProcess:
                continue
        return alive

    def rss_kb(self) -> float:
        """Memory of the whole tree; what processes share counts in each."""
        return sum(_or(each.memory_info, _NOTHING).rss for each in self.tree()) / 1024

    def size(self) -> tuple[int, int]:
        """How many processes and threads there are."""
        tree = self.tree()
        return len(tree), sum(_or(each.num_threads, 0) for each in tree)

    def workers(self) -> list[psutil.Process]:
        """Server processes."""
        found = self.process.children()
        return [each for each in found if "--worker-id" in _or(each.cmdline, [])]

    def structure_processes(self) -> list[psutil.Process]:
        """Processes that read structures: below a forkserver below a server process."""
        return [
            leaf
            for worker in self.workers()
            for middle in _or(worker.children, [])
            for leaf in _or(middle.children, [])
        ]

    def strangers(self) -> set[str]:
        """Addresses off this machine that a process of the tree is connected to."""
        found: set[str] = set()
        for each in self.tree():
            for connection in _or(lambda p=each: p.net_connections("inet"), []):
                if connection.raddr and not ipaddress.ip_address(connection.raddr.ip).is_loopback:
                    found.add(connection.raddr.ip)
        return found

    def is_ready(self) -> bool:
        """What /readyz says."""
        try:
            address = f"http://127.0.0.1:{self.port}/readyz"
            return httpx.get(address, timeout=5).status_code == 200
        except httpx.TransportError:
            return False


class _Nothing:
    rss = 0


_NOTHING = _Nothing()


def _or(ask: Callable[[], object], otherwise: object):  # type: ignore[no-untyped-def]
    """What a process says, or ``otherwise`` if it has ended meanwhile."""
    try:
        return ask()
    except psutil.Error:
        return otherwise


@contextmanager
def served(command: list[str], bundle: Path, folder: Path, **settings: str) -> Iterator[Server]:
    """A server started with ``python <command> <port>``; ended with SIGTERM."""
    port = _free_port()
    environment = os.environ | {
        "FRENKEL_BUNDLE": str(bundle.resolve()),
        "BENTOML_HOME": str(folder / "bentoml"),
        "BENTOML_DO_NOT_TRACK": "True",
        "OMP_NUM_THREADS": "1",
        **{f"FRENKEL_{name.upper()}": value for name, value in settings.items()},
    }
    arguments = (
        [*command, str(port)] if command[-1] == "--port" else [*command, "--port", str(port)]
    )
    started = time.monotonic()
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    server = Server(port, 0.0, psutil.Process(process.pid))
    try:
        wait_until(server.is_ready, START_LIMIT_S)
        yield Server(port, time.monotonic() - started, server.process)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            for each in server.tree():
                each.kill()
            process.wait()


def wait_until(holds: Callable[[], bool], limit_s: float) -> float:
    """Seconds until it holds. Raises TimeoutError past the limit."""
    started = time.monotonic()
    while not holds():
        if time.monotonic() - started > limit_s:
            raise TimeoutError(f"it did not come about within {limit_s:g} s")
        time.sleep(0.02)
    return time.monotonic() - started


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])

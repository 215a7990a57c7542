"""A server of somebody else's, started for a test and stopped after it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

STOP_LIMIT_S = 30


@contextmanager
def started(
    command: Sequence[str],
    *,
    port: int,
    ready_path: str,
    folder: Path,
    environment: Mapping[str, str],
    limit_s: float,
) -> Iterator[str]:
    """The address of ``command`` on ``port``, once ``ready_path`` answers 200.

    It runs in ``folder``, with the programs of this Python first on the PATH: MLflow looks for
    uvicorn there. What it says is kept in the folder, and shown where it ends or takes longer than
    ``limit_s``.
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    log = folder / "server.log"
    address = f"http://127.0.0.1:{port}"
    with log.open("w") as stream:
        process = subprocess.Popen(
            command, cwd=folder, env={**environment, "PATH": path}, stdout=stream, stderr=stream
        )
        try:
            deadline = time.monotonic() + limit_s
            while not _answers(address + ready_path):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.3)
            yield address
        finally:
            process.terminate()
            process.wait(STOP_LIMIT_S)


def _answers(address: str) -> bool:
    try:
        return httpx.get(address).status_code == 200
    except httpx.TransportError:
        return False

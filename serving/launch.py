"""Turning a command line into a BentoML server."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import NoReturn

SERVICE = "serving.service:FrenkelService"


class AddressError(ValueError):
    """An address that cannot be listened on."""


def checked_champion(champion: str) -> Path:
    """The bundle folder, absolute; checked if the champion is taken from it.

    Raises BundleError, so that a missing or altered model is one line and no traceback.
    """
    from models.bundle import default_bundle_path, open_bundle

    bundle = default_bundle_path().resolve()
    if not champion:
        open_bundle(bundle)
    return bundle


def free_address(host: str, port: int) -> tuple[str, int]:
    """The numeric address of a host, once it is sure that it can be listened on.

    BentoML takes no host names, and ends in a traceback where a port is taken. Raises
    AddressError.
    """
    try:
        family, _, _, _, found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(found)
    except OSError as error:
        raise AddressError(f"cannot listen on {host} port {port}: {error.strerror}") from error
    return str(found[0]), port


def become_server(host: str, port: int, bundle: Path) -> NoReturn:
    """Replace this process by BentoML's, so that signals reach it and nothing is left behind."""
    environment = os.environ | {"FRENKEL_BUNDLE": str(bundle), "BENTOML_DO_NOT_TRACK": "True"}
    # Models of a few rows gain nothing from threads, and requests share the cores already.
    environment.setdefault("OMP_NUM_THREADS", "1")
    environment.setdefault("OPENBLAS_NUM_THREADS", "1")
    command = [sys.executable, "-m", "serving.arbiter", "serve", SERVICE]
    command += ["--host", host, "--port", str(port)]
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, command, environment)

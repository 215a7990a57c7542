"""Where the service listens, and what its settings accept."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from pydantic import ValidationError

from models.bundle import BundleError
from serving import launch
from serving.settings import Settings


def test_without_a_token_only_this_machine_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FRENKEL_API_TOKEN", raising=False)
    monkeypatch.delenv("FRENKEL_HOST", raising=False)
    assert Settings().listening_host == "127.0.0.1"
    assert Settings(host="0.0.0.0").listening_host == "0.0.0.0"


def test_behind_a_token_every_address_is_answered_unless_told_otherwise() -> None:
    assert Settings(api_token="x").listening_host == "0.0.0.0"
    assert Settings(api_token="x", host="127.0.0.1").listening_host == "127.0.0.1"


def test_the_token_is_not_shown() -> None:
    assert "hidden away" not in repr(Settings(api_token="hidden away"))


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "0"), ("WORKERS", "0"), ("REQUEST_TIMEOUT_S", "60"), ("STRUCTURE_MEMORY_MB", "1")],
)
def test_a_setting_out_of_bounds_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"FRENKEL_{name}", value)
    with pytest.raises(ValidationError):
        Settings()


def test_a_port_that_is_taken_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(launch.AddressError, match="cannot listen"):
            launch.free_address("127.0.0.1", taken.getsockname()[1])


def test_only_a_champion_from_the_folder_is_checked_before_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRENKEL_BUNDLE", str(tmp_path))
    with pytest.raises(BundleError, match="make train"):
        launch.checked_champion("")
    assert launch.checked_champion("models:/frenkel@champion") == tmp_path


def test_the_server_takes_this_processes_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started: list[tuple[list[str], dict[str, str]]] = []

    def execve(_: str, arguments: list[str], environment: dict[str, str]) -> None:
        started.append((arguments, environment))

    monkeypatch.setattr(os, "execve", execve)
    launch.become_server("127.0.0.1", 3000, tmp_path)
    ((arguments, environment),) = started
    assert arguments[1:4] == ["-m", "serving.arbiter", "serve"]
    assert arguments[-4:] == ["--host", "127.0.0.1", "--port", "3000"]
    assert environment["FRENKEL_BUNDLE"] == str(tmp_path)

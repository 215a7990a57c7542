"""Settings of the service and of scoring, read from the environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

LOOPBACK = "127.0.0.1"
EVERY_ADDRESS = "0.0.0.0"


class Settings(BaseSettings):
    """Every field can be set as FRENKEL_<NAME IN CAPITALS>.

    The trained model's folder is found through FRENKEL_BUNDLE, which ``models.bundle`` reads,
    because training writes there too.
    """

    model_config = SettingsConfigDict(env_prefix="FRENKEL_", extra="ignore")

    host: str | None = None
    """Address that ``frenkel serve`` listens on. By default this machine only (127.0.0.1); with
    an API token, every address of the machine."""

    port: Annotated[int, Field(ge=1, le=65535)] = 3000
    """TCP port that ``frenkel serve`` listens on."""

    workers: Annotated[int, Field(ge=1, le=64)] = min(2, os.cpu_count() or 1)
    """Server processes. Each holds the model and has its own structure processes; with two, one
    answers while the other is being replaced."""

    api_token: SecretStr | None = None
    """If set, every request but /livez, /readyz and those for the page's own files needs
    ``Authorization: Bearer <token>``."""

    champion: str = ""
    """Where the champion is taken from. Empty: the bundle folder. ``bentoml:NAME:VERSION`` (or
    ``:latest``): BentoML's model store. ``models:/frenkel@champion``: MLflow's registry, at
    MLFLOW_TRACKING_URI."""

    champion_poll_s: Annotated[float, Field(ge=0, le=86_400)] = 10.0
    """Seconds between looks for a new champion; 0 looks only on SIGHUP."""

    max_body_bytes: Annotated[int, Field(ge=1_000)] = 2_000_000
    """Largest request body; a longer one is answered with 413."""

    request_timeout_s: Annotated[float, Field(gt=0, le=55)] = 30.0
    """Seconds from the first byte of a request to its answer; after that 504. BentoML itself
    gives up after 60, so this stays below."""

    max_waiting: Annotated[int, Field(ge=1)] = 64
    """Requests that may wait for the model in a process, and beside them as many whose structures
    are being read; the next one is answered with 429."""

    max_waiting_structures: Annotated[int, Field(ge=1)] = 512
    """Structures that may wait to be read in a process; a request beyond is answered with 429."""

    batch_rows: Annotated[int, Field(ge=1, le=4096)] = 256
    """Materials of requests that wait which are predicted together."""

    structure_processes: Annotated[int, Field(ge=1, le=64)] = min(2, os.cpu_count() or 1)
    """Processes that read structures, for each server process."""

    structure_time_limit_s: Annotated[float, Field(gt=0, le=50)] = 5.0
    """Seconds that one structure may take; then its process is killed and it is refused."""

    structure_memory_mb: Annotated[int, Field(ge=1024)] = 2048
    """Address space, in MB, of a process that reads structures."""

    block_rows: Annotated[int, Field(ge=1, le=100_000)] = 4096
    """Rows that ``frenkel score`` reads, predicts and writes at a time."""

    record: Path | None = None
    """If set, a file that a few numbers of each answered material are appended to (never its
    formula or structure), for ``frenkel-train drift``. At 32 MB it is put aside as
    ``<name>.1``, in the place of the one before."""

    @field_validator("api_token")
    @classmethod
    def _sent_as_it_is(cls, token: SecretStr | None) -> SecretStr | None:
        """Without the blanks around it, which no client sends; a token of blanks is refused."""
        text = token.get_secret_value() if token else ""
        if text and not text.strip():
            raise ValueError("is blank: unset it, or set a token")
        return SecretStr(text.strip()) if text else None

    @property
    def listening_host(self) -> str:
        """The host asked for, or the default: open to others only behind a token."""
        return self.host or (EVERY_ADDRESS if self.api_token else LOOPBACK)

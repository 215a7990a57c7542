"""Settings of the service and of scoring, read from the environment."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every field can be set as FRENKEL_<NAME IN CAPITALS>.

    The trained model is found through FRENKEL_BUNDLE, which ``models.bundle`` reads, because
    training writes there too.
    """

    model_config = SettingsConfigDict(env_prefix="FRENKEL_", extra="ignore")

    host: str = "127.0.0.1"
    """Address that ``frenkel serve`` listens on. The default answers this machine only."""

    port: Annotated[int, Field(ge=1, le=65535)] = 3000
    """TCP port that ``frenkel serve`` listens on."""

    max_body_bytes: Annotated[int, Field(ge=1_000)] = 2_000_000
    """Largest request body; a longer one is answered with 413."""

    request_timeout_s: Annotated[float, Field(gt=0, le=55)] = 30.0
    """Seconds from the first byte of a request to its answer; after that 504. BentoML itself
    gives up after 60, so this stays below."""

    max_waiting: Annotated[int, Field(ge=1)] = 64
    """Requests that may wait for the model; the next one is answered with 429."""

    block_rows: Annotated[int, Field(ge=1, le=100_000)] = 4096
    """Rows that ``frenkel score`` reads, predicts and writes at a time."""

"""The BentoML service. BentoML serves the process and its health, the rest is ours.

What is answered is an ASGI application of its own beside BentoML's, because BentoML's input
handling names fields and shapes errors in ways that a documented body cannot have.
"""

from __future__ import annotations

from typing import Any

import bentoml
from starlette.types import Receive, Scope, Send

from serving import metrics
from serving.gate import RequestGate
from serving.logs import log_as_json
from serving.settings import Settings


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI: every path but the health of the process."""
    service: Any = bentoml.get_current_service()
    await service.app.router(scope, receive, send)


@bentoml.asgi_app(answer, path="/")
@bentoml.service(
    name="frenkel",
    workers=Settings().workers,
    traffic={"timeout": 60},
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
)
class FrenkelService:
    """A server process."""

    def __init__(self) -> None:
        """Raises BundleError where there is no champion, AlteredBundle where a byte differs."""
        # Here, because this module is imported once more, to start the server processes.
        from serving.app import App

        log_as_json()
        metrics.forget_dead()
        self.app = App(Settings())

    async def __is_ready__(self) -> bool:
        """For GET /readyz."""
        return await self.app.is_ready()

    @bentoml.on_shutdown
    def close(self) -> None:
        """Runs when the last request has been answered."""
        self.app.close()


FrenkelService.add_asgi_middleware(RequestGate)  # type: ignore[attr-defined]

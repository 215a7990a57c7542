"""What every request passes on its way in and out: size, time, request id, one error shape."""

from __future__ import annotations

import asyncio
import hmac
import logging
import re
import time
import uuid
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.errors import (
    NOTHING_HERE,
    BodyTooLargeError,
    BodyTooSlowError,
    ClientGoneError,
    NotFoundError,
    PredictionTimeoutError,
    ServiceError,
    UnauthorizedError,
    error_response,
    foreign_error,
)
from serving.logs import request_id
from serving.metrics import HEALTH_PATHS, KNOWN_PATHS, count_request
from serving.page_files import PAGE_PATHS
from serving.settings import Settings

logger = logging.getLogger("bentoml.frenkel")

ACCEPTED_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
OPEN_PATHS = HEALTH_PATHS | PAGE_PATHS | {"/"}
"""Read without a token: the page asks for it, and sends it with every question."""
QUIET_PATHS = HEALTH_PATHS | PAGE_PATHS | {"/metrics"}


class RequestGate:
    """ASGI middleware around all of the service, health endpoints included.

    Errors of ours are raised below and answered here. An answer from below with status 400 or
    more can then only be the framework's own, and is put into our shape. Of the framework's own
    paths only those in KNOWN_PATHS are reached.
    """

    def __init__(self, app: ASGIApp, settings: Callable[[], Settings] = Settings) -> None:
        self.app = app
        self.settings = settings()
        token = self.settings.api_token
        self._token = token.get_secret_value().encode() if token else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request through."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        passage = _Passage(scope, receive, send, self.settings.max_body_bytes)
        error: ServiceError | None = None
        request_id.set(passage.request_id)
        try:
            self._check_token(passage)
            if scope["path"] not in KNOWN_PATHS:
                raise NotFoundError(NOTHING_HERE)
            passage.check_declared_length()
            async with asyncio.timeout(self.settings.request_timeout_s):
                await self.app(scope, passage.receive, passage.send)
        except ServiceError as raised:
            error = raised
        except ClientDisconnect:
            # Nobody is left to read it, but BentoML waits for an answer before it lets go.
            error = ClientGoneError("the connection was closed before the body was complete")
        except TimeoutError:
            error = passage.timeout_error(self.settings.request_timeout_s)
        except Exception:
            logger.exception("a request failed")
            error = foreign_error(500)
        await passage.finish(error)

    def _check_token(self, passage: _Passage) -> None:
        """Raises UnauthorizedError unless the path is open or the token is right."""
        if self._token is None or passage.scope["path"] in OPEN_PATHS:
            return
        kind, _, given = passage.headers.get("authorization", "").partition(" ")
        # compared in a time that does not tell how much of it was right
        right = hmac.compare_digest(given.strip().encode("latin-1"), self._token)
        if kind.lower() != "bearer" or not right:
            raise UnauthorizedError(
                "send the service's token as Authorization: Bearer TOKEN",
                headers={"WWW-Authenticate": "Bearer"},
            )


class _Passage:
    """One request on its way: what it has sent and received so far."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, max_body_bytes: int) -> None:
        self.scope = scope
        self.headers = Headers(scope=scope)
        self.max_body_bytes = max_body_bytes
        self.body_bytes = 0
        has_body = (
            "transfer-encoding" in self.headers or self.headers.get("content-length", "0") != "0"
        )
        self.body_complete = not has_body
        self.started = time.perf_counter()
        self.status = 0
        self.counted = False
        self.foreign: ServiceError | None = None
        given = self.headers.get("x-request-id", "")
        self.request_id = given if ACCEPTED_REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        self._receive = receive
        self._send = send

    def check_declared_length(self) -> None:
        """Refuse a body that says itself that it is too long. Raises BodyTooLargeError."""
        declared = self.headers.get("content-length", "0")
        if not declared.isdecimal() or int(declared[:20]) > self.max_body_bytes:
            raise self._too_large()

    async def receive(self) -> Message:
        """The next piece of the body. Raises BodyTooLargeError past the limit."""
        message = await self._receive()
        if message["type"] == "http.request":
            self.body_bytes += len(message.get("body", b""))
            self.body_complete = not message.get("more_body", False)
            if self.body_bytes > self.max_body_bytes:
                raise self._too_large()
        return message

    async def send(self, message: Message) -> None:
        """Pass an answer on; hold back the framework's own errors."""
        if message["type"] == "http.response.start":
            if message["status"] >= 400:
                self.foreign = foreign_error(message["status"])
                allowed = Headers(scope={"headers": message.get("headers", [])}).get("allow")
                self.foreign.headers = {"Allow": allowed} if allowed else {}
                return
            self.status = message["status"]
            MutableHeaders(scope=message)["X-Request-Id"] = self.request_id
        if self.foreign is not None:
            return
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self._count()
        await self._send(message)

    async def finish(self, error: ServiceError | None) -> None:
        """Answer with the error, if there is one, count the request and log it."""
        error = error or self.foreign
        if error is not None and self.status == 0:
            self.status = error.status
            response = error_response(error, self.request_id)
            response.headers["X-Request-Id"] = self.request_id
            if not self.body_complete:
                # the rest of the body is not read, so the connection cannot be used again
                response.headers["Connection"] = "close"
            self._count()
            await response(self.scope, self._receive, self._send)
        self._count()  # an answer that was broken off
        seconds = time.perf_counter() - self.started
        if self.scope["path"] not in QUIET_PATHS or error is not None:
            self._log(error, seconds)

    def _count(self) -> None:
        """Count the request once, before its answer is complete.

        Whoever has read an answer then finds it in /metrics, whichever process is asked.
        """
        if not self.counted:
            self.counted = True
            seconds = time.perf_counter() - self.started
            count_request(self.scope["path"], self.status, seconds)

    def timeout_error(self, limit_s: float) -> ServiceError:
        """What ran out of time: the sender of the body, or the prediction."""
        if self.body_complete:
            return PredictionTimeoutError(
                f"no answer within {limit_s:g} s; ask for fewer materials"
            )
        return BodyTooSlowError(f"the body did not arrive within {limit_s:g} s")

    def _too_large(self) -> BodyTooLargeError:
        return BodyTooLargeError(f"the body may have at most {self.max_body_bytes} bytes")

    def _log(self, error: ServiceError | None, seconds: float) -> None:
        """One line, without anything from the body."""
        line = {
            "method": self.scope["method"],
            "path": self.scope["path"][:200],
            "status": self.status,
            "ms": round(seconds * 1000, 1),
            "body_bytes": self.body_bytes,
        }
        if error is not None:
            line["error"] = error.code
        logger.info("request", extra={"fields": line})

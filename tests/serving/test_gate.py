"""The gate in front of everything, without a model and without a network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from prometheus_client import REGISTRY
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.errors import MalformedBodyError
from serving.gate import RequestGate
from serving.logs import JsonLine
from serving.settings import Settings

Answer = tuple[int, dict[str, str], bytes]


def ask(
    app: ASGIApp,
    *,
    headers: dict[str, str] | None = None,
    pieces: list[bytes] | None = None,
    stalls: bool = False,
    leaves: bool = False,
    path: str = "/predict",
    watch: Callable[[Message], None] = lambda message: None,
    **limits: Any,
) -> Answer:
    """The answer of an application behind the gate; ``pieces`` is a body in chunks.

    ``watch`` is shown each message as it leaves.
    """
    sent: list[Message] = []
    waiting = list(pieces or [b""])

    async def receive() -> Message:
        if leaves:
            return {"type": "http.disconnect"}
        if not waiting or (stalls and len(waiting) == 1):
            await asyncio.sleep(60)
        piece = waiting.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(waiting)}

    async def send(message: Message) -> None:
        watch(message)
        sent.append(message)

    named = headers or {}
    if pieces and "content-length" not in named:
        named = {**named, "transfer-encoding": "chunked"}
    scope: Scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in named.items()],
    }
    gate = RequestGate(app, settings=lambda: Settings(**limits))
    asyncio.run(gate(scope, receive, send))
    start, *rest = sent
    found = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], found, b"".join(message.get("body", b"") for message in rest)


def error_of(answer: Answer) -> dict[str, Any]:
    error: dict[str, Any] = json.loads(answer[2])["error"]
    assert set(error) == {"code", "message", "field", "request_id"}
    assert error["request_id"] == answer[1]["x-request-id"]
    return error


def app_of(handler: Callable[[Request], Awaitable[Response]]) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = await handler(Request(scope, receive))
        await response(scope, receive, send)

    return ExceptionMiddleware(app)


async def echo_size(request: Request) -> Response:
    return Response(str(len(await request.body())))


def test_a_request_id_is_given_back_and_a_strange_one_is_replaced() -> None:
    _, headers, _ = ask(app_of(echo_size), headers={"x-request-id": "run-7:a.b"})
    assert headers["x-request-id"] == "run-7:a.b"
    for strange in ("a b", "x" * 129, 'a"b', ""):
        _, headers, _ = ask(app_of(echo_size), headers={"x-request-id": strange})
        assert len(headers["x-request-id"]) == 32


def test_a_body_of_exactly_the_limit_passes() -> None:
    status, _, body = ask(app_of(echo_size), pieces=[b"x" * 600, b"x" * 400], max_body_bytes=1000)
    assert (status, body) == (200, b"1000")


@pytest.mark.parametrize("length", ["1001", "9" * 40, "-1", "ten"])
def test_a_declared_length_over_the_limit_is_413_before_reading(length: str) -> None:
    answer = ask(
        app_of(echo_size),
        headers={"content-length": length},
        pieces=[b"x"],
        stalls=True,
        max_body_bytes=1000,
    )
    assert answer[0] == 413
    assert error_of(answer)["code"] == "body_too_large"
    assert answer[1]["connection"] == "close"


def test_chunks_over_the_limit_are_413() -> None:
    answer = ask(app_of(echo_size), pieces=[b"x" * 600] * 5, max_body_bytes=1000)
    assert (answer[0], error_of(answer)["code"]) == (413, "body_too_large")


def test_a_body_that_never_ends_is_408() -> None:
    answer = ask(app_of(echo_size), pieces=[b"{", b"}"], stalls=True, request_timeout_s=0.05)
    assert (answer[0], error_of(answer)["code"]) == (408, "body_too_slow")


def test_an_answer_that_takes_too_long_is_504() -> None:
    async def slow(request: Request) -> Response:
        await request.body()
        await asyncio.sleep(60)
        raise AssertionError

    answer = ask(app_of(slow), pieces=[b"{}"], request_timeout_s=0.05)
    assert (answer[0], error_of(answer)["code"]) == (504, "timeout")


def test_a_sender_that_leaves_ends_the_request() -> None:
    assert ask(app_of(echo_size), leaves=True)[0] == 499


def test_an_error_of_ours_keeps_status_code_and_field() -> None:
    async def refuse(_: Request) -> Response:
        raise MalformedBodyError("no", code="missing_field", field="materials")

    answer = ask(app_of(refuse))
    error = error_of(answer)
    assert (answer[0], error["code"], error["field"]) == (400, "missing_field", "materials")


def test_a_fault_of_ours_is_500_without_its_text() -> None:
    async def fail(_: Request) -> Response:
        raise RuntimeError("secret of the house")

    answer = ask(app_of(fail))
    assert (answer[0], error_of(answer)["code"]) == (500, "internal")
    assert b"secret" not in answer[2]
    assert b"RuntimeError" not in answer[2]


@pytest.mark.parametrize(
    ("status", "code"),
    [(404, "not_found"), (405, "method_not_allowed"), (503, "not_ready"), (418, "bad_request")],
)
def test_errors_of_the_framework_get_our_shape(status: int, code: str) -> None:
    async def foreign(_: Request) -> Response:
        raise HTTPException(status, detail="their words", headers={"Allow": "POST"})

    answer = ask(app_of(foreign))
    assert (answer[0], error_of(answer)["code"]) == (status, code)
    assert answer[1]["allow"] == "POST"
    assert b"their words" not in answer[2]


def test_a_path_that_is_not_ours_never_reaches_the_framework() -> None:
    async def reached(_: Request) -> Response:
        raise AssertionError

    for path in ("/docs.json", "/schema.json", "/static_content/x", "/tasks"):
        answer = ask(app_of(reached), path=path)
        assert (answer[0], error_of(answer)["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer wrong", "Basic right", "right", "Bearer é"]
)
def test_without_the_right_token_there_is_no_answer(given: str) -> None:
    headers = {"authorization": given} if given else {}
    answer = ask(app_of(echo_size), headers=headers, api_token="right")
    assert (answer[0], error_of(answer)["code"]) == (401, "unauthorized")
    assert answer[1]["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("token", ["schlüssel", " right "])
def test_a_token_is_compared_as_its_utf8_bytes_without_blanks_around(token: str) -> None:
    sent = f"Bearer {token.strip()}".encode().decode("latin-1")  # the bytes that a client sends
    assert ask(app_of(echo_size), headers={"authorization": sent}, api_token=token)[0] == 200


def test_a_token_of_blanks_is_refused_and_none_is_none() -> None:
    with pytest.raises(ValidationError, match="is blank"):
        Settings(api_token="  ")
    assert Settings(api_token="").api_token is None


def test_the_right_token_and_the_health_paths_pass() -> None:
    headers = {"authorization": "bearer right"}
    assert ask(app_of(echo_size), headers=headers, api_token="right")[0] == 200
    assert ask(app_of(echo_size), path="/readyz", api_token="right")[0] == 200


@pytest.mark.parametrize("path", ["/", "/page/main.js", "/page/plotly.min.js"])
def test_the_page_itself_needs_no_token(path: str) -> None:
    assert ask(app_of(echo_size), path=path, api_token="right")[0] == 200


@pytest.mark.parametrize("path", ["/plain", "/parse", "/cell", "/map", "/model", "/docs"])
def test_whatever_knows_the_model_needs_the_token(path: str) -> None:
    assert ask(app_of(echo_size), path=path, api_token="right")[0] == 401


def counted(status: int) -> float:
    labels = {"endpoint": "/predict", "status": str(status)}
    return REGISTRY.get_sample_value("frenkel_request_seconds_count", labels) or 0.0


async def in_two_parts(_: Request) -> Response:
    return StreamingResponse(iter([b"one", b"two"]))


async def refused(_: Request) -> Response:
    raise MalformedBodyError("no")


@pytest.mark.parametrize(
    ("handler", "status"), [(echo_size, 200), (in_two_parts, 200), (refused, 400)]
)
def test_whoever_has_read_an_answer_finds_it_counted(
    handler: Callable[[Request], Awaitable[Response]], status: int
) -> None:
    before = counted(status)
    counts: list[float] = []

    def watch(message: Message) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            counts.append(counted(status) - before)

    assert ask(app_of(handler), watch=watch)[0] == status
    assert counts == [1]
    assert counted(status) == before + 1


def test_an_answer_that_breaks_off_is_counted_once() -> None:
    async def part(_: Request) -> Response:
        def pieces() -> Iterator[bytes]:
            yield b"one"
            raise RuntimeError

        return StreamingResponse(pieces())

    before = counted(200)
    assert ask(app_of(part))[2] == b"one"
    assert counted(200) == before + 1


def test_a_log_line_has_the_request_id_and_nothing_of_the_body(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", logger="bentoml.frenkel")
    caplog.handler.setFormatter(JsonLine())

    async def fail(request: Request) -> Response:
        await request.body()
        raise ValueError("secret of the sender")

    ask(app_of(fail), headers={"x-request-id": "run-7"}, pieces=[b"secret of the sender"])
    lines = [json.loads(line) for line in caplog.text.splitlines()]
    assert [line["request_id"] for line in lines] == ["run-7", "run-7"]
    assert lines[0]["exception"] == "ValueError"
    assert (lines[1]["status"], lines[1]["path"], lines[1]["error"]) == (
        500,
        "/predict",
        "internal",
    )
    assert "secret" not in caplog.text

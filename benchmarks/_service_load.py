"""A client that costs little: many connections in one event loop, HTTP/1.1 written by hand.

The service is measured on the machine that asks, so what the client computes is taken from it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

ANSWER_LIMIT_S = 90.0


@dataclass
class Answers:
    """Status (0: no answer) and seconds of each request, in the order they came back."""

    status: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    wall_s: float = 0.0

    def add(self, status: int, seconds: float) -> None:
        """Note one."""
        self.status.append(status)
        self.seconds.append(seconds)

    @property
    def errors(self) -> int:
        """How many were not answered with 200."""
        return sum(status != 200 for status in self.status)

    @property
    def good_ms(self) -> list[float]:
        """Milliseconds of those answered with 200."""
        both = zip(self.status, self.seconds, strict=True)
        return [1000.0 * seconds for status, seconds in both if status == 200]


class Connection:
    """One connection, made again when it was closed."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: bytes, limit_s: float = ANSWER_LIMIT_S) -> int:
        """The status of an answer, 0 where the connection broke or the limit passed."""
        try:
            return await asyncio.wait_for(self._post(path, body), limit_s)
        except (OSError, EOFError, TimeoutError, ValueError):
            self.close()
            return 0

    async def _post(self, path: str, body: bytes) -> int:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._streams
        head = (
            f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        lines = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
        headers = dict(line.split(b": ", 1) for line in lines[1:] if b": " in line)
        if headers.get(b"transfer-encoding") == b"chunked":
            while size := int(await reader.readline(), 16):
                await reader.readexactly(size + 2)
            await reader.readline()
        else:
            await reader.readexactly(int(headers.get(b"content-length", b"0")))
        if headers.get(b"connection") == b"close":
            self.close()
        return int(lines[0].split(b" ")[1])

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def body_of(*materials: dict[str, Any]) -> bytes:
    """A request for predictions."""
    return json.dumps({"materials": list(materials)}).encode()


def load(
    port: int,
    bodies: Iterator[bytes],
    *,
    clients: int,
    requests: int | None = None,
    seconds: float | None = None,
    path: str = "/predict",
    beside: Callable[[int, asyncio.Event], Awaitable[None]] | None = None,
) -> Answers:
    """Clients that each ask again as soon as they are answered, until so many or so long.

    ``beside`` runs at the same time, until the event is set.
    """
    return asyncio.run(_load(port, bodies, clients, requests, seconds, path, beside))


async def _load(
    port: int,
    bodies: Iterator[bytes],
    clients: int,
    requests: int | None,
    seconds: float | None,
    path: str,
    beside: Callable[[int, asyncio.Event], Awaitable[None]] | None,
) -> Answers:
    answers = Answers()
    left = requests if requests is not None else 10**9
    started = time.perf_counter()
    until = started + (seconds if seconds is not None else 10**9)

    async def client() -> None:
        nonlocal left
        connection = Connection(port)
        while left > 0 and time.perf_counter() < until:
            left -= 1
            body = next(bodies)
            asked = time.perf_counter()
            status = await connection.post(path, body)
            answers.add(status, time.perf_counter() - asked)
        connection.close()

    over = asyncio.Event()
    other = asyncio.create_task(beside(port, over)) if beside is not None else None
    await asyncio.gather(*(client() for _ in range(clients)))
    answers.wall_s = time.perf_counter() - started
    over.set()
    if other is not None:
        await other
    return answers

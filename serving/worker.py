"""The one thread that predicts, and the bounded line in front of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from serving.errors import OverloadedError

T = TypeVar("T")


class PredictionWorker:
    """Runs one prediction at a time, off the event loop.

    A request that is cancelled while it waits never starts. One that runs already runs to its
    end, and counts as waiting until then.
    """

    def __init__(self, max_waiting: int) -> None:
        self.max_waiting = max_waiting
        self._waiting = 0
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="prediction")

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        """The result of ``function(*args)``. Raises OverloadedError where too many wait."""
        with self._lock:
            if self._waiting >= self.max_waiting:
                raise OverloadedError(
                    "too many requests wait already", headers={"Retry-After": "1"}
                )
            self._waiting += 1
        future = self._thread.submit(function, *args)
        future.add_done_callback(self._leave)
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Take nothing more; what waits is dropped."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _leave(self, _: Future[Any]) -> None:
        with self._lock:
            self._waiting -= 1

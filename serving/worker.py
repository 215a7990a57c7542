"""Predictions of requests that come at the same time, made together.

A model call costs milliseconds whether it is for one material or for a hundred. What waits while
one call runs is therefore taken together in the next: no request is held back to wait for others.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from serving.errors import OverloadedError

logger = logging.getLogger("bentoml.frenkel")

Question = TypeVar("Question")
Reply = TypeVar("Reply")


@dataclass(eq=False)
class _Waiting(Generic[Question, Reply]):
    question: Question
    kind: Hashable
    rows: int
    loop: asyncio.AbstractEventLoop
    reply: asyncio.Future[Reply]


class PredictionWorker(Generic[Question, Reply]):
    """One thread that answers questions, several of one kind at a time, in their order.

    ``answer`` takes questions of one kind and gives a reply for each. If it raises, each question
    is asked alone, so that one request's trouble stays its own. A question that is cancelled while
    it waits is never asked.
    """

    def __init__(
        self,
        answer: Callable[[Sequence[Question]], Sequence[Reply]],
        *,
        max_waiting: int,
        batch_rows: int,
    ) -> None:
        self.max_waiting = max_waiting
        self.batch_rows = batch_rows
        self._answer = answer
        self._queue: deque[_Waiting[Question, Reply]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="prediction", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many questions wait."""
        return len(self._queue)

    async def ask(self, question: Question, kind: Hashable, rows: int) -> Reply:
        """The reply to a question of ``rows`` materials.

        Questions of equal ``kind`` may be answered together. Raises OverloadedError where too many
        wait, and what ``answer`` raises.
        """
        loop = asyncio.get_running_loop()
        entry: _Waiting[Question, Reply] = _Waiting(
            question, kind, rows, loop, loop.create_future()
        )
        with self._changed:
            if len(self._queue) >= self.max_waiting or self._closed:
                raise OverloadedError(
                    "too many requests wait already", headers={"Retry-After": "1"}
                )
            self._queue.append(entry)
            self._changed.notify()
        return await entry.reply

    def close(self) -> None:
        """Take nothing more; what waits is still answered."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _work(self) -> None:
        while batch := self._next_batch():
            try:
                replies = self._answer([entry.question for entry in batch])
            except Exception as error:
                if len(batch) > 1:
                    for entry in batch:
                        self._answer_alone(entry)
                else:
                    _fail(batch[0], error)
            else:
                for entry, reply in zip(batch, replies, strict=True):
                    _settle(entry, reply)

    def _answer_alone(self, entry: _Waiting[Question, Reply]) -> None:
        try:
            (reply,) = self._answer([entry.question])
        except Exception as error:
            _fail(entry, error)
        else:
            _settle(entry, reply)

    def _next_batch(self) -> list[_Waiting[Question, Reply]]:
        """The longest waiting question and those of its kind behind it; empty once closed."""
        with self._changed:
            while True:
                while not self._queue and not self._closed:
                    self._changed.wait()
                batch: list[_Waiting[Question, Reply]] = []
                others: deque[_Waiting[Question, Reply]] = deque()
                rows = 0
                while self._queue:
                    entry = self._queue.popleft()
                    if entry.reply.cancelled():
                        continue
                    fits = not batch or rows + entry.rows <= self.batch_rows
                    if fits and (not batch or entry.kind == batch[0].kind):
                        batch.append(entry)
                        rows += entry.rows
                    else:
                        others.append(entry)
                self._queue = others
                if batch or self._closed:
                    return batch


def _settle(entry: _Waiting[Question, Reply], reply: Reply) -> None:
    _tell(entry, lambda: entry.reply.set_result(reply))


def _fail(entry: _Waiting[Question, Reply], error: Exception) -> None:
    _tell(entry, lambda: entry.reply.set_exception(error))


def _tell(entry: _Waiting[Question, Reply], settle: Callable[[], None]) -> None:
    def unless_cancelled() -> None:
        if not entry.reply.done():
            settle()

    try:
        entry.loop.call_soon_threadsafe(unless_cancelled)
    except RuntimeError:  # the loop was closed: the service is shutting down, nobody waits
        logger.info("an answer came after the service had stopped")

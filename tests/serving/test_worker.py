"""Requests that come together are answered together, each with its own reply."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from serving.errors import OverloadedError
from serving.worker import PredictionWorker


class Doubler:
    """Doubles numbers; holds the first call until released, and fails on 13."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.release = threading.Event()

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.calls.append(list(numbers))
        assert self.release.wait(10)
        if 13 in numbers:
            raise ArithmeticError("no answer for 13")
        return [2 * number for number in numbers]


async def asked(
    worker: PredictionWorker[int, int], number: int, kind: str = "a", rows: int = 1
) -> asyncio.Task[int]:
    task = asyncio.create_task(worker.ask(number, kind, rows))
    await asyncio.sleep(0.02)
    return task


def test_what_waits_is_answered_in_one_call_per_kind() -> None:
    doubler = Doubler()

    async def scene() -> list[int]:
        worker = PredictionWorker(doubler, max_waiting=9, batch_rows=100)
        tasks = [await asked(worker, n, "b" if n == 3 else "a") for n in range(1, 6)]
        doubler.release.set()
        replies = [await task for task in tasks]
        worker.close()
        return replies

    assert asyncio.run(scene()) == [2, 4, 6, 8, 10]
    assert doubler.calls == [[1], [2, 4, 5], [3]]


def test_a_call_has_at_most_so_many_rows_unless_one_question_has_more() -> None:
    doubler = Doubler()

    async def scene() -> None:
        worker = PredictionWorker(doubler, max_waiting=9, batch_rows=4)
        tasks = [await asked(worker, n, rows=rows) for n, rows in enumerate((1, 9, 2, 2, 1))]
        doubler.release.set()
        assert [await task for task in tasks] == [0, 2, 4, 6, 8]
        worker.close()

    asyncio.run(scene())
    assert doubler.calls == [[0], [1], [2, 3], [4]]


def test_one_requests_trouble_is_its_own() -> None:
    doubler = Doubler()

    async def scene() -> list[int | BaseException]:
        worker = PredictionWorker(doubler, max_waiting=9, batch_rows=100)
        tasks = [await asked(worker, n) for n in (1, 2, 13, 4)]
        doubler.release.set()
        replies = await asyncio.gather(*tasks, return_exceptions=True)
        worker.close()
        return replies

    first, second, third, fourth = asyncio.run(scene())
    assert (first, second, fourth) == (2, 4, 8)
    assert isinstance(third, ArithmeticError)


def test_a_full_line_is_refused_and_drains_again() -> None:
    doubler = Doubler()

    async def scene() -> None:
        worker = PredictionWorker(doubler, max_waiting=1, batch_rows=100)
        running, waiting = await asked(worker, 1), await asked(worker, 2)
        with pytest.raises(OverloadedError) as refused:
            await worker.ask(3, "a", 1)
        assert refused.value.headers == {"Retry-After": "1"}
        doubler.release.set()
        assert [await running, await waiting, await worker.ask(4, "a", 1)] == [2, 4, 8]
        worker.close()

    asyncio.run(scene())


def test_what_is_cancelled_while_it_waits_is_never_asked() -> None:
    doubler = Doubler()

    async def scene() -> None:
        worker = PredictionWorker(doubler, max_waiting=9, batch_rows=100)
        running, waiting = await asked(worker, 1), await asked(worker, 2)
        waiting.cancel()
        await asyncio.sleep(0)
        doubler.release.set()
        assert [await running, await worker.ask(3, "a", 1)] == [2, 6]
        worker.close()

    asyncio.run(scene())
    assert doubler.calls == [[1], [3]]


def test_a_closed_worker_answers_what_waits_and_takes_nothing_more() -> None:
    doubler = Doubler()

    async def scene() -> None:
        worker = PredictionWorker(doubler, max_waiting=9, batch_rows=100)
        running, waiting = await asked(worker, 1), await asked(worker, 2)
        worker.close()
        doubler.release.set()
        assert [await running, await waiting] == [2, 4]
        with pytest.raises(OverloadedError):
            await worker.ask(3, "a", 1)

    asyncio.run(scene())

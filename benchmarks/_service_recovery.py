"""What happens to a service whose processes are killed; a protocol of ``benchmarks.service``."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Sequence

import psutil

from benchmarks._figures import Figure
from benchmarks._service_load import Connection, body_of, load
from benchmarks._service_process import Server, wait_until
from benchmarks._service_protocols import CUBE, Material, single
from serving.arbiter import TRIED_AGAIN_AFTER_S

Processes = Callable[[], list[psutil.Process]]


def recovery(server: Server, material: Material) -> list[Figure]:
    """Seconds after kill -9 until a request of the same kind is answered, others going on.

    One process is killed with four clients at work, then, when it has been replaced, one more with
    none, and at last all server processes at once.
    """
    figures: list[Figure] = []
    structure = body_of({"structure": CUBE, "format": "cif"})
    formula = next(material.formulas())
    for name, victims, body in (
        ("a pool process", server.structure_processes, structure),
        ("a server process", server.workers, formula),
    ):
        wait_until(lambda victims=victims: len(victims()) > 0, 60.0)
        present = victims()
        figures.append(_killed_at_work(server, material, name, victims))
        _until_replaced(server, victims, present, present[:1])
        seconds, full = _killed(server, victims, 1, body)
        figures.append(
            Figure.of("recovery", f"s until answered, {name} killed", single(seconds), at_most=5,
                      note=f"as many processes as before after {full:.1f} s")
        )  # fmt: skip
    time.sleep(TRIED_AGAIN_AFTER_S + 1.0)  # one that has just started is not replaced at once
    seconds, full = _killed(server, server.workers, len(server.workers()), formula)
    figures.append(
        Figure.of("recovery", "s until answered, all server processes killed", single(seconds),
                  note=f"as many processes as before after {full:.1f} s")
    )  # fmt: skip
    return figures


def _killed_at_work(server: Server, material: Material, name: str, victims: Processes) -> Figure:
    """How many requests of four clients are lost when a process is killed beside them."""
    killed = victims()[0]

    async def kill(_: int, over: asyncio.Event) -> None:
        await asyncio.sleep(0.5)
        killed.send_signal(signal.SIGKILL)
        await over.wait()

    outcome = load(server.port, material.formulas(), clients=4, seconds=3, beside=kill)
    lost = single(outcome.errors, len(outcome.status))
    held = "a connection that the killed process held is lost with it"
    return Figure.of("recovery", f"others unanswered, {name} killed", lost,
                     note=held if victims == server.workers else "")  # fmt: skip


def _killed(server: Server, victims: Processes, count: int, body: bytes) -> tuple[float, float]:
    """Seconds until ``body`` is answered, and until there are as many processes as before."""

    def is_answered() -> bool:
        return asyncio.run(Connection(server.port).post("/predict", body, 30.0)) == 200

    present = victims()
    for process in present[-count:]:
        process.send_signal(signal.SIGKILL)
    seconds = wait_until(is_answered, 60.0)
    return seconds, seconds + _until_replaced(server, victims, present, present[-count:])


def _until_replaced(
    server: Server,
    victims: Processes,
    present: Sequence[psutil.Process],
    killed: Sequence[psutil.Process],
) -> float:
    """Seconds until there are as many processes as before, without those that were killed."""
    return wait_until(
        lambda: server.is_ready() and len(set(victims()) - set(killed)) >= len(present), 120.0
    )

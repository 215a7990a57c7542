"""Progress of a training run: the step, its number, and how long the rest will take."""

from __future__ import annotations

import logging
import time

logger = logging.getLogger("frenkel.training")


class Progress:
    """Counts named steps against a plan of (name prefix, steps, usual seconds a step).

    Time left is the plan's remaining seconds, stretched by how this machine has done so far.
    """

    def __init__(self, plan: list[tuple[str, int, float]]) -> None:
        self._cost = {name: seconds for name, _, seconds in plan}
        self._steps = sum(steps for _, steps, _ in plan)
        self._planned = sum(steps * seconds for _, steps, seconds in plan)
        self._start = time.monotonic()
        self._done_planned = 0.0
        self._number = 0
        self._current = 0.0

    def __call__(self, step: str) -> None:
        """Announce that ``step`` begins (and the one before it is done)."""
        self._done_planned += self._current
        elapsed = time.monotonic() - self._start
        pace = elapsed / self._done_planned if self._done_planned > 0 else 1.0
        left = max(0.0, (self._planned - self._done_planned) * pace)
        self._number += 1
        self._current = self._cost.get(step.split(":")[0], 0.0)
        logger.info(
            "[%5.0f s] step %d of %d: %s (about %s left)",
            elapsed,
            self._number,
            self._steps,
            step,
            _duration(left),
        )


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"

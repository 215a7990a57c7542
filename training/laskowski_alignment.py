"""Sequence alignment of two versions of one table whose rows stand in the same order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# A path strays from the diagonal by the rows one version lacks; 40 is far above what is known.
_BAND = 40
_GAP_COST = -0.5


@dataclass(frozen=True)
class TableKey:
    """What both versions of a row show: the numbers, not the formula."""

    conductivity_s_cm: float | None
    bound: str
    activation_energy_ev: float | None
    icsd: str


def aligned_pairs(
    first: Sequence[TableKey], second: Sequence[TableKey]
) -> list[tuple[int | None, int | None]]:
    """Row numbers that belong together, in order; None where the other version lacks the row.

    Global alignment (Needleman and Wunsch, 10.1016/0022-2836(70)90057-4) within a band around
    the diagonal, so the time grows with the number of rows and not with its square.
    """
    width = _BAND + abs(len(first) - len(second))
    scores: list[dict[int, float]] = [{0: 0.0}]
    moves: list[dict[int, str]] = [{}]
    for j in range(1, min(width, len(second)) + 1):
        scores[0][j], moves[0][j] = _GAP_COST * j, "second"
    for i in range(1, len(first) + 1):
        row: dict[int, float] = {}
        move: dict[int, str] = {}
        for j in range(max(0, i - width), min(len(second), i + width) + 1):
            options = []
            if j in scores[i - 1]:
                options.append((scores[i - 1][j] + _GAP_COST, "first"))
            if j > 0 and j - 1 in row:
                options.append((row[j - 1] + _GAP_COST, "second"))
            if j > 0 and j - 1 in scores[i - 1]:
                likeness = agreement(first[i - 1], second[j - 1])
                options.append((scores[i - 1][j - 1] + likeness, "both"))
            row[j], move[j] = max(options)
        scores.append(row)
        moves.append(move)
    return _path(moves, len(first), len(second))


def agreement(one: TableKey, other: TableKey) -> float:
    """Positive for rows that show the same numbers, negative for rows that contradict."""
    score = 0.0
    for a, b, reward in (
        (one.conductivity_s_cm, other.conductivity_s_cm, 3.0),
        (one.activation_energy_ev, other.activation_energy_ev, 2.0),
    ):
        if a is not None and b is not None:
            score += reward if abs(a - b) <= 0.01 * max(a, b) else -reward
        elif (a is None) != (b is None):
            score -= 0.3 * reward
    if one.conductivity_s_cm is not None and one.bound != other.bound:
        score -= 2.0
    if one.icsd and other.icsd:
        score += 3.0 if one.icsd == other.icsd else -1.0
    elif one.icsd != other.icsd:
        score -= 1.0
    return score


def _path(moves: list[dict[int, str]], i: int, j: int) -> list[tuple[int | None, int | None]]:
    pairs: list[tuple[int | None, int | None]] = []
    while i > 0 or j > 0:
        move = moves[i][j]
        i -= move != "second"
        j -= move != "first"
        pairs.append((None if move == "second" else i, None if move == "first" else j))
    return pairs[::-1]

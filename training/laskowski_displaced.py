"""Ways to put displaced subscripts back into one printed line.

A line is base text with spaces where subscripts stood, followed by the displaced subscripts in
their order: "Li La Sb O5 3 2 12" is Li5La3Sb2O12, "Li Nd5 3Sb2O12" is Li5Nd3Sb2O12,
"0.93(0.6Li S-0.4SiS )-2 2" is 0.93(0.6Li2S-0.4SiS2)-. A number after a separator or an opening
bracket may instead be a coefficient of the mixture.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from training.laskowski_mixtures import NUMBER

_NUMBERS = re.compile(rf"\s*({NUMBER}(?:\s+{NUMBER})*)\s*")
_GAP = re.compile(r"(?<=[A-Za-z)\]])\s+(?=[A-Za-z(\[)\]*-])")
_ENDS_IN_SYMBOL = re.compile(r"[A-Za-z)\]]$")
_MOST_SPLITS = 1024


def readings(line: str) -> list[str]:
    """Texts the line may stand for: every printed gap filled, every displaced number placed.

    A line without displaced subscripts has one reading, itself without spaces; a line whose
    numbers do not fit its gaps has none.
    """
    line = tidy(line)
    return _filled_splits(line, across=False) or _filled_splits(line, across=True)


def tidy(line: str) -> str:
    """The line with spaces left only where they may mark a displaced subscript."""
    line = re.sub(r"\s*wt\s*%\s*", "wt%", line)
    line = re.sub(r" - | -$", "-", line.replace("  - ", " -- ")).replace("--", " -")
    line = re.sub(r" \* | \*$", "*", line)
    if line[:1].isdigit():  # "0.2(Li2S) 0.8(GeS2)": a mixture whose separator is a space
        line = re.sub(rf"\)\s+({NUMBER})(?=\()", r")*\1", line)
    return line.strip()


def is_displaced(line: str) -> bool:
    """Whether the line has spaces where subscripts stood."""
    return re.search(r"[A-Za-z)\]]\s+[\w(\[)\]*-]", tidy(line)) is not None


def _filled_splits(line: str, *, across: bool) -> list[str]:
    found: dict[str, None] = {}
    for pieces in itertools.islice(_splits(line, across), _MOST_SPLITS):
        texts = [_filled(base, numbers) for base, numbers in pieces]
        if None not in texts:
            found["".join(text or "" for text in texts)] = None
    return list(found)


def _splits(line: str, across: bool) -> Iterator[list[tuple[str, list[str]]]]:
    """The line as pairs of base text and the subscripts that follow it, in every allowed way.

    With `across` a number that stands at its symbol may be in its right place, and later numbers
    then belong to gaps before it.
    """
    runs = list(_NUMBERS.finditer(line))
    for in_place in itertools.product(*(_in_place(line, run, across) for run in runs)):
        pieces: list[tuple[str, list[str]]] = []
        base, at = "", 0
        for run, count in zip(runs, in_place, strict=True):
            numbers = run.group(1).split()
            base += line[at : run.start()] + "".join(numbers[:count])
            if numbers[count:]:
                pieces.append((base, numbers[count:]))
                base = ""
            at = run.end()
        pieces.append((base + line[at:], []))
        yield pieces


def _in_place(line: str, run: re.Match[str], across: bool) -> tuple[int, ...]:
    """How many numbers at the head of the run (0 or 1) may stand where they were printed."""
    before = line[: run.start()].rstrip()
    after = line[run.end() :]
    if not before or before[-1] in "([" or after.startswith("wt%"):
        return (1,)
    if before[-1] in "-*":
        alone = " " not in run.group(1)
        return (1,) if alone and after[:1] and after[:1] not in "-*)]" else (0, 1)
    return (0, 1) if across and run.group()[0] != " " else (0,)


def _filled(base: str, numbers: list[str]) -> str | None:
    """The base with the numbers put into its gaps, and the last behind it if one more is left."""
    pieces = _GAP.split(base)
    behind = len(numbers) - (len(pieces) - 1)
    if behind not in (0, 1) or (behind == 1 and not _ENDS_IN_SYMBOL.search(base.rstrip())):
        return None
    slots = [*numbers, ""] if behind == 0 else numbers
    text = "".join(piece + number for piece, number in zip(pieces, slots, strict=True))
    return re.sub(r"\s+", "", text)

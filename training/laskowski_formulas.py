"""The formula of a printed table row: subscripts restored, composition checked.

Every reading of the row's lines that the print allows is written out; among the readable ones the
charge balance of the whole composition chooses. What does not balance, or what has two readings of
different composition that balance alike, is refused with a reason and never guessed.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from training.charge_balance import charge_balance
from training.laskowski_displaced import is_displaced, readings
from training.laskowski_mixtures import (
    NUMBER,
    Mixture,
    UnreadableFormulaError,
    is_mass_mixture,
    read_mixture,
)

# Analysed compositions (ICP, RBS) miss neutrality by several percent of the cation charge; a
# formula of whole numbers has no such excuse.
_MARGIN = 0.10
_MARGIN_WHOLE_NUMBERS = 0.02
_TELLING = 0.01  # a smaller difference in balance does not tell two readings apart
_MOST_READINGS = 256
_LARGEST_SUBSCRIPT = 120.0
_ZERO_AS_LETTER = re.compile(r"(?<=[A-Za-z ])o(?=\.[0-9])")
_PHASE_LABEL = re.compile("^(?:[\u03b1-\u03c9]['\u2019]?|[a-z])-\\s*")


@dataclass(frozen=True)
class Restored:
    """A formula (or none, with the reason).

    repaired: something had to be rejoined, moved or corrected; composite: a second phase was
    mixed in by weight, so the material is not one compound or glass.
    """

    formula: str | None
    repaired: bool
    composite: bool = False
    reason: str | None = None


def restore(parts: tuple[str, ...]) -> Restored:
    """The formula printed in these parts of a row, or the reason why it cannot be trusted."""
    ranked, why = _ranked(parts)
    moved = len(parts) > 1 or any(is_displaced(part) for part in parts)
    composite = is_mass_mixture("".join(parts))
    if not ranked:
        return Restored(None, moved, composite, why)
    best = ranked[0]
    repaired = moved or best.corrected
    whole = "." not in best.mixture.formula
    if best.imbalance > (_MARGIN_WHOLE_NUMBERS if whole else _MARGIN):
        why = f"charge does not balance: off by {best.imbalance:.0%} as {best.mixture.formula}"
        return Restored(None, repaired, composite, why)
    for other in ranked[1:]:
        if other.imbalance - best.imbalance < _TELLING and not same_fractions(
            other.mixture, best.mixture
        ):
            why = f"readable as {best.mixture.formula} and as {other.mixture.formula}"
            return Restored(None, repaired, composite, why)
    return Restored(best.mixture.formula, repaired, composite)


def likeliest(text: str) -> Mixture:
    """The best balanced reading of a text, however badly; UnreadableFormulaError without one."""
    ranked, why = _ranked((text,))
    if not ranked:
        raise UnreadableFormulaError(why)
    return ranked[0].mixture


def same_formula(one: str, other: str, tolerance: float = 1e-3) -> bool:
    """Whether two clean formulas have the same atomic fractions, each to `tolerance`."""
    return same_fractions(read_mixture(one), read_mixture(other), tolerance)


def same_fractions(one: Mixture, other: Mixture, tolerance: float = 1e-3) -> bool:
    """Whether two mixtures have the same atomic fractions, each to `tolerance`."""
    first, second = one.amounts, other.amounts
    of_first, of_second = sum(first.values()), sum(second.values())
    return first.keys() == second.keys() and all(
        abs(first[e] / of_first - second[e] / of_second) <= tolerance for e in first
    )


@dataclass(frozen=True)
class _Reading:
    mixture: Mixture
    imbalance: float
    corrected: bool


def _ranked(parts: tuple[str, ...]) -> tuple[list[_Reading], str]:
    """Readable texts, the best balanced first, and why the first unreadable one was not."""
    if not parts:
        return [], "no formula"
    unlabelled = (_PHASE_LABEL.sub("", parts[0]), *parts[1:])
    with_zeros = tuple(_ZERO_AS_LETTER.sub("0", part) for part in unlabelled)
    ranked: list[_Reading] = []
    reasons: list[str] = []
    for text in _joined(with_zeros):
        for corrected in _with_misprints_corrected(text):
            try:
                mixture = read_mixture(corrected)
                imbalance = _imbalance(mixture)
            except UnreadableFormulaError as error:
                reasons.append(str(error))
                continue
            changed = corrected != text or with_zeros != unlabelled
            ranked.append(_Reading(mixture, imbalance, changed))
    ranked.sort(key=lambda reading: reading.imbalance)
    return ranked, (reasons or ["the displaced numbers do not fit the gaps"])[0]


def _joined(parts: tuple[str, ...]) -> Iterator[str]:
    """Readings of the whole row."""
    combinations = itertools.product(*(readings(part) for part in parts))
    for texts in itertools.islice(combinations, _MOST_READINGS):
        # "...-2" before "0.05Li2O" is not 20.05: a broken number goes on without a leading zero.
        if not any(
            before[-1:].isdigit() and re.match("0\\.[0-9]", after)
            for before, after in itertools.pairwise(texts)
        ):
            yield "".join(texts)


def _imbalance(mixture: Mixture) -> float:
    """Charge imbalance of the components, over the whole positive charge."""
    largest = max((float(n) for n in re.findall(NUMBER, mixture.formula)), default=1.0)
    if largest > _LARGEST_SUBSCRIPT:
        raise UnreadableFormulaError(f"runaway subscript {largest:g}")
    net = positive = 0.0
    for component in mixture.components:
        if len(component.amounts) == 1:
            element = next(iter(component.amounts))
            raise UnreadableFormulaError(f"a component is the bare element {element}")
        charge = charge_balance(component.amounts)
        net += component.moles * charge.net
        positive += component.moles * charge.positive
    return net / positive if positive > 0 else math.inf


def _with_misprints_corrected(text: str) -> tuple[str, ...]:
    """The text; where 0 and O are mixed up or a bracket is doubled, what may have been meant."""
    text = re.sub("(?<=[0-9])o(?=[0-9])", "O", text)
    if text.count("(") == text.count(")") + 1:
        text = text.replace("((", "(", 1)
    doubtful = re.search("(?<=[A-Z])0(?=[0-9])", text)
    if doubtful is None:
        return (text,)
    at = doubtful.start()
    return (f"{text[:at]}O{text[at + 1 :]}", f"{text[:at]}0.{text[at + 1 :]}")

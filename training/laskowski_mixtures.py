"""Composition of a formula or a mixture: "0.7Li2S-0.3P2S5", "(0.4SiS2-0.6Li2S)-(LiI)".

A separator (- or *) ends a component, a number before a component multiplies it, and
"A-5wt%B" is a mixture by weight, the share being of the whole mass.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from training.charge_balance import KNOWN_ELEMENTS

NUMBER = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)"
_TOKEN = re.compile(rf"{NUMBER}|[A-Z][a-z]?|.", re.DOTALL)
_MASS_MIXTURE = re.compile(rf"(?P<host>.+?)-(?P<share>{NUMBER})wt%(?P<guest>.+)", re.DOTALL)
_MOST_CHARACTERS = 300
_MOST_BRACKETS = 20
_CLOSING = {"(": ")", "[": "]"}
_SEPARATORS = "-*"


class UnreadableFormulaError(ValueError):
    """The text is no formula; the message says what stands in the way."""


@dataclass(frozen=True)
class Component:
    """One formula of a mixture with its share in moles."""

    moles: float
    amounts: dict[str, float]


@dataclass(frozen=True)
class Mixture:
    """A formula without separators, read alike everywhere: 0.7Li2S-0.3P2S5 is (Li2S)0.7(P2S5)0.3.

    `components` holds the formulas that were mixed (one for a plain formula), inner mixtures
    opened up.
    """

    formula: str
    components: tuple[Component, ...]

    @property
    def amounts(self) -> dict[str, float]:
        """Amounts of the elements in the whole mixture."""
        total: dict[str, float] = {}
        for component in self.components:
            for element, amount in component.amounts.items():
                total[element] = total.get(element, 0.0) + component.moles * amount
        return total


def is_mass_mixture(text: str) -> bool:
    """Whether the text gives a second phase by weight ("Li3PS4 - 5 wt% Al2O3")."""
    return "wt%" in text.replace(" ", "")


def read_mixture(text: str) -> Mixture:
    """The mixture a text without displaced subscripts stands for.

    Raises UnreadableFormulaError for unknown symbols, unmatched brackets and zero amounts.
    """
    text = re.sub(r"\s+", "", text)
    if len(text) > _MOST_CHARACTERS or text.count("(") + text.count("[") > _MOST_BRACKETS:
        raise UnreadableFormulaError("longer or deeper in brackets than any formula of the table")
    by_mass = _MASS_MIXTURE.fullmatch(text)
    if by_mass is not None:
        return _by_mass(by_mass["host"], float(by_mass["share"]), by_mass["guest"])
    tokens = [match.group() for match in _TOKEN.finditer(text)]
    parts, at = _parts(tokens, 0, None)
    if at < len(tokens):
        raise UnreadableFormulaError(f"unmatched {tokens[at]!r}")
    return _mixed(parts)


def _by_mass(host: str, share: float, guest: str) -> Mixture:
    from pymatgen.core.periodic_table import Element

    if not 0 < share < 100:
        raise UnreadableFormulaError(f"a share of {share:g} wt%")
    mixtures = (read_mixture(host), read_mixture(guest))
    masses = [
        sum(n * float(Element(e).atomic_mass) for e, n in m.amounts.items()) for m in mixtures
    ]
    moles = [(100 - share) / masses[0], share / masses[1]]
    shares = [f"{n / sum(moles):.6f}" for n in moles]
    return _mixed([_Part(n, m) for n, m in zip(shares, mixtures, strict=True)])


@dataclass(frozen=True)
class _Part:
    amount: str
    mixture: Mixture


def _mixed(parts: list[_Part]) -> Mixture:
    if len(parts) == 1 and parts[0].amount == "1":
        return parts[0].mixture
    return Mixture(
        "".join(
            f"({part.mixture.formula}){'' if part.amount == '1' else part.amount}" for part in parts
        ),
        tuple(
            Component(float(part.amount) * inner.moles, inner.amounts)
            for part in parts
            for inner in part.mixture.components
        ),
    )


def _parts(tokens: list[str], at: int, closing: str | None) -> tuple[list[_Part], int]:
    """The components up to `closing`, and where they end."""
    parts: list[_Part] = []
    while True:
        amount = "1"
        if at < len(tokens) and _is_number(tokens[at]):
            amount, at = _positive(tokens[at]), at + 1
        mixture, at = _formula(tokens, at, closing)
        parts.append(_Part(amount, mixture))
        if at >= len(tokens) or tokens[at] not in _SEPARATORS:
            return parts, at
        at += 1


def _formula(tokens: list[str], at: int, closing: str | None) -> tuple[Mixture, int]:
    """Symbols and bracketed groups with their subscripts up to a separator or `closing`."""
    texts: list[str] = []
    amounts: dict[str, float] = {}
    groups: list[Mixture] = []
    while at < len(tokens) and tokens[at] not in _SEPARATORS and tokens[at] != closing:
        group, at = _group(tokens, at)
        factor, bracketed = "", group.formula not in KNOWN_ELEMENTS
        if at < len(tokens) and _is_number(tokens[at]):
            factor, at = _positive(tokens[at]), at + 1
        groups.append(group)
        texts.append((f"({group.formula})" if bracketed else group.formula) + factor)
        for element, amount in group.amounts.items():
            amounts[element] = amounts.get(element, 0.0) + amount * float(factor or 1)
    if not texts:
        raise UnreadableFormulaError("a component of the mixture is missing")
    if len(groups) == 1 and texts[0] == f"({groups[0].formula})":
        return groups[0], at  # brackets around the whole component say nothing
    return Mixture("".join(texts), (Component(1.0, amounts),)), at


def _group(tokens: list[str], at: int) -> tuple[Mixture, int]:
    token = tokens[at]
    if token in _CLOSING:
        parts, at = _parts(tokens, at + 1, _CLOSING[token])
        if at >= len(tokens) or tokens[at] != _CLOSING[token]:
            raise UnreadableFormulaError(f"unmatched {token!r}")
        return _mixed(parts), at + 1
    if token in _CLOSING.values():
        raise UnreadableFormulaError(f"unmatched {token!r}")
    if token not in KNOWN_ELEMENTS:
        raise UnreadableFormulaError(f"{token!r} is no element with a known oxidation state")
    return Mixture(token, (Component(1.0, {token: 1.0}),)), at + 1


def _is_number(token: str) -> bool:
    return re.fullmatch(NUMBER, token) is not None


def _positive(number: str) -> str:
    if float(number) <= 0:
        raise UnreadableFormulaError("an amount is zero")
    return number

"""Formula text to amounts of the elements.

    mixture = part { separator part }      0.7Li2S-0.3P2S5, Li7La3Zr2O12·0.5H2O, Li2S-P2S5
    part    = [ number ] unit { unit }     the leading number multiplies the whole part
    unit    = ( element | "(" mixture ")" ) [ number ]      brackets are (), [] or {}

A separator is a middle dot, a star or a minus, or a space where both parts have a leading number.
A part without a leading number counts once, so Li2S-P2S5 is the 1:1 mixture. A minus between two
numbers is refused where it reads as a subtraction, as in Li7La3Zr2-0.5Ta0.5O12 and PS5-0.5Cl1.5.
A full stop is always a decimal point.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from features.elements import ELEMENT_ROW
from features.limits import InvalidMaterial, MaterialLimits
from features.species import refusal, shown

FIELD = "formula"
BRACKETS = {"(": ")", "[": "]", "{": "}"}
CLOSING = frozenset(BRACKETS.values())
VARIABLES = frozenset("xyzwuvnmδ")
MISSING = frozenset(("nan", "none", "null", "n/a", "na", "-", "?"))

# A minus between two numbers separates two compounds only if the first one holds one of ANIONS and
# the second something else than ANIONS and METALLOIDS: Li3PO4-0.5Li4SiO4, not Li6PS5-0.5Cl1.5.
ANIONS = frozenset(("O", "S", "Se", "Te", "F", "Cl", "Br", "I", "N"))
METALLOIDS = frozenset(("H", "B", "C", "Si", "P", "Ge", "As", "Sb"))

# MgCl2.6H2O: a hydrate with a full stop for the dot, or 2.6 atoms of chlorine.
_WATER = re.compile(r"[A-Za-z)\]}]([0-9]*\.[0-9]+)H2O$")

_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?|\.[0-9]+")
_PLAIN = re.compile(r"(?:[A-Z][a-z]?(?:[0-9]+(?:\.[0-9]+)?)?)+")
_PLAIN_UNIT = re.compile(r"([A-Z][a-z]?)([0-9.]*)")
_SIGNS = str.maketrans(
    "₀₁₂₃₄₅₆₇₈₉․•∙⋅‧−–—‐‑\u00a0\u2009\u202f",  # noqa: RUF001 - what printed formulas hold
    "0123456789.····-----   ",
)


def parse_formula(text: str, limits: MaterialLimits | None = None) -> dict[str, float]:
    """Amount of each element, in order of first appearance.

    Raises InvalidMaterial (field "formula") that names what is wrong or which limit is passed.
    """
    limits = limits or MaterialLimits()
    amounts = _plain_amounts(text, limits)
    if amounts is None:
        amounts = _Reader(_tokens(_checked_text(text, limits)), limits).mixture()
    if len(amounts) > limits.elements:
        raise _invalid(f"{len(amounts)} elements; at most {limits.elements} are accepted")
    total = sum(amounts.values())
    for symbol, amount in amounts.items():
        _check_amount(amount, f"amount of {symbol}, multiplied out", limits)
        if amount / total < limits.min_fraction:
            raise _invalid(
                f"{symbol} is {amount / total:.1e} of the atoms; "
                f"at least {limits.min_fraction:g} is accepted"
            )
    return amounts


def _plain_amounts(text: str, limits: MaterialLimits) -> dict[str, float] | None:
    """The amounts in a text of nothing but symbols and numbers, as most of a long list are.

    None where the general reader has to look, be it to read or to refuse.
    """
    if (
        not isinstance(text, str)
        or len(text) > limits.formula_characters
        or not _PLAIN.fullmatch(text)
        or text.lower() in MISSING
        or _WATER.search(text)
    ):
        return None
    amounts: dict[str, float] = {}
    for symbol, number in _PLAIN_UNIT.findall(text):
        amount = float(number) if number else 1.0
        if symbol not in ELEMENT_ROW or not 0.0 < amount <= limits.max_amount:
            return None
        amounts[symbol] = amounts.get(symbol, 0.0) + amount
    return amounts


def _invalid(message: str) -> InvalidMaterial:
    return InvalidMaterial(FIELD, message)


def _checked_text(text: str, limits: MaterialLimits) -> str:
    """The text with one kind of digit, dot and minus; length and bracket depth are in bounds."""
    if not isinstance(text, str):
        raise _invalid(f"must be text, not {type(text).__name__}")
    plain = text.lstrip("\ufeff").strip()
    if not plain or (plain.lower() in MISSING and plain != "Na"):
        raise _invalid(f"there is no formula in {shown(plain)}")
    if len(plain) > limits.formula_characters:
        raise _invalid(f"{len(plain)} characters; at most {limits.formula_characters} are accepted")
    if "%" in plain:
        raise _invalid("percent signs are not accepted: give the parts of a mixture in moles")
    _check_brackets(plain, limits)
    plain = plain.translate(_SIGNS)
    water = _WATER.search(plain)
    if water:
        raise _invalid(
            f"the full stop in {shown(water[1] + 'H2O')} could be that of a number or the dot of a "
            "hydrate: put · before the water, or write H2O before the rest"
        )
    return plain


def _check_brackets(plain: str, limits: MaterialLimits) -> None:
    open_brackets: list[str] = []
    for character in plain:
        if character in BRACKETS:
            open_brackets.append(BRACKETS[character])
            if len(open_brackets) > limits.bracket_depth:
                raise _invalid(
                    f"brackets are nested deeper than {limits.bracket_depth}, the most accepted"
                )
        elif character in CLOSING and (not open_brackets or open_brackets.pop() != character):
            raise _invalid(f"the bracket {character!r} closes none that is open")
    if open_brackets:
        raise _invalid(f"a bracket is not closed: {open_brackets[-1]!r} is missing")


@dataclass(frozen=True)
class _Token:
    kind: str  # "element", "number", "open", "close", "dot", "minus"
    text: str
    after_space: bool


def _tokens(plain: str) -> list[_Token]:
    tokens: list[_Token] = []
    position, after_space = 0, False
    while position < len(plain):
        character = plain[position]
        if character.isspace():
            position, after_space = position + 1, True
            continue
        kind, word = _next_word(plain, position)
        tokens.append(_Token(kind, word, after_space))
        position, after_space = position + len(word), False
    return tokens


def _next_word(plain: str, position: int) -> tuple[str, str]:
    character = plain[position]
    number = _NUMBER.match(plain, position)
    if number:
        return "number", number.group()
    if character in BRACKETS:
        return "open", character
    if character in CLOSING:
        return "close", character
    if character in "·*":
        return "dot", character
    if character == "-":
        return "minus", character
    if character.isascii() and character.isupper():
        return "element", _element_at(plain, position)
    raise _invalid(_stray(character, plain[position + 1 : position + 2]))


def _element_at(plain: str, position: int) -> str:
    pair, single = plain[position : position + 2], plain[position]
    if pair in ELEMENT_ROW:
        return pair
    follower = pair[1:]
    if follower in VARIABLES and single in ELEMENT_ROW:
        return single  # Ox: the variable is named when its turn comes
    if follower.isalpha() and follower.islower():
        raise _invalid(refusal(pair))
    if single not in ELEMENT_ROW:
        raise _invalid(refusal(single))
    return single


def _stray(character: str, following: str) -> str:
    variable = following if character == "+" else character
    if variable in VARIABLES:
        return f"the variable {variable!r} has no value: put a number in its place"
    if character == "+" or character in "⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹^":
        return (
            f"charges are not accepted ({character!r}): give the neutral formula, "
            "and put · or - between the parts of a mixture"
        )
    if character == ".":
        return "a full stop must be part of a number; put · between the parts of a mixture"
    return f"{character!r} does not belong in a formula"


@dataclass(frozen=True)
class _Part:
    amounts: dict[str, float]
    leads: bool  # begins with a number
    last: _Token


class _Reader:
    """Recursive descent over the tokens; the depth of brackets is bounded before it starts."""

    def __init__(self, tokens: list[_Token], limits: MaterialLimits) -> None:
        self.tokens = tokens
        self.limits = limits
        self.position = 0

    def mixture(self) -> dict[str, float]:
        """Up to the closing bracket that is ours, or to the end of the text."""
        amounts: dict[str, float] = {}
        before: _Part | None = None
        separator = ""
        while True:
            part = self._part()
            if before is not None and separator == "minus":
                _check_minus(before, part)
            for element, amount in part.amounts.items():
                amounts[element] = amounts.get(element, 0.0) + amount
            separator = self._peek()
            if separator in ("", "close"):
                self.position += 1
                return amounts
            if separator == "number":
                self._check_next_part(part)
            else:
                self.position += 1
            before = part

    def _part(self) -> _Part:
        start = self.position
        leads = self._peek() == "number"
        factor = self._number("leading number") if leads else 1.0
        amounts: dict[str, float] = {}
        while self._peek() in ("element", "open"):
            head = self._take()
            unit = {head.text: 1.0} if head.kind == "element" else self.mixture()
            multiple = factor
            if self._peek() == "number" and not self.tokens[self.position].after_space:
                meaning = f"amount of {head.text if head.kind == 'element' else 'a bracket'}"
                multiple *= self._number(meaning)
            for element, amount in unit.items():
                amounts[element] = amounts.get(element, 0.0) + multiple * amount
        if not amounts:
            raise _invalid(self._empty_part(start))
        return _Part(amounts, leads, self.tokens[self.position - 1])

    def _check_next_part(self, part: _Part) -> None:
        """0.2(Li2S) 0.8(GeS2) has two parts; in Li 7 the number could belong to either side."""
        number = self.tokens[self.position]
        if not number.after_space:
            raise _invalid(f"two numbers in a row, the second {shown(number.text)}")
        if not part.leads:
            raise _invalid(
                f"a space before the number {shown(number.text)}: it could belong to what comes "
                "before or after; join it to one, or put · between the parts of a mixture"
            )

    def _empty_part(self, start: int) -> str:
        if self.position > start:
            return f"the number {shown(self.tokens[start].text)} multiplies nothing"
        if start == len(self.tokens) and self.tokens[start - 1].kind == "minus":
            return "charges are not accepted: the formula ends with a minus"
        return "a part of the formula is empty"

    def _number(self, meaning: str) -> float:
        value = float(self._take().text)
        _check_amount(value, meaning, self.limits)
        return value

    def _peek(self) -> str:
        return self.tokens[self.position].kind if self.position < len(self.tokens) else ""

    def _take(self) -> _Token:
        token = self.tokens[self.position]
        self.position += 1
        return token


def _check_minus(before: _Part, after: _Part) -> None:
    if before.leads or before.last.kind != "number" or not after.leads:
        return
    if ANIONS.isdisjoint(before.amounts) or (ANIONS | METALLOIDS).issuperset(after.amounts):
        raise _invalid(
            f"the minus after {shown(before.last.text)} could be a subtraction: write its result, "
            "or put · between the parts of a mixture"
        )


def _check_amount(value: float, meaning: str, limits: MaterialLimits) -> None:
    if not 0.0 < value <= limits.max_amount:
        raise _invalid(
            f"{meaning} is {value:g}; it must be greater than 0 and at most {limits.max_amount:g}"
        )

"""The element that a species symbol, a site label or a word of a formula stands for."""

from __future__ import annotations

import re

from features.elements import ELEMENT_ROW
from features.limits import InvalidMaterial

ISOTOPES = {"D": "deuterium", "T": "tritium"}
# Placeholders that programs put where no element is meant.
PLACEHOLDERS = ("X", "Xx", "Vac", "Va", "Du", "Q")
# Water and hydroxyl atoms as older CIF files label them.
WATER_LABELS = {"Ow": "O", "Hw": "H"}

# An element with an optional charge: Li, Li+, Li1+, Li+1, O2-, O-2, Fe3.5+
_SPECIES = re.compile(r"([A-Za-z]{1,3})(?:\d{0,2}(?:\.\d{1,4})?[+-]|[+-]\d{1,2}(?:\.\d{1,4})?|0)?")
_LABEL = re.compile(r"[A-Za-z]+")


def shown(text: object) -> str:
    """The text in quotes, cut to what fits in a message."""
    quoted = str(text)
    return repr(quoted if len(quoted) <= 40 else f"{quoted[:37]}...")


def refusal(symbol: str) -> str:
    """Why a symbol is not one of the elements, in words."""
    if symbol in ISOTOPES:
        return f"the isotope {shown(symbol)} ({ISOTOPES[symbol]}) is not accepted: write H"
    if symbol in PLACEHOLDERS:
        return f"{shown(symbol)} is a placeholder, not an element: leave empty sites out"
    return f"{shown(symbol)} is not an element (H to Lr are known)"


def element_of_species(text: str, field: str) -> str:
    """Li, Li+ and Li1+ are all Li: the charge is read and dropped. Raises InvalidMaterial."""
    match = _SPECIES.fullmatch(text)
    if match is None:
        raise InvalidMaterial(
            field,
            f"{shown(text)} is not a species: write an element with its charge, as Li+ or O2-",
        )
    word = match.group(1)
    if word in ISOTOPES or word in PLACEHOLDERS:
        raise InvalidMaterial(field, refusal(word))
    symbol = WATER_LABELS.get(word.title(), word.title())
    if symbol not in ELEMENT_ROW:
        raise InvalidMaterial(field, refusal(word))
    return symbol


def element_of_label(label: str, field: str) -> str:
    """The element of a CIF site label such as Li1, O2A or LA1. Raises InvalidMaterial.

    Used only where a CIF has no type symbols. The letters of the label name the element; of more
    letters than that, the first two or the first one do if the next letter is a capital.
    """
    match = _LABEL.match(label)
    letters = match.group() if match else ""
    if letters.title() in (*ISOTOPES, *PLACEHOLDERS):
        raise InvalidMaterial(field, f"site {shown(label)}: {refusal(letters.title())}")
    for length in (2, 1):
        symbol = letters[:length].title()
        symbol = WATER_LABELS.get(symbol, symbol)
        rest = letters[length:]
        if symbol in ELEMENT_ROW and len(letters) >= length and (not rest or rest[0].isupper()):
            return symbol
    raise InvalidMaterial(field, f"site {shown(label)} does not begin with an element's symbol")

"""Command lines on which an option takes several values: ``--temperature-c 25 60``."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
"""A number in digits. Not float(): InF, a compound of indium, would be infinity."""


def _is_number(text: str) -> bool:
    return NUMBER.fullmatch(text) is not None


def _is_cif(text: str) -> bool:
    return not text.startswith("-") and (text.lower().endswith(".cif") or _is_file(text))


def _is_file(text: str) -> bool:
    return not text.startswith("-") and Path(text).is_file()


def _is_option(text: str, belongs: Callable[[str], bool]) -> bool:
    return text.startswith("-") and not belongs(text)


FOLLOWING: dict[str, Callable[[str], bool]] = {
    "--temperature-c": _is_number,
    "--density": _is_number,
    "--space-group": _is_number,
    "--quantiles": _is_number,
    "--cif": _is_cif,
    "--poscar": _is_file,
}
"""Options that take several values, and which further words count as a value."""

LONG_NAMES = {"-t": "--temperature-c"}


def expand_values(words: Sequence[str]) -> list[str]:
    """The same command line with the option repeated before each of its values.

    The first word after an option is its value, also a negative number. The words after it are
    values too as long as they look like one. Short names become long ones, because only those
    can be joined to a value with ``=``. Nothing is changed after ``--``.
    """
    expanded: list[str] = []
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        if word == "--":
            return [*expanded, word, *words[position:]]
        option, sign, value = word.partition("=")
        option = LONG_NAMES.get(option, option)
        belongs = FOLLOWING.get(option)
        if belongs is None:
            expanded.append(word)
            continue
        if not sign:
            if position == len(words) or _is_option(words[position], belongs):
                expanded.append(option)
                continue
            value = words[position]
            position += 1
        expanded.append(f"{option}={value}")
        while position < len(words) and belongs(words[position]):
            expanded.append(f"{option}={words[position]}")
            position += 1
    return expanded

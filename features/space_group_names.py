"""From a space group's name to its operations, for a CIF that lists none (spglib's tables).

A name or number that leaves the origin or the axes open is not guessed at: it is matched against
the cell, and if more than one setting still fits there is no answer.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from typing import Any

import numpy as np

from features.elements import FloatArray

SETTINGS = 530  # of spglib's table, counted from 1
METRIC_TOLERANCE = 0.02  # relative; measured cells miss their symmetry by less


def plain_name(name: str) -> str:
    """A Hermann-Mauguin name without spaces, underscores and capitals."""
    return re.sub(r"[\s_]", "", name).lower()


def _setting(hall: int) -> Any:
    import spglib

    return spglib.get_spacegroup_type(hall)


@lru_cache(maxsize=1)
def _settings_by_name() -> dict[str, tuple[int, ...]]:
    found: dict[str, set[int]] = defaultdict(set)
    seen: set[int] = set()
    for hall in range(1, SETTINGS + 1):
        group = _setting(hall)
        names = {plain_name(part) for part in group.international.split("=")[1:]}
        names |= {plain_name(group.international_full)}
        if group.number not in seen or "=" not in group.international:
            names.add(plain_name(group.international.split("=")[0]))
        if group.choice.lstrip("-").startswith("b"):  # P 1 21/n 1 is also written P 21/n
            words = group.international_full.split()
            names.add(plain_name("".join([words[0], *(word for word in words[1:] if word != "1")])))
        seen.add(group.number)
        for name in names:
            found[name].add(hall)
            for ending in _endings(group.choice):
                found[name + ending].add(hall)
    return {name: tuple(sorted(halls)) for name, halls in found.items()}


def _endings(choice: str) -> tuple[str, ...]:
    """How files mark the choice of origin or axes after the name; ICSD writes S and Z."""
    return {
        "1": (":1", "s"),
        "2": (":2", "z"),
        "H": (":h", "h"),
        "R": (":r", "r"),
    }.get(choice, ())


@lru_cache(maxsize=1)
def _settings_by_number() -> dict[int, tuple[int, ...]]:
    found: dict[int, list[int]] = defaultdict(list)
    for hall in range(1, SETTINGS + 1):
        found[_setting(hall).number].append(hall)
    return {number: tuple(halls) for number, halls in found.items()}


def settings_of(name: str | None, number: int | None) -> tuple[int, ...]:
    """spglib's numbers of the settings meant: those of the name if given, else of the number."""
    if name is not None:
        return _settings_by_name().get(plain_name(name), ())
    return _settings_by_number().get(number, ()) if number is not None else ()


def operations_of_setting(hall: int) -> tuple[FloatArray, FloatArray]:
    """Rotations (n, 3, 3) and translations (n, 3) of one of spglib's settings."""
    import spglib

    table: Any = spglib.get_symmetry_from_database(hall)
    rotations = np.asarray(table["rotations"], dtype=np.float64)
    return rotations, np.asarray(table["translations"], dtype=np.float64)


def metric_misfit(rotations: FloatArray, matrix: FloatArray) -> FloatArray:
    """(n,) how far each rotation changes the cell's lengths and angles; 0 is not at all.

    ``matrix``: (3, 3) lattice vectors in rows.
    """
    metric = matrix @ matrix.T
    turned = rotations.transpose(0, 2, 1) @ metric @ rotations
    misfit: FloatArray = np.abs(turned - metric).max(axis=(1, 2)) / np.abs(metric).max()
    return misfit


def fitting_settings(halls: tuple[int, ...], matrix: FloatArray) -> tuple[int, ...]:
    """Those whose every operation keeps the cell's lengths and angles."""
    return tuple(
        hall
        for hall in halls
        if metric_misfit(operations_of_setting(hall)[0], matrix).max() <= METRIC_TOLERANCE
    )

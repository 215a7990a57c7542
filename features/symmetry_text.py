"""The symmetry operations that a CIF lists or names, checked to be those of a crystal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from features.elements import FloatArray
from features.limits import InvalidMaterial, MaterialLimits
from features.space_group_names import (
    METRIC_TOLERANCE,
    fitting_settings,
    metric_misfit,
    operations_of_setting,
    settings_of,
)
from features.species import shown

FIELD = "cif"
OPERATION_TAGS = ("_space_group_symop_operation_xyz", "_symmetry_equiv_pos_as_xyz")
NAME_TAGS = ("_space_group_name_h-m_alt", "_symmetry_space_group_name_h-m")
NUMBER_TAGS = ("_space_group_it_number", "_symmetry_int_tables_number")
LONGEST_OPERATION = 60

_TERM = re.compile(r"([+-]?)(?:([xyz])|(\d{1,2}(?:\.\d{1,8})?|\.\d{1,8})(?:/(\d{1,2}))?)")


@dataclass(frozen=True, eq=False)
class Operations:
    """x' = rotation x + translation, in fractions of the cell."""

    texts: list[str]  # as "x+1/2,-y,z"
    rotations: FloatArray  # (n, 3, 3), entries -1, 0, 1
    translations: FloatArray  # (n, 3)


def read_operations(
    values: dict[str, list[str]], matrix: FloatArray, limits: MaterialLimits
) -> Operations:
    """The listed operations, else those of the space group's name, else of its number.

    ``matrix``: (3, 3) lattice vectors in rows. Raises InvalidMaterial (field "cif"): none of them
    given, too many, no symmetry operation, or one that does not fit the cell.
    """
    for tag in OPERATION_TAGS:
        if values.get(tag):
            return _listed_operations(values[tag], matrix, limits)
    return _operations_of_group(values, matrix)


def _listed_operations(texts: list[str], matrix: FloatArray, limits: MaterialLimits) -> Operations:
    if len(texts) > limits.symmetry_operations:
        raise InvalidMaterial(
            FIELD,
            f"{len(texts)} symmetry operations; at most {limits.symmetry_operations} are accepted",
        )
    parsed = [_operation(text) for text in texts]
    rotations = np.array([rotation for rotation, _ in parsed])
    translations = np.array([translation for _, translation in parsed])
    identity = (rotations == np.eye(3)).all(axis=(1, 2)) & (translations % 1.0 == 0).all(axis=1)
    if not identity.any():
        raise InvalidMaterial(FIELD, "the identity x,y,z is not among the symmetry operations")
    plain = ["".join(text.lower().split()) for text in texts]
    operations = Operations(plain, rotations, translations)
    check_operations_fit(operations, matrix)
    return operations


def _operation(text: str) -> tuple[list[list[float]], list[float]]:
    """Rotation and translation of "x+1/2, -y, z". Raises InvalidMaterial."""
    plain = "".join(text.lower().split()) if len(text) <= LONGEST_OPERATION else ""
    rows = plain.split(",")
    rotation = [[0.0, 0.0, 0.0] for _ in range(3)]
    translation = [0.0, 0.0, 0.0]
    good = len(rows) == 3
    for axis, row in enumerate(rows[:3]):
        position = 0
        while good and position < len(row):
            match = _TERM.match(row, position)
            if match is None or (position > 0 and not match.group(1)):
                good = False
                break
            sign = -1.0 if match.group(1) == "-" else 1.0
            if match.group(2):
                rotation[axis]["xyz".index(match.group(2))] += sign
            elif translation[axis] or int(match.group(4) or 1) == 0:
                good = False
            else:
                translation[axis] += sign * float(match.group(3)) / float(match.group(4) or 1)
            position = match.end()
    if not good or round(abs(float(np.linalg.det(np.array(rotation)))), 6) != 1.0:
        raise InvalidMaterial(
            FIELD, f"{shown(text)} is not a symmetry operation; x+1/2,-y,z is written like this"
        )
    return rotation, translation


def _operations_of_group(values: dict[str, list[str]], matrix: FloatArray) -> Operations:
    name = _first(values, NAME_TAGS)
    number = _first(values, NUMBER_TAGS)
    if name is None and number is None:
        raise InvalidMaterial(
            FIELD, "says nothing of symmetry: list the operations or name the space group"
        )
    known = number is not None and re.fullmatch(r"[0-9]{1,3}", number) is not None
    halls = settings_of(name, int(number) if known and number is not None else None)
    given = shown(name if name is not None else number)
    if not halls:
        raise InvalidMaterial(FIELD, f"the space group {given} is not known; list its operations")
    fitting = fitting_settings(halls, matrix)
    if not fitting:
        raise InvalidMaterial(FIELD, f"the space group {given} does not fit the cell")
    if len(fitting) > 1:
        raise InvalidMaterial(
            FIELD,
            f"the space group {given} leaves the origin or the axes open; list its operations",
        )
    rotations, translations = operations_of_setting(fitting[0])
    return Operations(
        [_operation_text(r, t) for r, t in zip(rotations, translations, strict=True)],
        rotations,
        translations,
    )


def _first(values: dict[str, list[str]], tags: tuple[str, ...]) -> str | None:
    for tag in tags:
        text = values.get(tag, [""])[0].strip()
        if text not in ("", ".", "?"):
            return text
    return None


def _operation_text(rotation: FloatArray, translation: FloatArray) -> str:
    rows = []
    for turn, shift in zip(rotation, translation, strict=True):
        signs = {1: "+", -1: "-"}
        row = "".join(signs[int(v)] + axis for v, axis in zip(turn, "xyz", strict=True) if v)
        part = Fraction(float(shift)).limit_denominator(24)
        rows.append(row.removeprefix("+") + (f"+{part}" if part else ""))
    return ",".join(rows)


def check_operations_fit(operations: Operations, matrix: FloatArray) -> None:
    """Every operation keeps lengths and angles in this cell. Raises InvalidMaterial.

    ``matrix``: (3, 3) lattice vectors in rows. A cubic operation in a monoclinic cell, or one of
    another setting, would build a structure that is not the author's.
    """
    misfit = metric_misfit(operations.rotations, matrix)
    worst = int(misfit.argmax())
    if misfit[worst] > METRIC_TOLERANCE:
        raise InvalidMaterial(
            FIELD,
            f"the symmetry operation {shown(operations.texts[worst])} does not fit the cell: "
            "another setting of the space group, or wrong cell lengths or angles",
        )

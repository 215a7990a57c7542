"""Columns of the space group alone, for materials whose symmetry is known."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from features.elements import FloatArray

SYMMETRY_COLUMNS = (
    "space_group_number",
    "crystal_system",  # 1 triclinic ... 7 cubic
    "is_centrosymmetric",
    "symmetry_operations",  # in the conventional cell
    "point_group_order",
    "lattice_points_in_cell",  # 1 P, 2 A C I, 3 R (hexagonal axes), 4 F
    "is_polar",
    "has_mirror_or_glide",
)
LAST_OF_SYSTEM = (2, 15, 74, 142, 167, 194, 230)  # triclinic to cubic, International Tables A
LAST_HALL_NUMBER = 530


@lru_cache(maxsize=1)
def symmetry_table() -> FloatArray:
    """(230, len(SYMMETRY_COLUMNS)), row = number - 1, from spglib's database of Hall symbols."""
    import spglib

    table = np.zeros((230, len(SYMMETRY_COLUMNS)))
    for hall_number in range(LAST_HALL_NUMBER, 0, -1):  # the lowest is the standard setting
        kind = spglib.get_spacegroup_type(hall_number)
        operations = spglib.get_symmetry_from_database(hall_number)
        if kind is None or operations is None:
            raise RuntimeError(f"spglib does not know Hall number {hall_number}")
        table[kind.number - 1] = _row(kind.number, operations["rotations"])
    table.setflags(write=False)
    return table


def _row(number: int, rotations: np.ndarray) -> tuple[float, ...]:
    distinct = np.unique(rotations.reshape(-1, 9), axis=0).reshape(-1, 3, 3)
    traces = np.trace(distinct, axis1=1, axis2=2)
    improper = np.linalg.det(distinct) < 0
    # A direction that every rotation leaves alone makes the class polar: the mean of all
    # rotations projects on such directions.
    invariant = np.trace(distinct.mean(axis=0)) > 0.5
    return (
        float(number),
        1.0 + sum(number > last for last in LAST_OF_SYSTEM),
        float((traces[improper] == -3).any()),
        float(len(rotations)),
        float(len(distinct)),
        float(len(rotations) // len(distinct)),
        float(invariant),
        float((traces[improper] == 1).any()),
    )


def symmetry_features(space_group_numbers: Sequence[int | None]) -> FloatArray:
    """(n, len(SYMMETRY_COLUMNS)), NaN where the number is None.

    Raises ValueError for a number outside 1 to 230.
    """
    result = np.full((len(space_group_numbers), len(SYMMETRY_COLUMNS)), np.nan)
    for row, number in enumerate(space_group_numbers):
        if number is None:
            continue
        if not 1 <= number <= len(symmetry_table()):
            raise ValueError(f"space group {number} is not between 1 and 230")
        result[row] = symmetry_table()[number - 1]
    return result

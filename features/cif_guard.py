"""Checks of a CIF before its symmetry is expanded: counts, finite numbers, known species.

What passes is written anew as a short plain CIF (elements, numbers, the list of operations), and
only that goes to pymatgen.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from features.cif_tokens import FIELD, CifBlock, cif_blocks
from features.crystal import check_cell, check_cell_shape
from features.elements import FloatArray
from features.limits import InvalidMaterial, MaterialLimits
from features.species import element_of_label, element_of_species, shown
from features.symmetry_text import (
    NAME_TAGS,
    NUMBER_TAGS,
    OPERATION_TAGS,
    Operations,
    read_operations,
)

CELL_TAGS = tuple(
    f"_cell_{kind}"
    for kind in ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
)
SITE = "_atom_site_"
FRACTION_TAGS = tuple(f"{SITE}fract_{axis}" for axis in "xyz")
LABEL_TAG, TYPE_TAG = f"{SITE}label", f"{SITE}type_symbol"
OCCUPANCY_TAG, HYDROGEN_TAG = f"{SITE}occupancy", f"{SITE}attached_hydrogens"
WANTED = frozenset(
    (LABEL_TAG, TYPE_TAG, OCCUPANCY_TAG, HYDROGEN_TAG, *CELL_TAGS, *FRACTION_TAGS)
).union(OPERATION_TAGS, NAME_TAGS, NUMBER_TAGS)
SAME_POSITION = 1e-3  # in fractions of the cell; 0.667 and 2/3 are the same place
MAX_FRACTION = 100.0

# A number with its standard uncertainty in brackets, which is dropped: 0.1234(5)
_NUMBER = re.compile(r"([+-]?(?:\d{1,30}\.?\d{0,30}|\.\d{1,30})(?:[eE][+-]?\d{1,3})?)(?:\(\d+\))?")


@dataclass(frozen=True, eq=False)
class CheckedCif:
    """What a structure needs, all of it finite and in bounds."""

    cell: tuple[float, ...]  # a, b, c in Angstrom, alpha, beta, gamma in degrees
    operations: Operations
    elements: list[str]
    fractions: FloatArray  # (sites listed, 3)
    occupancies: list[float]
    expanded_sites: int  # after symmetry

    def text(self) -> str:
        """The same structure as a plain CIF."""
        lines = ["data_checked"]
        lines += [f"{tag} {value!r}" for tag, value in zip(CELL_TAGS, self.cell, strict=True)]
        lines += ["loop_", "_symmetry_equiv_pos_as_xyz"]
        lines += [f"'{operation}'" for operation in self.operations.texts]
        lines += ["loop_", LABEL_TAG, TYPE_TAG, *FRACTION_TAGS, OCCUPANCY_TAG]
        rows = zip(self.elements, self.fractions.tolist(), self.occupancies, strict=True)
        for number, (element, (x, y, z), occupancy) in enumerate(rows):
            lines.append(f"{element}{number} {element} {x!r} {y!r} {z!r} {occupancy!r}")
        return "\n".join(lines) + "\n"


def check_cif(text: str, limits: MaterialLimits) -> CheckedCif:
    """The one structure in the file. Raises InvalidMaterial (field "cif"), before any expansion.

    Blocks without atom sites are passed over; a file with two structures is refused.
    """
    blocks = cif_blocks(text, WANTED, limits.line_characters)
    holding = [block for block in blocks if FRACTION_TAGS[0] in block.values]
    if not holding:
        raise InvalidMaterial(FIELD, f"holds no atom sites ({FRACTION_TAGS[0]} is missing)")
    if len(holding) > 1:
        names = " and ".join(shown(block.name) for block in holding[:2])
        raise InvalidMaterial(
            FIELD, f"holds {len(holding)} structures ({names}); send one structure a file"
        )
    return _check_block(holding[0], limits)


def _check_block(block: CifBlock, limits: MaterialLimits) -> CheckedCif:
    cell = tuple(_single_number(block, tag) for tag in CELL_TAGS)
    listed = len(block.values[FRACTION_TAGS[0]])
    _check_count(listed, limits)
    matrix = _cell_matrix(cell)
    check_cell_shape(matrix, FIELD, limits)
    operations = read_operations(block.values, matrix, limits)
    images = listed * len(operations.texts)
    if images > limits.images:
        raise InvalidMaterial(
            FIELD,
            f"{listed} listed sites times {len(operations.texts)} symmetry operations is {images}; "
            f"at most {limits.images} is accepted",
        )
    fractions = np.array([_column(block, tag, listed) for tag in FRACTION_TAGS]).T
    expanded = _expanded_sites(fractions, operations)
    _check_count(expanded, limits)
    check_cell(matrix, expanded, FIELD, limits)
    _refuse_attached_hydrogens(block)
    occupancies = _occupancies(block, listed, limits)
    return CheckedCif(cell, operations, _elements(block, listed), fractions, occupancies, expanded)


def _check_count(sites: int, limits: MaterialLimits) -> None:
    if not 0 < sites <= limits.sites:
        raise InvalidMaterial(FIELD, f"{sites} sites; 1 to {limits.sites} are accepted")


def _number(text: str, tag: str) -> float:
    match = _NUMBER.fullmatch(text.strip()) if len(text) <= 80 else None
    value = float(match.group(1)) if match else math.nan
    if not math.isfinite(value):
        raise InvalidMaterial(FIELD, f"{tag} is {shown(text)}, not a finite number")
    return value


def _single_number(block: CifBlock, tag: str) -> float:
    values = block.values.get(tag, [])
    if len(values) != 1:
        raise InvalidMaterial(FIELD, f"needs one value of {tag}, has {len(values)}")
    return _number(values[0], tag)


def _column(block: CifBlock, tag: str, length: int) -> list[float]:
    values = _same_length(block, tag, length)
    numbers = [_number(value, tag) for value in values]
    for number in numbers:
        if abs(number) > MAX_FRACTION:
            raise InvalidMaterial(
                FIELD, f"{tag} is {number:g}; at most {MAX_FRACTION:g} in size is accepted"
            )
    return numbers


def _same_length(block: CifBlock, tag: str, length: int) -> list[str]:
    values = block.values.get(tag, [])
    if len(values) != length:
        raise InvalidMaterial(FIELD, f"{tag} has {len(values)} values for {length} sites")
    return values


def _cell_matrix(cell: tuple[float, ...]) -> FloatArray:
    """(3, 3) lattice vectors in rows, Angstrom. Raises InvalidMaterial where there is no cell."""
    from pymatgen.core.lattice import Lattice

    a, b, c, alpha, beta, gamma = cell
    if min(a, b, c) <= 0:
        raise InvalidMaterial(FIELD, f"a cell length is {min(a, b, c):g} Angstrom")
    angles = sorted((alpha, beta, gamma))
    if not (angles[0] > 0 and angles[2] < angles[0] + angles[1] and sum(angles) < 360):
        raise InvalidMaterial(
            FIELD, f"no cell has the angles {alpha:g}, {beta:g} and {gamma:g} degrees"
        )
    return np.array(Lattice.from_parameters(a, b, c, alpha, beta, gamma).matrix)


def _expanded_sites(fractions: FloatArray, operations: Operations) -> int:
    """How many sites symmetry makes of the places listed; species on one place count once."""
    places = np.unique(np.round(fractions % 1.0, 4), axis=0)
    total = 0
    for place in places:
        images = operations.rotations @ place + operations.translations
        gap = images[:, None, :] - images[None, :, :]
        same = (np.abs(gap - np.round(gap)) < SAME_POSITION).all(axis=2)
        total += int((~np.triu(same, k=1).any(axis=0)).sum())
    return total


def _occupancies(block: CifBlock, length: int, limits: MaterialLimits) -> list[float]:
    if OCCUPANCY_TAG not in block.values:
        return [1.0] * length
    occupancies = []
    for number, text in enumerate(_same_length(block, OCCUPANCY_TAG, length), start=1):
        value = 1.0 if text.strip() in (".", "?") else _number(text, OCCUPANCY_TAG)
        if not 0.0 < value <= limits.occupancy:
            raise InvalidMaterial(
                FIELD,
                f"site {number} has an occupancy of {value:g}; "
                f"it must be greater than 0 and at most {limits.occupancy:g}",
            )
        occupancies.append(value)
    return occupancies


def _refuse_attached_hydrogens(block: CifBlock) -> None:
    for text in block.values.get(HYDROGEN_TAG, []):
        if text.strip() not in (".", "?") and _number(text, HYDROGEN_TAG) != 0:
            raise InvalidMaterial(
                FIELD, "hydrogen atoms are implied but not placed (_atom_site_attached_hydrogens)"
            )


def _elements(block: CifBlock, length: int) -> list[str]:
    if TYPE_TAG in block.values:
        symbols = _same_length(block, TYPE_TAG, length)
        return [element_of_species(symbol.strip(), FIELD) for symbol in symbols]
    if LABEL_TAG in block.values:
        labels = _same_length(block, LABEL_TAG, length)
        return [element_of_label(label.strip(), FIELD) for label in labels]
    raise InvalidMaterial(FIELD, f"names no elements: {TYPE_TAG} and {LABEL_TAG} are missing")

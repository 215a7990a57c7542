"""POSCAR text (VASP 5 and later) to a structure.

pymatgen gives a POSCAR without species the elements H, He, Li, ... in turn, and makes a list as
long as the count of atoms says before it looks for their positions; so the file is read here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from features.crystal import check_cell
from features.elements import FloatArray
from features.limits import InvalidMaterial, MaterialLimits
from features.species import element_of_species, shown
from features.structure_checks import check_site_count, check_text, checked_structure

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

FIELD = "poscar"
HEADER_LINES = 5  # comment, scale, three cell vectors
_COUNT = re.compile(r"[0-9]{1,9}")


def structure_from_poscar(text: str, limits: MaterialLimits) -> Structure:
    """Velocities and selective dynamics are passed over. Raises InvalidMaterial ("poscar")."""
    from pymatgen.core.structure import Structure as PlainStructure

    check_text(text, FIELD, limits)
    lines = [line.split("!")[0].split("#")[0].strip() for line in text.splitlines()]
    if len(lines) <= HEADER_LINES:
        raise _invalid(f"has {len(lines)} lines: no line of species follows the cell")
    cell, scale = _cell(lines)
    species, position = _species(lines, limits)
    check_cell(cell, len(species), FIELD, limits)
    cartesian, position = _mode(lines, position)
    rows = lines[position : position + len(species)]
    if len(rows) < len(species):
        raise _invalid(f"has {len(rows)} positions for {len(species)} atoms")
    positions = np.array(
        [_numbers(row.split()[:3], 3, position + n + 1) for n, row in enumerate(rows)]
    )
    structure = PlainStructure(
        cell,
        species,
        positions * scale if cartesian else positions,
        coords_are_cartesian=cartesian,
    )
    return checked_structure(structure, FIELD, limits)


def _invalid(message: str) -> InvalidMaterial:
    return InvalidMaterial(FIELD, message)


def _numbers(words: Sequence[str], count: int, line: int) -> list[float]:
    try:
        values = [float(word) for word in words]
    except ValueError:
        values = []
    if len(values) != count or not all(math.isfinite(value) for value in values):
        raise _invalid(f"line {line} must hold {count} finite numbers: {shown(' '.join(words))}")
    return values


def _cell(lines: list[str]) -> tuple[FloatArray, FloatArray]:
    """Cell vectors in rows and the scale of Cartesian positions, Angstrom.

    One scale multiplies the cell, or is its volume if negative; three scale x, y and z.
    """
    words = lines[1].split()
    scales = _numbers(words, 3 if len(words) == 3 else 1, 2)
    cell = np.array([_numbers(lines[n].split()[:3], 3, n + 1) for n in (2, 3, 4)])
    if len(scales) == 1 and scales[0] < 0:
        volume = abs(float(np.linalg.det(cell)))
        if not (math.isfinite(volume) and volume > 0):
            raise _invalid("the three cell vectors span no volume")
        scales = [(-scales[0] / volume) ** (1 / 3)]
    if not min(scales) > 0:
        raise _invalid(f"the scale on line 2 is {min(scales):g}")
    scale = np.array(scales) * np.ones(3)
    return cell * scale, scale


def _species(lines: list[str], limits: MaterialLimits) -> tuple[list[str], int]:
    """The element of each atom, and the index of the line after the counts."""
    position = HEADER_LINES
    symbols: list[str] = []
    while position < len(lines) and not _COUNT.match(lines[position]):
        if not lines[position]:
            break
        symbols += lines[position].split()
        position += 1
    if not symbols:
        raise _invalid(
            "names no species (VASP 4 style): put a line with the elements, as 'Li La Zr O', "
            "before the line with the counts"
        )
    counts: list[int] = []
    while position < len(lines) and len(counts) < len(symbols):
        words = lines[position].split()
        if not words or not all(_COUNT.fullmatch(word) for word in words):
            break
        counts += [int(word) for word in words]
        position += 1
    if len(counts) != len(symbols) or min(counts) < 1:
        raise _invalid(f"needs a count of at least 1 for each of {len(symbols)} species")
    check_site_count(sum(counts), FIELD, limits)
    # VASP 6 adds the potential and its hash: Mg_pv/f474ac0d
    elements = [element_of_species(re.split(r"[_/]", symbol)[0], FIELD) for symbol in symbols]
    return [e for e, count in zip(elements, counts, strict=True) for _ in range(count)], position


def _mode(lines: list[str], position: int) -> tuple[bool, int]:
    """Whether positions are Cartesian, and the index of the first of them."""
    if position < len(lines) and lines[position][:1].lower() == "s":  # selective dynamics
        position += 1
    mode = lines[position] if position < len(lines) else ""
    if mode[:1].lower() not in tuple("dck"):
        raise _invalid(f"line {position + 1} must say Direct or Cartesian: {shown(mode)}")
    return mode[:1].lower() != "d", position + 1

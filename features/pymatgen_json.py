"""pymatgen's JSON of a Structure, read field by field.

Nothing in the JSON is ever taken as the name of a class to load, as pymatgen's own decoder does.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeGuard

import numpy as np

from features.crystal import check_cell
from features.elements import FloatArray
from features.limits import InvalidMaterial, MaterialLimits
from features.species import element_of_species, shown
from features.structure_checks import check_site_count, check_text, checked_structure

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

FIELD = "pymatgen"


def structure_from_pymatgen(data: str | Mapping[str, Any], limits: MaterialLimits) -> Structure:
    """``Structure.as_dict()``, as JSON text or already read. Raises InvalidMaterial."""
    from pymatgen.core.structure import Structure as PlainStructure

    entry = _loaded(data, limits) if isinstance(data, str) else data
    if not isinstance(entry, Mapping):
        raise _invalid(f"must be a JSON object, not {type(entry).__name__}")
    kind = entry.get("@class", "Structure")
    if kind != "Structure":
        raise _invalid(f"must be a Structure, not {shown(kind)}")
    sites = entry.get("sites")
    if not _is_list(sites):
        raise _invalid("'sites' must be a list")
    check_site_count(len(sites), FIELD, limits)
    matrix = _cell(entry.get("lattice"))
    check_cell(matrix, len(sites), FIELD, limits)
    species, positions = [], []
    for number, site in enumerate(sites, start=1):
        if not isinstance(site, Mapping):
            raise _invalid(f"site {number} must be an object")
        species.append(_species(site.get("species"), number, limits))
        positions.append(_numbers(site.get("abc"), 3, f"'abc' of site {number}"))
    return checked_structure(PlainStructure(matrix, species, positions), FIELD, limits)


def _invalid(message: str) -> InvalidMaterial:
    return InvalidMaterial(FIELD, message)


def _is_list(value: object) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _is_row(value: object, count: int) -> TypeGuard[Sequence[Any]]:
    return (_is_list(value) or isinstance(value, np.ndarray)) and len(value) == count


def _loaded(text: str, limits: MaterialLimits) -> Any:
    check_text(text, FIELD, limits)
    _check_depth(text, limits)
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except InvalidMaterial:
        raise
    except ValueError as error:
        raise _invalid(f"is not JSON: {error}") from error


def _refuse_constant(name: str) -> NoReturn:
    raise _invalid(f"{name} is not a finite number")


def _check_depth(text: str, limits: MaterialLimits) -> None:
    """Count open brackets outside strings before the parser recurses into them."""
    depth, inside, escaped = 0, False, False
    for character in text:
        if inside:
            inside = escaped or character != '"'
            escaped = not escaped and character == "\\"
        elif character == '"':
            inside = True
        elif character in "[{":
            depth += 1
            if depth > limits.json_depth:
                raise _invalid(f"is nested deeper than {limits.json_depth}, the most accepted")
        elif character in "]}":
            depth -= 1


def _numbers(value: object, count: int, name: str) -> list[float]:
    numbers = [_number(each) for each in value] if _is_row(value, count) else []
    if not numbers or not all(math.isfinite(number) for number in numbers):
        raise _invalid(f"{name} must be {count} finite numbers")
    return numbers


def _number(value: object) -> float:
    """NaN for what is no number: text, true and false, integers too large for a float."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.floating | np.integer):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _cell(lattice: object) -> FloatArray:
    matrix = lattice.get("matrix") if isinstance(lattice, Mapping) else None
    if not _is_row(matrix, 3):
        raise _invalid("'lattice' must hold a 'matrix' of three cell vectors")
    return np.array([_numbers(row, 3, "a row of the lattice's 'matrix'") for row in matrix])


def _species(value: object, number: int, limits: MaterialLimits) -> dict[str, float]:
    if not _is_list(value) or not value:
        raise _invalid(f"'species' of site {number} must be a list that is not empty")
    shares: dict[str, float] = {}
    for entry in value:
        symbol = entry.get("element") if isinstance(entry, Mapping) else None
        if not isinstance(symbol, str):
            raise _invalid(f"a species of site {number} names no 'element'")
        share = _number(entry.get("occu", 1.0))
        if not 0.0 < share <= limits.occupancy:
            raise _invalid(
                f"site {number} has an occupancy of {share:g}; "
                f"it must be greater than 0 and at most {limits.occupancy:g}"
            )
        element = element_of_species(symbol, FIELD)
        shares[element] = shares.get(element, 0.0) + share
    if sum(shares.values()) > limits.occupancy:
        raise _invalid(
            f"site {number} has an occupancy of {sum(shares.values()):g}; "
            f"at most {limits.occupancy:g} is accepted"
        )
    total = max(1.0, sum(shares.values()))
    return {element: share / total for element, share in shares.items()}

"""Values that stand in more than one table.

OBELiX was put together from the Liverpool and Laskowski tables, so a conductivity may come three
times; one is kept. Calculated moduli of one crystal in several tables are kept and marked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable

from training.records import (
    ACTIVATION_ENERGY,
    BULK,
    CONDUCTIVITY,
    SHEAR,
    Collector,
    Measurement,
    papers,
)

# Which table keeps the value. Fitted energies are derived, so a printed one goes first.
PRECEDENCE = ("obelix", "liverpool", "laskowski", "xu2020", "liverpool_fit")
SAME_LOG10_CONDUCTIVITY = 0.005  # tables print two to six digits
SAME_ENERGY_EV = 0.0005
SAME_TEMPERATURE_K = 12.0  # "room temperature" is 20 to 35 C
MODULI_PRECEDENCE = ("elastic_tensor_2015", "mp_binaries", "ahmad2018", "matbench")


def drop_repeated_measurements(collector: Collector) -> None:
    """Keep one of the rows that give one value for one composition from one paper.

    Two rows of *different* tables are one measurement if composition (two decimals), bound and
    value agree and their DOIs agree or one has none. Rows of one table are never merged.
    """
    by_material: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, each in enumerate(collector.measurements):
        if each.property in (CONDUCTIVITY, ACTIVATION_ENERGY):
            by_material[each.property, each.material.composition_key].append(index)
    dropped: set[int] = set()
    for indices in by_material.values():
        indices.sort(key=lambda i: (PRECEDENCE.index(collector.measurements[i].source), i))
        kept: list[int] = []
        for index in indices:
            row = collector.measurements[index]
            first = next((k for k in kept if _same(collector.measurements[k], row)), None)
            if first is None:
                kept.append(index)
                continue
            dropped.add(index)
            _note_duplicate(collector, row, collector.measurements[first])
    collector.measurements = [
        each for index, each in enumerate(collector.measurements) if index not in dropped
    ]


def _same(kept: Measurement, row: Measurement) -> bool:
    if kept.source == row.source or kept.bound != row.bound:
        return False
    both_known = kept.doi is not None and row.doi is not None
    if both_known and not set(papers(kept.doi or "")) & set(papers(row.doi or "")):
        return False
    if row.property == ACTIVATION_ENERGY:
        return abs(kept.value - row.value) < SAME_ENERGY_EV
    warmer = abs(kept.temperature_k - row.temperature_k)
    return abs(kept.value - row.value) < SAME_LOG10_CONDUCTIVITY and warmer < SAME_TEMPERATURE_K


def _note_duplicate(collector: Collector, row: Measurement, kept: Measurement) -> None:
    text = f"{row.material.formula} {row.property} {row.value:.4g}"
    reason = f"duplicate of {kept.source} {kept.row_of_origin}"
    collector.reject(row.source, row.row_of_origin, text, reason)


def mark_repeated_moduli(collector: Collector) -> dict[int, str]:
    """Row number -> ``source:row`` of the first table that has the same crystal.

    The same crystal: the same Materials Project id, or (for matbench, which has none) the same
    composition and space group.
    """
    order = {name: rank for rank, name in enumerate(MODULI_PRECEDENCE)}
    first: dict[Hashable, str] = {}
    marks: dict[int, str] = {}
    numbered = [
        (index, each)
        for index, each in enumerate(collector.measurements)
        if each.property in (SHEAR, BULK)
    ]
    for index, each in sorted(numbered, key=lambda pair: (order[pair[1].source], pair[0])):
        own = f"{each.source}:{each.row_of_origin}"
        for sign in _signs(each):
            earlier = first.get((each.property, *sign))
            if earlier is not None and not earlier.startswith(f"{each.source}:"):
                marks[index] = earlier
                break
        for sign in _signs(each):
            first.setdefault((each.property, *sign), own)
    return marks


def _signs(each: Measurement) -> list[tuple[Hashable, ...]]:
    signs: list[tuple[Hashable, ...]] = []
    if each.structure_key is not None:
        signs.append(("id", each.row_of_origin))
    if each.space_group_number is not None:
        signs.append(("crystal", each.material.fractions, each.space_group_number))
    return signs

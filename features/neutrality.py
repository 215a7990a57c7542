"""Whether the elements' common oxidation states can add up to zero, for blocks of materials.

As matminer's IonProperty(fast=True): each element takes a single state, pymatgen's common ones
are tried, and a lone element counts as possible. matminer forms every combination in Python; here
the materials with the same multivalent elements share one matrix of combinations.
"""

from __future__ import annotations

import numpy as np

from features.elements import FloatArray, common_oxidation_states
from features.roles import BoolArray, ElementBlock

TOLERANCE = 1e-8  # that of numpy.isclose, which matminer applies to the sum
# Beyond this many combinations (a dozen multivalent elements at once) the answer is whether zero
# lies between the lowest and the highest sum: exact trial would take minutes and decide nothing.
MOST_COMBINATIONS = 20_000


def _possible(weights: FloatArray, elements: tuple[int, ...], fixed: FloatArray) -> BoolArray:
    """weights (m, j) of the multivalent elements, fixed (m,) the sum over the others."""
    states = common_oxidation_states()
    if np.prod([float(len(states[element])) for element in elements]) > MOST_COMBINATIONS:
        low = fixed + weights @ np.array([min(states[element]) for element in elements])
        high = fixed + weights @ np.array([max(states[element]) for element in elements])
        return np.asarray((low <= TOLERANCE) & (high >= -TOLERANCE), dtype=np.bool_)
    sums = np.zeros((len(fixed), 1)) + fixed[:, None]
    for column, element in enumerate(elements):
        steps = weights[:, column, None] * np.array(states[element], dtype=np.float64)
        sums = (sums[:, :, None] + steps[:, None, :]).reshape(len(fixed), -1)
    return np.asarray((np.abs(sums) <= TOLERANCE).any(axis=1), dtype=np.bool_)


def neutral_compound_possible(block: ElementBlock) -> BoolArray:
    """(n,) True where some choice of common oxidation states is neutral.

    False where an element of a compound has no common oxidation state (He, Ne, Ar, Rn).
    """
    states = common_oxidation_states()
    number = np.array([len(one) for one in states])
    single = np.array([one[0] if len(one) == 1 else 0 for one in states], dtype=np.float64)
    counts = np.where(block.present, number[block.index], 1)
    fixed = (single[block.index] * block.weight).sum(axis=1)
    # Materials that share their multivalent elements share the combinations to try.
    keys = np.where(counts > 1, block.index, -1)
    order = np.argsort(-keys, axis=1, kind="stable")
    keys = np.take_along_axis(keys, order, axis=1)
    weights = np.take_along_axis(block.weight, order, axis=1)
    result = np.zeros(len(fixed), dtype=np.bool_)
    groups, member = np.unique(keys, axis=0, return_inverse=True)
    by_group = np.argsort(member.ravel(), kind="stable")
    sizes = np.bincount(member.ravel(), minlength=len(groups))
    for group, rows in zip(groups, np.split(by_group, np.cumsum(sizes)[:-1]), strict=True):
        elements: tuple[int, ...] = tuple(int(element) for element in group[group >= 0])
        result[rows] = _chunked(weights[rows, : len(elements)], elements, fixed[rows])
    result &= (counts > 0).all(axis=1)
    lone = block.present.sum(axis=1) == 1
    result |= lone
    return result


def _chunked(
    weights: FloatArray, elements: tuple[int, ...], fixed: FloatArray, most: int = 1_000_000
) -> BoolArray:
    """`_possible` on slices, so that rows x combinations stays below `most` numbers."""
    states = common_oxidation_states()
    combinations = float(np.prod([float(len(states[e])) for e in elements]))
    rows = max(1, int(most / min(combinations, MOST_COMBINATIONS)))
    parts = [
        _possible(weights[start : start + rows], elements, fixed[start : start + rows])
        for start in range(0, len(fixed), rows)
    ]
    return np.concatenate(parts)

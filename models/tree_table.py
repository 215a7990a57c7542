"""A booster's trees as flat arrays, walked all at once: the quick way for a few rows.

XGBoost visits every node of its model on each call, a few milliseconds however few the rows are.
Here a row costs a gather a level. Both ways take the same branches on the same 32-bit numbers and
add the leaves in the same order, so they agree to the last bit.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.labels import FloatArray

# Letters of the UBJSON number types (ubjson.org) and what numpy calls them.
_TYPES = {"i": ">i1", "U": ">u1", "I": ">i2", "l": ">i4", "L": ">i8", "d": ">f4", "D": ">f8"}


@dataclass(frozen=True, eq=False)
class TreeTable:
    """All nodes of all trees, arrays (nodes,); children that follow each other, left first.

    roots: (trees,) node each tree starts at. left: node below on the left, a leaf's own. column:
    what a node looks at. threshold: below it a row goes left; +inf for a leaf, which so stays
    where it is. missing_left: where NaN goes. value: of a leaf. levels: most steps to a leaf.
    outputs: the trees take turns at so many outputs.
    """

    roots: npt.NDArray[np.int32]
    left: npt.NDArray[np.int32]
    column: npt.NDArray[np.int32]
    threshold: npt.NDArray[np.float32]
    missing_left: npt.NDArray[np.bool_]
    is_leaf: npt.NDArray[np.bool_]
    value: npt.NDArray[np.float32]
    levels: int
    outputs: int

    @classmethod
    def of(cls, ubj: bytes | bytearray) -> TreeTable:
        """The trees of ``Booster.save_raw("ubj")``. Raises ValueError for trees of another
        kind: with categories, with children apart, or with outputs that do not take turns."""
        model = read_ubj(bytes(ubj))["learner"]["gradient_booster"]["model"]
        trees = model["trees"]
        output_of = np.asarray(model["tree_info"])
        outputs = int(output_of.max()) + 1
        if len(trees) % outputs or (output_of != np.arange(len(trees)) % outputs).any():
            raise ValueError("the trees do not take turns at the outputs")
        counts = [len(tree["left_children"]) for tree in trees]
        roots = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int32)
        first = np.repeat(roots, counts)

        def joined(name: str) -> npt.NDArray[Any]:
            return np.concatenate([tree[name] for tree in trees])

        left, right = joined("left_children"), joined("right_children")
        is_leaf = left < 0
        if (right[~is_leaf] != left[~is_leaf] + 1).any() or joined("split_type").any():
            raise ValueError("the trees are of a kind that is not read here")
        condition = joined("split_conditions").astype(np.float32)
        own = np.arange(len(left))
        table = np.where(is_leaf, own, left + first).astype(np.int32)
        return cls(
            roots=roots,
            left=table,
            column=np.where(is_leaf, 0, joined("split_indices")).astype(np.int32),
            threshold=np.where(is_leaf, np.float32(np.inf), condition),
            missing_left=joined("default_left").astype(np.bool_) | is_leaf,
            is_leaf=is_leaf,
            value=np.where(is_leaf, condition, np.float32(0.0)),
            levels=_levels(table, is_leaf, roots),
            outputs=outputs,
        )

    def predict(self, x: npt.NDArray[np.float32]) -> FloatArray:
        """(n, outputs) sums of the leaves that the rows of x (n, d) end in; NaN is a gap."""
        node = np.broadcast_to(self.roots, (len(x), len(self.roots)))
        has_gaps = bool(np.isnan(x).any())
        row = np.arange(len(x))[:, None]
        for _ in range(self.levels):
            seen = x[row, self.column[node]]
            goes_left = (seen < self.threshold[node]) | self.is_leaf[node]
            if has_gaps:
                goes_left = np.where(np.isnan(seen), self.missing_left[node], goes_left)
            node = self.left[node] + ~goes_left
        # XGBoost adds tree after tree in 32 bits; numpy's sum would add pairwise.
        leaves = self.value[node].reshape(len(x), len(self.roots) // self.outputs, self.outputs)
        return np.add.accumulate(leaves, axis=1, dtype=np.float32)[:, -1].astype(np.float64)


def _levels(
    left: npt.NDArray[np.int32], is_leaf: npt.NDArray[np.bool_], roots: npt.NDArray[np.int32]
) -> int:
    level, count = roots, 0
    while len(inner := level[~is_leaf[level]]):
        level = np.concatenate([left[inner], left[inner] + 1])
        count += 1
    return count


def read_ubj(content: bytes) -> Any:
    """A UBJSON document as dictionaries, lists, text, numbers and, where typed, numpy arrays.

    Raises ValueError for anything else than the subset that XGBoost writes.
    """
    try:
        value, _ = _value(content, 0)
    except (struct.error, IndexError, KeyError) as error:
        raise ValueError(f"not a UBJSON document: {error!r}") from error
    return value


def _value(content: bytes, at: int) -> tuple[Any, int]:
    mark = chr(content[at])
    at += 1
    if mark == "{":
        return _object(content, at)
    if mark == "[":
        return _array(content, at)
    if mark == "S":
        return _text(content, at)
    if mark in "TFZ":
        return {"T": True, "F": False, "Z": None}[mark], at
    kind = np.dtype(_TYPES[mark])
    return np.frombuffer(content, kind, 1, at)[0].item(), at + kind.itemsize


def _text(content: bytes, at: int) -> tuple[str, int]:
    length, at = _value(content, at)
    return content[at : at + length].decode(), at + length


def _object(content: bytes, at: int) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    while content[at] != ord("}"):
        name, at = _text(content, at)
        found[name], at = _value(content, at)
    return found, at + 1


def _array(content: bytes, at: int) -> tuple[Any, int]:
    if content[at] == ord("$"):
        kind = np.dtype(_TYPES[chr(content[at + 1])])
        if content[at + 2] != ord("#"):
            raise ValueError("a typed array without a length")
        length, at = _value(content, at + 3)
        values = np.frombuffer(content, kind, length, at)
        return values.astype(kind.newbyteorder("=")), at + length * kind.itemsize
    if content[at] == ord("#"):
        length, at = _value(content, at + 1)
        items = []
        for _ in range(length):
            item, at = _value(content, at)
            items.append(item)
        return items, at
    items = []
    while content[at] != ord("]"):
        item, at = _value(content, at)
        items.append(item)
    return items, at + 1

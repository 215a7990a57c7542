"""Which rows must stand on the same side of a split, and folds that keep them together."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.material import Material
from training.records import BULK, SHEAR, papers

IntArray = npt.NDArray[np.int64]

MATBENCH_FOLDS = 5
MATBENCH_ROWS = 10_987
# The seed that matbench v0.1 gives scikit-learn's shuffled KFold (10.1038/s41524-020-00406-3).
MATBENCH_SEED = 18_012_019


def leakage_groups(frame: pd.DataFrame) -> IntArray:
    """Group numbers (n,): rows that share a paper or a composition, directly or in a chain.

    Papers are told by ``reference`` (a DOI, two DOIs joined by ``|``, or the table's own tag),
    compositions by ``composition_key``. Numbers count up in order of first appearance.
    """
    references = frame["reference"] if "reference" in frame else frame["doi"]
    labels = [
        [("composition", key), *(("paper", each) for each in _papers(reference))]
        for key, reference in zip(frame["composition_key"], references, strict=True)
    ]
    return _components(labels)


def paper_groups(frame: pd.DataFrame) -> IntArray:
    """Group numbers (n,): rows of one paper; a row without a paper stands with its composition.

    Unlike ``leakage_groups`` these do not chain through compositions that many papers measured
    (Li7La3Zr2O12 alone joins a third of all rows); a fold made of them has to drop the
    compositions of its test side from its training side.
    """
    labels: list[list[Hashable]] = [
        [("paper", each) for each in _papers(reference)] or [("composition", key)]
        for key, reference in zip(frame["composition_key"], frame["reference"], strict=True)
    ]
    return _components(labels)


def _papers(reference: object) -> tuple[str, ...]:
    return papers(reference) if isinstance(reference, str) else ()


def _components(labels: Sequence[Sequence[Hashable]]) -> IntArray:
    """Connected components of rows, two rows being joined by a label that both bear."""
    parent = list(range(len(labels)))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    bearer: dict[Hashable, int] = {}
    for row, borne in enumerate(labels):
        for label in borne:
            one, other = sorted((root(row), root(bearer.setdefault(label, row))))
            parent[other] = one
    return _numbered(root(row) for row in range(len(labels)))


def _numbered(names: Iterable[Hashable]) -> IntArray:
    number: dict[Hashable, int] = {}
    return np.array([number.setdefault(name, len(number)) for name in names], dtype=np.int64)


@lru_cache(maxsize=50_000)
def chemical_system(formula: str) -> str:
    """The elements of a formula in alphabetical order: ``Li7La3Zr2O12`` gives ``La-Li-O-Zr``.

    Raises features.material.InvalidMaterial.
    """
    return "-".join(sorted(element for element, _ in Material.from_formula(formula).fractions))


def chemical_system_groups(frame: pd.DataFrame) -> IntArray:
    """Group numbers (n,): rows of the same set of elements."""
    return _numbered(chemical_system(formula) for formula in frame["formula"])


def group_sizes(groups: IntArray) -> IntArray:
    """How many rows each group has, largest first."""
    return np.sort(np.bincount(groups))[::-1].astype(np.int64)


def matbench_folds(property_name: str = SHEAR) -> list[tuple[list[str], list[str]]]:
    """The five official folds as matbench ids (``row_of_origin``): (train, test) of each.

    matbench v0.1 splits its rows in their own order with a shuffled five-fold KFold; crabnet's
    fold files (which drop repeated formulas) hold the same formulas. Raises KeyError for
    properties other than the two moduli.
    """
    from sklearn.model_selection import KFold

    letter = {SHEAR: "g", BULK: "k"}[property_name]
    ids = np.array([f"mb-log-{letter}vrh-{n:05d}" for n in range(1, MATBENCH_ROWS + 1)])
    split = KFold(MATBENCH_FOLDS, shuffle=True, random_state=MATBENCH_SEED).split(ids)
    return [(ids[train].tolist(), ids[test].tolist()) for train, test in split]

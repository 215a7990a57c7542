"""From materials to the feature table: one row a material, named columns, missing block = NaN."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from features.composition import composition_columns, composition_features
from features.crystal_table import crystal_columns, crystal_table
from features.elements import ELEMENT_COUNT, ELEMENT_ROW, FloatArray
from features.ranked_elements import ranked_columns, ranked_features
from features.symmetry import SYMMETRY_COLUMNS, symmetry_features

if TYPE_CHECKING:
    import pandas as pd

    from features.material import Material

FEATURE_VERSION = "1"
GROUPS = ("composition", "symmetry", "structure", "transport", "ranked_elements")
KEPT_MANTISSA_BITS = 27  # a little over 8 significant decimal digits
ROWS_AT_ONCE = 256
SMALLEST = 1e-12  # smaller numbers are rounding noise around zero


def fraction_matrix(materials: Sequence[Material]) -> FloatArray:
    """(n, 103) atomic fractions, columns H to Lr."""
    matrix = np.zeros((len(materials), ELEMENT_COUNT))
    for row, material in enumerate(materials):
        for symbol, fraction in material.fractions:
            matrix[row, ELEMENT_ROW[symbol]] = fraction
    return matrix


def feature_groups() -> dict[str, list[str]]:
    """The column names of each group, in the order of the table."""
    return {
        "composition": list(composition_columns()),
        "symmetry": list(SYMMETRY_COLUMNS),
        **{group: list(names) for group, names in crystal_columns().items()},
        "ranked_elements": list(ranked_columns()),
    }


@lru_cache(maxsize=32)
def _column_index(groups: tuple[str, ...]) -> pd.Index[str]:
    """The same object for the same groups, so that readers can tell that they know the table."""
    import pandas as pd

    names = feature_groups()
    return pd.Index([name for group in groups for name in names[group]])


def rounded(values: FloatArray) -> FloatArray:
    """Values to 27 binary digits (8 decimal ones), so that supercells and block sizes agree."""
    drop = np.int64(1) << (52 - KEPT_MANTISSA_BITS + 1)
    result = np.array(values, dtype=np.float64, order="C")
    for start in range(0, len(result), ROWS_AT_ONCE):  # small enough for the processor's cache
        part = result[start : start + ROWS_AT_ONCE]
        finite = np.isfinite(part)
        bits = part.view(np.int64)
        bits[finite] += drop >> 1
        bits[finite] &= ~(drop - 1)
        part[np.abs(part) < SMALLEST] = 0.0
    return result


def feature_table(
    materials: Sequence[Material],
    *,
    groups: Sequence[str] = GROUPS,
    cache: Path | None = None,
    jobs: int = 1,
) -> pd.DataFrame:
    """One row a material, float64, the columns of the groups asked for in `feature_groups()` order.

    A block that a material lacks (no structure, no space group) is NaN. `cache` is a folder for
    the structure and transport blocks, `jobs` the number of processes that compute them. Values
    are rounded to 8 significant digits. Raises ValueError for an unknown group.
    """
    import pandas as pd

    unknown = sorted(set(groups) - set(GROUPS))
    if unknown:
        raise ValueError(f"unknown feature groups {unknown}; there are {list(GROUPS)}")
    wanted = [group for group in GROUPS if group in groups]
    if not wanted:
        return pd.DataFrame(index=pd.RangeIndex(len(materials)))
    parts: dict[str, FloatArray] = {}
    if "composition" in wanted or "ranked_elements" in wanted:
        fractions = fraction_matrix(materials)
    if "composition" in wanted:
        parts["composition"] = composition_features(fractions)
    if "ranked_elements" in wanted:
        parts["ranked_elements"] = ranked_features(fractions)
    if "symmetry" in wanted:
        numbers = [material.space_group_number for material in materials]
        parts["symmetry"] = symmetry_features(numbers)
    if "structure" in wanted or "transport" in wanted:
        both = crystal_table(materials, version=FEATURE_VERSION, cache=cache, jobs=jobs)
        split = len(crystal_columns()["structure"])
        parts["structure"], parts["transport"] = both[:, :split], both[:, split:]
    blocks = [parts[group] for group in wanted]
    values = blocks[0] if len(blocks) == 1 else np.hstack(blocks)
    return pd.DataFrame(rounded(values), columns=_column_index(tuple(wanted)))

"""The elements of a material in order of their share, each with its own properties.

Statistics over all elements cannot tell which element does what. Rank by share, and by
electronegativity among equals, is close to the site that an element takes in compounds of one
formula type (A2BC, ABX3): a model can then compare two compounds site by site.
"""

from __future__ import annotations

import numpy as np

from features.elements import (
    FloatArray,
    cohesive_energy_ev,
    element_table,
    magpie_table,
)
from features.roles import element_block

RANKS = 4
BLOCK_ROWS = 8192  # materials at a time, to keep the memory flat
# Shares closer than this are equal: the electronegativity decides.
SHARE_STEP = 1e-4
SHARE_COLUMNS = tuple(f"ranked_{rank + 1}_share" for rank in range(RANKS))


def _properties() -> dict[str, FloatArray]:
    return {
        "electronegativity": magpie_table("Electronegativity"),
        "covalent_radius_angstrom": magpie_table("CovalentRadius") / 100.0,
        "metallic_radius_angstrom": element_table("MiracleRadius") / 100.0,
        "cohesive_energy_ev": cohesive_energy_ev(),
        "log10_element_bulk_modulus": np.log10(np.maximum(element_table("BulkModulus"), 1e-2)),
        "log10_element_shear_modulus": np.log10(np.maximum(element_table("ShearModulus"), 1e-2)),
        "row": magpie_table("Row"),
        "column": magpie_table("Column"),
        "valence_electrons": magpie_table("NValence"),
        "log_crystal_volume": np.log(element_table("ICSDVolume")),
        "melting_temperature_k": magpie_table("MeltingT"),
        "d_unfilled": magpie_table("NdUnfilled"),
        "d_valence_electrons": magpie_table("NdValence"),
        "p_unfilled": magpie_table("NpUnfilled"),
        "mendeleev_number": magpie_table("MendeleevNumber"),
        "atomic_number": magpie_table("Number"),
    }


def ranked_columns() -> tuple[str, ...]:
    """Names of the block: shares by rank, then each property by rank."""
    names = [f"ranked_{rank + 1}_{name}" for name in _properties() for rank in range(RANKS)]
    return (*SHARE_COLUMNS, *names)


def ranked_features(fractions: FloatArray) -> FloatArray:
    """(n, len(ranked_columns())) of (n, 103) atomic fractions.

    The share of a rank that a material lacks is 0, its properties are NaN. Raises ValueError for
    a row without elements, with a negative or a non-finite fraction.
    """
    matrix = np.asarray(fractions, dtype=np.float64)
    parts = [
        _block(matrix[start : start + BLOCK_ROWS]) for start in range(0, len(matrix), BLOCK_ROWS)
    ]
    return np.vstack([np.empty((0, len(ranked_columns()))), *parts])


def _block(fractions: FloatArray) -> FloatArray:
    block = element_block(fractions)
    steps = np.round(block.weight / SHARE_STEP)
    electronegativity = magpie_table("Electronegativity")[block.index]
    key = np.where(block.present, steps * 10.0 - electronegativity, -np.inf)
    order = np.argsort(-key, axis=1, kind="stable")[:, :RANKS]
    share = np.zeros((len(fractions), RANKS))
    share[:, : order.shape[1]] = np.take_along_axis(block.weight, order, axis=1)
    element = np.zeros((len(fractions), RANKS), dtype=np.int64)
    element[:, : order.shape[1]] = np.take_along_axis(block.index, order, axis=1)
    parts = [np.where(share > 0, table[element], np.nan) for table in _properties().values()]
    return np.hstack([share, *parts])

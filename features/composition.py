"""Columns that follow from the composition alone, for whole blocks of materials at once.

The first part equals matminer's ElementProperty("magpie"), Stoichiometry, ValenceOrbital and
IonProperty(fast=True) to 1e-9, computed as array operations over matminer's own element tables
(imputed as matminer does with impute_nan=True). Ward et al., npj Comput. Mater. 2, 16028 (2016),
doi 10.1038/npjcompumats.2016.28. The second part (conduction.py, cohesion.py) is this product's
own chemistry of ion conduction and of stiffness.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from features.cohesion import cohesion_columns
from features.conduction import conduction_columns
from features.elements import (
    ELEMENT_COUNT,
    SYMBOLS,
    FloatArray,
    ionic_electronegativity,
    magpie_table,
)
from features.neutrality import neutral_compound_possible
from features.roles import ElementBlock, assign_roles, element_block

# Names here for matminer's Magpie properties, in matminer's order.
MAGPIE_PROPERTIES = {
    "Number": "atomic_number",
    "MendeleevNumber": "mendeleev_number",
    "AtomicWeight": "atomic_weight_u",
    "MeltingT": "melting_temperature_k",
    "Column": "column",
    "Row": "row",
    "CovalentRadius": "covalent_radius_pm",
    "Electronegativity": "electronegativity",
    "NsValence": "s_valence_electrons",
    "NpValence": "p_valence_electrons",
    "NdValence": "d_valence_electrons",
    "NfValence": "f_valence_electrons",
    "NValence": "valence_electrons",
    "NsUnfilled": "s_unfilled",
    "NpUnfilled": "p_unfilled",
    "NdUnfilled": "d_unfilled",
    "NfUnfilled": "f_unfilled",
    "NUnfilled": "unfilled",
    "GSvolume_pa": "elemental_volume_angstrom3",
    "GSbandgap": "elemental_band_gap_ev",
    "GSmagmom": "elemental_magnetic_moment_bohr",
    "SpaceGroupNumber": "elemental_space_group",
}
MAGPIE_STATISTICS = ("minimum", "maximum", "range", "mean", "avg_dev", "mode")
NORMS = (2, 3, 5, 7, 10)
BLOCK_ROWS = 8192  # materials at a time, to keep the memory flat


def _magpie(block: ElementBlock) -> dict[str, FloatArray]:
    columns: dict[str, FloatArray] = {}
    weight = block.weight
    # matminer's rule: of the elements as frequent as the most frequent one, the lowest value.
    frequent = np.isclose(weight, weight.max(axis=1, keepdims=True)) & block.present
    for source, name in MAGPIE_PROPERTIES.items():
        values = magpie_table(source)[block.index]
        minimum, maximum = values.min(axis=1), values.max(axis=1)
        mean = (values * weight).sum(axis=1)
        columns[f"minimum_{name}"] = minimum
        columns[f"maximum_{name}"] = maximum
        columns[f"range_{name}"] = maximum - minimum
        columns[f"mean_{name}"] = mean
        columns[f"avg_dev_{name}"] = (np.abs(values - mean[:, None]) * weight).sum(axis=1)
        columns[f"mode_{name}"] = np.where(frequent, values, np.inf).min(axis=1)
    return columns


def _stoichiometry(block: ElementBlock) -> dict[str, FloatArray]:
    columns = {"number_of_elements": block.present.sum(axis=1).astype(np.float64)}
    for norm in NORMS:
        columns[f"fraction_norm_{norm}"] = (block.weight**norm).sum(axis=1) ** (1.0 / norm)
    return columns


def _valence_orbitals(block: ElementBlock) -> dict[str, FloatArray]:
    def mean(source: str) -> FloatArray:
        total: FloatArray = (magpie_table(source)[block.index] * block.weight).sum(axis=1)
        return total

    # The means themselves are Magpie columns already; the shares are what is new.
    total = mean("NValence")
    return {
        f"{shell}_share_of_valence_electrons": mean(f"N{shell}Valence") / total for shell in "spdf"
    }


def _ionic_character(block: ElementBlock) -> dict[str, FloatArray]:
    values = ionic_electronegativity()[block.index]
    weight = block.weight
    count, width = values.shape
    largest, mean = np.zeros(count), np.zeros(count)
    for first in range(width):
        for second in range(first + 1, width):
            character = -np.expm1(-0.25 * (values[:, first] - values[:, second]) ** 2)
            pair = weight[:, first] * weight[:, second]
            largest = np.maximum(largest, np.where(pair > 0, character, 0.0))
            mean += pair * character
    return {
        "maximum_ionic_character": largest,
        "mean_ionic_character": mean,
        "neutral_compound_possible": neutral_compound_possible(block).astype(np.float64),
    }


def _columns(fractions: FloatArray) -> dict[str, FloatArray]:
    block = element_block(fractions)
    roles = assign_roles(block)
    total = fractions.sum(axis=1, keepdims=True)
    shares = dict(zip((f"fraction_{s}" for s in SYMBOLS), (fractions / total).T, strict=True))
    return {
        **_magpie(block),
        **_stoichiometry(block),
        **_valence_orbitals(block),
        **_ionic_character(block),
        **shares,
        **conduction_columns(roles),
        **cohesion_columns(roles),
    }


@lru_cache(maxsize=1)
def composition_columns() -> tuple[str, ...]:
    """Names of the composition block, in the order of `composition_features`."""
    hydrogen = np.eye(1, ELEMENT_COUNT)
    return tuple(_columns(hydrogen))


def composition_features(fractions: FloatArray) -> FloatArray:
    """The composition block of n materials.

    `fractions` is (n, 103), atomic fractions H to Lr (rows are normalised). Returns
    (n, len(composition_columns())), without NaN. Raises ValueError for a row without elements,
    with a negative or a non-finite fraction, or with a wrong number of columns.
    """
    matrix = np.asarray(fractions, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[1] != ELEMENT_COUNT:
        raise ValueError(f"fractions must be (n, {ELEMENT_COUNT}), not {matrix.shape}")
    result = np.empty((matrix.shape[0], len(composition_columns())))
    for start in range(0, matrix.shape[0], BLOCK_ROWS):
        part = _columns(matrix[start : start + BLOCK_ROWS])
        result[start : start + BLOCK_ROWS] = np.stack(tuple(part.values())).T
    return result

"""The next measurements, from a scored list."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from features.limits import InvalidMaterial
from features.material import Material
from features.table import fraction_matrix
from models.acquisition import diverse_batch, expected_improvement, upward_deviation
from serving.conditions import numbers
from serving.rank import CONDUCTIVITY, IMPROVEMENT, RANK, RankOptions, beside, usable_rows
from serving.rows import ListError


def acquire_table(scored: pa.Table, options: RankOptions, count: int) -> pa.Table:
    """Up to ``count`` rows in the order to measure them, with two columns before the others.

    Chosen by the expected improvement of log10 conductivity over ``options.threshold``, in log10
    units, and by how different the compositions are. Raises ListError for a column that is
    missing, and for a formula that is none.
    """
    table = usable_rows(scored, options.conditions)
    mean, upper = numbers(table, CONDUCTIVITY), numbers(table, f"{CONDUCTIVITY}_upper")
    deviation = upward_deviation(mean, upper, options.coverage)
    improvement = expected_improvement(mean, deviation, options.threshold)
    chosen = diverse_batch(improvement, fraction_matrix(_materials(table)), count)
    columns = {
        RANK: pa.array(np.arange(1, len(chosen) + 1)),
        IMPROVEMENT: pa.array(improvement[chosen]),
    }
    return beside(columns, table.take(pa.array(chosen)))


def _materials(table: pa.Table) -> list[Material]:
    if "formula" not in table.schema.names:
        raise ListError("the list has no column formula")
    try:
        return [Material.from_formula(str(text)) for text in table.column("formula").to_pylist()]
    except InvalidMaterial as error:
        raise ListError(f"the column formula holds what is none: {error.message}") from error

"""Scored lists put in order: filters, probabilities, the Pareto front, the best N."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.labels import BoolArray, FloatArray
from models.ranking import pareto_front, probability_above
from serving.conditions import column_of, holds, numbers
from serving.score_columns import carried_names
from serving.writers import check_output, join_parts, part_bytes

CONDUCTIVITY = "log10_conductivity_s_cm"
RANK, ON_FRONT, PROBABILITY = "rank", "on_pareto_front", "probability_conductive"
IMPROVEMENT = "expected_improvement"

RANKED_BEFORE = {(RANK, ON_FRONT, PROBABILITY), (RANK, IMPROVEMENT)}


@dataclass(frozen=True)
class Goal:
    """A column to optimise. ``sign`` 1: more is better, -1: less is; see `goal_values`."""

    column: str
    sign: float
    words: str


GOALS = {
    "conductivity": Goal(CONDUCTIVITY, 1.0, "log10 conductivity, S/cm"),
    "activation-energy": Goal("activation_energy_ev", -1.0, "activation energy, eV"),
    "chi": Goal("chi_kj_mol_nm", -1.0, "linear stability chi, kJ/mol/nm"),
    "wavelength": Goal("critical_wavelength_nm", 1.0, "critical wavelength, nm"),
    "score": Goal("dendrite_suppression_score", 1.0, "dendrite suppression score"),
}


@dataclass(frozen=True)
class RankOptions:
    """What to rank by.

    conditions: texts such as "shear_modulus_gpa < 20", all of which must hold. threshold: of log10
    conductivity, for the probability to lie above it. coverage: that the list was scored with.
    """

    goals: tuple[str, ...]
    conditions: tuple[str, ...] = ()
    top: int | None = None
    threshold: float = -4.0
    coverage: float = 0.9


def write_list(ranked: pa.Table, target: Path) -> None:
    """Write a ranked list, in the format of the name's ending. Raises ListError, OSError."""
    form = check_output(target)
    with tempfile.TemporaryDirectory(prefix=".rank-", dir=target.parent) as scratch:
        part = Path(scratch, "all.part")
        part.write_bytes(part_bytes(ranked, form.kind))
        join_parts([part], target, ranked.schema, form)


def rank_table(scored: pa.Table, options: RankOptions) -> pa.Table:
    """The usable rows that meet all conditions, best first, with three columns before the others.

    The Pareto front comes first; inside and outside of it the probability decides. Raises
    ListError for a column that is missing or of the wrong kind.
    """
    table = usable_rows(scored, options.conditions)
    values = np.column_stack([goal_values(table, name) for name in options.goals])
    complete = ~np.isnan(values).any(axis=1)
    table, values = table.filter(pa.array(complete)), values[complete]
    front: BoolArray = pareto_front(values)
    probability = _probability(table, options)
    order = np.lexsort([-values[:, 0], -np.nan_to_num(probability, nan=-1.0), ~front])
    order = order[: options.top]
    columns = {
        RANK: pa.array(np.arange(1, len(order) + 1)),
        ON_FRONT: pa.array(front[order]),
        PROBABILITY: pa.array(probability[order], from_pandas=True),
    }
    return beside(columns, table.take(pa.array(order)))


def rows_without_goals(scored: pa.Table, options: RankOptions) -> int:
    """How many usable rows lack a value to be ranked by. Raises ListError."""
    table = usable_rows(scored, options.conditions)
    values = np.column_stack([goal_values(table, name) for name in options.goals])
    return int(np.isnan(values).any(axis=1).sum())


def beside(new: dict[str, pa.Array], rows: pa.Table) -> pa.Table:
    """New columns before those of the rows. A column of the user's that clashes is renamed, and
    what an earlier ranking has put there is replaced."""
    names = list(rows.schema.names)
    for earlier in RANKED_BEFORE:
        if tuple(names[: len(earlier)]) == earlier:
            rows = rows.drop_columns(list(earlier))
    renamed = carried_names(rows.schema.names, list(new))
    return pa.table(new | {renamed[name]: rows.column(name) for name in rows.schema.names})


def usable_rows(scored: pa.Table, conditions: Sequence[str]) -> pa.Table:
    """The answered rows that meet all conditions. Raises ListError."""
    table = scored.filter(pc.equal(column_of(scored, "status"), "ok"))
    for condition in conditions:
        table = table.filter(holds(table, condition))
    return table


def goal_values(table: pa.Table, name: str) -> FloatArray:
    """(n,) numbers of which more is better; NaN where there is none.

    A wavelength runs through infinity to negative numbers as a material becomes stable: its
    inverse falls all the way, and stands for it.
    """
    goal = GOALS[name]
    values = numbers(table, goal.column)
    if name == "wavelength":
        with np.errstate(divide="ignore"):
            return np.asarray(-1.0 / values)
    return goal.sign * values


def default_goals(columns: Sequence[str]) -> tuple[str, ...]:
    """Conductivity, activation energy, and chi where the list has it, else the score."""
    last = "chi" if GOALS["chi"].column in columns else "score"
    return ("conductivity", "activation-energy", last)


def _probability(table: pa.Table, options: RankOptions) -> FloatArray:
    value, lower, upper = (
        numbers(table, f"{CONDUCTIVITY}{ending}") for ending in ("", "_lower", "_upper")
    )
    return probability_above(value, lower, upper, options.coverage, options.threshold)

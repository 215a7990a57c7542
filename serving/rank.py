"""Scored lists put in order: filters, probabilities, the Pareto front, the best N."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet as pq

from models.labels import BoolArray, FloatArray
from models.ranking import pareto_front, probability_above
from serving.list_files import format_of
from serving.rows import ListError
from serving.writers import check_output, join_parts, part_bytes

CONDUCTIVITY = "log10_conductivity_s_cm"
RANK, ON_FRONT, PROBABILITY = "rank", "on_pareto_front", "probability_conductive"

_COMPARISONS = {
    "<=": pc.less_equal,
    ">=": pc.greater_equal,
    "==": pc.equal,
    "!=": pc.not_equal,
    "<": pc.less,
    ">": pc.greater,
}
_CONDITION = re.compile(r"\s*(\w+)\s*(<=|>=|==|!=|<|>)\s*(\S.*?)\s*")


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
    table = table.filter(pa.array(~np.isnan(values).any(axis=1)))
    values = values[~np.isnan(values).any(axis=1)]
    front: BoolArray = pareto_front(values)
    probability = _probability(table, options)
    order = np.lexsort([-values[:, 0], -np.nan_to_num(probability, nan=-1.0), ~front])
    order = order[: options.top]
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        RANK: pa.array(np.arange(1, len(order) + 1)),
        ON_FRONT: pa.array(front[order]),
        PROBABILITY: pa.array(probability[order], from_pandas=True),
    }
    chosen = table.take(pa.array(order))
    for name in chosen.schema.names:
        columns.setdefault(name, chosen.column(name))
    return pa.table(columns)


def usable_rows(scored: pa.Table, conditions: Sequence[str]) -> pa.Table:
    """The answered rows that meet all conditions. Raises ListError."""
    table = scored.filter(pc.equal(_column(scored, "status"), "ok"))
    for condition in conditions:
        table = table.filter(_holds(table, condition))
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


def read_scored(path: Path) -> pa.Table:
    """A whole scored list. Raises ListError, OSError."""
    form = format_of(path)
    if form is None:
        raise ListError(f"'{path.name}' is no scored list: see frenkel score for the endings")
    if not path.is_file():
        raise ListError(f"there is no file '{path}'")
    try:
        if form.kind == "parquet":
            return pq.read_table(path)
        # Arrow goes by the ending .gz or .zst itself.
        with pa.input_stream(str(path), compression="detect") as stream:
            if form.kind == "csv":
                return pyarrow.csv.read_csv(
                    stream, parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True)
                )
            return pyarrow.json.read_json(stream)
    except pa.ArrowException as error:
        raise ListError(f"'{path.name}' cannot be read: {str(error).splitlines()[0]}") from error


def numbers(table: pa.Table, name: str) -> FloatArray:
    """(n,) values of a column of numbers, NaN where empty. Raises ListError."""
    column = _column(table, name)
    if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):
        if column.null_count < len(column):
            raise ListError(f"the column {name} must hold numbers, not {column.type}")
        return np.full(len(column), np.nan)
    return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)


def _probability(table: pa.Table, options: RankOptions) -> FloatArray:
    value, lower, upper = (
        numbers(table, f"{CONDUCTIVITY}{ending}") for ending in ("", "_lower", "_upper")
    )
    return probability_above(value, lower, upper, options.coverage, options.threshold)


def _holds(table: pa.Table, condition: str) -> pa.ChunkedArray:
    found = _CONDITION.fullmatch(condition)
    if found is None:
        raise ListError(
            f"'{condition}' is no condition; write a column, one of {', '.join(_COMPARISONS)} and "
            "a value, e.g. shear_modulus_gpa<20"
        )
    name, sign, text = found.groups()
    column = _column(table, name)
    try:
        value = pa.scalar(text).cast(column.type)
        return pc.fill_null(_COMPARISONS[sign](column, value), False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise ListError(f"'{condition}': {name} holds {column.type}, not '{text}'") from error


def _column(table: pa.Table, name: str) -> pa.ChunkedArray:
    if name not in table.schema.names:
        known = ", ".join(table.schema.names)
        raise ListError(f"the list has no column {name}; its columns are: {known}")
    return table.column(name)

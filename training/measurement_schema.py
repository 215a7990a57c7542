"""The columns of the table of measured values, and what each may hold."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import pandas as pd

from training.records import PLAUSIBLE, UNITS, Collector, Measurement

if TYPE_CHECKING:
    import pandera.pandas as pa

LATTICE = ("a", "b", "c", "alpha", "beta", "gamma")
_TEXT = (
    *("property", "bound", "unit", "formula", "composition_key", "source", "row_of_origin"),
    *("mobile_ion", "structure_key", "doi", "reference", "obelix_split", "cif_match"),
    *("duplicate_of", "note"),
)
_REQUIRED_TEXT = frozenset(_TEXT[:7])
COLUMNS = (
    *("property", "value", "bound", "unit", "temperature_k"),
    *("formula", "composition_key", "mobile_ion", "structure_key", "space_group_number"),
    *LATTICE,
    *("source", "doi", "reference", "row_of_origin"),
    *("obelix_split", "cif_match", "duplicate_of", "note"),
)


@dataclass(frozen=True)
class _Choice:
    column: str
    allowed: tuple[str, ...]


_CHOICES = (
    _Choice("property", tuple(UNITS)),
    _Choice("bound", ("=", "<")),
    _Choice("obelix_split", ("train", "test")),
    _Choice("cif_match", ("Match", "Close Match", "No Match")),
)


@cache
def measurement_schema() -> pa.DataFrameSchema:
    """The pandera schema of ``Dataset.measurements``; strict, in this column order.

    Moduli and activation energies have no temperature; every conductivity has one.
    """
    import pandera.pandas as pa

    choices = {choice.column: [pa.Check.isin(choice.allowed)] for choice in _CHOICES}
    columns: dict[str, pa.Column] = {}
    for name in COLUMNS:
        if name in _TEXT:
            checks = choices.get(name, [])
            columns[name] = pa.Column("string", checks, nullable=name not in _REQUIRED_TEXT)
        elif name == "space_group_number":
            columns[name] = pa.Column("Int64", pa.Check.in_range(1, 230), nullable=True)
        elif name == "value":
            columns[name] = pa.Column("float64")
        elif name == "temperature_k":
            columns[name] = pa.Column("float64", pa.Check.in_range(100.0, 2000.0), nullable=True)
        else:
            angle = name in {"alpha", "beta", "gamma"}
            check = pa.Check.in_range(0.0, 180.0 if angle else 500.0, include_min=False)
            columns[name] = pa.Column("float64", check, nullable=True)
    return pa.DataFrameSchema(
        columns,
        checks=[
            pa.Check(_has_temperature_where_it_must, name="temperature where it must be"),
            pa.Check(_is_plausible, name="value in the plausible range"),
        ],
        index=pa.Index("int64", unique=True),
        strict=True,
        ordered=True,
    )


def _has_temperature_where_it_must(frame: pd.DataFrame) -> pd.Series:
    is_conductivity = frame["property"] == "log10_conductivity_s_cm"
    return is_conductivity == frame["temperature_k"].notna()


def _is_plausible(frame: pd.DataFrame) -> pd.Series:
    low = frame["property"].map(lambda name: PLAUSIBLE[name][0]).astype("float64")
    high = frame["property"].map(lambda name: PLAUSIBLE[name][1]).astype("float64")
    return (frame["value"] > low) & (frame["value"] <= high)


def measurement_frame(collector: Collector, duplicate_of: dict[int, str]) -> pd.DataFrame:
    """The collected values as a validated table; raises pandera's SchemaError."""
    records = [
        _record(each, duplicate_of.get(index)) for index, each in enumerate(collector.measurements)
    ]
    frame = pd.DataFrame.from_records(records, columns=list(COLUMNS))
    return measurement_schema().validate(with_types(frame))


def with_types(frame: pd.DataFrame) -> pd.DataFrame:
    """The columns in their own types, whatever pandas or a file made of them."""
    types = {
        name: "string" if name in _TEXT else "Int64" if name == "space_group_number" else "float64"
        for name in COLUMNS
    }
    return frame[list(COLUMNS)].astype(types).reset_index(drop=True)


def _record(each: Measurement, duplicate_of: str | None) -> dict[str, object]:
    lattice = each.lattice or (None,) * len(LATTICE)
    return {
        "property": each.property,
        "value": each.value,
        "bound": each.bound,
        "unit": UNITS[each.property],
        "temperature_k": each.temperature_k,
        "formula": each.material.formula,
        "composition_key": each.material.composition_key,
        "mobile_ion": each.material.mobile_ion,
        "structure_key": each.structure_key,
        "space_group_number": each.space_group_number,
        **dict(zip(LATTICE, lattice, strict=True)),
        "source": each.source,
        "doi": each.doi,
        "reference": each.reference,
        "row_of_origin": each.row_of_origin,
        "obelix_split": each.obelix_split,
        "cif_match": each.cif_match,
        "duplicate_of": duplicate_of,
        "note": each.note,
    }

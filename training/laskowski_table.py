"""The printed lines of Laskowski 2023 as measurements, with the papers they came from."""

from __future__ import annotations

import io
import math
from typing import Any

import pandas as pd

from training.conductivity_tables import csv_rows
from training.laskowski import PrintedRow, align_digitized, parse_printed
from training.records import (
    ACTIVATION_ENERGY,
    CONDUCTIVITY,
    ROOM_TEMPERATURE_K,
    Collector,
    Measurement,
    normal_doi,
)

_FOLDER = "data/misc/"


def read_laskowski(
    members: dict[str, bytes], digitized: bytes | None, collector: Collector
) -> None:
    """Room-temperature conductivities and activation energies with their DOIs.

    With the authors' digitised table the formulas come from it; without it from the printed lines
    alone.
    """
    text = members[f"{_FOLDER}laskowski_semi-fromatted.csv"].decode("utf-8-sig")
    papers = {
        int(row["ref. number"]): row["DOI"]
        for row in csv_rows(members[f"{_FOLDER}doi_lookup_table.csv"])
    }
    rows = parse_printed(text)
    if digitized is not None:
        rows = align_digitized(rows, pd.read_csv(io.BytesIO(digitized), encoding="utf-8-sig"))
    for row in rows:
        _keep_row(row, papers, collector)


def _keep_row(row: PrintedRow, papers: dict[int, str], collector: Collector) -> None:
    origin = f"line {row.line}"
    if row.reason is not None or row.formula is None:
        reason = row.reason or "no formula"
        collector.reject("laskowski", origin, row.text, reason)
        return
    material = collector.material(row.formula, source="laskowski", row=origin)
    if material is None:
        return
    if row.repaired:
        collector.repair("laskowski", origin, row.text, row.formula)
    doi = normal_doi(papers.get(row.reference)) if row.reference is not None else None
    reference = doi or (f"laskowski:{row.reference}" if row.reference is not None else None)
    if row.conductivity_s_cm is None and row.activation_energy_ev is None:
        collector.reject("laskowski", origin, row.text, "neither conductivity nor E_a")
        return
    known: dict[str, Any] = {
        "material": material,
        "space_group_number": row.space_group_number,
        "source": "laskowski",
        "doi": doi,
        "reference": reference,
        "row_of_origin": origin,
        "note": _note(row),
    }
    if row.conductivity_s_cm is not None:
        if row.conductivity_s_cm <= 0.0:
            collector.reject("laskowski", origin, row.text, "conductivity not positive")
            return
        collector.keep(
            Measurement(
                property=CONDUCTIVITY,
                value=math.log10(row.conductivity_s_cm),
                bound=row.bound,
                temperature_k=ROOM_TEMPERATURE_K,
                **known,
            )
        )
    if row.activation_energy_ev is not None:
        collector.keep(
            Measurement(property=ACTIVATION_ENERGY, value=row.activation_energy_ev, **known)
        )


def _note(row: PrintedRow) -> str | None:
    """What a reader of the table should know of this row."""
    remarks = (["composite: a second phase was mixed in by weight"] if row.composite else []) + [
        *row.notes
    ]
    return "; ".join(remarks) or None

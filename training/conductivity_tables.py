"""Readers of the conductivity tables whose rows need no rebuilding: OBELiX, Liverpool, Xu 2020."""

from __future__ import annotations

import csv
import io
import math
import re

from training.measurement_schema import LATTICE
from training.records import (
    CONDUCTIVITY,
    ROOM_TEMPERATURE_K,
    ZERO_CELSIUS_K,
    Bound,
    Collector,
    Measurement,
    element_amounts,
    normal_doi,
    plain_formula,
)
from training.spreadsheet import read_first_sheet
from training.structure_store import structure_from_cif

_CIF_FOLDER = "data/randomized_cifs/"


def csv_rows(content: bytes) -> list[dict[str, str]]:
    """Rows of a csv file as mappings of text; a byte order mark is dropped."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def read_obelix(members: dict[str, bytes], collector: Collector) -> None:
    """599 rows at room temperature; 37 of them are upper bounds, told apart by the raw sheet.

    The composition is the unit cell's true one: seven reduced formulas lack their Li.
    """
    raw = {row["ID"]: row for row in read_first_sheet(members["data/raw.xlsx"])}
    split = {
        row["ID"]: part
        for part in ("train", "test")
        for row in csv_rows(members[f"data/{part}_idx.csv"])
    }
    for row in csv_rows(members["data/processed.csv"]):
        ident = row["ID"]
        formula = plain_formula(element_amounts(row["Composition"]))
        material = collector.material(formula, source="obelix", row=ident)
        if material is None:
            continue
        bound, value = _bound(raw[ident]["Ionic conductivity (S cm-1)"])
        key = _obelix_structure(ident, members, collector)
        doi = normal_doi(row["DOI"])
        collector.keep(
            Measurement(
                property=CONDUCTIVITY,
                value=math.log10(value),
                bound=bound,
                temperature_k=ROOM_TEMPERATURE_K,
                material=material,
                structure_key=key,
                space_group_number=int(row["Space group number"]),
                lattice=tuple(float(row[name]) for name in LATTICE),
                source="obelix",
                doi=doi,
                reference=doi or row["DOI"].strip().lower() or None,
                row_of_origin=ident,
                obelix_split=split[ident],
                cif_match=row["CIF"],
            )
        )


def _bound(text: str) -> tuple[Bound, float]:
    text = text.strip()
    if text.startswith("<"):
        return "<", float(text[1:])
    return "=", float(text)


def _obelix_structure(ident: str, members: dict[str, bytes], collector: Collector) -> str | None:
    content = members.get(f"{_CIF_FOLDER}{ident}.cif")
    if content is None:
        return None
    key = f"obelix:{ident}"
    try:
        collector.crystal(structure_from_cif(content.decode("utf-8")), key)
    except ValueError as error:
        collector.reject("obelix", ident, f"{ident}.cif", f"CIF not read, row kept: {error}")
        return None
    return key


def read_liverpool(members: dict[str, bytes], collector: Collector) -> None:
    """820 rows with their temperature, which the file has in degrees C."""
    for line, row in enumerate(csv_rows(members["data/misc/LiIonDatabase.csv"]), start=2):
        text = row["composition"].strip().strip('"').strip()
        # One identifier occurs twice, so the line of the file names the row.
        origin = f"line {line} (ID {row['ID']})"
        material = collector.material(re.sub(r"\s+", "", text), source="liverpool", row=origin)
        if material is None:
            continue
        doi = normal_doi(row["source"])
        collector.keep(
            Measurement(
                property=CONDUCTIVITY,
                value=math.log10(float(row["target"])),
                temperature_k=float(row["temperature"]) + ZERO_CELSIUS_K,
                material=material,
                source="liverpool",
                doi=doi,
                reference=doi or row["source"].strip().lower() or None,
                row_of_origin=origin,
            )
        )

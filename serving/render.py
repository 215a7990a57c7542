"""Predictions as tables for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

ROOM_TEMPERATURE_C = 25.0
ROWS = (
    ("log10_conductivity_s_cm", "log10 conductivity at 25 °C", "S/cm"),
    ("activation_energy_ev", "activation energy", "eV"),
    ("shear_modulus_gpa", "shear modulus", "GPa"),
    ("bulk_modulus_gpa", "bulk modulus", "GPa"),
    ("dendrite_suppression_score", "dendrite suppression score", ""),
)
"""Key in the answer, words and unit, in the order shown."""


def show(answer: Mapping[str, Any], coverage: float, console: Console) -> None:
    """Print one table for each material of an answer that has a prediction."""
    for item in answer["predictions"]:
        if item["status"] == "ok":
            console.print(_table(item, coverage))
            for note in item["notes"]:
                console.print(Text(f"  note: {note}"))
            console.print()
    console.print(Text(f"model {answer['model']['version']}"), style="dim")


def _table(item: Mapping[str, Any], coverage: float) -> Table:
    ion = item["mobile_ion"]
    ion_text = f"mobile ion {ion}" if ion else "no known mobile ion"
    table = Table(
        title=Text(f"{item['formula']}  ({ion_text})"), title_justify="left", title_style="bold"
    )
    table.add_column("property")
    table.add_column("value", justify="right")
    table.add_column(f"{coverage * 100:g} % interval", justify="right")
    table.add_column("unit")
    for key, words, unit in ROWS:
        table.add_row(words, *_numbers(item[key]), unit)
    if item["dendrite"] is not None:
        _add_criteria(table, item["dendrite"])
    for point in item["conductivity_curve"]:
        if point["temperature_c"] == ROOM_TEMPERATURE_C:
            continue  # shown first already
        words = f"log10 conductivity at {point['temperature_c']:g} °C"
        table.add_row(words, *_numbers(point["log10_conductivity_s_cm"]), "S/cm")
    return table


def _add_criteria(table: Table, dendrite: Mapping[str, Any]) -> None:
    """Both dendrite criteria, side by side, since they disagree."""
    stability, newman = dendrite["linear_stability"], dendrite["monroe_newman"]
    verdict = "stable" if stability["stable"] else "not stable"
    table.add_row(
        f"  linear stability chi ({verdict})", *_numbers(stability["chi_kj_mol_nm"]), "kJ/mol/nm"
    )
    verdict = "passes" if newman["passes"] else "fails"
    ratio = f"{newman['ratio']:#.3g}".removesuffix(".")
    table.add_row(f"  Monroe-Newman ratio ({verdict}; for polymers)", ratio, "", "")


def _numbers(interval: Mapping[str, float] | None) -> tuple[str, str]:
    """Value and interval with three digits that count."""
    if interval is None:
        return "-", "-"
    value, lower, upper = (
        f"{interval[key]:#.3g}".removesuffix(".") for key in ("value", "lower", "upper")
    )
    return value, f"{lower} to {upper}"

"""Predictions as tables for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from serving.render_reliability import show_reliability

ROOM_TEMPERATURE_C = 25.0
ROWS = (
    ("log10_conductivity_s_cm", "log10 conductivity at 25 °C", "S/cm"),
    ("activation_energy_ev", "activation energy", "eV"),
    ("shear_modulus_gpa", "shear modulus", "GPa"),
    ("bulk_modulus_gpa", "bulk modulus", "GPa"),
    ("dendrite_suppression_score", "dendrite suppression score", ""),
)
"""Key in the answer, words and unit, in the order shown."""
TRANSPORT_ROWS = (
    ("log10_prefactor_s_k_cm", "log10 prefactor σ₀", "S K/cm"),
    ("log10_diffusion_coefficient_cm2_s", "log10 diffusion coefficient at 25 °C", "cm2/s"),
    ("area_specific_resistance_ohm_cm2", "area-specific resistance at 25 °C", "ohm cm2"),
)
"""The same for what follows from conductivity and activation energy."""


def show(answer: Mapping[str, Any], coverage: float, console: Console) -> None:
    """Print one table for each material of an answer that has a prediction."""
    for item in answer["predictions"]:
        if item["status"] == "ok":
            console.print(_table(item, coverage))
            show_reliability(item, console)
            said = set(item["domain"]["reasons"])  # above, under the verdict
            notes = [note for note in item["notes"] if note not in said]
            for note in [*notes, *item["transport_notes"]]:
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
    for key, words, unit in TRANSPORT_ROWS:
        table.add_row(words, *_numbers(item[key]), unit)
    for point in item["conductivity_curve"]:
        if point["temperature_c"] != ROOM_TEMPERATURE_C:  # which is shown already
            _add_temperature(table, point)
    return table


def _add_temperature(table: Table, point: Mapping[str, Any]) -> None:
    """Conductivity at one temperature, and diffusion where it is known."""
    where = f"at {point['temperature_c']:g} °C"
    sigma, diffusion = (
        point["log10_conductivity_s_cm"],
        point["log10_diffusion_coefficient_cm2_s"],
    )
    table.add_row(f"log10 conductivity {where}", *_numbers(sigma), "S/cm")
    if diffusion is not None:
        table.add_row(f"log10 diffusion coefficient {where}", *_numbers(diffusion), "cm2/s")


def _add_criteria(table: Table, dendrite: Mapping[str, Any]) -> None:
    """All dendrite criteria, side by side, since they disagree."""
    stability, newman = dendrite["linear_stability"], dendrite["monroe_newman"]
    ratio = dendrite["volume_ratio"]
    table.add_row(f"  volume ratio v (from {ratio['source']})", *_numbers(ratio), "")
    verdict = "stable" if stability["stable"] else "not stable"
    table.add_row(
        f"  linear stability chi ({verdict})", *_numbers(stability["chi_kj_mol_nm"]), "kJ/mol/nm"
    )
    table.add_row("  probability of chi < 0", digits(stability["probability_stable"]), "", "")
    worst, value, best = (
        stability[f"critical_wavelength_{end}nm"] for end in ("worst_", "", "best_")
    )
    table.add_row(
        "  critical wavelength (below 0: any)",
        digits(value),
        f"{digits(worst)} to {digits(best)}",
        "nm",
    )
    if stability["percentile_chi"] is not None:
        share = f"{stability['percentile_chi']:.0f}"
        table.add_row("  less stable Li compounds", share, "", "%")
    verdict = "passes" if newman["passes"] else "fails"
    table.add_row(f"  Monroe-Newman ratio ({verdict}; for polymers)", digits(newman["ratio"]))
    for each in dendrite["measured"]:
        words = f"  measured {each['quantity']} ({each['verdict']})"
        table.add_row(words, digits(each["value"]), "", each["unit"])


def digits(value: float) -> str:
    """Three digits that count."""
    return f"{value:#.3g}".removesuffix(".")


def _numbers(interval: Mapping[str, float] | None) -> tuple[str, str]:
    """Value and interval with three digits that count."""
    if interval is None:
        return "-", "-"
    value, lower, upper = (digits(interval[key]) for key in ("value", "lower", "upper"))
    return value, f"{lower} to {upper}"

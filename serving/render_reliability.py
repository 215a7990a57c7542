"""Domain verdict, measured neighbours, quantiles and contributions as tables for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

UNITS = {
    "log10_conductivity_s_cm": "log10 conductivity (S/cm)",
    "activation_energy_ev": "activation energy (eV)",
    "shear_modulus_gpa": "shear modulus (GPa)",
    "bulk_modulus_gpa": "bulk modulus (GPa)",
    "log10_shear_modulus_gpa": "log10 shear modulus (GPa)",
    "log10_bulk_modulus_gpa": "log10 bulk modulus (GPa)",
}


def show_reliability(item: Mapping[str, Any], console: Console) -> None:
    """Print what stands beside the numbers of one answered material."""
    _show_verdict(item["domain"], console)
    if item["neighbours"]:
        console.print(_neighbours(item["measured"], item["neighbours"]))
    quantiles = _quantiles(item)
    if quantiles is not None:
        console.print(quantiles)
    for target, rows in (item.get("contributions") or {}).items():
        if rows:
            console.print(_contributions(target, rows))


def _show_verdict(domain: Mapping[str, Any], console: Console) -> None:
    words = "inside the training data" if domain["in_domain"] else "OUTSIDE the training data"
    style = "green" if domain["in_domain"] else "bold red"
    error = domain["expected_error"]["log10_conductivity_s_cm"]
    expected = "" if error is None else f"; usual error of log10 conductivity there {error:.2f}"
    line = Text("  domain: ")
    line.append(words, style=style)
    line.append(
        f" (nearest measured conductor {domain['distance']:.2f} steps away, percentile "
        f"{domain['percentile']:.0f}{expected})"
    )
    console.print(line)
    for reason in domain["reasons"]:
        console.print(Text(f"    {reason}"))


def _neighbours(measured: Sequence[Mapping[str, Any]], near: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(title="Nearest measured materials", title_justify="left")
    for name in ("formula", "log10 S/cm", "E_a (eV)", "°C", "distance", "DOI"):
        table.add_column(name, justify="left" if name in ("formula", "DOI") else "right")
    rest = [each for each in near if not each["same_composition"]]
    for each in [*measured[:3], *rest]:
        sigma = each["log10_conductivity_s_cm"]
        sign = "< " if each["bound"] == "<" else ""
        table.add_row(
            Text(each["formula"], style="bold" if each["same_composition"] else ""),
            "-" if sigma is None else f"{sign}{sigma:.2f}",
            _or_dash(each["activation_energy_ev"], ".2f"),
            _or_dash(each["temperature_c"], ".0f"),
            "same" if each["same_composition"] else f"{each['distance']:.2f}",
            Text(each["doi"] or "-"),
        )
    return table


def _quantiles(item: Mapping[str, Any]) -> Table | None:
    asked = {
        name: item[name]["quantiles"]
        for name in UNITS
        if item.get(name) is not None and item[name].get("quantiles")
    }
    if not asked:
        return None
    table = Table(title="Quantiles", title_justify="left")
    table.add_column("property")
    for level in next(iter(asked.values())):
        table.add_column(level, justify="right")
    for name, values in asked.items():
        table.add_row(
            UNITS[name], *(f"{value:#.3g}".removesuffix(".") for value in values.values())
        )
    return table


def _contributions(target: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(title=f"What moves {UNITS[target]} in the boosted trees", title_justify="left")
    for name in ("feature", "its value", "contribution"):
        table.add_column(name, justify="left" if name == "feature" else "right")
    for each in rows:
        table.add_row(
            each["feature"], _or_dash(each["value"], ".4g"), f"{each['contribution']:+.3f}"
        )
    table.add_row("prediction of the trees", "", f"{sum(r['contribution'] for r in rows):+.3f}")
    return table


def _or_dash(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)

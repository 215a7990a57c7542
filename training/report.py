"""What the data sets gave: rows kept, repaired and rejected, by source and reason."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from training.records import ACTIVATION_ENERGY, CONDUCTIVITY
from training.splits import group_sizes, leakage_groups
from training.tables import Dataset

_DUPLICATE = re.compile(r"^duplicate of .*$")
_PARTICULAR = re.compile(r"[:;(].*$")


def data_report(dataset: Dataset) -> tuple[str, dict[str, Any]]:
    """The report as Markdown and as plain numbers for a log."""
    numbers: dict[str, Any] = {
        "sources": _source_rows(dataset),
        "kept": _kept_rows(dataset),
        "repaired": _counts(dataset.repaired, ["source"]),
        "rejected": _rejected_rows(dataset.rejected),
        "leakage_groups": _group_numbers(dataset.measurements),
        "noted": _counts(dataset.measurements.dropna(subset="note"), ["source", "note"])
        if _has_notes(dataset)
        else [],
    }
    numbers["noted"] = [row for row in numbers["noted"] if not row["note"].startswith("fit of")]
    parts = [
        "# Data report",
        _section("Sources", numbers["sources"]),
        _section("Values kept", numbers["kept"]),
        _section("Rows kept under a corrected formula", numbers["repaired"]),
        _section("Rows and values rejected", numbers["rejected"]),
        _section("Values kept with a remark", numbers["noted"]),
        "## Groups that must not be split\n\n" + _group_text(numbers["leakage_groups"]),
    ]
    return "\n\n".join(parts) + "\n", numbers


def _has_notes(dataset: Dataset) -> bool:
    return bool(dataset.measurements["note"].notna().any())


def _source_rows(dataset: Dataset) -> list[dict[str, Any]]:
    rows = []
    for status in dataset.sources:
        state = f"from {status.via}" if status.available else "missing"
        if not status.needed:
            state = "not needed"
        rows.append(
            {
                "source": status.name,
                "state": state,
                "sha256": (status.sha256 or "")[:12],
                "remark": status.reason or "",
            }
        )
    return rows


def _kept_rows(dataset: Dataset) -> list[dict[str, Any]]:
    rows = []
    for (name, source), part in dataset.measurements.groupby(["property", "source"], sort=False):
        rows.append(
            {
                "property": name,
                "source": source,
                "kept": len(part),
                "upper bounds": int((part["bound"] == "<").sum()),
                "with DOI": int(part["doi"].notna().sum()),
                "with structure": int(part["structure_key"].notna().sum()),
                "also in another table": int(part["duplicate_of"].notna().sum()),
            }
        )
    return rows


def _rejected_rows(rejected: pd.DataFrame) -> list[dict[str, Any]]:
    plain = rejected.assign(reason=rejected["reason"].map(_reason))
    return _counts(plain, ["source", "reason"])


def _reason(text: str) -> str:
    """The reason without the particulars of one row."""
    if _DUPLICATE.match(text):
        return "duplicate of a value in another table"
    return _PARTICULAR.sub("", text).strip() or text


def _counts(frame: pd.DataFrame, columns: list[str]) -> list[dict[str, Any]]:
    if frame.empty:
        return []
    counted = frame.groupby(columns, sort=True).size().reset_index(name="rows")
    return [{**row, "rows": int(row["rows"])} for row in counted.to_dict("records")]


def _group_numbers(measurements: pd.DataFrame) -> dict[str, int]:
    rows = measurements[measurements["property"].isin([CONDUCTIVITY, ACTIVATION_ENERGY])]
    if rows.empty:
        return {"rows": 0, "groups": 0, "largest": 0}
    sizes = group_sizes(leakage_groups(rows))
    return {"rows": len(rows), "groups": len(sizes), "largest": int(sizes[0])}


def _group_text(numbers: dict[str, int]) -> str:
    return (
        f"{numbers['rows']} values of conductivity and activation energy fall into "
        f"{numbers['groups']} groups that share papers or compositions; the largest has "
        f"{numbers['largest']}."
    )


def _section(title: str, rows: list[dict[str, Any]]) -> str:
    if not rows:
        return f"## {title}\n\nNone."
    columns = list(rows[0])
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    lines += ["| " + " | ".join(_cell(row[name]) for name in columns) + " |" for row in rows]
    return f"## {title}\n\n" + "\n".join(lines)


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")

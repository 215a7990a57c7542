"""The data report counts what was kept and what was lost, and says why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from features.material import Material
from training.measurement_schema import measurement_frame
from training.records import CONDUCTIVITY, Collector, Measurement
from training.report import data_report
from training.sources import SourceStatus
from training.tables import Dataset

if TYPE_CHECKING:
    from typing import Any


def small_dataset(rejected: list[tuple[str, str]]) -> Dataset:
    rows = [
        Measurement(
            property=CONDUCTIVITY,
            value=value,
            bound=bound,  # type: ignore[arg-type]
            temperature_k=298.15,
            material=Material.from_formula(formula),
            source="obelix",
            row_of_origin=str(value),
            doi="10.1000/x",
            reference="10.1000/x",
        )
        for formula, value, bound in [("LiF", -10.0, "<"), ("Li3N", -4.0, "="), ("LiI", -6.0, "=")]
    ]
    return Dataset(
        measurements=measurement_frame(Collector(measurements=rows), {}),
        structures={},
        sources=(
            SourceStatus("obelix", True, "cache", "ab" * 32, None),
            SourceStatus("ahmad2018", False, None, None, "https: host | unreachable"),
        ),
        rejected=pd.DataFrame(
            [(source, "line 1", "text", reason) for source, reason in rejected],
            columns=["source", "row_of_origin", "text", "reason"],
            dtype="string",
        ),
        repaired=pd.DataFrame(
            [("laskowski", "line 2", "LiLa O 2", "LiLaO2")],
            columns=["source", "row_of_origin", "text", "formula"],
            dtype="string",
        ),
    )


def rejected_counts(numbers: dict[str, Any]) -> dict[tuple[str, str], int]:
    return {(row["source"], row["reason"]): row["rows"] for row in numbers["rejected"]}


def test_rows_are_counted_by_source_and_reason_without_their_particulars() -> None:
    _, numbers = data_report(
        small_dataset(
            [
                ("liverpool", "duplicate of obelix abc"),
                ("liverpool", "duplicate of obelix def"),
                ("laskowski", "charges do not balance: 3 against 4"),
            ]
        )
    )
    assert rejected_counts(numbers) == {
        ("liverpool", "duplicate of a value in another table"): 2,
        ("laskowski", "charges do not balance"): 1,
    }


def test_kept_values_are_counted_with_bounds_and_papers() -> None:
    _, numbers = data_report(small_dataset([]))
    (kept,) = numbers["kept"]
    assert (kept["kept"], kept["upper bounds"], kept["with DOI"]) == (3, 1, 3)
    assert numbers["repaired"] == [{"source": "laskowski", "rows": 1}]
    assert numbers["leakage_groups"] == {"rows": 3, "groups": 1, "largest": 3}


def test_the_text_is_a_table_that_names_missing_sources_and_why() -> None:
    text, _ = data_report(small_dataset([]))
    assert text.startswith("# Data report")
    assert "| ahmad2018 | missing |  | https: host \\| unreachable |" in text
    assert "## Rows and values rejected\n\nNone." in text


def test_the_report_of_the_real_data_has_every_source(dataset: Dataset) -> None:
    text, numbers = data_report(dataset)
    assert [row["source"] for row in numbers["sources"]] == [s.name for s in dataset.sources]
    assert sum(row["kept"] for row in numbers["kept"]) == len(dataset.measurements)
    assert sum(row["rows"] for row in numbers["rejected"]) == len(dataset.rejected)
    assert all(f"| {s.name} |" in text for s in dataset.sources)

"""One measurement in several tables, one crystal in several tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.training.samples import collected, measured
from training.duplicates import drop_repeated_measurements, mark_repeated_moduli
from training.records import (
    SHEAR,
    Measurement,
)

if TYPE_CHECKING:
    pass


def test_one_value_of_one_paper_in_two_tables_is_kept_once_with_obelix_first() -> None:
    found = collected(
        measured(value=-4.0, source="laskowski", row="line 7"),
        measured(value=-4.002, source="obelix", row="xyz", doi="10.1000/x|10.1000/y"),
    )
    drop_repeated_measurements(found)
    assert [m.source for m in found.measurements] == ["obelix"]
    assert found.rejected[0].reason == "duplicate of obelix xyz"
    assert found.rejected[0].row_of_origin == "line 7"


@pytest.mark.parametrize(
    "other",
    [
        {"value": -4.05},
        {"doi": "10.1000/z"},
        {"bound": "<"},
        {"temperature_k": 373.15},
        {"formula": "Li6.4La3Zr1.4Ta0.6O12"},
        {"source": "obelix"},
    ],
)
def test_values_that_differ_in_anything_are_all_kept(other: dict[str, object]) -> None:
    changed = {"source": "liverpool", **other}
    found = collected(measured(row="a"), measured(row="b", **changed))  # type: ignore[arg-type]
    drop_repeated_measurements(found)
    assert len(found.measurements) == 2


def test_a_row_without_doi_repeats_the_same_value_of_a_known_paper() -> None:
    found = collected(measured(), measured(source="xu2020", doi=None, reference="xu2020:t1"))
    drop_repeated_measurements(found)
    assert [m.source for m in found.measurements] == ["obelix"]


def test_one_crystal_in_two_elasticity_tables_is_kept_and_marked() -> None:
    def modulus(source: str, row: str, number: int, key: str | None) -> Measurement:
        return measured(
            "LiF", 1.7, source, row, property=SHEAR, structure_key=key, space_group_number=number
        )

    found = collected(
        modulus("matbench", "mb-1", 225, None),
        modulus("mp_binaries", "mp-1", 225, "mp_binaries:mp-1"),
        modulus("elastic_tensor_2015", "mp-1", 225, "elastic_tensor_2015:mp-1"),
        modulus("matbench", "mb-2", 221, None),
    )
    marks = mark_repeated_moduli(found)
    assert len(found.measurements) == 4
    assert marks == {0: "elastic_tensor_2015:mp-1", 1: "elastic_tensor_2015:mp-1"}

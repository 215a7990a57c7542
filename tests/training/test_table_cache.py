"""The schema, the structure store and the tables kept on disk."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from pymatgen.core import Lattice, Structure

from tests.training.samples import collected, disordered, measured
from training.measurement_schema import COLUMNS, measurement_frame, measurement_schema
from training.records import (
    Collector,
    Measurement,
)
from training.structure_store import StructureStore, structure_from_cif
from training.table_cache import READERS, Tables, read_tables, write_tables

if TYPE_CHECKING:
    pass


def test_the_table_of_measurements_has_the_columns_of_its_schema() -> None:
    frame = measurement_frame(collected(measured(space_group_number=230)), {})
    assert tuple(frame.columns) == COLUMNS
    assert frame["unit"].tolist() == ["log10(S/cm)"]
    assert frame["mobile_ion"].tolist() == ["Li"]


@pytest.mark.parametrize(
    ("column", "value"),
    [("bound", ">"), ("value", 5.0), ("temperature_k", math.nan), ("space_group_number", 231)],
)
def test_a_table_with_an_impossible_entry_is_refused(column: str, value: object) -> None:
    import pandera.errors

    frame = measurement_frame(collected(measured(space_group_number=1)), {})
    frame.loc[0, column] = value
    with pytest.raises(pandera.errors.SchemaError):
        measurement_schema().validate(frame)


def test_partial_occupancies_survive_the_store(tmp_path: Path) -> None:
    StructureStore.of({"obelix:jqc": disordered()}).write(tmp_path / "s.gz")
    back = StructureStore.read(tmp_path / "s.gz")
    assert list(back) == ["obelix:jqc"]
    assert back["obelix:jqc"] == disordered()
    assert back["obelix:jqc"] is back["obelix:jqc"]
    assert "nothing" not in back


def test_a_cif_comes_without_oxidation_states() -> None:
    structure = disordered()
    structure.add_oxidation_state_by_element({"Li": 1, "Bi": 5, "Sb": 5})
    read = structure_from_cif(structure.to(fmt="cif"))
    assert {str(kind) for kind in read.composition} == {"Li", "Bi", "Sb"}


def test_a_crystal_is_kept_as_its_primitive_cell_with_space_group_and_cubic_lattice() -> None:
    rock_salt = Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(4.0), ["Li", "F"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )
    found = Collector()
    crystal = found.crystal(rock_salt, "table:1")
    assert len(rock_salt) == 8
    assert len(found.structures["table:1"]) == 2
    assert crystal.space_group_number == 225
    assert crystal.lattice == pytest.approx((4.0, 4.0, 4.0, 90.0, 90.0, 90.0))


def tables_of(*rows: Measurement) -> Tables:
    frame = measurement_frame(collected(*rows), {})
    text = pd.DataFrame({"source": [], "reason": []}, dtype="string")
    return Tables(frame, {"obelix:a": disordered()}, text, text)


def test_kept_tables_read_back_the_same(tmp_path: Path) -> None:
    written = write_tables(tmp_path, "key", tables_of(measured(), measured(value=-7.0)))
    back = read_tables(tmp_path, "key")
    assert back is not None
    pd.testing.assert_frame_equal(back.measurements, written.measurements)
    assert back.structures["obelix:a"] == disordered()
    assert read_tables(tmp_path, "other key") is None


def test_damaged_kept_tables_are_thrown_away(tmp_path: Path) -> None:
    write_tables(tmp_path, "key", tables_of(measured()))
    (tmp_path / "tables/key/measurements.parquet").write_bytes(b"damaged")
    assert read_tables(tmp_path, "key") is None
    assert not (tmp_path / "tables/key").exists()


def test_every_module_that_makes_the_tables_is_part_of_their_key() -> None:
    code = (
        "import sys, training.tables\n"
        "print(*sorted(m for m in sys.modules if m.startswith(('training.', 'features.'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= set(READERS)
    assert "features.crystal" in READERS  # imported only where a structure is read

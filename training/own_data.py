"""A user's own measurements: a CSV file read whole, with every problem listed at once."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from pymatgen.core.structure import Structure

from features.limits import MaterialLimits
from training.duplicates import (
    SAME_ENERGY_EV,
    SAME_LOG10_CONDUCTIVITY,
    SAME_TEMPERATURE_K,
)
from training.measurement_schema import measurement_frame, measurement_schema, with_types
from training.own_rows import (
    COLUMNS,
    MATERIAL_COLUMNS,
    REQUIRED,
    SOURCE,
    OwnRow,
    Problem,
)
from training.records import CONDUCTIVITY, Collector, Measurement, papers
from training.sources import SourceStatus
from training.tables import Dataset


class InvalidOwnData(ValueError):
    """The file cannot be used; ``problems`` has everything that is wrong with it."""

    def __init__(self, name: str, problems: list[Problem]) -> None:
        self.problems = problems
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        lines = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"'{name}' is not used, it has {count}:\n{lines}")


@dataclass(frozen=True)
class OwnData:
    """The rows of a file as measurements in the tables' units, and the structures they name."""

    name: str
    sha256: str
    measurements: list[Measurement]
    structures: Mapping[str, Structure]


def read_own_data(path: Path) -> OwnData:
    """Read and check a CSV file of measurements. Raises InvalidOwnData with every problem.

    Columns: one of MATERIAL_COLUMNS a row (``cif_path`` is relative to the file), REQUIRED, and
    as needed OPTIONAL of ``training.own_rows``. A conductivity needs its temperature and
    temperature unit; the other properties have none. ``bound`` "<" says that a conductivity lies
    below the value.
    """
    try:
        content = path.read_bytes()
        table = _cells(content.decode("utf-8-sig"))
    except OSError as error:
        raise _whole_file(path, f"cannot be read ({error.strerror})", "a CSV file") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise _whole_file(path, f"is not CSV text ({error})", "CSV in UTF-8") from error
    header = table[0] if table else []
    problems = _header_problems(header)
    if problems:
        raise InvalidOwnData(path.name, problems)
    measurements: list[Measurement] = []
    first_with: dict[tuple[str, ...], int] = {}
    structures: dict[str, Structure] = {}
    for number, cells in enumerate(table[1:], start=2):
        if not any(cells):
            continue
        row = OwnRow(
            number, dict.fromkeys(COLUMNS, "") | dict(zip(header, cells, strict=False)), path.parent
        )
        if len(cells) != len(header):
            row.complain(None, f"has {len(cells)} cells", f"{len(header)}, as the header has")
        elif (first := first_with.setdefault(tuple(cells), number)) != number:
            row.complain(None, f"repeats row {first}", "each measurement once")
        elif (found := row.measurement()) is not None:
            measurements.append(found)
            if found.structure_key is not None and found.material.structure is not None:
                structures[found.structure_key] = found.material.structure
        problems += row.problems
    if not first_with and not problems:
        problems.append(Problem(None, None, "there is no row below the header", "measurements"))
    if problems:
        raise InvalidOwnData(path.name, problems)
    return OwnData(path.name, hashlib.sha256(content).hexdigest(), measurements, structures)


def with_own_data(dataset: Dataset, own: OwnData) -> tuple[Dataset, list[str]]:
    """The data set with the own rows behind its own, and a line for each own row left out.

    An own row is left out where a table already has the value from the same paper. Rows of one
    reference are one paper and rows of one composition are one composition in every split, as
    for all other rows. Raises pandera's SchemaError.
    """
    added = measurement_frame(Collector(measurements=own.measurements), {})
    known = _known_already(added, dataset.measurements)
    left_out = [
        f"{row.row_of_origin}: {row.formula} {row.property} {row.value:.4g} of {row.reference} "
        "is in the tables already"
        for row in added[known].itertuples()
    ]
    joined = pd.concat([dataset.measurements, added[~known]], ignore_index=True)
    status = SourceStatus(SOURCE, True, "file", own.sha256, own.name)
    with_rows = replace(
        dataset,
        measurements=measurement_schema().validate(with_types(joined)),
        structures=ChainMap(dict(own.structures), dataset.structures),  # type: ignore[arg-type]
        sources=(*dataset.sources, status),
    )
    return with_rows, left_out


def _known_already(added: pd.DataFrame, tables: pd.DataFrame) -> pd.Series[bool]:
    """(n,) true for own rows that a table has: property, composition, bound, paper and value."""
    by_material = {
        key: part
        for key, part in tables[tables["composition_key"].isin(added["composition_key"])].groupby(
            ["property", "composition_key"]
        )
    }
    found = []
    for row in added.to_dict("records"):
        part = by_material.get((row["property"], row["composition_key"]))
        found.append(part is not None and bool(_same(row, part).any()))
    return pd.Series(found, index=added.index, dtype=bool)


def _same(row: Mapping[object, object], part: pd.DataFrame) -> pd.Series[bool]:
    is_conductivity = row["property"] == CONDUCTIVITY
    near = SAME_LOG10_CONDUCTIVITY if is_conductivity else SAME_ENERGY_EV
    own_papers = set(papers(str(row["reference"])))
    same_paper = part["reference"].map(
        lambda text: isinstance(text, str) and not own_papers.isdisjoint(papers(text))
    )
    same = same_paper & (part["bound"] == row["bound"])
    same &= np.abs(part["value"] - float(str(row["value"]))) < near
    if is_conductivity:
        warmer = np.abs(part["temperature_k"] - float(str(row["temperature_k"])))
        same &= warmer < SAME_TEMPERATURE_K
    return same.fillna(False).astype(bool)


def _whole_file(path: Path, reason: str, accepted: str) -> InvalidOwnData:
    return InvalidOwnData(path.name, [Problem(None, None, reason, accepted)])


def _cells(text: str) -> list[list[str]]:
    # A cell may hold a whole CIF; the limit of the csv module is that of the process.
    before = csv.field_size_limit(MaterialLimits().structure_bytes)
    try:
        found = csv.reader(io.StringIO(text, newline=""), strict=True)
        return [[cell.strip() for cell in row] for row in found]
    finally:
        csv.field_size_limit(before)


def _header_problems(header: list[str]) -> list[Problem]:
    problems = [
        Problem(1, name or None, "is no column of this table", ", ".join(COLUMNS))
        for name in header
        if name not in COLUMNS
    ]
    problems += [
        Problem(1, name, "stands twice", "each column once")
        for name in sorted({name for name in header if header.count(name) > 1})
    ]
    problems += [
        Problem(1, name, "the column is missing", f"a header with {', '.join(REQUIRED)}")
        for name in REQUIRED
        if name not in header
    ]
    if not set(MATERIAL_COLUMNS) & set(header):
        wanted = f"one of {', '.join(MATERIAL_COLUMNS)}"
        problems.append(Problem(1, None, "no column says which material", wanted))
    return problems

"""The structure and transport blocks of one material, and of many: cached, and in parallel.

A part that fails gives NaN in its columns and a warning that names the material, the part and the
error; the other parts and the other materials go on.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from features.elements import FloatArray
from features.structure import crystal_and_pairs, lattice_columns, structure_parts
from features.transport import transport_parts
from features.whole_files import write_whole

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

    from features.material import Material

LOGGER = logging.getLogger(__name__)

# What numerical code raises on an odd crystal. UnusableStructure is a ValueError.
FEATURIZER_ERRORS = (ValueError, ArithmeticError, LookupError, np.linalg.LinAlgError, MemoryError)
FEWEST_FOR_PROCESSES = 300  # starting processes takes seconds, a structure milliseconds


@lru_cache(maxsize=1)
def crystal_columns() -> dict[str, tuple[str, ...]]:
    """Column names of the "structure" and the "transport" block."""
    from pymatgen.core.lattice import Lattice
    from pymatgen.core.structure import Structure

    places = [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.5, 0.0, 0.0]]
    example = Structure(Lattice.cubic(4.0), ["Li", "O", "P"], places)
    crystal, pairs = crystal_and_pairs(example)
    structure = [*lattice_columns(None)]
    for part in structure_parts(crystal, pairs).values():
        structure += part()
    transport = [name for part in transport_parts(crystal).values() for name in part()]
    return {"structure": tuple(structure), "transport": tuple(transport)}


def _all_names() -> list[str]:
    return [name for names in crystal_columns().values() for name in names]


def crystal_width() -> int:
    """How many columns a row has."""
    return len(_all_names())


def _fill(values: dict[str, float], parts: dict[str, Callable[[], dict[str, float]]]) -> list[str]:
    """Run each part into `values`; returns what failed, in words."""
    failures = []
    for name, part in parts.items():
        try:
            values |= part()
        except FEATURIZER_ERRORS as error:
            failures.append(f"{name}: {type(error).__name__}: {error}")
    return failures


def crystal_row(
    structure: Structure | None, lattice: tuple[float, ...] | None
) -> tuple[FloatArray, list[str]]:
    """Values of all structure and transport columns, NaN where unknown, and what failed."""
    values = dict.fromkeys(_all_names(), np.nan)
    values |= lattice_columns(lattice)
    failures: list[str] = []
    if structure is not None:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                crystal, pairs = crystal_and_pairs(structure)
                transport = transport_parts(crystal)
            except FEATURIZER_ERRORS as error:
                failures.append(f"structure: {type(error).__name__}: {error}")
            else:
                failures += _fill(values, structure_parts(crystal, pairs))
                failures += _fill(values, transport)
    row = np.array([values[name] for name in _all_names()], dtype=np.float64)
    return np.where(np.isfinite(row), row, np.nan), failures


def _row_of(
    task: tuple[Structure | None, tuple[float, ...] | None],
) -> tuple[FloatArray, list[str]]:
    return crystal_row(*task)


class RowCache:
    """Rows on disk, one .npy file a material, named by content hash under the feature version."""

    def __init__(self, folder: Path, version: str) -> None:
        self._folder = folder / f"features-{version}"

    def _path(self, content_hash: str) -> Path:
        return self._folder / content_hash[:2] / f"{content_hash}.npy"

    def read(self, content_hash: str, width: int) -> FloatArray | None:
        """The row, or None if there is none or the file is not a whole row."""
        path = self._path(content_hash)
        try:
            row = np.load(path, allow_pickle=False)
        except FileNotFoundError:
            return None
        except (ValueError, OSError, EOFError) as error:
            LOGGER.warning("cached features %s unreadable, computed anew: %s", path.name, error)
            return None
        if row.dtype != np.float64 or row.shape != (width,):
            LOGGER.warning("cached features %s of another shape, computed anew", path.name)
            return None
        return np.asarray(row)

    def write(self, content_hash: str, row: FloatArray) -> None:
        """Put a row in place in one step, so that no reader sees half a file."""
        content = io.BytesIO()
        np.save(content, row, allow_pickle=False)
        write_whole(self._path(content_hash), content.getvalue())


def _compute(materials: Sequence[Material], jobs: int) -> list[tuple[FloatArray, list[str]]]:
    tasks = [(material.structure, material.lattice) for material in materials]
    if jobs <= 1 or len(tasks) < FEWEST_FOR_PROCESSES:
        return [_row_of(task) for task in tasks]
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # Fresh processes: a fork of one that runs OpenMP threads can hang.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        return list(pool.map(_row_of, tasks, chunksize=8))


def crystal_table(
    materials: Sequence[Material], *, version: str, cache: Path | None = None, jobs: int = 1
) -> FloatArray:
    """(n, structure columns + transport columns), one row a material.

    What a material carries as facts is taken from there; `cache` and `jobs` serve the others.
    """
    width = crystal_width()
    table = np.full((len(materials), width), np.nan)
    rows_of: dict[str, list[int]] = {}
    for row, material in enumerate(materials):
        if material.crystal is not None:
            table[row] = material.crystal.values
            _report(material.crystal.failures, material.formula)
        elif material.structure is not None or material.lattice is not None:
            rows_of.setdefault(material.content_hash, []).append(row)
    store = RowCache(cache, version) if cache is not None else None
    missing: list[str] = []
    for key, rows in rows_of.items():
        known = store.read(key, width) if store is not None else None
        if known is None:
            missing.append(key)
        else:
            table[rows] = known
    found = _compute([materials[rows_of[key][0]] for key in missing], jobs)
    for key, (values, failures) in zip(missing, found, strict=True):
        table[rows_of[key]] = values
        _report(failures, materials[rows_of[key][0]].formula)
        if store is not None and not failures:
            store.write(key, values)
    return table


def _report(failures: Sequence[str], formula: str) -> None:
    if failures:
        LOGGER.warning("no %s features for %s", "; no ".join(failures), formula)

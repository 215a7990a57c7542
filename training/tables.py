"""All data sets as one tidy table of measured values, with their structures and their losses."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pymatgen.core.structure import Structure

from features.material import Material
from training.archives import UnreadableArchive, read_members
from training.arrhenius_fits import add_fitted_energies
from training.conductivity_tables import read_liverpool, read_obelix
from training.duplicates import drop_repeated_measurements, mark_repeated_moduli
from training.fetching import Fetched, SourceFetcher
from training.laskowski_table import read_laskowski
from training.measurement_schema import LATTICE, measurement_frame
from training.moduli_tables import (
    read_ahmad,
    read_binaries,
    read_elastic_tensor,
    read_matbench,
    read_matbench_compositions,
    read_matbench_json,
)
from training.nasicon_tables import read_xu
from training.records import BULK, SHEAR, Collector, Rejection, Repair
from training.sources import (
    SOURCES,
    NoSources,
    Source,
    SourceStatus,
    cache_dir,
    mirror_dir,
    source_named,
)
from training.table_cache import Tables, read_tables, tables_key, write_tables

__all__ = ["Dataset", "NoSources", "data_sha256", "load_dataset", "materials"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Dataset:
    """Everything there is to learn from.

    ``measurements`` has one row a value, columns of ``measurement_schema``; ``structures`` are
    read on first use; ``rejected`` and ``repaired`` name every row left out or corrected.
    """

    measurements: pd.DataFrame
    structures: Mapping[str, Structure]
    sources: tuple[SourceStatus, ...]
    rejected: pd.DataFrame
    repaired: pd.DataFrame

    def with_measurements(self, measurements: pd.DataFrame) -> Dataset:
        """The same data set with other (usually fewer) measurements."""
        return replace(self, measurements=measurements)


def data_sha256(dataset: Dataset) -> str:
    """Hex hash of every measured value with its material and origin, whatever the row order."""
    frame = dataset.measurements
    rows = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    return hashlib.sha256(np.sort(rows).tobytes()).hexdigest()


def load_dataset(
    cache: Path | None = None,
    *,
    mirror: Path | None = None,
    only: Sequence[str] | None = None,
    offline: bool = False,
) -> Dataset:
    """Fetch what can be had and read it into tables, or take the tables kept from before.

    ``mirror`` is FRENKEL_DATA_MIRROR unless given; ``only`` names the sources to use. Raises
    NoSources if not one can be had, KeyError for an unknown name.
    """
    cache = cache or cache_dir()
    wanted = SOURCES if only is None else tuple(source_named(name) for name in only)
    fetcher = SourceFetcher(cache, mirror=mirror or mirror_dir(), offline=offline)
    fetched = fetch_all(wanted, fetcher)
    statuses = tuple(each.status for each in fetched.values())
    if not any(status.available for status in statuses):
        raise NoSources(statuses)
    key = tables_key(statuses)
    tables = read_tables(cache, key)
    if tables is None:
        tables = write_tables(cache, key, build_tables(fetched))
    return Dataset(
        measurements=tables.measurements,
        structures=tables.structures,
        sources=statuses,
        rejected=tables.rejected,
        repaired=tables.repaired,
    )


# Left alone where all of the others named can be had: the same rows with less in them.
_STAND_INS = {"matbench_compositions": ("matbench_log_gvrh", "matbench_log_kvrh")}


def fetch_all(wanted: Sequence[Source], fetcher: SourceFetcher) -> dict[str, Fetched]:
    """Every wanted source in registry order, stand-ins only where they are needed."""
    fetched: dict[str, Fetched] = {}
    for source in wanted:
        better = _STAND_INS.get(source.name, ())
        if better and all(name in fetched and fetched[name].path for name in better):
            reason = f"not needed beside {' and '.join(better)}"
            status = SourceStatus(source.name, False, None, None, reason, needed=False)
            fetched[source.name] = Fetched(status, None)
            continue
        fetched[source.name] = fetcher.fetch(source)
    return fetched


def build_tables(fetched: Mapping[str, Fetched]) -> Tables:
    """Read every file that was had; a file that does not read is rejected by name."""
    collector = Collector()
    paths = {name: each.path for name, each in fetched.items() if each.path is not None}
    for name, read in _readers(paths).items():
        _log.info("reading %s", name)
        try:
            read(collector)
        except (UnreadableArchive, ValueError, KeyError) as error:
            _log.warning("source %s does not read: %r", name, error)
            collector.reject(name, "whole file", paths[name].name, f"does not read: {error!r}")
    add_fitted_energies(collector)
    drop_repeated_measurements(collector)
    marks = mark_repeated_moduli(collector)
    return Tables(
        measurements=measurement_frame(collector, marks),
        structures=collector.structures,
        rejected=_text_frame(Rejection, collector.rejected),
        repaired=_text_frame(Repair, collector.repaired),
    )


def _text_frame(
    kind: type[Rejection] | type[Repair], rows: Sequence[Rejection | Repair]
) -> pd.DataFrame:
    columns = [field.name for field in fields(kind)]
    return pd.DataFrame([asdict(row) for row in rows], columns=columns).astype("string")


def _readers(paths: Mapping[str, Path]) -> dict[str, Callable[[Collector], None]]:
    """A reader for each file at hand, in the order in which rows should stand."""

    def members(name: str) -> dict[str, bytes]:
        package = source_named(name).package
        assert package is not None, f"{name} does not come from a package"
        return read_members(paths[name], package.members)

    def laskowski(collector: Collector) -> None:
        digitized = paths.get("laskowski_digitized")
        clean = digitized.read_bytes() if digitized is not None else None
        read_laskowski(members("laskowski"), clean, collector)

    def matbench_stand_in(collector: Collector) -> None:
        missing = [(SHEAR, "matbench_log_gvrh"), (BULK, "matbench_log_kvrh")]
        properties = tuple(name for name, better in missing if better not in paths)
        read_matbench_compositions(members("matbench_compositions"), properties, collector)

    readers: dict[str, Callable[[Collector], None]] = {
        "obelix": lambda found: read_obelix(members("obelix"), found),
        "liverpool": lambda found: read_liverpool(members("liverpool"), found),
        "laskowski": laskowski,
        "xu2020_training": lambda found: read_xu(
            "training", paths["xu2020_training"].read_bytes(), found
        ),
        "xu2020_test": lambda found: read_xu("test", paths["xu2020_test"].read_bytes(), found),
        "elastic_tensor_2015": lambda found: read_elastic_tensor(
            members("elastic_tensor_2015")["matminer/datasets/elastic_tensor.csv"], found
        ),
        "mp_binaries": lambda found: read_binaries(paths["mp_binaries"].read_bytes(), found),
        "ahmad2018": lambda found: read_ahmad(paths["ahmad2018"].read_bytes(), found),
        "matbench_log_gvrh": lambda found: read_matbench(
            SHEAR, read_matbench_json(paths["matbench_log_gvrh"].read_bytes()), found
        ),
        "matbench_log_kvrh": lambda found: read_matbench(
            BULK, read_matbench_json(paths["matbench_log_kvrh"].read_bytes()), found
        ),
        "matbench_compositions": matbench_stand_in,
    }
    return {name: read for name, read in readers.items() if name in paths}


def materials(frame: pd.DataFrame, dataset: Dataset) -> list[Material]:
    """One material a row of ``frame``: the measured composition, and structure, space group and
    lattice where known.

    Rows that say the same of their material share one object. A structure may be that of a near
    relative (``cif_match`` "Close Match"): the composition is the measured one all the same.
    """
    made: dict[tuple[Any, ...], Material] = {}
    composition: dict[str, Material] = {}
    result: list[Material] = []
    rows = frame[["formula", "structure_key", "space_group_number", *LATTICE]].astype(object)
    for row in rows.where(rows.notna(), None).itertuples(index=False, name=None):
        if row not in made:
            formula, key, number, *cell = row
            if formula not in composition:
                composition[formula] = Material.from_formula(formula)
            made[row] = replace(
                composition[formula],
                structure=None if key is None else dataset.structures[key],
                space_group_number=None if number is None else int(number),
                lattice=None if None in cell else tuple(cell),
            )
        result.append(made[row])
    return result

"""Parsed tables kept on disk, keyed by the hashes of the files they were made from."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
from pymatgen.core.structure import Structure

from training.measurement_schema import measurement_schema, with_types
from training.sources import SourceStatus
from training.structure_store import StructureStore

# What the tables are made by: a change in any of these makes them anew.
READERS = (
    *("training.archives", "training.arrhenius_fits", "training.charge_balance"),
    *("training.conductivity_tables", "training.duplicates", "training.fetching"),
    *("training.laskowski", "training.laskowski_alignment", "training.laskowski_displaced"),
    *("training.laskowski_formulas", "training.laskowski_lines", "training.laskowski_mixtures"),
    *("training.laskowski_table", "training.measurement_schema", "training.moduli_tables"),
    *("training.nasicon_tables", "training.records", "training.sources", "training.spreadsheet"),
    *("training.structure_store", "training.table_cache", "training.tables"),
    *("features.crystal", "features.elements", "features.formula", "features.formula_text"),
    *("features.limits", "features.material", "features.species", "features.structure_checks"),
    *("features.cif", "features.cif_guard", "features.cif_tokens", "features.symmetry_text"),
    *("features.space_group_names",),
)
_FRAMES = ("measurements", "rejected", "repaired")
_STRUCTURES = "structures.jsonl.gz"


@dataclass(frozen=True)
class Tables:
    """What the readers made of the files."""

    measurements: pd.DataFrame
    structures: Mapping[str, Structure]
    rejected: pd.DataFrame
    repaired: pd.DataFrame


def tables_key(statuses: Sequence[SourceStatus]) -> str:
    """A hash of the readers' code and of each file that was to be had."""
    had = sorted((status.name, status.sha256) for status in statuses if status.available)
    return hashlib.sha256(json.dumps([_readers_sha256(), had]).encode()).hexdigest()[:20]


@cache
def _readers_sha256() -> str:
    digest = hashlib.sha256()
    for name in READERS:
        found = find_spec(name)
        if found is None or found.origin is None:
            raise ModuleNotFoundError(f"{name} is named in READERS but is not there")
        digest.update(name.encode() + b"\0" + Path(found.origin).read_bytes())
    return digest.hexdigest()


def read_tables(cache_folder: Path, key: str) -> Tables | None:
    """The kept tables, or None where there are none or they do not read back."""
    folder = cache_folder / "tables" / key
    if not folder.is_dir():
        return None
    try:
        measurements, rejected, repaired = (
            pd.read_parquet(folder / f"{name}.parquet") for name in _FRAMES
        )
        structures = StructureStore.read(folder / _STRUCTURES)
    except (OSError, ValueError, EOFError):
        shutil.rmtree(folder, ignore_errors=True)  # damaged: made anew from the sources
        return None
    measurements = measurement_schema().validate(with_types(measurements))
    return Tables(measurements, structures, rejected, repaired)


def write_tables(cache_folder: Path, key: str, tables: Tables) -> Tables:
    """Keep the tables; returns them with the structures in a lazy store.

    The folder appears whole or not at all, also with several processes at work.
    """
    parent = cache_folder / "tables"
    parent.mkdir(parents=True, exist_ok=True)
    store = StructureStore.of(tables.structures)
    with tempfile.TemporaryDirectory(dir=parent, prefix=".partial-") as name:
        draft = Path(name) / key
        draft.mkdir()
        for frame, label in (
            (tables.measurements, "measurements"),
            (tables.rejected, "rejected"),
            (tables.repaired, "repaired"),
        ):
            frame.to_parquet(draft / f"{label}.parquet", index=False)
        store.write(draft / _STRUCTURES)
        try:
            os.replace(draft, parent / key)
        except OSError:
            if not (parent / key).is_dir():  # or another process was first
                raise
    return Tables(tables.measurements, store, tables.rejected, tables.repaired)

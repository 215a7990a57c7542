"""Reading a structure as a job: text in, a Material out that carries what predictions need.

It has `features.crystal_facts.CrystalFacts` in the place of its structure, so it is small to send
between processes and to keep on disk, and nothing of it is computed twice.
"""

from __future__ import annotations

import dataclasses
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from features.crystal_facts import CrystalFacts
from features.crystal_table import (
    FEATURIZER_ERRORS,
    RowCache,
    crystal_columns,
    crystal_row,
    crystal_width,
)
from features.elements import FloatArray
from features.limits import InvalidMaterial
from features.material import Format, Material
from features.material_records import MaterialRecords
from features.table import FEATURE_VERSION

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class StructureJob:
    """A text, the format that its sender named, and a folder for what was computed before."""

    text: str
    format: Format
    cache: Path | None = None


def read_structure(job: StructureJob) -> Material | InvalidMaterial:
    """The material of a text, its structure replaced by facts, or why the text is refused."""
    try:
        material = Material.parse(job.text, job.format)
    except InvalidMaterial as error:
        return error
    if material.structure is None:
        return material
    ready = with_facts(material, job.cache)
    if job.cache is not None and ready.crystal is not None and not ready.crystal.failures:
        try:
            MaterialRecords(job.cache, FEATURE_VERSION).write(job.text, job.format, ready)
        except OSError as error:  # a full disk costs time, not answers
            LOGGER.warning("a material was not kept: %s", error)
    return ready


def known_structure(job: StructureJob) -> Material | None:
    """The material if its record is in the cache; takes a fraction of a millisecond."""
    if job.cache is None:
        return None
    return MaterialRecords(job.cache, FEATURE_VERSION).read(job.text, job.format, crystal_width())


def with_facts(material: Material, cache: Path | None = None) -> Material:
    """The same material with facts in the place of its structure.

    Raises ValueError where it has no structure.
    """
    structure = material.structure
    if structure is None:
        raise ValueError("the material has no structure")
    values, failures = _row(material, cache)
    coordination, failure = _coordination(material)
    facts = CrystalFacts(
        content_hash=material.content_hash,
        values=values,
        volume_angstrom3=float(structure.volume),
        atoms=tuple(
            (symbol, float(amount))
            for symbol, amount in structure.composition.get_el_amt_dict().items()
        ),
        is_ordered=bool(structure.is_ordered),
        coordination_number=coordination,
        failures=(*failures, *failure),
    )
    return dataclasses.replace(material, structure=None, crystal=facts)


def warm_up() -> None:
    """Imports and tables that every job needs."""
    from pymatgen.core.lattice import Lattice
    from pymatgen.core.structure import Structure

    crystal_columns()
    places = [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]]
    cell = Structure(Lattice.cubic(4.1), ["Li", "Cl"], places)
    found = read_structure(StructureJob(cell.to(fmt="cif"), "cif"))
    if isinstance(found, InvalidMaterial):
        raise found


def _row(material: Material, cache: Path | None) -> tuple[FloatArray, list[str]]:
    rows = RowCache(cache, FEATURE_VERSION) if cache is not None else None
    known = rows.read(material.content_hash, crystal_width()) if rows is not None else None
    if known is not None:
        return known, []
    values, failures = crystal_row(material.structure, material.lattice)
    if rows is not None and not failures:
        try:
            rows.write(material.content_hash, values)
        except OSError as error:
            LOGGER.warning("features were not kept: %s", error)
    return values, failures


def _coordination(material: Material) -> tuple[float, list[str]]:
    from features.coordination_voronoi import mobile_coordination_number

    ion = material.mobile_ion
    if material.structure is None or ion is None:
        return float(np.nan), []
    try:
        return mobile_coordination_number(material.structure, ion), []
    except FEATURIZER_ERRORS as error:
        return float(np.nan), [f"coordination number: {type(error).__name__}: {error}"]

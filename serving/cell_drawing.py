"""The unit cell of a structure as places in space, to be drawn: POST /cell."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, FiniteFloat, model_validator
from pydantic_core import PydanticCustomError

from features.limits import InvalidMaterial
from features.material import Material
from features.structure_jobs import StructureJob, read_structure
from features.structure_pool import Reading, StructurePool
from serving.answer_schema import Fault
from serving.schema import MaterialItem

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

MOST_SITES_DRAWN = 400
ON_A_FACE = 1e-3  # fractional coordinate; such a site is drawn on the opposite face too


class CellRequest(MaterialItem):
    """The body of POST /cell: a structure with the name of its format."""

    @model_validator(mode="after")
    def _has_structure(self) -> CellRequest:
        if self.structure is None:
            raise PydanticCustomError("one_of", "must have structure and format")
        return self


class SiteSpecies(BaseModel):
    """An element on a site, and how often it is there."""

    symbol: str
    occupancy: FiniteFloat


class DrawnSite(BaseModel):
    """A site: its place in Angstrom, and what is on it."""

    position_angstrom: list[FiniteFloat]
    species: list[SiteSpecies]


class Cell(BaseModel):
    """The conventional cell; ``error`` in its place where there is nothing to draw.

    Sites on a face, an edge or a corner are listed on the opposite ones as well.
    """

    formula: str | None = None
    space_group_number: int | None = None
    vectors_angstrom: list[list[FiniteFloat]] = []
    sites: list[DrawnSite] = []
    error: Fault | None = None


@dataclass(frozen=True)
class CellJob(StructureJob):
    """As a StructureJob, but the structure itself is wanted."""


def read_job(job: StructureJob) -> Reading:
    """What a process does with a job of either kind."""
    return _conventional(job) if isinstance(job, CellJob) else read_structure(job)


async def cell_reading(asked: CellRequest, pool: StructurePool) -> Reading:
    """Read the structure in the pool. If cancelled, its process is stopped."""
    item = asked.text()
    (found,) = await asyncio.wrap_future(pool.submit([CellJob(item.text, item.format)]))
    return found


def cell(found: Reading) -> dict[str, Any]:
    """The body of the answer."""
    if isinstance(found, InvalidMaterial):
        return _refused(found.field, found.message)
    structure = found.structure
    if structure is None:
        return _refused(None, "the structure was not kept")
    sites = _sites(structure)
    if len(sites) > MOST_SITES_DRAWN:
        return _refused(
            None, f"the cell has {len(sites)} sites; at most {MOST_SITES_DRAWN} are drawn"
        )
    return Cell(
        formula=found.formula,
        space_group_number=found.space_group_number,
        vectors_angstrom=structure.lattice.matrix.round(5).tolist(),
        sites=sites,
    ).model_dump()


def _conventional(job: CellJob) -> Reading:
    """The material with its conventional cell, or the primitive one where no symmetry is found."""
    from pymatgen.symmetry.analyzer import SpacegroupAnalyzer, SymmetryUndeterminedError
    from spglib.error import SpglibError

    try:
        material = Material.parse(job.text, job.format)
    except InvalidMaterial as error:
        return error
    if material.structure is None or material.space_group_number is None:
        return material
    try:
        analyzer = SpacegroupAnalyzer(material.structure, symprec=0.01)
        whole = analyzer.get_conventional_standard_structure()
    except (SymmetryUndeterminedError, SpglibError, ValueError):
        return material
    return replace(material, structure=whole)


def _sites(structure: Structure) -> list[DrawnSite]:
    sites = []
    for site in structure:
        species = [
            SiteSpecies(symbol=element.symbol, occupancy=round(float(share), 4))
            for element, share in site.species.items()
        ]
        fractional = [float(x) % 1.0 for x in site.frac_coords]
        choices = [(x, x + 1.0) if x < ON_A_FACE else (x,) for x in fractional]
        for place in itertools.product(*choices):
            position = structure.lattice.get_cartesian_coords(place).round(4).tolist()
            sites.append(DrawnSite(position_angstrom=position, species=species))
    return sites


def _refused(field: str | None, message: str) -> dict[str, Any]:
    fault = Fault(code="invalid_material", message=message, field=field)
    return Cell(error=fault).model_dump()

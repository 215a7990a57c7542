"""Readers of the elasticity tables; moduli are Voigt-Reuss-Hill averages in GPa."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
from pymatgen.core.structure import Structure

from training.records import (
    BULK,
    SHEAR,
    Collector,
    Measurement,
    element_amounts,
    plain_formula,
)
from training.structure_store import structure_from_cif

MATBENCH_ROWS = 10_987
# Every matbench value is the logarithm of a whole number of GPa, so 0 is 1 GPa (0.5 to 1.5).
ONE_GPA_NOTE = "1 GPa in a table rounded to whole GPa"


def read_elastic_tensor(content: bytes, collector: Collector) -> None:
    """The 1,181 crystals of de Jong 2015, with structures from the POSCAR column."""
    table = pd.read_csv(io.BytesIO(content), comment="#")
    for row in table.to_dict("records"):
        structure = Structure.from_str(row["poscar"], fmt="poscar")
        _keep_crystal(
            collector,
            source="elastic_tensor_2015",
            ident=row["material_id"],
            formula=row["formula"],
            structure=structure,
            shear_gpa=row["G_VRH"],
            bulk_gpa=row["K_VRH"],
            doi="10.1038/sdata.2015.9",
        )


def read_binaries(content: bytes, collector: Collector) -> None:
    """The 3,953 binary compounds of the Materials Project."""
    for row in json.loads(gzip.decompress(content)):
        _keep_crystal(
            collector,
            source="mp_binaries",
            ident=row["mp_id"],
            formula=row["formula"],
            structure=Structure.from_dict(row["structure"]),
            shear_gpa=row["shear_modulus_vrh"],
            bulk_gpa=row["bulk_modulus_vrh"],
            doi=None,
        )


# Warnings that cast no doubt on the numbers themselves.
_HARMLESS_WARNINGS = frozenset({"Contains a rare earth element"})


def read_ahmad(content: bytes, collector: Collector) -> None:
    """Li compounds of Ahmad 2018 whose elastic tensor passed the Materials Project's own checks."""
    for row in json.loads(content):
        elasticity = row["elasticity"]
        warned = [w for w in elasticity["warnings"] or [] if w not in _HARMLESS_WARNINGS]
        text = (
            f"{row['pretty_formula']} G {elasticity['G_VRH']:g} GPa K {elasticity['K_VRH']:g} GPa"
        )
        if warned:
            reason = f"elastic tensor in doubt: {_worst(warned)}"
            collector.reject("ahmad2018", row["task_id"], text, reason)
            continue
        _keep_crystal(
            collector,
            source="ahmad2018",
            ident=row["task_id"],
            formula=row["pretty_formula"],
            structure=structure_from_cif(row["cif"]),
            shear_gpa=elasticity["G_VRH"],
            bulk_gpa=elasticity["K_VRH"],
            doi="10.1021/acscentsci.8b00229",
        )


def _worst(warned: list[str]) -> str:
    """The warning that says most, so that the report has few reasons."""
    for sign in ("eigenvalue", "modulus"):
        for warning in warned:
            if sign in warning:
                return warning
    return "off-diagonal constants large beside c11"


def _keep_crystal(
    collector: Collector,
    *,
    source: str,
    ident: str,
    formula: str,
    structure: Structure,
    shear_gpa: float,
    bulk_gpa: float,
    doi: str | None,
) -> None:
    text = f"{formula} G {shear_gpa:g} GPa K {bulk_gpa:g} GPa"
    reason = _impossible(shear_gpa, bulk_gpa)
    if reason:
        collector.reject(source, ident, text, reason)
        return
    # The 1:1 compound of sodium and nitrogen would be taken for a missing value.
    text = "NNa" if formula == "NaN" else formula
    material = collector.material(text, source=source, row=ident)
    if material is None:
        return
    crystal = collector.crystal(structure, key := f"{source}:{ident}")
    for name, value_gpa in ((SHEAR, shear_gpa), (BULK, bulk_gpa)):
        collector.keep(
            Measurement(
                property=name,
                value=math.log10(value_gpa),
                material=material,
                structure_key=key,
                space_group_number=crystal.space_group_number,
                lattice=crystal.lattice,
                source=source,
                doi=doi,
                reference=ident,
                row_of_origin=ident,
            )
        )


def _impossible(shear_gpa: float, bulk_gpa: float) -> str | None:
    """Why the two cannot be an isotropic stable solid's: both must be positive and nu > -1."""
    if not (math.isfinite(shear_gpa) and math.isfinite(bulk_gpa)):
        return "modulus missing"
    if shear_gpa <= 0.0 or bulk_gpa <= 0.0:
        return "modulus not positive"
    poisson = (3 * bulk_gpa - 2 * shear_gpa) / (6 * bulk_gpa + 2 * shear_gpa)
    if poisson < -0.5:
        return "Poisson ratio under -0.5"
    return None


def read_matbench(name: str, table: Mapping[str, Any], collector: Collector) -> None:
    """matbench rows of one property (SHEAR or BULK) with space groups."""
    column = "log10(G_VRH)" if name == SHEAR else "log10(K_VRH)"
    for index, ident in table["mbid"].items():
        _keep_matbench(
            collector,
            name,
            ident,
            table["composition"][index],
            float(table[column][index]),
            space_group_number=int(table["spg_num"][index]),
        )


def read_matbench_json(content: bytes) -> dict[str, Any]:
    """The decoded column-wise JSON of one matbench table; ValueError if it has lost rows."""
    table: dict[str, Any] = json.loads(bz2.decompress(content))
    if len(table["mbid"]) != MATBENCH_ROWS:
        raise ValueError(f"{len(table['mbid'])} rows instead of {MATBENCH_ROWS}")
    return table


def read_matbench_compositions(
    members: Mapping[str, bytes], properties: tuple[str, ...], collector: Collector
) -> None:
    """The same rows without space groups; crabnet keeps matbench's order, so rows get its ids."""
    for name, letter in ((SHEAR, "G"), (BULK, "K")):
        if name not in properties:
            continue
        table = pd.read_csv(
            io.BytesIO(members[f"crabnet/data/matbench/elasticity_log10({letter}_VRH).csv"]),
            keep_default_na=False,
        )
        if len(table) != MATBENCH_ROWS:
            raise ValueError(f"{len(table)} rows instead of {MATBENCH_ROWS}")
        for number, row in enumerate(table.itertuples(index=False), start=1):
            ident = f"mb-log-{letter.lower()}vrh-{number:05d}"
            # The file's last digits are noise of 1e-11; a whole number of GPa lies behind each.
            value = math.log10(round(10.0 ** float(row.target)))
            _keep_matbench(collector, name, ident, str(row.formula), value)


def _keep_matbench(
    collector: Collector,
    name: str,
    ident: str,
    formula: str,
    value: float,
    *,
    space_group_number: int | None = None,
) -> None:
    material = collector.material(tidy_integers(formula), source="matbench", row=ident)
    if material is None:
        return
    collector.keep(
        Measurement(
            property=name,
            value=value,
            material=material,
            space_group_number=space_group_number,
            source="matbench",
            doi="10.1038/s41524-020-00406-3",
            reference=ident,
            row_of_origin=ident,
            note=ONE_GPA_NOTE if value == 0.0 else None,
        )
    )


def tidy_integers(formula: str) -> str:
    """``"Ca1 Ag2 Ge2"`` and ``"Ag2Ca1Ge2"`` to one text in alphabetical order."""
    return plain_formula(dict(sorted(element_amounts(formula).items())))

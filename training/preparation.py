"""From tidy measurements to the rows that models learn from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.material import Material
from features.table import feature_groups, feature_table
from models.arrhenius_net import Observations
from models.moduli_model import ModuliConfig, ModuliModel
from models.moduli_view import FORMULA, STRUCTURE, SYMMETRY, ModuliData
from models.transport_candidates import TransportConfig
from models.transport_model import TransportModel
from models.transport_view import TransportData
from training.splits import paper_groups
from training.tables import Dataset, materials

TRANSPORT_PROPERTIES = ("log10_conductivity_s_cm", "activation_energy_ev")
MODULI_PROPERTIES = ("log10_shear_modulus_gpa", "log10_bulk_modulus_gpa")
TRANSPORT_FEATURES = ("composition", "symmetry", "structure", "transport")
MODULI_FEATURES = ("composition", "symmetry", "structure", "ranked_elements")


@dataclass(frozen=True)
class Prepared:
    """Distinct materials with their features, and for each measurement its material's row."""

    frame: pd.DataFrame
    materials: list[Material]
    features: pd.DataFrame
    row: npt.NDArray[np.int64]


def prepare(
    dataset: Dataset,
    properties: tuple[str, ...],
    groups: tuple[str, ...],
    cache: Path | None,
    jobs: int = 2,
) -> Prepared:
    """Featurize the distinct materials behind the measurements of ``properties``."""
    frame = dataset.measurements
    frame = frame[frame["property"].isin(properties)].reset_index(drop=True)
    every = materials(frame, dataset)
    hashes = [material.content_hash for material in every]
    row, first = pd.factorize(np.array(hashes, dtype=object))
    position = {digest: index for index, digest in reversed(list(enumerate(hashes)))}
    distinct = [every[position[digest]] for digest in first]
    features = feature_table(distinct, groups=groups, cache=cache, jobs=jobs)
    return Prepared(frame, distinct, features, row.astype(np.int64))


def transport_data(
    prepared: Prepared, chosen: npt.NDArray[np.bool_] | None = None
) -> TransportData:
    """Training rows for conductivity and E_a from the measurements of ``chosen`` (a mask)."""
    frame, row = prepared.frame, prepared.row
    if chosen is not None:
        frame, row = frame[chosen].reset_index(drop=True), row[chosen]
    used, local = np.unique(row, return_inverse=True)
    observations = Observations(
        material=local.astype(np.int64),
        value=frame["value"].to_numpy(np.float64),
        is_energy=(frame["property"] == "activation_energy_ev").to_numpy(bool),
        is_bound=(frame["bound"] == "<").to_numpy(bool),
        temperature_k=frame["temperature_k"].fillna(298.15).to_numpy(np.float64),
        weight=np.ones(len(frame)),
        paper=paper_groups(frame),
        composition=pd.factorize(frame["composition_key"])[0].astype(np.int64),
    )
    features = prepared.features.iloc[used].reset_index(drop=True)
    symmetry = feature_groups()["symmetry"]
    return TransportData(
        features,
        observations,
        has_crystal=features[symmetry].notna().any(axis=1).to_numpy(bool),
    )


def new_transport_model(config: TransportConfig) -> TransportModel:
    """An unfitted model over the feature groups that transport is learned from."""
    groups = feature_groups()
    return TransportModel.with_columns(
        config,
        groups["composition"],
        groups["symmetry"],
        groups["structure"] + groups["transport"],
    )


def new_moduli_model(config: ModuliConfig) -> ModuliModel:
    """An unfitted model over the feature groups that moduli are learned from."""
    groups = feature_groups()
    return ModuliModel.with_columns(config, {name: groups[name] for name in MODULI_FEATURES})


def moduli_data(prepared: Prepared, chosen: npt.NDArray[np.bool_] | None = None) -> ModuliData:
    """Training rows for log10 G and log10 K, one a crystal, from the measurements of ``chosen``.

    A crystal is a structure, or a composition with a space group of which no structure is known.
    One without a structure whose composition and space group are those of a structure is taken
    for the same crystal; each label is the median over the tables that have the crystal.
    """
    frame, row = prepared.frame, prepared.row
    if chosen is not None:
        frame, row = frame[chosen].reset_index(drop=True), row[chosen]
    crystal = _crystals(prepared)[row]
    table = (
        frame.assign(crystal=crystal)
        .pivot_table(index="crystal", columns="property", values="value", aggfunc="median")
        .reindex(columns=list(MODULI_PROPERTIES))
    )
    # Where only the bare entry of a crystal was chosen, its structure must not come in with it.
    has_structure = np.array([m.has_structure for m in prepared.materials], dtype=bool)
    seen = pd.Series(row).groupby(crystal)
    used = np.array([_richest(rows, has_structure) for _, rows in seen], dtype=np.int64)
    kept = [prepared.materials[index] for index in used]
    keys = np.array([material.composition_key for material in kept], dtype=object)
    known = np.array(
        [
            STRUCTURE
            if material.has_structure
            else SYMMETRY
            if material.space_group_number is not None
            else FORMULA
            for material in kept
        ]
    )
    return ModuliData(
        features=prepared.features.iloc[used].reset_index(drop=True),
        y=table.to_numpy(np.float64),
        groups=pd.factorize(keys)[0].astype(np.int64),
        known=known,
        material=used,
    )


def _crystals(prepared: Prepared) -> npt.NDArray[np.int64]:
    """(materials,) the material that stands for each one's crystal: itself, or the first
    structure of the same composition and space group."""
    structure_of: dict[tuple[str, int | None], int] = {}
    for index, material in enumerate(prepared.materials):
        if material.has_structure:
            key = (material.composition_key, material.space_group_number)
            structure_of.setdefault(key, index)
    return np.array(
        [
            index
            if material.has_structure
            else structure_of.get((material.composition_key, material.space_group_number), index)
            for index, material in enumerate(prepared.materials)
        ],
        dtype=np.int64,
    )


def _richest(rows: pd.Series[int], has_structure: npt.NDArray[np.bool_]) -> int:
    values = rows.to_numpy(np.int64)
    return int(values[np.argmax(has_structure[values])])

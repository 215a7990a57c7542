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
from models.moduli_model import ModuliData
from models.transport_candidates import TransportConfig
from models.transport_model import TransportModel
from models.transport_view import TransportData
from training.splits import paper_groups
from training.tables import Dataset, materials

TRANSPORT_PROPERTIES = ("log10_conductivity_s_cm", "activation_energy_ev")
MODULI_PROPERTIES = ("log10_shear_modulus_gpa", "log10_bulk_modulus_gpa")
TRANSPORT_FEATURES = ("composition", "symmetry", "structure", "transport")
MODULI_FEATURES = ("composition", "symmetry", "structure")
# A row that is shown both with and without its structure counts once in all.
COPY_WEIGHT = 0.5


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


def optional_columns(features: pd.DataFrame) -> list[str]:
    """The columns that a bare formula does not have."""
    composition = set(feature_groups()["composition"])
    return [column for column in features.columns if column not in composition]


def with_bare_copies(
    features: pd.DataFrame,
) -> tuple[pd.DataFrame, npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """The rows, then a copy without its optional block of each row that has one.

    One model learns to answer a formula and a structure alike, and which rows have a structure
    cannot tell it which source they came from. Returns the table, the original row of each row,
    and whether the row has its optional block.
    """
    optional = optional_columns(features)
    known = (
        features[optional].notna().any(axis=1).to_numpy()
        if optional
        else np.zeros(len(features), bool)
    )
    bare = features[known].copy()
    bare[optional] = np.nan
    origin = np.concatenate([np.arange(len(features)), np.flatnonzero(known)])
    informed = np.concatenate([known, np.zeros(int(known.sum()), bool)])
    return pd.concat([features, bare], ignore_index=True), origin, informed


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


def moduli_data(prepared: Prepared, chosen: npt.NDArray[np.bool_] | None = None) -> ModuliData:
    """Training rows for log10 G and log10 K: the median of each material's labels."""
    frame, row = prepared.frame, prepared.row
    if chosen is not None:
        frame, row = frame[chosen].reset_index(drop=True), row[chosen]
    table = (
        frame.assign(row=row)
        .pivot_table(index="row", columns="property", values="value", aggfunc="median")
        .reindex(columns=list(MODULI_PROPERTIES))
    )
    used = table.index.to_numpy(np.int64)
    features, origin, informed = with_bare_copies(prepared.features.iloc[used])
    keys = [prepared.materials[index].composition_key for index in used]
    groups = pd.factorize(np.array(keys, dtype=object))[0].astype(np.int64)
    copies = np.bincount(origin, minlength=len(used))
    return ModuliData(
        features=features,
        y=table.to_numpy(np.float64)[origin],
        weight=np.where(copies[origin] > 1, COPY_WEIGHT, 1.0),
        groups=groups[origin],
        category=np.where(informed, "structure", "formula"),
    )

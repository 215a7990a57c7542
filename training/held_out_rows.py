"""Held-out predictions row by row, kept in the bundle so that two trainings can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.held_out import HeldOut
from models.labels import BoolArray, FloatArray, IntArray, Labels, residual
from models.moduli_view import ModuliData
from models.transport_view import TransportData
from training.preparation import Prepared

FILE = "held_out.npz"
VALUE_DECIMALS = 6
# What makes a measurement the same one in another training; its place in the tables does not.
_IDENTITY = ("source", "property", "formula", "reference", "temperature_k", "bound", "value")


@dataclass(frozen=True)
class HeldOutRows:
    """Held-out rows of one protocol (a target in one view), arrays (m,).

    identity: the same number for the same measurement in every training. group: rows of one paper
    (moduli: of one composition), which are resampled together. label, prediction: in the target's
    unit.
    """

    identity: npt.NDArray[np.uint64]
    group: IntArray
    label: FloatArray
    prediction: FloatArray
    is_bound: BoolArray
    formula: npt.NDArray[np.str_]
    source: npt.NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.identity)

    @property
    def error(self) -> FloatArray:
        """(m,) absolute errors; zero where a bound is respected."""
        labels = Labels.of(self.label, self.is_bound)
        return np.asarray(np.abs(residual(labels, self.prediction)))

    def take(self, rows: Any) -> HeldOutRows:
        """Some of the rows (positions or a mask)."""
        return HeldOutRows(**{each.name: getattr(self, each.name)[rows] for each in fields(self)})


def transport_held_out(
    part: HeldOut, prepared: Prepared, data: TransportData, identity: npt.NDArray[np.uint64]
) -> HeldOutRows:
    """The held-out rows of conductivity or activation energy; identity: of every measurement.

    Raises ValueError where the part does not say which measurements it is about.
    """
    if part.measurement is None:
        raise ValueError("held-out transport rows must name their measurements")
    frame = prepared.frame.iloc[part.measurement]
    return HeldOutRows(
        identity[part.measurement],
        data.observations.paper[part.measurement],
        part.labels.value,
        part.blend,
        part.labels.is_bound,
        frame["formula"].to_numpy(str),
        frame["source"].to_numpy(str),
    )


def moduli_held_out(
    name: str, part: HeldOut, prepared: Prepared, data: ModuliData, source: npt.NDArray[np.str_]
) -> HeldOutRows:
    """The held-out crystals of one modulus; source: (materials,) the first table that has each."""
    made_of = data.material[part.row]
    materials = [prepared.materials[index] for index in made_of]
    content = pd.DataFrame(
        {
            "target": name.split(".")[0],
            "content": [material.content_hash for material in materials],
            "value": part.labels.value.round(VALUE_DECIMALS),
        }
    )
    return HeldOutRows(
        _numbers(content),
        data.groups[part.row],
        part.labels.value,
        part.blend,
        part.labels.is_bound,
        np.array([material.formula for material in materials], dtype=str),
        source[made_of],
    )


def measurement_identity(frame: pd.DataFrame) -> npt.NDArray[np.uint64]:
    """(n,) a number for each measurement that does not depend on its place in the table.

    Equal measurements are told apart by counting them.
    """
    content = frame[list(_IDENTITY)].copy()
    content["value"] = content["value"].round(VALUE_DECIMALS)
    content["temperature_k"] = content["temperature_k"].round(2)
    content["count"] = content.groupby(list(_IDENTITY), dropna=False).cumcount()
    return _numbers(content)


def first_source(prepared: Prepared) -> npt.NDArray[np.str_]:
    """(materials,) the source of the first measurement of each material."""
    first = prepared.frame["source"].astype(str).groupby(prepared.row).first()
    return first.reindex(range(len(prepared.materials)), fill_value="").to_numpy(str)


def save_rows(folder: Path, protocols: Mapping[str, HeldOutRows]) -> None:
    """Write ``held_out.npz`` into an existing folder."""
    arrays: dict[str, Any] = {
        f"{name}/{each.name}": getattr(rows, each.name)
        for name, rows in protocols.items()
        for each in fields(rows)
    }
    np.savez_compressed(folder / FILE, **arrays)


def load_rows(folder: Path) -> dict[str, HeldOutRows] | None:
    """Read what ``save_rows`` wrote; None for a bundle of before there were such rows."""
    if not (folder / FILE).is_file():
        return None
    with np.load(folder / FILE, allow_pickle=False) as stored:
        names = dict.fromkeys(key.partition("/")[0] for key in stored.files)
        return {
            name: HeldOutRows(
                **{each.name: stored[f"{name}/{each.name}"] for each in fields(HeldOutRows)}
            )
            for name in names
        }


def _numbers(content: pd.DataFrame) -> npt.NDArray[np.uint64]:
    hashed = pd.util.hash_pandas_object(content, index=False, categorize=False)
    return hashed.to_numpy(np.uint64)

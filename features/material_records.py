"""Materials read from structures, on disk by the text they were read from.

One file a text: a line with the sha256 of the rest, then JSON. Nothing in it is executed, a file
that was cut or changed is not used, and numbers come back bit for bit.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
from pathlib import Path
from typing import Any

import numpy as np

from features.crystal_facts import CrystalFacts
from features.material import Format, Material
from features.whole_files import write_whole

LOGGER = logging.getLogger(__name__)

# Goes up when the same text is read as another material than before.
RECORD_VERSION = "1"


class MaterialRecords:
    """A folder of records under the version of the features that they hold."""

    def __init__(self, folder: Path, feature_version: str) -> None:
        self._folder = folder / f"materials-{RECORD_VERSION}-{feature_version}"

    def path(self, text: str, format: Format) -> Path:
        """Where the record of a text is, or would be."""
        key = hashlib.sha256(f"{format}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()
        return self._folder / key[:2] / f"{key}.json"

    def read(self, text: str, format: Format, width: int) -> Material | None:
        """The material with ``width`` crystal columns; None if there is no whole record of it."""
        path = self.path(text, format)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            LOGGER.warning("record %s unreadable, computed anew: %s", path.name, error)
            return None
        checksum, _, body = content.partition(b"\n")
        if hashlib.sha256(body).hexdigest().encode() != checksum:
            LOGGER.warning("record %s was cut or changed, computed anew", path.name)
            return None
        try:
            return _material(json.loads(body), width)
        except (ValueError, TypeError, LookupError) as error:
            LOGGER.warning("record %s of another form, computed anew: %s", path.name, error)
            return None

    def write(self, text: str, format: Format, material: Material) -> None:
        """Keep a material that has facts in the place of its structure. Raises OSError."""
        body = json.dumps(_record(material), allow_nan=False, separators=(",", ":")).encode()
        checksum = hashlib.sha256(body).hexdigest().encode()
        write_whole(self.path(text, format), checksum + b"\n" + body)


def _record(material: Material) -> dict[str, object]:
    facts = material.crystal
    if facts is None or facts.failures:
        raise ValueError("only a material whose crystal is fully computed is kept")
    return {
        "formula": material.formula,
        "fractions": material.fractions,
        "space_group_number": material.space_group_number,
        "lattice": material.lattice,
        "content_hash": facts.content_hash,
        "values": [None if math.isnan(value) else value for value in facts.values.tolist()],
        "volume_angstrom3": facts.volume_angstrom3,
        "atoms": facts.atoms,
        "is_ordered": facts.is_ordered,
        "coordination_number": _or_none(facts.coordination_number),
    }


def _material(record: dict[str, Any], width: int) -> Material:
    values = np.array([_or_nan(value) for value in record["values"]], dtype=np.float64)
    if values.shape != (width,):
        raise ValueError(f"{len(values)} columns, not {width}")
    lattice = record["lattice"]
    return Material(
        formula=record["formula"],
        fractions=_pairs(record["fractions"]),
        space_group_number=record["space_group_number"],
        lattice=None if lattice is None else tuple(lattice),
        crystal=CrystalFacts(
            content_hash=record["content_hash"],
            values=values,
            volume_angstrom3=record["volume_angstrom3"],
            atoms=_pairs(record["atoms"]),
            is_ordered=record["is_ordered"],
            coordination_number=_or_nan(record["coordination_number"]),
        ),
    )


def _pairs(entries: list[list[Any]]) -> tuple[tuple[str, float], ...]:
    return tuple((str(symbol), float(amount)) for symbol, amount in entries)


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value

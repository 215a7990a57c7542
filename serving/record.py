"""What kind of materials are asked for: a few numbers each, for `frenkel-train drift`.

No formula, structure, name or sender is written. Numbers are rounded to three digits
(``models.feature_summary``).
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import orjson

from features.material import Material
from models.feature_summary import NAMES, summarise, to_digits
from serving.blocks import Rejection, ScoredBlock

logger = logging.getLogger("bentoml.frenkel")

MOST_BYTES = 32_000_000


class Recorder:
    """Appends lines of JSON to a file that all server processes share.

    A line has the materials of one model call: day, model version, names of the numbers, one row
    of numbers each, composition distance to the nearest measured conductor, and whether the
    material lies in the domain. At ``most_bytes`` the file is put aside as ``<name>.1``, in the
    place of the one before, so that at most twice as much is kept.
    """

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES) -> None:
        self._path = path
        self._most_bytes = most_bytes

    def note(self, read: Sequence[Material | Rejection], scored: ScoredBlock, version: str) -> None:
        """Append the answered materials of a block. A file that cannot be written is a warning
        in the log: the answer goes out all the same."""
        lines = []
        for part in scored.parts:
            rows = [at for at, row in enumerate(part.rows) if scored.rejections[row] is None]
            materials = [read[part.rows[at]] for at in rows]
            kept = [material for material in materials if isinstance(material, Material)]
            if not kept:
                continue
            domain = part.prediction.domain
            lines.append(
                {
                    "day": datetime.now(UTC).date().isoformat(),
                    "version": version,
                    "names": NAMES,
                    "features": summarise(kept).tolist(),
                    "distance": to_digits(np.asarray(domain.distance)[rows]).tolist(),
                    "in_domain": [bool(domain.in_domain[at]) for at in rows],
                }
            )
        if lines:
            self._append(b"".join(orjson.dumps(line) + b"\n" for line in lines))

    def _append(self, text: bytes) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # The lock is on a file that is never renamed, so all processes wait for the same one.
            with open(f"{self._path}.lock", "ab") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if self._path.exists() and self._path.stat().st_size + len(text) > self._most_bytes:
                    os.replace(self._path, f"{self._path}.1")
                with self._path.open("ab") as stream:
                    stream.write(text)
        except OSError as error:
            logger.warning("FRENKEL_RECORD cannot be written: %s", error.strerror)

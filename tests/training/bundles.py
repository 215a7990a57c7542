"""Bundles that differ from a trained one in what promotion looks at."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np

from models.bundle import MANIFEST, Manifest, seal
from training.held_out_rows import load_rows, save_rows


def other_version(bundle: Path, folder: Path, added_error: float) -> Path:
    """The bundle with held-out errors that are larger by so much, sealed as another version."""
    shutil.copytree(bundle, folder)
    rows = load_rows(folder)
    assert rows is not None
    for name, each in rows.items():
        sign = np.sign(each.prediction - each.label)
        rows[name] = replace(each, prediction=each.prediction + added_error * sign)
    save_rows(folder, rows)
    seal(folder, Manifest.model_validate_json((folder / MANIFEST).read_text()))
    return folder

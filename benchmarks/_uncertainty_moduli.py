"""Held-out distributions of the moduli, from the formula alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks._interval_methods import (
    MAPIE,
    QUANTILE_FOREST,
    mapie_cv_plus,
    quantile_forest,
)
from benchmarks._judged import Judged, joined, judged
from features.table import feature_groups
from models.composition_distance import fractions_of
from models.folds import grouped_fold_of
from models.ground import Ground
from models.labels import BoolArray
from models.moduli_model import ModuliConfig
from models.moduli_view import FORMULA
from models.targets import MODULI_TARGETS
from training.preparation import MODULI_PROPERTIES, Prepared, moduli_data, new_moduli_model
from training.splits import MATBENCH_FOLDS, chemical_system_groups, matbench_folds

NAMES = {"log10_shear_modulus_gpa": "shear modulus", "log10_bulk_modulus_gpa": "bulk modulus"}
MATBENCH = "matbench"


@dataclass(frozen=True)
class Split:
    """Measurements to learn from and to judge by, masks (m,) over the prepared frame."""

    train: BoolArray
    test: BoolArray


def splits(prepared: Prepared, folds: int) -> dict[str, list[Split]]:
    """Protocols i (compositions held out), ii (chemical systems), iv (matbench's own folds).

    All on the rows of matbench: the other tables repeat many of them.
    """
    frame = prepared.frame
    usable = (frame["source"] == MATBENCH).to_numpy(bool)
    groups = {
        "i": pd.factorize(frame["composition_key"])[0].astype(np.int64),
        "ii": chemical_system_groups(frame),
    }
    found = {}
    for protocol, group in groups.items():
        fold = grouped_fold_of(group, folds, f"moduli {protocol}")
        found[protocol] = [
            Split(usable & (fold != at), usable & (fold == at)) for at in range(folds)
        ]
    official = []
    for at in range(MATBENCH_FOLDS):
        ids = {each for name in MODULI_PROPERTIES for each in matbench_folds(name)[at][1]}
        test = usable & frame["row_of_origin"].isin(ids).to_numpy(bool)
        # A material stands on one side, whichever of its two moduli put it there.
        held = np.isin(prepared.row, prepared.row[test])
        official.append(Split(usable & ~held, test))
    return found | {"iv": official}


def moduli_protocols(
    prepared: Prepared, config: ModuliConfig, folds: int
) -> dict[tuple[str, str], Judged]:
    """By protocol and target's name: the held-out rows of all folds."""
    found: dict[tuple[str, str], list[Judged]] = {}
    for protocol, parts in splits(prepared, folds).items():
        for at, split in enumerate(parts):
            print(f"moduli, protocol {protocol}: fold {at + 1} of {len(parts)}", flush=True)
            for target, rows in _judge(prepared, split, config).items():
                found.setdefault((protocol, NAMES[target]), []).append(rows)
    return {key: joined(parts) for key, parts in found.items()}


def _judge(prepared: Prepared, split: Split, config: ModuliConfig) -> dict[str, Judged]:
    data, held_out = moduli_data(prepared, split.train), moduli_data(prepared, split.test)
    model = new_moduli_model(config)
    model.views = {FORMULA: model.views[FORMULA]}
    model.fit(data)
    ground = Ground.of(fractions_of(data.features))
    fractions = fractions_of(held_out.features)
    outside = np.array([bool(unseen) for unseen in ground.unseen(fractions)])
    prediction = model.predict(held_out.features)
    parts = model.parts(prediction, ground.index.nearness(fractions), outside)
    columns = feature_groups()["composition"]
    train_x, test_x = (each.features[columns].to_numpy(np.float64) for each in (data, held_out))
    found = {}
    for column, target in enumerate(MODULI_TARGETS):
        (part,) = parts[target.name]
        calibration = part.calibration
        rows = np.flatnonzero(np.isfinite(held_out.y[:, column]))
        learned = np.isfinite(data.y[:, column])
        known = part.known.take(rows)
        beyond = np.array([bool(each) for each in calibration.objections(known, target.name)])
        x, y = train_x[learned], data.y[learned, column]
        found[target.name] = judged(
            held_out.y[rows, column],
            calibration,
            known,
            outside[rows] | beyond,
            {
                MAPIE: mapie_cv_plus(x, y, data.groups[learned], test_x[rows]),
                QUANTILE_FOREST: quantile_forest(x, y, test_x[rows]),
            },
        )
    return found

"""Held-out distributions of conductivity and activation energy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks._interval_methods import (
    MAPIE,
    QUANTILE_FOREST,
    mapie_cv_plus,
    quantile_forest,
)
from benchmarks._judged import Judged, joined, judged
from benchmarks._transport_folds import ENERGY, SIGMA, room_temperature, training_rows
from benchmarks.conductivity import allowed_in_training
from features.table import feature_groups
from models.folds import grouped_fold_of
from models.labels import BoolArray, IntArray
from models.transport_candidates import TransportConfig
from models.transport_model import TransportModel
from training.known_materials import fit_domain
from training.preparation import Prepared, new_transport_model, transport_data
from training.splits import chemical_system_groups, paper_groups

NAMES = {SIGMA: "conductivity", ENERGY: "activation energy"}
OFFICIAL_TEST = "iii"


@dataclass(frozen=True)
class Split:
    """Measurements to learn from and to judge by, masks (m,) over the prepared frame."""

    train: BoolArray
    test: BoolArray


def splits(prepared: Prepared, folds: int) -> dict[str, list[Split]]:
    """Protocols i (papers held out), ii (chemical systems) and iii (OBELiX's official test)."""
    frame = prepared.frame

    def grouped(groups: IntArray, name: str) -> list[Split]:
        fold = grouped_fold_of(groups, folds, name)
        return [Split(training_rows(frame, fold, at), fold == at) for at in range(folds)]

    official = (frame["obelix_split"] == "test").fillna(False).to_numpy(bool)
    return {
        "i": grouped(paper_groups(frame), "papers"),
        "ii": grouped(chemical_system_groups(frame), "systems"),
        OFFICIAL_TEST: [Split(allowed_in_training(frame, official), official)],
    }


def transport_protocols(
    prepared: Prepared, config: TransportConfig, folds: int
) -> dict[tuple[str, str], Judged]:
    """By protocol and target's name: the held-out rows of all folds."""
    found: dict[tuple[str, str], list[Judged]] = {}
    for protocol, parts in splits(prepared, folds).items():
        for at, split in enumerate(parts):
            print(f"transport, protocol {protocol}: fold {at + 1} of {len(parts)}", flush=True)
            for target, rows in _judge(prepared, split, config, protocol).items():
                found.setdefault((protocol, NAMES[target]), []).append(rows)
    return {key: joined(parts) for key, parts in found.items()}


def _judge(
    prepared: Prepared, split: Split, config: TransportConfig, protocol: str
) -> dict[str, Judged]:
    model = new_transport_model(config)
    if protocol != OFFICIAL_TEST:  # many systems have no crystal: the formula alone is judged
        del model.views["crystal"]
    model.fit(transport_data(prepared, split.train))
    frame = prepared.frame
    exact = (frame["bound"] == "=").to_numpy(bool)
    chosen = {
        SIGMA: exact & room_temperature(frame),
        ENERGY: exact & (frame["property"] == ENERGY).to_numpy(bool),
    }
    return {
        target: _judge_target(prepared, split, model, target, rows)
        for target, rows in chosen.items()
        if (rows & split.test).sum() >= 30
    }


def _judge_target(
    prepared: Prepared, split: Split, model: TransportModel, target: str, rows: BoolArray
) -> Judged:
    train, test = np.flatnonzero(split.train & rows), np.flatnonzero(split.test & rows)
    x = prepared.features[feature_groups()["composition"]].to_numpy(np.float64)[prepared.row]
    truth = prepared.frame["value"].to_numpy(np.float64)
    groups = paper_groups(prepared.frame.iloc[train].reset_index(drop=True))
    others = {
        MAPIE: mapie_cv_plus(x[train], truth[train], groups, x[test]),
        QUANTILE_FOREST: quantile_forest(x[train], truth[train], x[test]),
    }
    features = prepared.features.iloc[prepared.row[test]].reset_index(drop=True)
    look = fit_domain(_only(prepared, split.train), prepared).look(
        [prepared.materials[at] for at in prepared.row[test]], features
    )
    outside = np.array([bool(reasons) for reasons in look.transport_reasons])
    prediction = model.predict(features)
    parts = []
    told = model.parts(features, prediction, look.transport_distance, outside)
    for part in told[target]:
        known, calibration = part.known, part.calibration
        beyond = np.array([bool(each) for each in calibration.objections(known, target)])
        parts.append(
            judged(
                truth[test][part.rows],
                calibration,
                known,
                outside[part.rows] | beyond,
                {name: each[part.rows] for name, each in others.items()},
            )
        )
    return joined(parts)


def _only(prepared: Prepared, chosen: BoolArray) -> Prepared:
    """The prepared rows of some measurements, their materials alone."""
    used, row = np.unique(prepared.row[chosen], return_inverse=True)
    return Prepared(
        prepared.frame[chosen].reset_index(drop=True),
        [prepared.materials[at] for at in used],
        prepared.features.iloc[used].reset_index(drop=True),
        row.astype(np.int64),
    )

"""One training run from data to a registered champion."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from features.table import FEATURE_VERSION
from models.bundle import Manifest, seal
from models.feature_summary import TrainingSummary
from models.held_out import HeldOut
from models.labels import residual
from models.moduli_model import CANDIDATES as MODULI_CANDIDATES
from models.targets import TARGETS
from models.transport_candidates import CANDIDATES as TRANSPORT_CANDIDATES
from models.transport_candidates import CRYSTAL, FORMULA
from training import tracking
from training.card import model_card
from training.dendrite_data import fit_dendrite_reference
from training.effect import effect_of_own_data
from training.held_out_rows import (
    first_source,
    load_rows,
    measurement_identity,
    moduli_held_out,
    save_rows,
    transport_held_out,
)
from training.known_materials import fit_domain, measured_materials
from training.own_data import read_own_data, with_own_data
from training.own_rows import SOURCE as OWN
from training.plots import parity_plot
from training.preparation import (
    MODULI_FEATURES,
    MODULI_PROPERTIES,
    TRANSPORT_FEATURES,
    TRANSPORT_PROPERTIES,
    moduli_data,
    new_moduli_model,
    new_transport_model,
    prepare,
    transport_data,
)
from training.profiles import Profile
from training.progress import Progress
from training.promotion import champion_rows
from training.provenance import git_commit, new_manifest, source_tags
from training.publication import Published, publish
from training.registry import aliases
from training.report import data_report
from training.sources import cache_dir
from training.tables import Dataset, data_sha256, load_dataset

logger = logging.getLogger("frenkel.training")


@dataclass(frozen=True)
class Trained:
    """A finished run. effect: Markdown on what own data changed, None without any."""

    manifest: Manifest
    published: Published
    effect: str | None


def train(
    profile: Profile,
    bundle: Path,
    cache: Path | None = None,
    *,
    extra: Path | None = None,
    keep_anyway: bool = False,
) -> Trained:
    """Train, track and register; a version that is good enough becomes the champion in ``bundle``.

    extra: a CSV file of own measurements. keep_anyway: write a challenger into ``bundle`` too,
    where nothing is there. Raises training.tables.NoSources if no data can be had, and
    training.own_data.InvalidOwnData.
    """
    cache = cache or cache_dir()
    own = None if extra is None else read_own_data(extra)
    progress = Progress(_plan(profile))
    progress("data")
    dataset = load_dataset(cache)
    left_out: list[str] = []
    if own is not None:
        dataset, left_out = with_own_data(dataset, own)
    tracking.connect()
    parameters = {
        "profile": profile.name,
        "feature_version": FEATURE_VERSION,
        "data_sha256": data_sha256(dataset),
        "git_commit": git_commit(),
        "own_data": "" if own is None else own.name,
        "transport": profile.transport,
        "moduli": profile.moduli,
    }
    with (
        tracking.run(f"train-{profile.name}", parameters),
        tempfile.TemporaryDirectory() as scratch,
    ):
        report, built = Path(scratch, "report"), Path(scratch, "bundle")
        report.mkdir()
        built.mkdir()
        (report / "data_report.md").write_text(data_report(dataset)[0])
        manifest, metrics = fit_bundle(profile, dataset, built, report, progress, cache)
        effect = None if own is None else _effect(built, left_out)
        if effect is not None:
            (report / "own_data.md").write_text(effect)
        tags = {"bundle_version": manifest.version, **source_tags(dataset)}
        tracking.log_result(metrics, report, tags)
        progress("registering")
        published = publish(built, manifest, bundle, keep_anyway=keep_anyway)
    return Trained(manifest, published, effect)


def _effect(built: Path, left_out: list[str]) -> str:
    """The report on own data against the champion until now."""
    number = aliases().get(tracking.CHAMPION)
    before = champion_rows(number)
    name = f"version {number}" if number else "no champion"
    if number and before is None:
        name += " keeps no held-out rows"
    return effect_of_own_data(before, load_rows(built) or {}, name, left_out)


def fit_bundle(
    profile: Profile,
    dataset: Dataset,
    folder: Path,
    report: Path | None,
    progress: Callable[[str], None] = lambda _: None,
    cache: Path | None = None,
) -> tuple[Manifest, dict[str, float]]:
    """Featurize, fit every model, and write a sealed bundle into ``folder``.

    report: a folder for plots and MLflow child runs, None to leave both out (tests).
    """
    progress("features")
    limited = _limited(dataset, profile)
    transport_rows = prepare(dataset, TRANSPORT_PROPERTIES, TRANSPORT_FEATURES, cache)
    moduli_rows = prepare(limited, MODULI_PROPERTIES, MODULI_FEATURES, cache)
    transport, moduli = new_transport_model(profile.transport), new_moduli_model(profile.moduli)
    transport_learned, moduli_learned = transport_data(transport_rows), moduli_data(moduli_rows)
    transport_parts = _by_protocol(transport.fit(transport_learned, progress))
    moduli_parts = _by_protocol(moduli.fit(moduli_learned, progress))
    held_out = transport_parts | moduli_parts
    progress("dendrite")
    dendrite, dendrite_metrics = fit_dendrite_reference(limited, cache or cache_dir())
    metrics = held_out_metrics(held_out) | dendrite_metrics
    identity, source = measurement_identity(transport_rows.frame), first_source(moduli_rows)
    rows = {
        name: transport_held_out(part, transport_rows, transport_learned, identity)
        for name, part in transport_parts.items()
    } | {
        name: moduli_held_out(name, part, moduli_rows, moduli_learned, source)
        for name, part in moduli_parts.items()
    }
    save_rows(folder, rows)
    card = model_card(dataset, rows)
    card.save(folder)
    if report is not None:
        _log_candidates(held_out, report)
        (report / "model_card.md").write_text(card.to_markdown())
    transport.save(folder)
    moduli.save(folder)
    dendrite.save(folder)
    domain = fit_domain(transport_rows, moduli_rows)
    domain.save(folder)
    measured_materials(transport_rows).save(folder)
    TrainingSummary.of(transport_rows.materials).save(folder)
    manifest = seal(folder, new_manifest(dataset, domain, metrics, [transport_rows, moduli_rows]))
    return manifest, metrics


def _by_protocol(by_view: dict[str, dict[str, HeldOut]]) -> dict[str, HeldOut]:
    """Held-out predictions by target name, with the view behind a dot unless it is the formula."""
    return {
        name if view == FORMULA else f"{name}.{view}": part
        for view, parts in by_view.items()
        for name, part in parts.items()
    }


def _limited(dataset: Dataset, profile: Profile) -> Dataset:
    """The dataset with at most ``profile.moduli_materials`` moduli compositions, evenly taken."""
    if profile.moduli_materials is None:
        return dataset
    frame = dataset.measurements
    is_moduli = frame["property"].isin(MODULI_PROPERTIES)
    if not profile.with_structures:
        is_bare = is_moduli & frame["structure_key"].isna()
        frame, is_moduli = frame[is_bare | ~is_moduli], is_bare[is_bare | ~is_moduli]
    is_own = frame["source"] == OWN
    keys = frame.loc[is_moduli & ~is_own, "composition_key"].drop_duplicates()
    step = max(1, len(keys) // profile.moduli_materials)
    kept = frame[~is_moduli | is_own | frame["composition_key"].isin(keys.iloc[::step])]
    return dataset.with_measurements(kept.reset_index(drop=True))


def held_out_metrics(held_out: dict[str, HeldOut]) -> dict[str, float]:
    """Mean absolute error of each candidate and of the blend, measured values only."""
    metrics = {}
    for name, part in held_out.items():
        exact = ~part.labels.is_bound
        each = np.abs(part.predictions - part.labels.value[:, None])[exact].mean(axis=0)
        for candidate, value in zip(_candidates(name), each, strict=True):
            metrics[f"{name}.{candidate}.mae"] = float(value)
        metrics[f"{name}.mae"] = float(np.abs(part.blend - part.labels.value)[exact].mean())
        metrics[f"{name}.rows"] = float(len(part.labels))
    return metrics


def _candidates(target: str) -> tuple[str, ...]:
    if "modulus" in target:
        return MODULI_CANDIDATES
    return TRANSPORT_CANDIDATES[CRYSTAL if target.endswith(CRYSTAL) else FORMULA]


def _log_candidates(held_out: dict[str, HeldOut], report: Path) -> None:
    targets = {target.name: target for target in TARGETS}
    for name, part in held_out.items():
        parity_plot(report / f"{name}.png", targets[name.split(".")[0]], part)
        for index, candidate in enumerate(_candidates(name)):
            error = np.abs(residual(part.labels, part.predictions[:, index]))
            folds = pd.Series(error).groupby(part.fold).mean()
            tracking.log_child(
                f"{name}/{candidate}",
                {"target": name, "candidate": candidate, "weight": part.weights[index]},
                {"fold_mae": folds.tolist()},
            )


def _plan(profile: Profile) -> list[tuple[str, int, float]]:
    return [
        ("data", 1, 40.0),
        ("features", 1, 90.0),
        ("transport", 2 * (profile.transport.folds + 1), 45.0),
        ("moduli", 3 * 2, 100.0),
        ("dendrite", 1, 10.0),
        ("registering", 1, 10.0),
    ]

"""One training run from data to a registered champion."""

from __future__ import annotations

import logging
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version as package_version
from pathlib import Path

import numpy as np
import pandas as pd

from features.elements import MOBILE_IONS
from features.table import FEATURE_VERSION
from models.bundle import Manifest, seal
from models.domain import Domain
from models.held_out import HeldOut
from models.labels import residual
from models.moduli_model import CANDIDATES as MODULI_CANDIDATES
from models.targets import TARGETS
from models.transport_candidates import CANDIDATES as TRANSPORT_CANDIDATES
from models.transport_candidates import CRYSTAL, FORMULA
from training import tracking
from training.dendrite_data import fit_dendrite_reference
from training.known_materials import fit_domain, measured_materials
from training.plots import parity_plot
from training.preparation import (
    MODULI_FEATURES,
    MODULI_PROPERTIES,
    TRANSPORT_FEATURES,
    TRANSPORT_PROPERTIES,
    Prepared,
    moduli_data,
    new_moduli_model,
    new_transport_model,
    prepare,
    transport_data,
)
from training.profiles import Profile
from training.progress import Progress
from training.report import data_report
from training.sources import cache_dir
from training.tables import Dataset, data_sha256, load_dataset

logger = logging.getLogger("frenkel.training")
PACKAGES = ("scikit-learn", "xgboost", "torch", "matminer", "pymatgen", "numpy", "scipy")


def train(profile: Profile, bundle: Path, cache: Path | None = None) -> Manifest:
    """Train, track, register and write the champion to ``bundle``.

    Raises training.tables.NoSources if no data can be had.
    """
    cache = cache or cache_dir()
    progress = Progress(_plan(profile))
    progress("data")
    dataset = load_dataset(cache)
    tracking.connect()
    parameters = {
        "profile": profile.name,
        "feature_version": FEATURE_VERSION,
        "data_sha256": data_sha256(dataset),
        "git_commit": git_commit(),
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
        tags = {"bundle_version": manifest.version, **_source_tags(dataset)}
        tracking.log_result(metrics, report, tags)
        progress("registering")
        number = tracking.register(built, manifest.version)
        replace_folder(built, bundle)
    logger.info("champion: version %s (registered as %s) in '%s'", manifest.version, number, bundle)
    return manifest


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
    transport = new_transport_model(profile.transport)
    by_view = transport.fit(transport_data(transport_rows), progress)
    moduli = new_moduli_model(profile.moduli)
    moduli_by_view = moduli.fit(moduli_data(moduli_rows), progress)
    held_out = by_view[FORMULA] | moduli_by_view[FORMULA]
    for view, parts in [*by_view.items(), *moduli_by_view.items()]:
        if view != FORMULA:
            held_out |= {f"{name}.{view}": part for name, part in parts.items()}
    progress("dendrite")
    dendrite, dendrite_metrics = fit_dendrite_reference(limited, cache or cache_dir())
    metrics = held_out_metrics(held_out) | dendrite_metrics
    if report is not None:
        _log_candidates(held_out, report)
    transport.save(folder)
    moduli.save(folder)
    dendrite.save(folder)
    domain = fit_domain(transport_rows, moduli_rows)
    domain.save(folder)
    measured_materials(transport_rows).save(folder)
    manifest = seal(folder, _manifest(dataset, domain, metrics, [transport_rows, moduli_rows]))
    return manifest, metrics


def _limited(dataset: Dataset, profile: Profile) -> Dataset:
    """The dataset with at most ``profile.moduli_materials`` moduli compositions, evenly taken."""
    if profile.moduli_materials is None:
        return dataset
    frame = dataset.measurements
    is_moduli = frame["property"].isin(MODULI_PROPERTIES)
    if not profile.with_structures:
        is_bare = is_moduli & frame["structure_key"].isna()
        frame, is_moduli = frame[is_bare | ~is_moduli], is_bare[is_bare | ~is_moduli]
    keys = frame.loc[is_moduli, "composition_key"].drop_duplicates()
    step = max(1, len(keys) // profile.moduli_materials)
    kept = frame[~is_moduli | frame["composition_key"].isin(keys.iloc[::step])]
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


def _manifest(
    dataset: Dataset, domain: Domain, metrics: dict[str, float], rows: list[Prepared]
) -> Manifest:
    had = [status for status in dataset.sources if status.available]
    missing = [status for status in dataset.sources if status.needed and not status.available]
    return Manifest(
        version="",
        trained_at=datetime.now(UTC).isoformat(timespec="seconds"),
        data_sha256=data_sha256(dataset),
        feature_version=FEATURE_VERSION,
        git_commit=git_commit(),
        sources=[{"name": s.name, "via": s.via, "sha256": s.sha256} for s in had],
        missing_sources=[{"name": s.name, "reason": s.reason} for s in missing],
        elements={"transport": domain.transport.elements, "moduli": domain.moduli.elements},
        mobile_ions=sorted(
            {m.mobile_ion for part in rows[:1] for m in part.materials if m.mobile_ion}
            & set(MOBILE_IONS)
        ),
        metrics=metrics,
        packages={
            "python": platform.python_version(),
            **{name: package_version(name) for name in PACKAGES},
        },
    )


def _source_tags(dataset: Dataset) -> dict[str, str]:
    return {
        f"source.{s.name}": (s.via or "") if s.available else f"missing: {s.reason}"
        for s in dataset.sources
    }


def git_commit() -> str:
    """The commit that is checked out, or "unknown" outside a repository."""
    try:
        result = subprocess.run(
            ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return result.stdout.strip()


def replace_folder(source: Path, target: Path) -> None:
    """Put a copy of ``source`` in the place of ``target``; a reader never sees half of it."""
    fresh, old = target.with_name(target.name + ".new"), target.with_name(target.name + ".old")
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(source, fresh)
    if target.exists():
        target.rename(old)
    fresh.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _plan(profile: Profile) -> list[tuple[str, int, float]]:
    return [
        ("data", 1, 40.0),
        ("features", 1, 90.0),
        ("transport", 2 * (profile.transport.folds + 1), 45.0),
        ("moduli", 3 * 5, 15.0),
        ("dendrite", 1, 10.0),
        ("registering", 1, 10.0),
    ]

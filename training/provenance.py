"""What a bundle says about where it comes from: data, code, packages."""

from __future__ import annotations

import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version as package_version

from features.elements import MOBILE_IONS
from features.table import FEATURE_VERSION
from models.bundle import LAYOUT, Manifest
from models.domain import Domain
from training.preparation import Prepared
from training.tables import Dataset, data_sha256

PACKAGES = ("scikit-learn", "xgboost", "torch", "matminer", "pymatgen", "numpy", "scipy")


def new_manifest(
    dataset: Dataset, domain: Domain, metrics: dict[str, float], rows: list[Prepared]
) -> Manifest:
    """The manifest of a bundle before it is sealed; rows: of transport first."""
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
        layout=LAYOUT,
    )


def source_tags(dataset: Dataset) -> dict[str, str]:
    """Where each source came from, or why it is missing, as tags of a run."""
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

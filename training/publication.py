"""From a trained bundle to a registered version, and to the folder that is served."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from models.bundle import MANIFEST, BundleError, Manifest, open_bundle
from models.card import ModelCard
from models.predictor import Predictor
from training import registry, tracking
from training.acceptance import failed_checks
from training.promotion import Verdict, settle
from training.tracking import CHAMPION


@dataclass(frozen=True)
class Published:
    """A registered version, what was decided of it, and what lies in the folder now."""

    number: str
    verdict: Verdict
    placed: str | None

    def in_words(self, bundle_version: str) -> str:
        """One line for the terminal, and one for each reason."""
        state = "the champion" if self.verdict.promoted else "a challenger"
        lines = [f"version {self.number} ({bundle_version}) is {state}:"]
        lines += [f"  {reason}" for reason in self.verdict.reasons]
        if not self.verdict.promoted:
            lines.append(f"promote it all the same with: frenkel-train promote {self.number}")
        if self.placed != self.number:
            lines.append(
                "the bundle folder is left as it was"
                if self.placed is None
                else f"the bundle folder has version {self.placed}"
            )
        return "\n".join(lines)


def publish(
    built: Path,
    manifest: Manifest,
    target: Path,
    *,
    keep_anyway: bool = False,
    check: Callable[[Predictor], list[str]] = failed_checks,
) -> Published:
    """Register a bundle on the active run, judge it, and put the champion into ``target``.

    A challenger never takes the place of a bundle that is there. Where none is there, the folder
    gets the champion, or with ``keep_anyway`` this bundle all the same.
    """
    number = tracking.register(built, version_tags(built, manifest))
    verdict = settle(number, built, check)
    tracking.log_text(verdict.to_markdown(number), "verdict.md")
    tracking.tag_run(
        {
            "registered_version": number,
            "verdict": "champion" if verdict.promoted else "challenger",
            "verdict_reason": verdict.in_words(),
        }
    )
    return Published(number, verdict, _place(number, built, target, verdict, keep_anyway))


def version_tags(built: Path, manifest: Manifest) -> dict[str, str]:
    """What a registered version says about itself."""
    card = ModelCard.load(built)
    return {
        "bundle_version": manifest.version,
        "data_sha256": manifest.data_sha256,
        "git_commit": manifest.git_commit,
        "environment": json.dumps(manifest.packages, sort_keys=True),
        "metrics": json.dumps(manifest.metrics, sort_keys=True),
        "card": "" if card is None else card.model_dump_json(),
    }


def place_champion(target: Path) -> str:
    """Put the registry's champion into ``target``; returns its number.

    Raises RegistryError where there is none, BundleError where it is altered or ``target`` is
    something else.
    """
    with _alone(target):
        number = registry.number_of(CHAMPION)
        with registry.bundle_of(number) as folder:
            _replace(folder, target)
    return number


def _place(
    number: str, built: Path, target: Path, verdict: Verdict, keep_anyway: bool
) -> str | None:
    """The number of the version that was put into the folder, None where it was left alone."""
    if verdict.promoted:
        with _alone(target):
            # Another training may have become champion since; then the folder is for that one.
            if registry.aliases().get(CHAMPION) != number:
                return None
            _replace(built, target)
        return number
    if (target / MANIFEST).is_file():
        return None
    if keep_anyway:
        replace_folder(built, target)
        return number
    return place_champion(target) if CHAMPION in registry.aliases() else None


def replace_folder(source: Path, target: Path) -> None:
    """Put a copy of ``source`` in the place of ``target``; a reader never sees half of it.

    Raises BundleError where ``source`` is altered or ``target`` is no bundle.
    """
    with _alone(target):
        _replace(source, target)


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """No other process of ours replaces a folder beside ``target`` meanwhile."""
    target.parent.mkdir(parents=True, exist_ok=True)
    parent = os.open(target.parent, os.O_RDONLY)
    try:
        fcntl.flock(parent, fcntl.LOCK_EX)
        yield
    finally:
        os.close(parent)


def check_place(target: Path) -> None:
    """Raises BundleError where replacing ``target`` would lose what is no bundle."""
    empty = not target.exists() or (target.is_dir() and not any(target.iterdir()))
    if not empty and not (target / MANIFEST).is_file():
        raise BundleError(f"'{target}' is no bundle folder; name one, or one that is not there")


def _replace(source: Path, target: Path) -> None:
    check_place(target)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as scratch:
        fresh, old = Path(scratch, "new"), Path(scratch, "old")
        shutil.copytree(source, fresh)
        open_bundle(fresh)
        if target.exists():
            target.rename(old)
        try:
            fresh.rename(target)
        except OSError:
            old.rename(target)
            raise

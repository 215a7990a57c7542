"""The one way of a trained model to and from disk: plain files under one sha256 manifest."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

MANIFEST = "manifest.json"
SEAL = "manifest.sha256"
LAYOUT = 3  # counts up when what a bundle holds changes, so that an older one is not misread
ALLOWED_ENDINGS = (".json", ".ubj", ".skops", ".safetensors", ".npz")


class BundleError(RuntimeError):
    """The bundle is missing or incomplete; the message says what and where."""


class AlteredBundle(BundleError):
    """A file of the bundle is not the one that training wrote; ``file`` names it."""

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(f"{file}: {reason}")
        self.file = file


class Manifest(BaseModel):
    """What a bundle says about itself."""

    model_config = ConfigDict(extra="forbid")

    version: str
    trained_at: str
    data_sha256: str
    feature_version: str
    git_commit: str
    sources: list[dict[str, Any]]
    missing_sources: list[dict[str, Any]]
    elements: dict[str, list[str]]
    mobile_ions: list[str]
    metrics: dict[str, float]
    packages: dict[str, str]
    files: dict[str, str] = {}
    layout: int = 1

    def check_layout(self) -> None:
        """Raises BundleError where another version of Frenkel wrote the bundle."""
        if self.layout != LAYOUT:
            raise BundleError(
                f"the trained model {self.version} has layout {self.layout}, and this version of "
                f"Frenkel reads {LAYOUT}: train again with `make train`"
            )


def default_bundle_path() -> Path:
    """FRENKEL_BUNDLE, or ``bundle`` in the working folder."""
    return Path(os.environ.get("FRENKEL_BUNDLE", "bundle"))


def sha256_of(path: Path) -> str:
    """Hex digest of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def seal(folder: Path, manifest: Manifest) -> Manifest:
    """Hash every file in ``folder``, name the version after them, write manifest and seal."""
    files = {
        path.name: sha256_of(path)
        for path in sorted(folder.iterdir())
        if path.name not in (MANIFEST, SEAL)
    }
    content = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
    sealed = manifest.model_copy(update={"files": files, "version": content[:12]})
    text = sealed.model_dump_json(indent=1)
    (folder / MANIFEST).write_text(text)
    (folder / SEAL).write_text(hashlib.sha256(text.encode()).hexdigest() + "\n")
    return sealed


def open_bundle(folder: Path) -> Manifest:
    """Check every file of a bundle against the manifest before any of them is read.

    Raises BundleError where there is no bundle and AlteredBundle, naming the file, where a byte
    was changed, a file is missing, or one is there that training did not write.
    """
    if not (folder / MANIFEST).is_file():
        raise BundleError(
            f"no trained model in '{folder}': run `make train`, or set FRENKEL_BUNDLE to a bundle"
        )
    text = (folder / MANIFEST).read_bytes()
    expected = (folder / SEAL).read_text().strip() if (folder / SEAL).is_file() else ""
    if hashlib.sha256(text).hexdigest() != expected:
        raise AlteredBundle(MANIFEST, f"does not match {SEAL}")
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        raise AlteredBundle(MANIFEST, f"is not a valid manifest: {error}") from error
    present = {path.name for path in folder.iterdir()} - {MANIFEST, SEAL}
    for name in sorted(present - manifest.files.keys()):
        raise AlteredBundle(name, "is not part of the trained model")
    for name, digest in manifest.files.items():
        if name not in present:
            raise AlteredBundle(name, "is missing")
        if not name.endswith(ALLOWED_ENDINGS):
            raise AlteredBundle(name, f"is none of {', '.join(ALLOWED_ENDINGS)}")
        if sha256_of(folder / name) != digest:
            raise AlteredBundle(name, "was changed after training (sha256 differs)")
    return manifest

"""Which trained model answers, where it comes from, and how a new one takes its place.

Whatever the source, the folder is checked against its sha256 manifest before a file is opened.
"""

from __future__ import annotations

import gc
import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Protocol

from features.material import Material
from models.bundle import MANIFEST, SEAL, BundleError, default_bundle_path, open_bundle
from models.predictor import Predictor

logger = logging.getLogger("bentoml.frenkel")

DEFAULT_TRACKING_URI = "sqlite:///mlflow.db"
STORE_NAME = "frenkel"
WARM_UP = ("Li6PS5Cl", "Na3PS4")


class ChampionSource(Protocol):
    """Where a trained model can be had. Both methods raise BundleError where there is none."""

    def mark(self) -> str:
        """Something short that changes when the model does."""
        ...

    def folder(self) -> AbstractContextManager[Path]:
        """The bundle's folder, there for as long as the context is open."""
        ...


@dataclass(frozen=True)
class BundleFolder:
    """A folder that training wrote."""

    path: Path

    def mark(self) -> str:
        """The seal of its manifest."""
        try:
            return (self.path / SEAL).read_text()
        except OSError as error:
            raise BundleError(
                f"no trained model in '{self.path}': run `make train`, or set FRENKEL_BUNDLE"
            ) from error

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """The folder itself."""
        yield self.path


@dataclass(frozen=True)
class BentoStore:
    """A model in BentoML's store: ``name:version`` or ``name:latest``."""

    tag: str

    def mark(self) -> str:
        """The full tag."""
        return str(self._model().tag)

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """The model's folder in the store."""
        yield _bundle_below(Path(self._model().path))

    def _model(self):  # type: ignore[no-untyped-def]
        import bentoml

        try:
            return bentoml.models.get(self.tag)
        except bentoml.exceptions.NotFound as error:
            raise BundleError(f"BentoML's model store has no '{self.tag}'") from error


@dataclass(frozen=True)
class MlflowRegistry:
    """A registered model of MLflow: ``models:/name@alias`` or ``models:/name/version``."""

    uri: str

    def mark(self) -> str:
        """The number of the version that the address means now."""
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException

        name = self.uri.removeprefix("models:/")
        alias_of, _, alias = name.partition("@")
        try:
            if not alias:
                alias_of, _, version = name.partition("/")
                return str(self._client(MlflowClient).get_model_version(alias_of, version).version)
            found = self._client(MlflowClient).get_model_version_by_alias(alias_of, alias)
        except MlflowException as error:
            raise BundleError(f"MLflow's registry has no '{self.uri}'") from error
        return str(found.version)

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """A copy that is removed when the context closes."""
        import mlflow

        mlflow.set_tracking_uri(os.environ.get("MLFLOW_TRACKING_URI", DEFAULT_TRACKING_URI))
        with TemporaryDirectory(prefix="frenkel-") as temporary:
            yield _bundle_below(
                Path(mlflow.artifacts.download_artifacts(self.uri, dst_path=temporary))
            )

    @staticmethod
    def _client(client):  # type: ignore[no-untyped-def]
        return client(os.environ.get("MLFLOW_TRACKING_URI", DEFAULT_TRACKING_URI))


def champion_source(setting: str) -> ChampionSource:
    """The source that FRENKEL_CHAMPION names. Raises BundleError for one that cannot be read."""
    kind, _, rest = setting.partition(":")
    if not setting:
        return BundleFolder(default_bundle_path())
    if kind == "bentoml" and rest:
        return BentoStore(rest)
    if kind == "models" and rest.startswith("/"):
        return MlflowRegistry(setting)
    raise BundleError(
        f"FRENKEL_CHAMPION is '{setting}'; it must be empty (the bundle folder), "
        "bentoml:NAME:VERSION or models:/NAME@ALIAS"
    )


def load_champion(source: ChampionSource) -> Predictor:
    """A checked, loaded and warmed-up model. Raises BundleError, or AlteredBundle by file."""
    with source.folder() as folder:
        predictor = Predictor.load(folder)
    predictor.predict([Material.from_formula(text) for text in WARM_UP], temperatures_k=[298.15])
    return predictor


def keep_in_bento_store(bundle: Path) -> str:
    """Copy a checked bundle into BentoML's model store; returns the tag ``frenkel:version``."""
    import bentoml

    manifest = open_bundle(bundle)
    with bentoml.models.create(f"{STORE_NAME}:{manifest.version}") as model:
        copytree(bundle, Path(model.path) / "bundle")
    return str(model.tag)


class ChampionWatch:
    """The model that answers now; looks for a new one every ``poll_s`` and when told to.

    A new model is loaded beside the old one and then takes its place: a request is answered by one
    or the other, never by none. One that cannot be loaded is logged, and the old one stays.
    """

    def __init__(
        self,
        source: ChampionSource,
        poll_s: float,
        on_change: Callable[[Predictor], None] = lambda _: None,
    ) -> None:
        self._source = source
        self._mark = source.mark()
        self._predictor = load_champion(source)
        _walk_no_more()
        self._poll_s = poll_s
        self._on_change = on_change
        self._told = threading.Event()
        self._closed = False
        on_change(self._predictor)
        threading.Thread(target=self._watch, name="champion", daemon=True).start()

    @property
    def champion(self) -> Predictor:
        """The model that answers now."""
        return self._predictor

    def look(self) -> None:
        """Look for a new model soon; safe to call from a signal handler."""
        self._told.set()

    def close(self) -> None:
        """Look no more."""
        self._closed = True
        self._told.set()

    def _watch(self) -> None:
        while not self._closed:
            self._told.wait(self._poll_s or None)
            self._told.clear()
            if not self._closed:
                self._take_over()

    def _take_over(self) -> None:
        try:
            mark = self._source.mark()
            if mark == self._mark:
                return
            predictor = load_champion(self._source)
        except Exception as error:  # a model half-written is looked at again next time
            logger.error(
                "the new champion was refused, %s stays: %s", self._predictor.version, error
            )
            return
        self._mark = mark
        logger.info("champion %s takes over from %s", predictor.version, self._predictor.version)
        self._predictor = predictor
        _walk_no_more()
        self._on_change(predictor)


def _walk_no_more() -> None:
    """Keep the garbage collector from walking what is there now, a model above all: each walk over
    it stops every request for a tenth of a second. What is no longer used is let go first."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _bundle_below(folder: Path) -> Path:
    """The one folder with a manifest at or below ``folder``. Raises BundleError."""
    found = sorted(path.parent for path in folder.rglob(MANIFEST))
    if len(found) != 1:
        raise BundleError(f"there are {len(found)} trained models in '{folder}', not one")
    return found[0]

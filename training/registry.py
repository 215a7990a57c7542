"""The registered versions in MLflow, and which of them is champion, challenger and previous."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from models.bundle import MANIFEST, BundleError
from training.tracking import CHALLENGER, CHAMPION, MODEL_NAME, PREVIOUS, tag_version

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion


class RegistryError(ValueError):
    """A version or alias that the registry does not have; the message names those it has."""


def aliases() -> dict[str, str]:
    """Version number by alias; empty where nothing is registered. Needs ``tracking.connect``."""
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    try:
        found = MlflowClient().get_registered_model(MODEL_NAME).aliases
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return {}
    return {str(alias): str(number) for alias, number in found.items()}


def versions() -> dict[str, ModelVersion]:
    """Every registered version by its number, the oldest first."""
    from mlflow import MlflowClient

    found = MlflowClient().search_model_versions(f"name='{MODEL_NAME}'")
    return {str(each.version): each for each in sorted(found, key=lambda v: int(v.version))}


def number_of(name: str) -> str:
    """The version number that a number, an alias or a bundle version means.

    Raises RegistryError naming what there is.
    """
    named, known = aliases(), versions()
    if name in named:
        return named[name]
    if name in known:
        return name
    for number, version in known.items():
        if version.tags.get("bundle_version") == name:
            return number
    there = ", ".join([*named, *known]) or "nothing yet: run `make train`"
    raise RegistryError(f"the registry has no version '{name}'; it has {there}")


@contextmanager
def bundle_of(number: str) -> Iterator[Path]:
    """A copy of a version's bundle, there for as long as the context is open.

    Raises BundleError where the version holds no bundle.
    """
    import mlflow

    with TemporaryDirectory(prefix="frenkel-") as temporary:
        uri = f"models:/{MODEL_NAME}/{number}"
        folder = Path(mlflow.artifacts.download_artifacts(uri, dst_path=temporary))
        found = sorted(path.parent for path in folder.rglob(MANIFEST))
        if len(found) != 1:
            raise BundleError(f"version {number} holds {len(found)} bundles, not one")
        yield found[0]


def promote(number: str) -> None:
    """Make a version the champion; the champion until now becomes the previous one."""
    before = aliases().get(CHAMPION)
    if before != number:
        _point(CHAMPION, number)
        _step_down(before, number)


def succeed(number: str, before: str | None) -> bool:
    """Make a version the champion in the place of ``before``, None for the first champion.

    False, and nothing changed, where another version has become champion since.
    """
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    if aliases().get(CHAMPION) != before:
        return False
    try:
        MlflowClient().set_registered_model_alias(MODEL_NAME, CHAMPION, number)
    except MlflowException:
        # Of two first champions at one moment a database turns one away.
        if aliases().get(CHAMPION) == before:
            raise
        return False
    _step_down(before, number)
    return True


def _step_down(before: str | None, number: str) -> None:
    """The aliases beside the champion's, once ``number`` has become champion after ``before``.

    In this order there is a champion at every moment.
    """
    from mlflow import MlflowClient

    if before is not None:
        _point(PREVIOUS, before)
    if aliases().get(CHALLENGER) == number:
        MlflowClient().delete_registered_model_alias(MODEL_NAME, CHALLENGER)


def _point(alias: str, number: str) -> None:
    """Point an alias to a version, whichever it points to now."""
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    client = MlflowClient()
    try:
        client.set_registered_model_alias(MODEL_NAME, alias, number)
    except MlflowException:
        # MLflow inserts an alias it has not found. Where another process inserts it at the same
        # moment, a database turns one of them away; the second time it is there to be changed.
        client.set_registered_model_alias(MODEL_NAME, alias, number)


def rollback() -> str:
    """Make the previous champion the champion again, and the champion the previous one.

    Returns the number of the version that is champion now. Raises RegistryError where there was
    none before.
    """
    named = aliases()
    if PREVIOUS not in named:
        raise RegistryError("there is no champion before this one to go back to")
    promote(named[PREVIOUS])
    return named[PREVIOUS]


def keep_as_challenger(number: str, reason: str) -> None:
    """Point the challenger's alias to a version and say on it why it is not the champion."""
    _point(CHALLENGER, number)
    tag_version(number, {"not_promoted": reason})

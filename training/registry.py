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
    from mlflow import MlflowClient

    client, named = MlflowClient(), aliases()
    before = named.get(CHAMPION)
    if before == number:
        return
    # In this order there is a champion at every moment.
    client.set_registered_model_alias(MODEL_NAME, CHAMPION, number)
    if before is not None:
        client.set_registered_model_alias(MODEL_NAME, PREVIOUS, before)
    if named.get(CHALLENGER) == number:
        client.delete_registered_model_alias(MODEL_NAME, CHALLENGER)


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
    from mlflow import MlflowClient

    client = MlflowClient()
    client.set_registered_model_alias(MODEL_NAME, CHALLENGER, number)
    tag_version(number, {"not_promoted": reason})

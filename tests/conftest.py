"""Fixtures that several packages' tests share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from models.predictor import Predictor
    from training.tables import Dataset


def pytest_configure() -> None:
    """Property tests assert what is true, not how fast this machine draws an example."""
    slow = [HealthCheck.too_slow]
    settings.register_profile("frenkel", deadline=None, suppress_health_check=slow)
    settings.load_profile("frenkel")


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    """Everything that can be had here: cache, FRENKEL_DATA_MIRROR, package index, https."""
    from training.tables import NoSources, load_dataset

    try:
        return load_dataset()
    except NoSources as error:
        pytest.skip(f"no data set is within reach: {error}")


@pytest.fixture(scope="session")
def mirror() -> Path:
    """The folder with the mirrored data sets."""
    named = os.environ.get("FRENKEL_DATA_MIRROR")
    if not named:
        pytest.skip("FRENKEL_DATA_MIRROR is not set")
    return Path(named)


@pytest.fixture(scope="session")
def bundle(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small real bundle, trained in this session on the data at hand."""
    from training.profiles import small_profile
    from training.sources import cache_dir
    from training.train import fit_bundle

    folder = tmp_path_factory.mktemp("bundle")
    fit_bundle(small_profile(), dataset, folder, None, cache=cache_dir())
    return folder


@pytest.fixture(scope="session")
def predictor(bundle: Path) -> Predictor:
    """The small bundle, loaded."""
    from models.predictor import Predictor

    return Predictor.load(bundle)

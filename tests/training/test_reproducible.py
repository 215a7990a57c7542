"""Two trainings of one commit on one machine are the same, byte for byte."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from models.bundle import open_bundle
from models.moduli_kernel import ModuliKernelConfig
from models.moduli_metric import MetricConfig
from training.profiles import Profile, small_profile
from training.train import fit_bundle

if TYPE_CHECKING:
    from training.tables import Dataset


def tiny_profile() -> Profile:
    """Everything that is learned in the served model, learned for a moment."""
    small = small_profile()
    trees = replace(small.transport.sigma_trees, rounds=10)
    network = replace(small.transport.network, epochs=2)
    return replace(
        small,
        name="tiny",
        transport=replace(
            small.transport, sigma_trees=trees, energy_trees=trees, network=network, folds=2
        ),
        moduli=replace(
            small.moduli,
            trees=trees,
            kernel=ModuliKernelConfig(MetricConfig(steps=3, batch=200), rank=8),
            network=replace(small.moduli.network, epochs=2),
        ),
        moduli_materials=300,
    )


def thinned(dataset: Dataset) -> Dataset:
    """Every twelfth measurement of conductivity and activation energy, every fifth composition with
    a modulus; no structures, whose volume ratios take long and are learned by trees as well."""
    frame = dataset.measurements
    frame = frame[frame["structure_key"].isna()]
    is_moduli = frame["property"].str.contains("modulus")
    kept = frame[
        np.where(is_moduli, pd.factorize(frame["composition_key"])[0] % 5, frame.index % 12) == 0
    ]
    return dataset.with_measurements(kept.reset_index(drop=True))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_trainings_give_the_same_bundle(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without the table of known Li compounds: its volume ratios take as long as all the rest.
    monkeypatch.delenv("FRENKEL_DATA_MIRROR", raising=False)
    few = thinned(dataset)
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        fit_bundle(tiny_profile(), few, tmp_path / name, None, cache=tmp_path / "cache")
    one, other = open_bundle(tmp_path / "one"), open_bundle(tmp_path / "other")
    assert one.files == other.files
    assert one.version == other.version
    assert one.metrics == other.metrics

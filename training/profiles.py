"""Sizes of a training run: the served model, and a small one of the same design for tests."""

from __future__ import annotations

from dataclasses import dataclass, replace

from models.label_forest import LabelForestConfig
from models.moduli_kernel import ModuliKernelConfig
from models.moduli_metric import MetricConfig
from models.moduli_model import ModuliConfig
from models.moduli_net import ModuliNetConfig
from models.transport_candidates import TransportConfig


@dataclass(frozen=True)
class Profile:
    """Settings of one training run. ``moduli_materials`` limits the rows, None takes all."""

    name: str
    transport: TransportConfig
    moduli: ModuliConfig
    moduli_materials: int | None = None
    with_structures: bool = True


FULL = Profile("full", TransportConfig(), ModuliConfig())


def small_profile() -> Profile:
    """Few trees, few epochs, few rows: a real model in well under a minute."""
    transport, moduli = TransportConfig(), ModuliConfig()
    trees = replace(transport.sigma_trees, rounds=80, learning_rate=0.1, bags=1)
    network = replace(transport.network, members=2, width=32, epochs=10)
    return Profile(
        "small",
        replace(
            transport,
            sigma_trees=trees,
            energy_trees=trees,
            network=network,
            label_forest=LabelForestConfig(trees=40),
            folds=3,
        ),
        replace(
            moduli,
            trees=replace(trees, max_depth=6),
            kernel=ModuliKernelConfig(MetricConfig(steps=15, batch=300), rank=32),
            network=ModuliNetConfig(width=64, blocks=1, epochs=15),
            folds=3,
        ),
        moduli_materials=1500,
        with_structures=False,
    )


def profile_named(name: str) -> Profile:
    """The profile called ``name``. Raises ValueError naming the known ones."""
    if name == "full":
        return FULL
    if name == "small":
        return small_profile()
    raise ValueError(f"unknown profile '{name}': accepted are full, small")

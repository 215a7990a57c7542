"""The candidates of one view of the moduli: boosted trees, a learned kernel, a network."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from models.labels import BoolArray, FloatArray, Labels
from models.moduli_kernel import ModuliKernel, ModuliKernelConfig
from models.moduli_net import ModuliNet
from models.network import NetworkConfig
from models.targets import MODULI_TARGETS
from models.trees import BoostedTrees, BoostedTreesConfig

CANDIDATES = ("boosted_trees", "learned_kernel", "moduli_net")


@dataclass(frozen=True)
class ModuliConfig:
    """Settings of all candidates and of the inner folds."""

    trees: BoostedTreesConfig = BoostedTreesConfig(
        rounds=600,
        learning_rate=0.05,
        max_depth=8,
        min_child_weight=4.0,
        colsample_bynode=0.15,
        huber_delta=0.3,
    )
    kernel: ModuliKernelConfig = field(default_factory=ModuliKernelConfig)
    network: NetworkConfig = NetworkConfig(
        members=3, width=192, depth=2, dropout=0.15, epochs=40, batch=384, learning_rate=2e-3
    )
    folds: int = 3


@dataclass
class Candidates:
    """One fitted set of candidates; the trees are in the order of MODULI_TARGETS."""

    trees: list[BoostedTrees]
    kernel: ModuliKernel
    network: ModuliNet

    def predict(self, x: FloatArray) -> FloatArray:
        """(n, candidates, 2) in log10 GPa of x (n, d)."""
        boosted = np.column_stack([trees.predict(x) for trees in self.trees])
        network = self.network.predict(x).mean(axis=0)
        return np.stack([boosted, self.kernel.predict(x), network], axis=1)

    def save(self, folder: Path) -> None:
        """Write every part into an existing folder."""
        for part in (*self.trees, self.kernel, self.network):
            part.save(folder)

    @classmethod
    def load(cls, folder: Path, view: str) -> Candidates:
        """Read what ``save`` wrote for a view."""
        return cls(
            [BoostedTrees.load(folder, named(target.name, view)) for target in MODULI_TARGETS],
            ModuliKernel.load(folder, named("moduli_kernel", view)),
            ModuliNet.load(folder, named("moduli_net", view)),
        )


def fit_candidates(
    config: ModuliConfig,
    view: str,
    x: FloatArray,
    y: FloatArray,
    knows: BoolArray,
    kernel: ModuliKernel,
) -> Candidates:
    """Fit every candidate on x (n, d) and y (n, 2), NaN where not known.

    knows: (n,) rows that have all that the view is about; trees learn from the others too, which
    lack columns. ``kernel`` brings its metric.
    """
    trees = []
    for column, target in enumerate(MODULI_TARGETS):
        labelled = np.isfinite(y[:, column])
        model = BoostedTrees(config.trees, named(target.name, view))
        model.fit(x[labelled], Labels.of(y[labelled, column]))
        trees.append(model)
    fitted = kernel.unfitted_copy()
    fitted.fit(x[knows], y[knows])
    network = ModuliNet(config.network, named("moduli_net", view))
    network.fit(x[knows], y[knows], np.ones(int(knows.sum())))
    return Candidates(trees, fitted, network)


def named(part: str, view: str) -> str:
    """The file name of a part of a view."""
    return f"{part}_{view}"

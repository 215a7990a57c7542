"""The candidates of one view of the moduli: kernels on a learned metric, then boosted trees."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from models.labels import BoolArray, FloatArray, IntArray, Labels
from models.moduli_kernel import ModuliKernel, ModuliKernelConfig
from models.moduli_net import ModuliNet, ModuliNetConfig, NetColumns
from models.targets import MODULI_TARGETS
from models.trees import BoostedTrees, BoostedTreesConfig

CANDIDATES = ("learned_kernel", "boosted_trees", "element_net")


@dataclass(frozen=True)
class ModuliConfig:
    """Settings of all candidates; one of ``folds`` folds is held out to judge them."""

    kernel: ModuliKernelConfig = field(default_factory=ModuliKernelConfig)
    trees: BoostedTreesConfig = BoostedTreesConfig(
        rounds=300,
        learning_rate=0.04,
        max_depth=6,
        min_child_weight=8.0,
        colsample_bynode=0.15,
        huber_delta=0.3,
    )
    network: ModuliNetConfig = field(default_factory=ModuliNetConfig)
    folds: int = 3


@dataclass
class Candidates:
    """One fitted set of candidates; the trees are in the order of MODULI_TARGETS.

    Each kernel after the first learns what the ones before it left over, and the trees what the
    kernels left over.
    """

    kernels: list[ModuliKernel]
    trees: list[BoostedTrees]
    network: ModuliNet

    def predict(self, x: FloatArray) -> FloatArray:
        """(n, candidates, 2) in log10 GPa of x (n, d)."""
        return all_predictions(x, self.kernel_predictions(x), self.trees, self.network)

    def kernel_predictions(self, x: FloatArray) -> FloatArray:
        """(n, 2) in log10 GPa: what all kernels say together of x (n, d)."""
        return np.asarray(np.sum([kernel.predict(x) for kernel in self.kernels], axis=0))

    def save(self, folder: Path) -> None:
        """Write every part into an existing folder."""
        for kernel in self.kernels:
            kernel.save(folder)
        for trees in self.trees:
            trees.save(folder)
        self.network.save(folder)

    @classmethod
    def load(cls, folder: Path, view: str, kernels: int) -> Candidates:
        """Read what ``save`` wrote for a view."""
        return cls(
            [ModuliKernel.load(folder, kernel_name(view, stage)) for stage in range(kernels)],
            [BoostedTrees.load(folder, f"{target.name}_{view}") for target in MODULI_TARGETS],
            ModuliNet.load(folder, net_name(view)),
        )


def net_name(view: str) -> str:
    """The file name of a view's network."""
    return f"moduli_net_{view}"


def kernel_name(view: str, stage: int) -> str:
    """The file name of a view's kernel."""
    return f"moduli_kernel_{view}_{stage}"


def fit_kernels(
    x: FloatArray, y: FloatArray, groups: IntArray, knows: BoolArray, kernels: list[ModuliKernel]
) -> tuple[list[ModuliKernel], FloatArray]:
    """Fit copies of ``kernels``: the first on all rows of x (n, d) and y (n, 2), the others on the
    rows that know the view (n,). Also what they say of each row from other groups, (n, 2)."""
    base, fitted = np.zeros_like(y), []
    for stage, kernel in enumerate(kernels):
        rows = knows if stage else np.ones(len(x), bool)
        copy = kernel.unfitted_copy()
        base[rows] += copy.fit(x[rows], (y - base)[rows], groups[rows])
        fitted.append(copy)
    return fitted, base


def fit_trees(
    config: ModuliConfig, view: str, x: FloatArray, y: FloatArray, base: FloatArray
) -> list[BoostedTrees]:
    """Trees on what ``base`` (n, 2), held-out predictions of the kernels, leaves of y (n, 2)."""
    inputs = np.hstack([x, base])
    trees = []
    for column, target in enumerate(MODULI_TARGETS):
        rows = np.isfinite(y[:, column])
        model = BoostedTrees(config.trees, f"{target.name}_{view}")
        model.fit(inputs[rows], Labels.of((y - base)[rows, column]))
        trees.append(model)
    return trees


def all_predictions(
    x: FloatArray, base: FloatArray, trees: list[BoostedTrees], network: ModuliNet
) -> FloatArray:
    """(n, candidates, 2) in log10 GPa: the kernels ``base``, the trees on top of them, the
    network."""
    inputs = np.hstack([x, base])
    boosted = base + np.column_stack([each.predict(inputs) for each in trees])
    return np.stack([base, boosted, network.predict(x)], axis=1)


def fit_network(
    config: ModuliConfig, view: str, columns: NetColumns, x: FloatArray, y: FloatArray
) -> ModuliNet:
    """The network of a view on x (n, d) and y (n, 2)."""
    network = ModuliNet(config.network, columns, net_name(view))
    network.fit(x, y)
    return network

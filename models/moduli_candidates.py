"""The candidates of one view of the moduli: a kernel on a learned metric, trees, a network."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from models.labels import FloatArray, Labels
from models.moduli_kernel import ModuliKernel, ModuliKernelConfig
from models.moduli_net import ModuliNet, ModuliNetConfig
from models.targets import MODULI_TARGETS
from models.trees import BoostedTrees, BoostedTreesConfig

CANDIDATES = ("learned_kernel", "boosted_trees", "element_net")


@dataclass(frozen=True)
class ModuliConfig:
    """Settings of all candidates; one of ``folds`` folds is held out to judge them.

    ``structure_epochs``: the network of the structure view sees every row, and few with a
    structure; it needs less time.
    """

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
    structure_epochs: int = 100
    folds: int = 4


@dataclass
class Candidates:
    """One fitted set of candidates; the trees are in the order of MODULI_TARGETS and learn what
    the kernel left over."""

    kernel: ModuliKernel
    trees: list[BoostedTrees]
    network: ModuliNet

    def predict(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(n, candidates, 2) in log10 GPa of x (n, d): the kernel, the trees on top of it, the
        network; and (n, materials, 2) errors of the kernel with materials alike."""
        base, errors = self.kernel.answer(x)
        inputs = np.hstack([x, base])
        boosted = base + np.column_stack([each.predict(inputs) for each in self.trees])
        return np.stack([base, boosted, self.network.predict(x)], axis=1), errors

    def save(self, folder: Path) -> None:
        """Write every part into an existing folder."""
        self.kernel.save(folder)
        for trees in self.trees:
            trees.save(folder)
        self.network.save(folder)

    @classmethod
    def load(cls, folder: Path, view: str) -> Candidates:
        """Read what ``save`` wrote for a view."""
        return cls(
            ModuliKernel.load(folder, kernel_name(view)),
            [BoostedTrees.load(folder, f"{target.name}_{view}") for target in MODULI_TARGETS],
            ModuliNet.load(folder, net_name(view)),
        )


def net_name(view: str) -> str:
    """The file name of a view's network."""
    return f"moduli_net_{view}"


def kernel_name(view: str) -> str:
    """The file name of a view's kernel."""
    return f"moduli_kernel_{view}"


def fit_trees(
    config: ModuliConfig, view: str, x: FloatArray, y: FloatArray, base: FloatArray
) -> list[BoostedTrees]:
    """Trees on what ``base`` (n, 2), held-out predictions of the kernel, leaves of y (n, 2)."""
    inputs = np.hstack([x, base])
    trees = []
    for column, target in enumerate(MODULI_TARGETS):
        rows = np.isfinite(y[:, column])
        model = BoostedTrees(config.trees, f"{target.name}_{view}")
        model.fit(inputs[rows], Labels.of((y - base)[rows, column]))
        trees.append(model)
    return trees

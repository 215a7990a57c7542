"""Shear and bulk modulus, learned together on the log10 scale."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.composition_distance import CompositionIndex, fractions_of
from models.explanation import Contribution, contributions
from models.folds import grouped_fold_of
from models.held_out import BlendedTarget, HeldOut, error_correlation
from models.labels import FloatArray, IntArray, Labels
from models.moduli_net import ModuliNet
from models.network import NetworkConfig
from models.targets import MODULI_TARGETS
from models.trees import BoostedTrees, BoostedTreesConfig, Forest, ForestConfig

CANDIDATES = ("boosted_trees", "forest", "moduli_net")


@dataclass(frozen=True)
class ModuliConfig:
    """Settings of all candidates and of the inner folds."""

    trees: BoostedTreesConfig = BoostedTreesConfig(
        rounds=700, learning_rate=0.05, max_depth=8, min_child_weight=4.0, huber_delta=0.3
    )
    forest: ForestConfig = ForestConfig(trees=60, min_samples_leaf=3, max_features=0.2)
    network: NetworkConfig = NetworkConfig(
        members=4, width=256, depth=2, dropout=0.1, epochs=40, batch=512, learning_rate=2e-3
    )
    folds: int = 4


@dataclass(frozen=True)
class ModuliData:
    """Training rows: features (n, d); log10 G and log10 K in y (n, 2), NaN where unknown;
    weight (n,); groups (n,) of rows that stay together; category (n,) "structure" or "formula"."""

    features: pd.DataFrame
    y: FloatArray
    weight: FloatArray
    groups: IntArray
    category: npt.NDArray[np.str_]


@dataclass
class Candidates:
    """One fitted set of candidates; trees and forests are in the order of MODULI_TARGETS."""

    trees: list[BoostedTrees]
    forests: list[Forest]
    network: ModuliNet

    def parts(self) -> tuple[BoostedTrees | Forest | ModuliNet, ...]:
        """The fitted candidates, each with ``save``."""
        return (*self.trees, *self.forests, self.network)

    def predict(self, x: FloatArray) -> FloatArray:
        """(n, candidates, 2) in log10 GPa."""
        network = self.network.predict(x).mean(axis=0)
        return np.stack(
            [
                np.column_stack(
                    [self.trees[i].predict(x), self.forests[i].predict(x), network[:, i]]
                )
                for i in range(2)
            ],
            axis=2,
        )


def fit_candidates(
    config: ModuliConfig, x: FloatArray, y: FloatArray, weight: FloatArray
) -> Candidates:
    """Fit every candidate on x (n, d), y (n, 2) and weight (n,)."""
    trees, forests = [], []
    for column, target in enumerate(MODULI_TARGETS):
        known = np.isfinite(y[:, column])
        labels = Labels.of(y[known, column], weight=weight[known])
        tree = BoostedTrees(config.trees, f"{target.name}_trees")
        forest = Forest(config.forest, f"{target.name}_forest")
        tree.fit(x[known], labels)
        forest.fit(x[known], labels)
        trees.append(tree)
        forests.append(forest)
    network = ModuliNet(config.network)
    network.fit(x, y, weight)
    return Candidates(trees, forests, network)


class ModuliModel:
    """The blend of all candidates for log10 G and log10 K with its calibration."""

    def __init__(self, config: ModuliConfig) -> None:
        self.config = config
        self.columns: list[str] = []
        self.blended: dict[str, BlendedTarget] = {}
        self.residual_correlation = 0.0
        self.candidates: Candidates | None = None

    def fit(
        self, data: ModuliData, progress: Callable[[str], None] = lambda _: None
    ) -> dict[str, HeldOut]:
        """Learn from ``data``; returns the held-out predictions by target name."""
        self.columns = list(data.features.columns)
        x = data.features.to_numpy(np.float64)
        fold = grouped_fold_of(data.groups, self.config.folds, "moduli")
        predictions = np.full((len(x), len(CANDIDATES), 2), np.nan)
        distance = np.full((len(x), 2), np.nan)
        fractions = fractions_of(data.features)
        for number in range(self.config.folds):
            progress(f"moduli: fold {number + 1} of {self.config.folds}")
            inside = fold != number
            fitted = fit_candidates(self.config, x[inside], data.y[inside], data.weight[inside])
            predictions[~inside] = fitted.predict(x[~inside])
            distance[~inside] = CompositionIndex(fractions[inside]).nearness(fractions[~inside])
        held_out = {}
        for column, target in enumerate(MODULI_TARGETS):
            rows = np.flatnonzero(np.isfinite(data.y[:, column]))
            labels = Labels.of(data.y[rows, column], weight=data.weight[rows])
            part = HeldOut(rows, labels, predictions[rows, :, column], fold[rows], distance[rows])
            self.blended[target.name] = part.blend_and_calibrate(target, data.category[rows])
            held_out[target.name] = part
        self.residual_correlation = error_correlation(held_out)
        progress("moduli: all rows")
        self.candidates = fit_candidates(self.config, x, data.y, data.weight)
        return held_out

    def predict(self, features: pd.DataFrame) -> tuple[FloatArray, FloatArray]:
        """Mean and spread of log10 G and log10 K (GPa), each (n, 2). RuntimeError before fit."""
        if self.candidates is None:
            raise RuntimeError("the model is not fitted")
        each = self.candidates.predict(features[self.columns].to_numpy(np.float64))
        mean = np.empty((len(each), 2))
        for column, target in enumerate(MODULI_TARGETS):
            mean[:, column] = np.clip(
                each[:, :, column] @ self.blended[target.name].weights, *target.plausible
            )
        return mean, each.std(axis=1)

    def explain(self, target: str, features: pd.DataFrame) -> list[list[Contribution]]:
        """Contributions to the boosted trees' prediction of ``target``. RuntimeError before fit."""
        if self.candidates is None:
            raise RuntimeError("the model is not fitted")
        names = [each.name for each in MODULI_TARGETS]
        trees = self.candidates.trees[names.index(target)]
        return contributions(trees, self.columns, features[self.columns].to_numpy(np.float64))

    def save(self, folder: Path) -> None:
        """Write every part into an existing folder. Raises RuntimeError before ``fit``."""
        if self.candidates is None:
            raise RuntimeError("the model is not fitted")
        for part in self.candidates.parts():
            part.save(folder)
        state = {
            "columns": self.columns,
            "residual_correlation": self.residual_correlation,
            "targets": {name: part.to_state() for name, part in self.blended.items()},
        }
        (folder / "moduli.json").write_text(json.dumps(state))

    @classmethod
    def load(cls, folder: Path) -> ModuliModel:
        """Read what ``save`` wrote. Raises FileNotFoundError or KeyError for a broken folder."""
        state = json.loads((folder / "moduli.json").read_text())
        model = cls(ModuliConfig())
        model.columns = state["columns"]
        model.residual_correlation = float(state["residual_correlation"])
        model.blended = {
            name: BlendedTarget.from_state(part) for name, part in state["targets"].items()
        }
        model.candidates = Candidates(
            [BoostedTrees.load(folder, f"{target.name}_trees") for target in MODULI_TARGETS],
            [Forest.load(folder, f"{target.name}_forest") for target in MODULI_TARGETS],
            ModuliNet.load(folder, "moduli_net"),
        )
        return model

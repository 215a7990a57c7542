"""One view of a material for its moduli: the formula, the space group too, or the structure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.folds import grouped_fold_of
from models.held_out import BlendedTarget, HeldOut, error_correlation
from models.labels import BoolArray, FloatArray, IntArray, Labels
from models.moduli_candidates import (
    CANDIDATES,
    Candidates,
    ModuliConfig,
    fit_candidates,
    named,
)
from models.moduli_kernel import KernelColumns, ModuliKernel
from models.targets import MODULI_TARGETS

FORMULA, SYMMETRY, STRUCTURE = "formula", "symmetry", "structure"
VIEWS = (FORMULA, SYMMETRY, STRUCTURE)  # each knows what the one before it knows, and more


@dataclass(frozen=True)
class ModuliData:
    """Training rows, one a crystal: features (n, d), NaN where unknown; log10 G and log10 K (GPa)
    in y (n, 2), NaN where unknown; groups (n,) of rows that stay together (one composition);
    known (n,) the last of VIEWS that the row is known in; material (n,) which one it was made of.
    """

    features: pd.DataFrame
    y: FloatArray
    groups: IntArray
    known: npt.NDArray[np.str_]
    material: IntArray

    def knows(self, view: str) -> BoolArray:
        """(n,) true for rows that have what the view is about."""
        rank = np.array([VIEWS.index(name) for name in self.known.tolist()], dtype=np.int64)
        return np.asarray(rank >= VIEWS.index(view))

    def take(self, rows: BoolArray) -> ModuliData:
        """The rows of a mask (n,)."""
        return ModuliData(
            self.features[rows].reset_index(drop=True),
            self.y[rows],
            self.groups[rows],
            self.known[rows],
            self.material[rows],
        )


@dataclass(frozen=True)
class ViewColumns:
    """Names of the columns of a view; see ``KernelColumns`` for what the kernel does with them.
    ``unlike`` are those that say nothing of how alike two materials are; the kernel skips them."""

    unlike: list[str]
    plain: list[str]
    symmetry: list[str]
    space_group: str | None
    shares: list[str]

    def all(self) -> list[str]:
        """Every column once, in the order of the matrix."""
        first = [] if self.space_group is None else [self.space_group]
        return [*self.unlike, *self.plain, *self.symmetry, *first]

    def positions(self) -> KernelColumns:
        """The same as positions in the matrix."""
        names = self.all()
        return KernelColumns(
            [names.index(name) for name in self.plain],
            [names.index(name) for name in self.symmetry],
            None if self.space_group is None else names.index(self.space_group),
            [names.index(name) for name in self.shares],
        )


class ModuliView:
    """The blend of all candidates that see one set of columns, with its calibration."""

    def __init__(self, name: str, columns: ViewColumns) -> None:
        self.name = name
        self.columns = columns
        self.blended: dict[str, BlendedTarget] = {}
        self.residual_correlation = 0.0
        self.candidates: Candidates | None = None

    def matrix(self, features: pd.DataFrame) -> FloatArray:
        """(n, d) the view's columns. Raises KeyError for a table that lacks one."""
        positions = features.columns.get_indexer(self.columns.all())
        if (positions < 0).any():
            raise KeyError(f"the table lacks a column of the {self.name} view")
        return features.to_numpy(np.float64)[:, positions]

    def fit(
        self, config: ModuliConfig, data: ModuliData, progress: Callable[[str], None]
    ) -> dict[str, HeldOut]:
        """Learn from all rows; weights and intervals from held-out rows that know the view.

        Returns the held-out predictions by target name.
        """
        kernel = self.new_kernel(config, data)
        predictions, fold = self.held_out(config, data, kernel, progress)
        judged = data.knows(self.name)
        parts = {}
        for column, target in enumerate(MODULI_TARGETS):
            rows = np.flatnonzero(np.isfinite(data.y[:, column]) & judged)
            labels = Labels.of(data.y[rows, column])
            part = HeldOut(rows, labels, predictions[rows, :, column], fold[rows])
            category = np.full(len(rows), self.name)
            self.blended[target.name] = part.blend_and_calibrate(target, category)
            parts[target.name] = part
        self.residual_correlation = error_correlation(parts)
        progress(f"moduli: {self.name}, all rows")
        self.candidates = fit_candidates(
            config, self.name, self.matrix(data.features), data.y, judged, kernel
        )
        return parts

    def new_kernel(self, config: ModuliConfig, data: ModuliData) -> ModuliKernel:
        """An unfitted kernel with its metric.

        The metric is learned once from all rows: a few hundred weights that maximise the
        evidence, which held-out labels move little; the benchmark's own test rows are outside.
        """
        name = named("moduli_kernel", self.name)
        kernel = ModuliKernel(config.kernel, self.columns.positions(), name)
        judged = data.knows(self.name)
        kernel.learn_metric(self.matrix(data.features)[judged], data.y[judged])
        return kernel

    def held_out(
        self,
        config: ModuliConfig,
        data: ModuliData,
        kernel: ModuliKernel,
        progress: Callable[[str], None],
    ) -> tuple[FloatArray, IntArray]:
        """Out-of-fold predictions (n, candidates, 2), NaN for rows that do not know the view, and
        the fold (n,) of each row."""
        x = self.matrix(data.features)
        judged = data.knows(self.name)
        fold = grouped_fold_of(data.groups, config.folds, "moduli")
        predictions = np.full((len(x), len(CANDIDATES), 2), np.nan)
        for number in range(config.folds):
            progress(f"moduli: {self.name}, fold {number + 1} of {config.folds}")
            inside = fold != number
            fitted = fit_candidates(
                config, self.name, x[inside], data.y[inside], judged[inside], kernel
            )
            outside = ~inside & judged
            predictions[outside] = fitted.predict(x[outside])
        return predictions, fold

    def predict(self, features: pd.DataFrame) -> tuple[FloatArray, FloatArray]:
        """Mean and spread of log10 G and log10 K (GPa), each (n, 2), the means kept inside what is
        physically plausible. Raises RuntimeError before ``fit``."""
        if self.candidates is None:
            raise RuntimeError("the model is not fitted")
        each = self.candidates.predict(self.matrix(features))
        mean = np.empty((len(each), 2))
        for column, target in enumerate(MODULI_TARGETS):
            mean[:, column] = np.clip(
                each[:, :, column] @ self.blended[target.name].weights, *target.plausible
            )
        return mean, each.std(axis=1)

    def save(self, folder: Path) -> dict[str, Any]:
        """Write the candidates into an existing folder; returns the rest as plain values."""
        if self.candidates is None:
            raise RuntimeError("the model is not fitted")
        self.candidates.save(folder)
        return {
            "columns": asdict(self.columns),
            "residual_correlation": self.residual_correlation,
            "targets": {name: part.to_state() for name, part in self.blended.items()},
        }

    @classmethod
    def load(cls, folder: Path, name: str, state: dict[str, Any]) -> ModuliView:
        """Read what ``save`` wrote. Raises FileNotFoundError or KeyError for a broken folder."""
        view = cls(name, ViewColumns(**state["columns"]))
        view.residual_correlation = float(state["residual_correlation"])
        view.blended = {
            target: BlendedTarget.from_state(part) for target, part in state["targets"].items()
        }
        view.candidates = Candidates.load(folder, name)
        return view

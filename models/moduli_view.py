"""One view of a material for its moduli: the formula, the space group too, or the structure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.columns import Columns
from models.composition_distance import CompositionIndex, fractions_of
from models.explanation import Contribution, contributions
from models.folds import grouped_fold_of
from models.held_out import BlendedTarget, HeldOut, combined, error_correlation
from models.labels import BoolArray, FloatArray, IntArray, Labels
from models.moduli_candidates import (
    Candidates,
    ModuliConfig,
    fit_trees,
    kernel_name,
    net_name,
)
from models.moduli_kernel import KernelColumns, ModuliKernel
from models.moduli_net import ModuliNet, NetColumns
from models.targets import MODULI_TARGETS

FORMULA, SYMMETRY, STRUCTURE = "formula", "symmetry", "structure"
CALIBRATION_PARTS = 5
HELD_OUT = 0  # the fold that weights and intervals are learned from
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
    ``unlike`` are those that say nothing of how alike two materials are: the kernel skips them.
    ``extra`` are known of few rows."""

    unlike: list[str]
    plain: list[str]
    extra: list[str]
    symmetry: list[str]
    space_group: str | None
    shares: list[str]

    def all(self) -> list[str]:
        """Every column once, in the order of the matrix."""
        first = [] if self.space_group is None else [self.space_group]
        return [*self.unlike, *self.plain, *self.symmetry, *first, *self.extra]

    def of_network(self) -> NetColumns:
        """What the network sees, as positions in the matrix."""
        names = {name: position for position, name in enumerate(self.all())}
        number = [name.removesuffix("share") + "atomic_number" for name in self.shares]
        return NetColumns(
            [names[name] for name in (*self.plain, *self.symmetry, *self.extra)],
            [names[name] for name in number],
            [names[name] for name in self.shares],
            None if self.space_group is None else names[self.space_group],
        )

    def of_kernel(self) -> KernelColumns:
        """What the kernel sees, as positions in the matrix."""
        names = {name: position for position, name in enumerate(self.all())}
        return KernelColumns(
            [names[name] for name in (*self.plain, *self.extra)],
            [names[name] for name in self.symmetry],
            None if self.space_group is None else names[self.space_group],
            [names[name] for name in self.shares],
        )


class ModuliView:
    """The blend of all candidates that see one set of columns, with its calibration."""

    def __init__(self, name: str, columns: ViewColumns) -> None:
        self.name = name
        self.columns = columns
        self._columns = Columns(columns.all())
        self.blended: dict[str, BlendedTarget] = {}
        self.residual_correlation = 0.0
        self.candidates: Candidates | None = None

    def matrix(self, features: pd.DataFrame) -> FloatArray:
        """(n, d) the view's columns. Raises KeyError for a table that lacks one."""
        return self._columns.matrix(features)

    def fit(
        self, config: ModuliConfig, data: ModuliData, progress: Callable[[str], None]
    ) -> dict[str, HeldOut]:
        """Learn from all rows; weights and intervals from held-out rows that know the view.

        One fold is held out of everything. Left-out predictions of a kernel that knows it would
        not do: they make the trees, which learn what the kernel leaves over, look worse than they
        are. Returns the held-out predictions by target name.
        """
        judged = data.knows(self.name)
        fold = grouped_fold_of(data.groups, config.folds, "moduli")
        rest, outside = fold != HELD_OUT, judged & (fold == HELD_OUT)
        progress(f"moduli: {self.name}, one fold held out")
        judge = self.fit_candidates(config, data.take(rest))
        predictions, _ = judge.predict(self.matrix(data.features)[outside])
        # One fold is all there is: its expected errors are cross-fitted over parts of it.
        part_of = grouped_fold_of(data.groups, CALIBRATION_PARTS, "moduli calibration")[outside]
        fractions = fractions_of(data.features)
        distance = CompositionIndex(fractions[rest]).nearness(fractions[outside])
        parts = {}
        for column, target in enumerate(MODULI_TARGETS):
            known = np.isfinite(data.y[outside, column])
            rows = np.flatnonzero(outside)[known]
            part = HeldOut(
                rows,
                Labels.of(data.y[rows, column]),
                predictions[known, :, column],
                part_of[known],
                distance[known],
            )
            category = np.full(len(rows), self.name)
            self.blended[target.name] = part.blend_and_calibrate(target, category)
            parts[target.name] = part
        self.residual_correlation = error_correlation(parts)
        progress(f"moduli: {self.name}, all rows")
        self.candidates = self._fitted(config, data, judge.kernel.unfitted_copy())
        return parts

    def fit_candidates(self, config: ModuliConfig, data: ModuliData) -> Candidates:
        """Every candidate learned from ``data`` and nothing else, without blend and calibration."""
        judged = data.knows(self.name)
        kernel = ModuliKernel(config.kernel, self.columns.of_kernel(), kernel_name(self.name))
        kernel.learn_metric(self.matrix(data.features)[judged], data.y[judged])
        return self._fitted(config, data, kernel)

    def _fitted(self, config: ModuliConfig, data: ModuliData, kernel: ModuliKernel) -> Candidates:
        """The candidates on a kernel that has a metric and nothing else yet."""
        judged = data.knows(self.name)
        every = self.matrix(data.features)
        x, y = every[judged], data.y[judged]
        base = kernel.fit(x, y, data.groups[judged])
        trees = fit_trees(config, self.name, x, y, base)
        return Candidates(kernel, trees, self._fit_network(config, every, data.y))

    def _fit_network(self, config: ModuliConfig, x: FloatArray, y: FloatArray) -> ModuliNet:
        """The network learned from all rows, also those that know less than the view is about:
        dropout and the share of columns that a row lacks let it learn from both."""
        settings = config.network
        if self.columns.extra:
            settings = replace(settings, epochs=min(settings.epochs, config.structure_epochs))
        network = ModuliNet(settings, self.columns.of_network(), net_name(self.name))
        network.fit(x, y)
        return network

    def predict(self, features: pd.DataFrame) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Mean and spread of log10 G and log10 K (GPa), each (n, 2), the means kept inside what is
        physically plausible; and ``Candidates.predict``'s errors with materials alike.

        Raises RuntimeError before ``fit``.
        """
        if self.candidates is None:
            raise RuntimeError("the model is not fitted")
        each, errors = self.candidates.predict(self.matrix(features))
        return *combined(each, MODULI_TARGETS, self.blended), errors

    def explain(self, target: str, features: pd.DataFrame) -> list[list[Contribution]]:
        """What moves the boosted trees' prediction of ``target``, one list a row.

        The trees correct the kernel, so ``base`` is what the kernel says and the mean correction.
        Raises RuntimeError before ``fit``.
        """
        if self.candidates is None:
            raise RuntimeError("the model is not fitted")
        x = self.matrix(features)
        column = [each.name for each in MODULI_TARGETS].index(target)
        base = self.candidates.kernel.predict(x)
        names = [*self.columns.all(), *(f"kernel_{each.name}" for each in MODULI_TARGETS)]
        trees = self.candidates.trees[column]
        return contributions(trees, names, np.hstack([x, base]), base[:, column])

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

"""Ionic conductivity and activation energy, learned as the pair the Arrhenius law needs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.columns import Columns, some_rows
from models.estimates import Answers, Part
from models.explanation import Contribution, contributions
from models.held_out import HeldOut
from models.labels import BoolArray, FloatArray
from models.targets import TRANSPORT_TARGETS
from models.transport_candidates import CRYSTAL, FORMULA, TransportConfig
from models.transport_view import TransportData, TransportView


@dataclass(frozen=True)
class TransportPrediction:
    """mean and spread: (n, 2), log10 sigma at 298.15 K and E_a (eV); view: (n,) which model."""

    mean: FloatArray
    spread: FloatArray
    view: npt.NDArray[np.str_]


class TransportModel:
    """Two views of a material, and which of them answers: the one that knows more."""

    def __init__(self, config: TransportConfig, views: dict[str, TransportView]) -> None:
        self.config = config
        self.views = views

    @classmethod
    def with_columns(
        cls, config: TransportConfig, composition: list[str], symmetry: list[str], rest: list[str]
    ) -> TransportModel:
        """An unfitted model over named columns; without any symmetry there is one view."""
        views = {FORMULA: TransportView(FORMULA, composition, [])}
        if symmetry:
            views[CRYSTAL] = TransportView(CRYSTAL, composition + symmetry, rest)
        return cls(config, views)

    def fit(
        self, data: TransportData, progress: Callable[[str], None] = lambda _: None
    ) -> dict[str, dict[str, HeldOut]]:
        """Learn every view; returns held-out predictions by view and target name."""
        judged = {FORMULA: np.ones(len(data.features), bool), CRYSTAL: data.has_crystal}
        return {
            name: view.fit(self.config, data, judged[name], progress)
            for name, view in self.views.items()
        }

    def predict(self, features: pd.DataFrame) -> TransportPrediction:
        """Predict each row with the view that fits it. Raises RuntimeError before ``fit``."""
        mean, spread = np.empty((len(features), 2)), np.empty((len(features), 2))
        chosen = np.full(len(features), FORMULA, dtype="<U7")
        if CRYSTAL in self.views:
            chosen[self._knows_crystal(features)] = CRYSTAL
        for name, view in self.views.items():
            rows = np.flatnonzero(chosen == name)
            if len(rows):
                mean[rows], spread[rows] = view.predict(some_rows(features, rows))
        return TransportPrediction(mean, spread, chosen)

    def _knows_crystal(self, features: pd.DataFrame) -> npt.NDArray[np.bool_]:
        """(n,) true where a column that only a crystal has is filled."""
        return np.asarray((~np.isnan(self._crystal_columns.matrix(features))).any(axis=1))

    @cached_property
    def _crystal_columns(self) -> Columns:
        composition = set(self.views[FORMULA].base_columns)
        columns = self.views[CRYSTAL].base_columns
        return Columns([column for column in columns if column not in composition])

    def parts(
        self,
        features: pd.DataFrame,
        prediction: TransportPrediction,
        distance: FloatArray,
        outside: BoolArray,
    ) -> dict[str, list[Part]]:
        """By target name, the rows that each view answered with its calibration.

        distance: (n, 2) ``CompositionIndex.nearness`` to the materials learned from. outside:
        (n,) known to lie outside the data.
        """
        category = np.full(len(features), "", dtype="<U32")
        rows_of = {name: np.flatnonzero(prediction.view == name) for name in self.views}
        for name, rows in rows_of.items():
            category[rows] = self.views[name].category(some_rows(features, rows))
        answers = Answers(prediction.mean, prediction.spread, distance, category, outside)
        found: dict[str, list[Part]] = {target.name: [] for target in TRANSPORT_TARGETS}
        for name, rows in rows_of.items():
            if not len(rows):
                continue
            view = self.views[name]
            x = view.matrix(some_rows(features, rows))
            for column, target in enumerate(TRANSPORT_TARGETS):
                part = answers.part(rows, column, view.blended[target.name].calibration)
                known = view.with_alike(target.name, x, part.known)
                found[target.name].append(replace(part, known=known))
        return found

    def explain(self, target: str, features: pd.DataFrame) -> list[list[Contribution]]:
        """Contributions to the boosted trees' prediction of ``target``, of each row's own view."""
        chosen = self.predict(features).view
        result: list[list[Contribution]] = [[] for _ in range(len(features))]
        for name, view in self.views.items():
            rows = np.flatnonzero(chosen == name)
            trees, columns, x = view.boosted_trees(target, some_rows(features, rows))
            for row, found in zip(rows, contributions(trees, columns, x), strict=True):
                result[row] = found
        return result

    def residual_correlation(self, prediction: TransportPrediction) -> FloatArray:
        """(n,) correlation of the errors in log10 sigma and E_a, of the view that answered."""
        of_view = {name: view.residual_correlation for name, view in self.views.items()}
        return np.array([of_view[str(name)] for name in prediction.view], dtype=np.float64)

    def save(self, folder: Path) -> None:
        """Write every view into an existing folder."""
        state = {name: view.save(folder) for name, view in self.views.items()}
        (folder / "transport.json").write_text(json.dumps(state))

    @classmethod
    def load(cls, folder: Path) -> TransportModel:
        """Read what ``save`` wrote. Raises FileNotFoundError or KeyError for a broken folder."""
        state = json.loads((folder / "transport.json").read_text())
        views = {name: TransportView.load(folder, name, part) for name, part in state.items()}
        return cls(TransportConfig(), views)

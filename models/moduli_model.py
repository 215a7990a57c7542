"""Shear and bulk modulus, learned together on the log10 scale."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.elements import SYMBOLS
from models.columns import Columns, some_rows
from models.error_scale import Alike, Circumstances
from models.estimates import Answers, Part
from models.explanation import Contribution
from models.held_out import HeldOut
from models.labels import BoolArray, FloatArray
from models.moduli_candidates import CANDIDATES, ModuliConfig
from models.moduli_view import (
    FORMULA,
    STRUCTURE,
    SYMMETRY,
    VIEWS,
    ModuliData,
    ModuliView,
    ViewColumns,
)
from models.targets import MODULI_TARGETS

__all__ = ["CANDIDATES", "ModuliConfig", "ModuliData", "ModuliModel", "ModuliPrediction"]

SPACE_GROUP = "space_group_number"
# Known of every structure, and of nothing else.
STRUCTURE_SIGN = "volume_per_atom_angstrom3"
# A view is learned if so many rows know what it is about.
FEWEST_ROWS = 200
# Weight of the errors with materials alike beside those of the held-out rows; chosen on parts of
# the training rows of matbench's first fold, where it made interval scores 2 to 8 % smaller.
ALIKE_SHARE = 0.5


@dataclass(frozen=True)
class ModuliPrediction:
    """mean and spread: (n, 2) of log10 G and log10 K (GPa); view: (n,) which one answered.

    errors_alike: by view, (its rows, materials, 2) errors with training materials alike.
    """

    mean: FloatArray
    spread: FloatArray
    view: npt.NDArray[np.str_]
    errors_alike: dict[str, FloatArray]


class ModuliModel:
    """Up to three views of a material, and which of them answers: the one that knows most.

    Each view is a model of its own, so a formula never suffers from the lack of a space group.
    """

    def __init__(self, config: ModuliConfig, views: dict[str, ModuliView]) -> None:
        self.config = config
        self.views = views
        self._signs = {sign: Columns([sign]) for sign in (SPACE_GROUP, STRUCTURE_SIGN)}

    @classmethod
    def with_columns(cls, config: ModuliConfig, groups: Mapping[str, list[str]]) -> ModuliModel:
        """An unfitted model over groups of named columns: composition, ranked_elements, and
        symmetry and structure where they are to be used."""
        ranked = groups["ranked_elements"]
        shares = [name for name in ranked if name.endswith("_share")]
        each_element = {f"fraction_{symbol}" for symbol in SYMBOLS}
        unlike = [name for name in groups["composition"] if name in each_element]
        plain = [name for name in groups["composition"] if name not in each_element] + ranked
        symmetry = [name for name in groups.get("symmetry", []) if name != SPACE_GROUP]
        structure = groups.get("structure", [])
        columns = {FORMULA: ViewColumns(unlike, plain, [], [], None, shares)}
        if symmetry:
            columns[SYMMETRY] = ViewColumns(unlike, plain, [], symmetry, SPACE_GROUP, shares)
        if symmetry and structure:
            columns[STRUCTURE] = ViewColumns(
                unlike, plain, structure, symmetry, SPACE_GROUP, shares
            )
        views = {name: ModuliView(name, each) for name, each in columns.items()}
        return cls(config, views)

    def fit(
        self, data: ModuliData, progress: Callable[[str], None] = lambda _: None
    ) -> dict[str, dict[str, HeldOut]]:
        """Learn every view that enough rows know; the others are dropped. Returns the held-out
        predictions by view and target name."""
        enough = {name: int(data.knows(name).sum()) >= FEWEST_ROWS for name in VIEWS}
        self.views = {
            name: view for name, view in self.views.items() if enough[name] or name == FORMULA
        }
        return {name: view.fit(self.config, data, progress) for name, view in self.views.items()}

    def predict(self, features: pd.DataFrame) -> ModuliPrediction:
        """Predict each row with the view that fits it. Raises RuntimeError before ``fit``."""
        mean, spread = np.empty((len(features), 2)), np.empty((len(features), 2))
        chosen, errors = self._view_of(features), {}
        for name, view in self.views.items():
            rows = np.flatnonzero(chosen == name)
            if len(rows):
                mean[rows], spread[rows], errors[name] = view.predict(some_rows(features, rows))
        return ModuliPrediction(mean, spread, chosen, errors)

    def _view_of(self, features: pd.DataFrame) -> npt.NDArray[np.str_]:
        chosen = np.full(len(features), FORMULA, dtype="<U9")
        for name, sign in ((SYMMETRY, SPACE_GROUP), (STRUCTURE, STRUCTURE_SIGN)):
            if name in self.views:
                chosen[~np.isnan(self._signs[sign].matrix(features)[:, 0])] = name
        return chosen

    def parts(
        self, prediction: ModuliPrediction, distance: FloatArray, outside: BoolArray
    ) -> dict[str, list[Part]]:
        """By target name, the rows that each view answered with its calibration.

        distance: (n, 2) ``CompositionIndex.nearness`` to the materials learned from. outside:
        (n,) known to lie outside the data.
        """
        answers = Answers(prediction.mean, prediction.spread, distance, prediction.view, outside)
        found: dict[str, list[Part]] = {target.name: [] for target in MODULI_TARGETS}
        for name, errors in prediction.errors_alike.items():
            rows = np.flatnonzero(prediction.view == name)
            for column, target in enumerate(MODULI_TARGETS):
                calibration = self.views[name].blended[target.name].calibration
                part = answers.part(rows, column, calibration)
                known = with_errors_alike(part.known, errors[:, :, column])
                found[target.name].append(replace(part, known=known))
        return found

    def residual_correlation(self, prediction: ModuliPrediction) -> FloatArray:
        """(n,) correlation of the errors in log10 G and log10 K, of the view that answered."""
        of_view = {name: view.residual_correlation for name, view in self.views.items()}
        return np.array([of_view[str(name)] for name in prediction.view], dtype=np.float64)

    def explain(self, target: str, features: pd.DataFrame) -> list[list[Contribution]]:
        """Contributions to the boosted trees' prediction of ``target``, of each row's own view."""
        chosen = self._view_of(features)
        result: list[list[Contribution]] = [[] for _ in range(len(features))]
        for name, view in self.views.items():
            rows = np.flatnonzero(chosen == name)
            explained = view.explain(target, some_rows(features, rows))
            for row, found in zip(rows, explained, strict=True):
                result[row] = found
        return result

    def save(self, folder: Path) -> None:
        """Write every view into an existing folder. Raises RuntimeError before ``fit``."""
        state = {name: view.save(folder) for name, view in self.views.items()}
        (folder / "moduli.json").write_text(json.dumps(state))

    @classmethod
    def load(cls, folder: Path) -> ModuliModel:
        """Read what ``save`` wrote. Raises FileNotFoundError or KeyError for a broken folder."""
        state = json.loads((folder / "moduli.json").read_text())
        views = {name: ModuliView.load(folder, name, part) for name, part in state.items()}
        return cls(ModuliConfig(), views)


def with_errors_alike(known: Circumstances, errors: FloatArray) -> Circumstances:
    """``known`` of n predictions, and errors (n, any) that were made with materials alike."""
    return replace(known, alike=Alike(known.prediction[:, None] + errors, ALIKE_SHARE))

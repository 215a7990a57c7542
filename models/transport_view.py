"""One view of a material for transport: what is known of it decides which columns count.

The formula view knows the composition. The crystal view also knows the space group and, where
there is one, the structure. Each is a model of its own: in one model for both, a missing space
group would tell glasses and single sources apart, and a bare formula would be taken for a glass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.elements import MOBILE_IONS
from models.arrhenius import REFERENCE_TEMPERATURE_K
from models.arrhenius_net import Observations
from models.columns import Columns
from models.composition_distance import CompositionIndex, fractions_of
from models.error_scale import Alike, Circumstances
from models.folds import grouped_fold_of, purged
from models.held_out import BlendedTarget, HeldOut, combined, error_correlation
from models.label_forest import LabelForest
from models.labels import BoolArray, FloatArray, Labels
from models.targets import ACTIVATION_ENERGY, LOG10_CONDUCTIVITY, TRANSPORT_TARGETS
from models.transport_candidates import (
    CANDIDATES,
    Candidates,
    TransportConfig,
    at_reference,
    energy_labels,
    fit_candidates,
)
from models.trees import BoostedTrees

# A conductivity within this many kelvin of 298.15 K is a label for blending and calibration.
NEAR_K = 10.0
# Weight of the values of materials alike beside held-out errors; chosen with the forest's settings
# on held-out papers and compositions of the training rows, where it made interval scores 9 %
# smaller.
ALIKE_SHARE = 0.65


@dataclass(frozen=True)
class TransportData:
    """Training rows: features (n, d) and the m measurements on them.

    has_crystal: (n,) the space group or the structure of the row is known.
    """

    features: pd.DataFrame
    observations: Observations
    has_crystal: BoolArray


class TransportView:
    """The blend of all candidates that see one set of columns, with its calibration."""

    def __init__(self, name: str, base_columns: list[str], extra_columns: list[str]) -> None:
        self.name = name
        self.base_columns = base_columns
        self.extra_columns = extra_columns
        self._columns = Columns(base_columns + extra_columns)
        self._ions = Columns([f"fraction_{symbol}" for symbol in MOBILE_IONS])
        self.blended: dict[str, BlendedTarget] = {}
        self.residual_correlation = 0.0
        self.candidates: Candidates | None = None
        self.label_forests: dict[str, LabelForest] = {}

    def matrix(self, features: pd.DataFrame) -> FloatArray:
        """(n, d) the view's columns. Raises KeyError for a table that lacks one."""
        return self._columns.matrix(features)

    def fit(
        self,
        config: TransportConfig,
        data: TransportData,
        judged: BoolArray,
        progress: Callable[[str], None],
    ) -> dict[str, HeldOut]:
        """Learn from all rows; weights and intervals from held-out rows that are ``judged`` (n,).

        Returns the held-out predictions by target name.
        """
        x = self.matrix(data.features)
        held_out = self._held_out(config, x, data, judged, progress)
        category = self.category(data.features)
        for target in TRANSPORT_TARGETS:
            part = held_out[target.name]
            self.blended[target.name] = part.blend_and_calibrate(target, category[part.row])
            known = part.circumstances(target, category[part.row])
            self._fit_label_forest(config, target.name, x[part.row], known, part.labels)
        self.residual_correlation = error_correlation(held_out)
        progress(f"transport: {self.name}, all rows")
        self.candidates = fit_candidates(config, self.name, x, self.base_columns, data.observations)
        return held_out

    def category(self, features: pd.DataFrame) -> npt.NDArray[np.str_]:
        """(n,) stratum of the calibration: this view and the mobile ion, "formula/Li"."""
        ion = np.full(len(features), "other", dtype="<U16")
        shares = self._ions.matrix(features)
        for column in reversed(range(len(MOBILE_IONS))):  # Li first, as in Material.mobile_ion
            ion[shares[:, column] > 0] = MOBILE_IONS[column]
        return np.char.add(f"{self.name}/", ion)

    def _held_out(
        self,
        config: TransportConfig,
        x: FloatArray,
        data: TransportData,
        judged: BoolArray,
        progress: Callable[[str], None],
    ) -> dict[str, HeldOut]:
        observed = data.observations
        fold = grouped_fold_of(observed.paper, config.folds, "transport")
        predictions = np.full((len(observed), len(CANDIDATES[self.name]), 2), np.nan)
        distance = np.full((len(observed), 2), np.nan)
        fractions = fractions_of(data.features)
        for number in range(config.folds):
            progress(f"transport: {self.name}, fold {number + 1} of {config.folds}")
            training = observed.take(purged(fold, observed.composition, number))
            fitted = fit_candidates(config, self.name, x, self.base_columns, training)
            held_out = fold == number
            rows, position = np.unique(observed.material[held_out], return_inverse=True)
            predictions[held_out] = fitted.predict(x[rows])[position]
            known = CompositionIndex(fractions[np.unique(training.material)])
            distance[held_out] = known.nearness(fractions[rows])[position]
        counts = judged[observed.material]
        near = np.abs(observed.temperature_k - REFERENCE_TEMPERATURE_K) <= NEAR_K
        sigma = np.flatnonzero(near & ~observed.is_energy & counts)
        energy = np.flatnonzero(observed.is_energy & counts)
        labels = {
            LOG10_CONDUCTIVITY.name: at_reference(
                observed.take(sigma), predictions[sigma, :, 1].mean(axis=1)
            ),
            ACTIVATION_ENERGY.name: energy_labels(observed.take(energy))[1],
        }
        return {
            name: HeldOut(
                observed.material[rows],
                labels[name],
                predictions[rows, :, output],
                fold[rows],
                distance[rows],
                measurement=rows,
            )
            for output, (name, rows) in enumerate(
                ((LOG10_CONDUCTIVITY.name, sigma), (ACTIVATION_ENERGY.name, energy))
            )
        }

    def predict(self, features: pd.DataFrame) -> tuple[FloatArray, FloatArray]:
        """Mean and spread, each (n, 2): log10 sigma at 298.15 K, E_a (eV). The means are kept
        inside what is physically plausible. Raises RuntimeError before ``fit``."""
        if self.candidates is None:
            raise RuntimeError("the model is not fitted")
        used = np.column_stack([self.blended[target.name].used for target in TRANSPORT_TARGETS])
        each = self.candidates.predict(self.matrix(features), used)
        return combined(each, TRANSPORT_TARGETS, self.blended)

    def with_alike(self, target: str, x: FloatArray, known: Circumstances) -> Circumstances:
        """``known`` of n rows, ``matrix`` x (n, d), and what materials alike were measured to have.

        Raises KeyError before ``fit``.
        """
        seen = self._seen_by_forest(target, x, known)
        return replace(known, alike=Alike(self.label_forests[target].sample(seen), ALIKE_SHARE))

    def _fit_label_forest(
        self,
        config: TransportConfig,
        target: str,
        x: FloatArray,
        known: Circumstances,
        labels: Labels,
    ) -> None:
        """Learn which labels (m,) rows x (m, d) share; ``known`` of them while held out."""
        forest = LabelForest(config.label_forest, self._forest_name(target))
        forest.fit(self._seen_by_forest(target, x, known), labels, known.prediction)
        self.label_forests[target] = forest

    def _seen_by_forest(self, target: str, x: FloatArray, known: Circumstances) -> FloatArray:
        """The columns of the view, and the prediction with what tells how good it may be."""
        smallest_spread = self.blended[target].calibration.scale.smallest_spread
        return np.hstack([x, known.inputs(smallest_spread)])

    def _forest_name(self, target: str) -> str:
        return f"{self.name}_{target}_label_forest"

    def boosted_trees(
        self, target: str, features: pd.DataFrame
    ) -> tuple[BoostedTrees, list[str], FloatArray]:
        """The boosted trees for ``target``, the columns they see and those of n rows (n, d).

        Raises RuntimeError before ``fit``.
        """
        if self.candidates is None:
            raise RuntimeError("the model is not fitted")
        models = (
            self.candidates.energy if target == ACTIVATION_ENERGY.name else (self.candidates.sigma)
        )
        trees = next(model for model in models if isinstance(model, BoostedTrees))
        return trees, self.base_columns, Columns(self.base_columns).matrix(features)

    def save(self, folder: Path) -> dict[str, Any]:
        """Write the candidates into an existing folder; returns the rest as plain values."""
        if self.candidates is None:
            raise RuntimeError("the model is not fitted")
        self.candidates.save(folder)
        for forest in self.label_forests.values():
            forest.save(folder)
        return {
            "base_columns": self.base_columns,
            "extra_columns": self.extra_columns,
            "residual_correlation": self.residual_correlation,
            "targets": {name: part.to_state() for name, part in self.blended.items()},
        }

    @classmethod
    def load(cls, folder: Path, name: str, state: dict[str, Any]) -> TransportView:
        """Read what ``save`` wrote. Raises FileNotFoundError or KeyError for a broken folder."""
        view = cls(name, state["base_columns"], state["extra_columns"])
        view.residual_correlation = float(state["residual_correlation"])
        view.blended = {
            target: BlendedTarget.from_state(part) for target, part in state["targets"].items()
        }
        view.candidates = Candidates.load(folder, len(view.base_columns), name)
        view.label_forests = {
            target: LabelForest.load(folder, view._forest_name(target)) for target in view.blended
        }
        return view

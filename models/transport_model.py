"""Ionic conductivity and activation energy, learned as the pair the Arrhenius law needs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.arrhenius import REFERENCE_TEMPERATURE_K, activation_energy_slope_per_ev
from models.arrhenius_net import ArrheniusNet, Observations
from models.folds import grouped_fold_of, purged
from models.held_out import BlendedTarget, HeldOut
from models.labels import FloatArray, IntArray, Labels
from models.network import NetworkConfig
from models.targets import ACTIVATION_ENERGY, LOG10_CONDUCTIVITY, TRANSPORT_TARGETS
from models.trees import BoostedTrees, BoostedTreesConfig, Forest, ForestConfig

CANDIDATES = ("boosted_trees", "forest", "arrhenius_net")
# E_a is known to about this much when it has to be predicted: it sets how much a conductivity
# measured far from room temperature is worth as a label at room temperature.
PREDICTED_ENERGY_ERROR_EV = 0.10
PRINTED_ENERGY_ERROR_EV = 0.04
# A conductivity within this many kelvin of 298.15 K is a label for blending and calibration.
NEAR_K = 10.0


@dataclass(frozen=True)
class TransportConfig:
    """Settings of all candidates and of the inner folds."""

    sigma_trees: BoostedTreesConfig = BoostedTreesConfig(bags=2)
    energy_trees: BoostedTreesConfig = BoostedTreesConfig(rounds=400, max_depth=5, bags=2)
    forest: ForestConfig = ForestConfig()
    network: NetworkConfig = NetworkConfig(members=8, width=128, epochs=60)
    folds: int = 5


@dataclass(frozen=True)
class TransportData:
    """Training rows: features (n, d), the m measurements on them, and what must stay together.

    paper, composition: (m,) group numbers of each measurement; neither may be on both sides of a
    split. category: (n,) "structure" or "formula", what is known of the row.
    """

    features: pd.DataFrame
    observations: Observations
    paper: IntArray
    composition: IntArray
    category: npt.NDArray[np.str_]


@dataclass
class Candidates:
    """One fitted set of candidates."""

    sigma_trees: BoostedTrees
    sigma_forest: Forest
    energy_trees: BoostedTrees
    energy_forest: Forest
    network: ArrheniusNet

    def parts(self) -> tuple[BoostedTrees | Forest | ArrheniusNet, ...]:
        """The fitted candidates, each with ``save``."""
        return (
            self.sigma_trees,
            self.sigma_forest,
            self.energy_trees,
            self.energy_forest,
            self.network,
        )

    def predict(self, x: FloatArray) -> FloatArray:
        """(n, candidates, 2): log10 sigma at 298.15 K and E_a of each candidate."""
        network = self.network.predict(x).mean(axis=0)
        sigma = [self.sigma_trees.predict(x), self.sigma_forest.predict(x), network[:, 0]]
        energy = [self.energy_trees.predict(x), self.energy_forest.predict(x), network[:, 1]]
        return np.stack([np.column_stack(sigma), np.column_stack(energy)], axis=2)


def fit_candidates(config: TransportConfig, x: FloatArray, observed: Observations) -> Candidates:
    """Fit every candidate on x (n, d) and the measurements of its rows."""
    energy_rows, energy = energy_labels(observed)
    energy_trees = BoostedTrees(config.energy_trees, "energy_trees")
    energy_forest = Forest(config.forest, "energy_forest")
    energy_trees.fit(x[energy_rows], energy)
    energy_forest.fit(x[energy_rows], energy)
    guess = 0.5 * (energy_trees.predict(x) + energy_forest.predict(x))
    sigma_rows, sigma = room_temperature_labels(observed, guess)
    sigma_trees = BoostedTrees(config.sigma_trees, "sigma_trees")
    sigma_forest = Forest(config.forest, "sigma_forest")
    sigma_trees.fit(x[sigma_rows], sigma)
    sigma_forest.fit(x[sigma_rows], sigma)
    network = ArrheniusNet(config.network)
    network.fit(x, observed)
    return Candidates(sigma_trees, sigma_forest, energy_trees, energy_forest, network)


def energy_labels(observed: Observations) -> tuple[IntArray, Labels]:
    """Rows and labels of the activation energies."""
    chosen = observed.is_energy
    labels = Labels(observed.value[chosen], observed.is_bound[chosen], observed.weight[chosen])
    return observed.material[chosen], labels


def room_temperature_labels(
    observed: Observations, energy_guess_ev: FloatArray
) -> tuple[IntArray, Labels]:
    """Rows and labels of the conductivities, brought to 298.15 K.

    energy_guess_ev: (n,) predicted E_a of each row of the feature matrix; a measured E_a of the
    same row is preferred to it.
    """
    energy, error = energy_guess_ev.copy(), np.full(len(energy_guess_ev), PREDICTED_ENERGY_ERROR_EV)
    rows, labels = energy_labels(observed)
    if len(rows):
        measured = pd.Series(labels.value).groupby(rows).mean()
        energy[measured.index] = measured.to_numpy()
        error[measured.index] = PRINTED_ENERGY_ERROR_EV
    sigma = observed.take(~observed.is_energy)
    return sigma.material, at_reference(sigma, energy[sigma.material], error[sigma.material])


def at_reference(
    sigma: Observations,
    activation_energy_ev: FloatArray,
    energy_error_ev: FloatArray | float = PREDICTED_ENERGY_ERROR_EV,
) -> Labels:
    """Conductivities (m,) moved to 298.15 K along their E_a (m,).

    The weight falls with the error that the way from the measured temperature brings in.
    """
    slope = activation_energy_slope_per_ev(sigma.temperature_k)
    shift = np.log10(REFERENCE_TEMPERATURE_K / sigma.temperature_k) + slope * activation_energy_ev
    travelled = slope * energy_error_ev / LOG10_CONDUCTIVITY.replicate_scatter
    weight = sigma.weight / (1.0 + travelled**2)
    return Labels(sigma.value - shift, sigma.is_bound, weight)


class TransportModel:
    """The blend of all candidates with its calibration.

    ``fit`` learns blend weights and intervals from grouped held-out predictions, then fits
    every candidate once more on all rows.
    """

    def __init__(self, config: TransportConfig) -> None:
        self.config = config
        self.columns: list[str] = []
        self.blended: dict[str, BlendedTarget] = {}
        self.residual_correlation = 0.0
        self.candidates: Candidates | None = None

    def fit(
        self, data: TransportData, progress: Callable[[str], None] = lambda _: None
    ) -> dict[str, HeldOut]:
        """Learn from ``data``; returns the held-out predictions by target name."""
        self.columns = list(data.features.columns)
        x = data.features.to_numpy(np.float64)
        held_out = self._held_out(x, data, progress)
        for target in TRANSPORT_TARGETS:
            part = held_out[target.name]
            self.blended[target.name] = part.blend_and_calibrate(target, data.category[part.row])
        self.residual_correlation = _correlation(held_out)
        progress("transport: all rows")
        self.candidates = fit_candidates(self.config, x, data.observations)
        return held_out

    def _held_out(
        self, x: FloatArray, data: TransportData, progress: Callable[[str], None]
    ) -> dict[str, HeldOut]:
        observed = data.observations
        fold = grouped_fold_of(data.paper, self.config.folds, "transport")
        predictions = np.full((len(observed), len(CANDIDATES), 2), np.nan)
        for number in range(self.config.folds):
            progress(f"transport: fold {number + 1} of {self.config.folds}")
            training = observed.take(purged(fold, data.composition, number))
            fitted = fit_candidates(self.config, x, training)
            held_out = fold == number
            rows, position = np.unique(observed.material[held_out], return_inverse=True)
            predictions[held_out] = fitted.predict(x[rows])[position]
        near = np.abs(observed.temperature_k - REFERENCE_TEMPERATURE_K) <= NEAR_K
        sigma = np.flatnonzero(near & ~observed.is_energy)
        energy = np.flatnonzero(observed.is_energy)
        labels = at_reference(observed.take(sigma), predictions[sigma, :, 1].mean(axis=1))
        return {
            LOG10_CONDUCTIVITY.name: HeldOut(
                observed.material[sigma], labels, predictions[sigma, :, 0], fold[sigma]
            ),
            ACTIVATION_ENERGY.name: HeldOut(
                observed.material[energy],
                energy_labels(observed)[1],
                predictions[energy, :, 1],
                fold[energy],
            ),
        }

    def predict(self, features: pd.DataFrame) -> tuple[FloatArray, FloatArray]:
        """Mean and spread, each (n, 2): log10 sigma at 298.15 K, E_a (eV). The served values are
        kept inside what is physically plausible. Raises RuntimeError before ``fit``."""
        if self.candidates is None:
            raise RuntimeError("the model is not fitted")
        each = self.candidates.predict(features[self.columns].to_numpy(np.float64))
        mean = np.empty((len(each), 2))
        for column, target in enumerate(TRANSPORT_TARGETS):
            mean[:, column] = np.clip(
                each[:, :, column] @ self.blended[target.name].weights, *target.plausible
            )
        return mean, each.std(axis=1)

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
        (folder / "transport.json").write_text(json.dumps(state))

    @classmethod
    def load(cls, folder: Path) -> TransportModel:
        """Read what ``save`` wrote. Raises FileNotFoundError or KeyError for a broken folder."""
        state = json.loads((folder / "transport.json").read_text())
        candidates = Candidates(
            BoostedTrees.load(folder, "sigma_trees"),
            Forest.load(folder, "sigma_forest"),
            BoostedTrees.load(folder, "energy_trees"),
            Forest.load(folder, "energy_forest"),
            ArrheniusNet.load(folder, "arrhenius_net"),
        )
        model = cls(TransportConfig())
        model.columns = state["columns"]
        model.residual_correlation = float(state["residual_correlation"])
        model.blended = {
            name: BlendedTarget.from_state(part) for name, part in state["targets"].items()
        }
        model.candidates = candidates
        return model


def _correlation(held_out: dict[str, HeldOut]) -> float:
    """Correlation of the errors in log10 sigma and E_a on rows where both were measured."""
    errors = []
    for part in held_out.values():
        exact = ~part.labels.is_bound
        error = pd.Series((part.blend - part.labels.value)[exact])
        errors.append(error.groupby(part.row[exact]).mean())
    both = pd.concat(errors, axis=1, join="inner")
    if len(both) < 30:
        return 0.0
    return float(both.corr(method="spearman").iloc[0, 1])

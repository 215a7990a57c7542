"""The candidates for conductivity and activation energy, fitted together on one set of rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from models.arrhenius import REFERENCE_TEMPERATURE_K, activation_energy_slope_per_ev
from models.arrhenius_net import ArrheniusNet, Observations
from models.composition_distance import FRACTION_COLUMNS
from models.kernel import Kernel, KernelConfig
from models.label_forest import LabelForestConfig
from models.labels import BoolArray, FloatArray, IntArray, Labels
from models.neighbour_trees import NeighbourTrees
from models.network import NetworkConfig
from models.targets import LOG10_CONDUCTIVITY
from models.trees import BoostedTrees, BoostedTreesConfig

FORMULA, CRYSTAL = "formula", "crystal"
CANDIDATES = {
    FORMULA: ("boosted_trees", "neighbour_trees", "kernel", "arrhenius_net"),
    CRYSTAL: ("boosted_trees", "neighbour_trees", "kernel", "structure_trees", "arrhenius_net"),
}
# E_a is known to about this much when it has to be predicted: it sets how much a conductivity
# measured far from room temperature is worth as a label at room temperature.
PREDICTED_ENERGY_ERROR_EV = 0.10
PRINTED_ENERGY_ERROR_EV = 0.04


@dataclass(frozen=True)
class TransportConfig:
    """Settings of all candidates and of the inner folds."""

    sigma_trees: BoostedTreesConfig = BoostedTreesConfig(
        max_depth=8, min_child_weight=2.0, subsample=0.5, colsample_bynode=0.04, bags=2
    )
    energy_trees: BoostedTreesConfig = BoostedTreesConfig(
        rounds=400, min_child_weight=2.0, subsample=0.5, colsample_bynode=0.04, bags=2
    )
    kernel: KernelConfig = KernelConfig()
    network: NetworkConfig = NetworkConfig(members=8, width=128, epochs=60)
    label_forest: LabelForestConfig = LabelForestConfig()
    folds: int = 5


Scalar = BoostedTrees | NeighbourTrees | Kernel


def new_scalars(
    config: TransportConfig, view: str, target: str, trees: BoostedTreesConfig, shares: IntArray
) -> list[Scalar]:
    """Unfitted candidates for one target, in the order of CANDIDATES without the network.

    shares: the columns that hold the atomic fractions, H to Lr.
    """
    scalars: list[Scalar] = [
        BoostedTrees(trees, f"{view}_{target}_trees"),
        NeighbourTrees(trees, shares, f"{view}_{target}_neighbour_trees"),
        Kernel(config.kernel, f"{view}_{target}_kernel"),
    ]
    if view == CRYSTAL:
        scalars.append(BoostedTrees(trees, f"{view}_{target}_structure_trees"))
    return scalars


@dataclass
class Candidates:
    """One fitted set; all but the structure trees see only the first ``base`` columns."""

    base: int
    sigma: list[Scalar]
    energy: list[Scalar]
    network: ArrheniusNet

    def predict(self, x: FloatArray, used: BoolArray | None = None) -> FloatArray:
        """(n, candidates, 2): log10 sigma at 298.15 K and E_a of each candidate.

        used: (candidates, 2) those that are wanted, None for all; the others are NaN.
        """
        result = np.full((len(x), len(self.sigma) + 1, 2), np.nan)
        wanted = np.ones(result.shape[1:], dtype=bool) if used is None else used
        for output, models in enumerate((self.sigma, self.energy)):
            for position, model in enumerate(models):
                if wanted[position, output]:
                    result[:, position, output] = model.predict(self._seen(model, x))
        if wanted[-1].any():
            result[:, -1] = self.network.predict(x[:, : self.base]).mean(axis=0)
        return result

    def _seen(self, model: Scalar, x: FloatArray) -> FloatArray:
        return x if model.name.endswith("structure_trees") else x[:, : self.base]

    def save(self, folder: Path) -> None:
        """Write every candidate into an existing folder."""
        for part in (*self.sigma, *self.energy, self.network):
            part.save(folder)

    @classmethod
    def load(cls, folder: Path, base: int, view: str) -> Candidates:
        """Read the candidates of a view that ``save`` wrote."""

        def scalars(target: str) -> list[Scalar]:
            unfitted = new_scalars(
                TransportConfig(), view, target, BoostedTreesConfig(), np.zeros(0, np.int64)
            )
            return [type(model).load(folder, model.name) for model in unfitted]

        network = ArrheniusNet.load(folder, f"{view}_arrhenius_net")
        return cls(base, scalars("sigma"), scalars("energy"), network)


def fit_candidates(
    config: TransportConfig,
    view: str,
    x: FloatArray,
    base_columns: list[str],
    observed: Observations,
) -> Candidates:
    """Fit every candidate on x (n, d) and the measurements of its rows.

    base_columns: names of the first columns of x, the ones that all candidates see.
    """
    shares = np.array([base_columns.index(name) for name in FRACTION_COLUMNS], dtype=np.int64)
    fitted = Candidates(
        len(base_columns),
        new_scalars(config, view, "sigma", config.sigma_trees, shares),
        new_scalars(config, view, "energy", config.energy_trees, shares),
        ArrheniusNet(config.network, f"{view}_arrhenius_net"),
    )
    base = fitted.base
    is_energy = observed.is_energy
    rows, energy = energy_labels(observed)
    _fit_scalars(fitted, fitted.energy, x, rows, energy, observed.take(is_energy))
    guess = fitted.energy[0].predict(x[:, :base])
    rows, sigma = room_temperature_labels(observed, guess)
    _fit_scalars(fitted, fitted.sigma, x, rows, sigma, observed.take(~is_energy))
    fitted.network.fit(x[:, :base], observed)
    return fitted


def _fit_scalars(
    fitted: Candidates,
    scalars: list[Scalar],
    x: FloatArray,
    rows: IntArray,
    labels: Labels,
    source: Observations,
) -> None:
    """Fit on the labels of rows of x; source: the measurements they come from, in order."""
    for model in scalars:
        seen = fitted._seen(model, x)[rows]
        if isinstance(model, NeighbourTrees):
            model.fit(seen, labels, source.paper, source.composition)
        else:
            model.fit(seen, labels)


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

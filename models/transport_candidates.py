"""The candidates for conductivity and activation energy, fitted together on one set of rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from models.arrhenius import REFERENCE_TEMPERATURE_K, activation_energy_slope_per_ev
from models.arrhenius_net import ArrheniusNet, Observations
from models.kernel import Kernel, KernelConfig
from models.labels import FloatArray, IntArray, Labels
from models.network import NetworkConfig
from models.targets import LOG10_CONDUCTIVITY
from models.trees import BoostedTrees, BoostedTreesConfig, Forest, ForestConfig

FORMULA, CRYSTAL = "formula", "crystal"
CANDIDATES = {
    FORMULA: ("boosted_trees", "forest", "kernel", "arrhenius_net"),
    CRYSTAL: ("boosted_trees", "forest", "kernel", "structure_trees", "arrhenius_net"),
}
# E_a is known to about this much when it has to be predicted: it sets how much a conductivity
# measured far from room temperature is worth as a label at room temperature.
PREDICTED_ENERGY_ERROR_EV = 0.10
PRINTED_ENERGY_ERROR_EV = 0.04


@dataclass(frozen=True)
class TransportConfig:
    """Settings of all candidates and of the inner folds."""

    sigma_trees: BoostedTreesConfig = BoostedTreesConfig(
        max_depth=8, min_child_weight=2.0, colsample_bynode=0.06, bags=3
    )
    energy_trees: BoostedTreesConfig = BoostedTreesConfig(
        rounds=400, max_depth=8, min_child_weight=2.0, colsample_bynode=0.06, bags=2
    )
    forest: ForestConfig = ForestConfig(min_samples_leaf=1, max_features=0.3)
    kernel: KernelConfig = KernelConfig()
    network: NetworkConfig = NetworkConfig(members=8, width=128, epochs=60)
    folds: int = 5


Scalar = BoostedTrees | Forest | Kernel


def new_scalars(
    config: TransportConfig, view: str, target: str, trees: BoostedTreesConfig
) -> list[Scalar]:
    """Unfitted candidates for one target, in the order of CANDIDATES without the network."""
    scalars: list[Scalar] = [
        BoostedTrees(trees, f"{view}_{target}_trees"),
        Forest(config.forest, f"{view}_{target}_forest"),
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

    def predict(self, x: FloatArray) -> FloatArray:
        """(n, candidates, 2): log10 sigma at 298.15 K and E_a of each candidate."""
        network = self.network.predict(x[:, : self.base]).mean(axis=0)
        each = [
            np.column_stack(
                [*(model.predict(self._seen(model, x)) for model in models), network[:, output]]
            )
            for output, models in enumerate((self.sigma, self.energy))
        ]
        return np.stack(each, axis=2)

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
            unfitted = new_scalars(TransportConfig(), view, target, BoostedTreesConfig())
            return [type(model).load(folder, model.name) for model in unfitted]

        network = ArrheniusNet.load(folder, f"{view}_arrhenius_net")
        return cls(base, scalars("sigma"), scalars("energy"), network)


def fit_candidates(
    config: TransportConfig, view: str, x: FloatArray, base: int, observed: Observations
) -> Candidates:
    """Fit every candidate on x (n, d) and the measurements of its rows."""
    fitted = Candidates(
        base,
        new_scalars(config, view, "sigma", config.sigma_trees),
        new_scalars(config, view, "energy", config.energy_trees),
        ArrheniusNet(config.network, f"{view}_arrhenius_net"),
    )
    energy_rows, energy = energy_labels(observed)
    for model in fitted.energy:
        model.fit(fitted._seen(model, x)[energy_rows], energy)
    trees, forest = fitted.energy[0], fitted.energy[1]
    guess = 0.5 * (trees.predict(x[:, :base]) + forest.predict(x[:, :base]))
    sigma_rows, sigma = room_temperature_labels(observed, guess)
    for model in fitted.sigma:
        model.fit(fitted._seen(model, x)[sigma_rows], sigma)
    fitted.network.fit(x[:, :base], observed)
    return fitted


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

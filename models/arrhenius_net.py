"""A torch ensemble whose head is the Arrhenius law: every kind of transport label teaches it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from models.arrhenius import REFERENCE_TEMPERATURE_K, activation_energy_slope_per_ev
from models.labels import BoolArray, FloatArray, IntArray
from models.network import EnsembleCandidate, Loss, NetworkConfig

# Network outputs: log10 sigma at 298.15 K, E_a, and the logarithms of their noise.
SIGMA, ENERGY, SIGMA_NOISE, ENERGY_NOISE = range(4)
ENERGY_SCALE_EV = 0.15  # brings E_a to the size of the other outputs


@dataclass(frozen=True)
class Observations:
    """Transport measurements, one entry a measurement.

    material: (m,) row of the feature matrix. value: (m,) log10(S/cm) or eV. is_energy: (m,) true
    for an activation energy. is_bound: (m,) true for an upper bound. temperature_k: (m,) of the
    conductivity, any number for an energy. weight: (m,) relative trust. paper, composition: (m,)
    group numbers; neither may be on both sides of a split.
    """

    material: IntArray
    value: FloatArray
    is_energy: BoolArray
    is_bound: BoolArray
    temperature_k: FloatArray
    weight: FloatArray
    paper: IntArray
    composition: IntArray

    def __len__(self) -> int:
        return len(self.value)

    def take(self, rows: IntArray | BoolArray) -> Observations:
        """The observations of ``rows`` (positions or a mask)."""
        return Observations(
            self.material[rows],
            self.value[rows],
            self.is_energy[rows],
            self.is_bound[rows],
            self.temperature_k[rows],
            self.weight[rows],
            self.paper[rows],
            self.composition[rows],
        )


class ArrheniusNet(EnsembleCandidate):
    """Predicts (log10 sigma at 298.15 K, E_a) together; bounds enter as a Tobit term.

    Tobit 1958 (10.2307/1907382): a bound contributes the probability of lying below it.
    """

    outputs: ClassVar[int] = 4

    def __init__(self, config: NetworkConfig, name: str = "arrhenius_net") -> None:
        super().__init__(config, name)

    def fit(self, x: FloatArray, observations: Observations) -> None:
        """Learn from x (n, d), NaN allowed, and measurements of its rows."""
        measured = ~observations.is_energy & ~observations.is_bound
        energy = observations.value[observations.is_energy]
        bias = np.array(
            [
                np.median(observations.value[measured]),
                (np.median(energy) if len(energy) else 0.4) / ENERGY_SCALE_EV,
                -0.3,
                np.log(0.08 / ENERGY_SCALE_EV),
            ]
        )
        self._train(x, observations.material, _loss(observations), bias)

    def predict(self, x: FloatArray) -> FloatArray:
        """(members, n, 2): log10 sigma at 298.15 K and E_a in eV. RuntimeError before ``fit``."""
        outputs = self._evaluate(x)
        return outputs[..., [SIGMA, ENERGY]] * np.array([1.0, ENERGY_SCALE_EV])


def _loss(observations: Observations) -> Loss:
    """Negative log likelihood: Laplace for values (robust), Tobit for bounds."""
    offset = np.log10(REFERENCE_TEMPERATURE_K / observations.temperature_k)
    slope = activation_energy_slope_per_ev(observations.temperature_k)
    is_energy = torch.as_tensor(observations.is_energy)
    is_bound = torch.as_tensor(observations.is_bound)

    def tensor(array: FloatArray) -> Tensor:
        return torch.as_tensor(array, dtype=torch.float32)

    shift = tensor(np.where(observations.is_energy, 0.0, offset))
    gain = tensor(np.where(observations.is_energy, 1.0 / ENERGY_SCALE_EV, slope))
    value = tensor(
        np.where(observations.is_energy, observations.value / ENERGY_SCALE_EV, observations.value)
    )
    weight = tensor(observations.weight)

    def loss(prediction: Tensor, rows: Tensor) -> Tensor:
        energy = is_energy[rows]
        from_energy = prediction[..., ENERGY] * ENERGY_SCALE_EV * gain[rows]
        mean = torch.where(energy, from_energy, prediction[..., SIGMA] + shift[rows] + from_energy)
        log_noise = torch.where(
            energy, prediction[..., ENERGY_NOISE], prediction[..., SIGMA_NOISE]
        ).clamp(-2.5, 2.0)
        z = (value[rows] - mean) * torch.exp(-log_noise)
        exact = z.abs() + log_noise
        censored = -torch.special.log_ndtr(z)
        return (torch.where(is_bound[rows], censored, exact) * weight[rows]).mean()

    return loss

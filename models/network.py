"""A small ensemble of multilayer perceptrons trained and evaluated as one batched network."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn

from models.labels import FloatArray, IntArray
from models.seeds import seed_for


@dataclass(frozen=True)
class NetworkConfig:
    """Settings of the ensemble and of its training."""

    members: int = 8
    width: int = 128
    depth: int = 2
    dropout: float = 0.15
    epochs: int = 120
    batch: int = 256
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2


class MlpEnsemble(nn.Module):
    """``members`` independent residual perceptrons; every layer is one batched product."""

    def __init__(self, config: NetworkConfig, inputs: int, outputs: int) -> None:
        super().__init__()
        sizes = [inputs] + [config.width] * (config.depth + 1) + [outputs]
        self.weights = nn.ParameterList()
        self.biases = nn.ParameterList()
        for fan_in, fan_out in itertools.pairwise(sizes):
            scale = (2.0 / fan_in) ** 0.5 if fan_out != outputs else (0.1 / fan_in) ** 0.5
            self.weights.append(nn.Parameter(torch.randn(config.members, fan_in, fan_out) * scale))
            self.biases.append(nn.Parameter(torch.zeros(config.members, 1, fan_out)))
        self.dropout = config.dropout

    def forward(self, x: Tensor) -> Tensor:
        """x (n, inputs) or (members, n, inputs) -> (members, n, outputs)."""
        members = self.weights[0].shape[0]
        hidden = x.expand(members, -1, -1) if x.dim() == 2 else x
        last = len(self.weights) - 1
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            output = torch.baddbmm(bias, hidden, weight)
            if layer == last:
                return output
            output = self._thinned(nn.functional.silu(output))
            hidden = output if layer == 0 else hidden + output
        raise AssertionError("a network has at least one layer")

    def _thinned(self, hidden: Tensor) -> Tensor:
        """Dropout of whole units for a batch: a mask for each entry costs more than the layer."""
        if not self.training or self.dropout == 0.0:
            return hidden
        kept = 1.0 - self.dropout
        mask = torch.bernoulli(torch.full((hidden.shape[0], 1, hidden.shape[2]), kept))
        return hidden * (mask / kept)


@dataclass(frozen=True)
class Standardiser:
    """Centre and spread of each input column; missing values become the centre."""

    centre: FloatArray
    spread: FloatArray

    @classmethod
    def of(cls, x: FloatArray) -> Standardiser:
        """From x (n, d), NaN allowed."""
        known = np.isfinite(x)
        count = np.maximum(known.sum(axis=0), 1)
        centre = np.where(known, x, 0.0).sum(axis=0) / count
        variance = np.where(known, (x - centre) ** 2, 0.0).sum(axis=0) / count
        return cls(centre, np.where(variance > 1e-16, np.sqrt(variance), 1.0))

    def apply(self, x: FloatArray) -> FloatArray:
        """(n, d) standardised, finite, clipped: one exotic value cannot saturate the network."""
        scaled = (x - self.centre) / self.spread
        return np.clip(np.where(np.isfinite(scaled), scaled, 0.0), -5.0, 5.0)


Loss = Callable[[Tensor, Tensor], Tensor]


def train_ensemble(
    config: NetworkConfig,
    name: str,
    x: FloatArray,
    rows: IntArray,
    outputs: int,
    loss: Loss,
    initial_bias: FloatArray,
) -> MlpEnsemble:
    """Fit an ensemble with AdamW and a one-cycle schedule.

    x (n, inputs) standardised; rows (m,) the row of x behind each observation;
    ``loss(predictions (members, b, outputs), observations (b,))`` returns a scalar.
    Each member sees its own order of the observations, so members differ by more than their start.
    """
    torch.manual_seed(seed_for(name))
    generator = torch.Generator().manual_seed(seed_for(name, "order"))
    network = MlpEnsemble(config, x.shape[1], outputs)
    with torch.no_grad():
        network.biases[-1].copy_(torch.as_tensor(initial_bias, dtype=torch.float32))
    inputs = torch.as_tensor(x, dtype=torch.float32)
    row_of = torch.as_tensor(rows)
    count = len(rows)
    batches = max(1, count // config.batch)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, config.learning_rate, total_steps=config.epochs * batches, pct_start=0.2
    )
    network.train()
    for _ in range(config.epochs):
        orders = torch.stack(
            [torch.randperm(count, generator=generator) for _ in range(config.members)]
        )
        for part in orders.tensor_split(batches, dim=1):
            optimiser.zero_grad()
            value = loss(network(inputs[row_of[part]]), part)
            value.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()
            schedule.step()
    return network.double().eval()


def evaluate_ensemble(network: MlpEnsemble, x: FloatArray, block: int = 8192) -> FloatArray:
    """(members, n, outputs) in double precision, so a row's answer is the same in any block."""
    with torch.inference_mode():
        parts = [
            network(torch.as_tensor(x[start : start + block])).numpy()
            for start in range(0, max(len(x), 1), block)
        ]
    return np.concatenate(parts, axis=1)


class EnsembleCandidate:
    """A candidate made of one ensemble: fitting is the subclass's, the rest is here."""

    family: ClassVar[str] = "torch"
    outputs: ClassVar[int]

    def __init__(self, config: NetworkConfig, name: str) -> None:
        self.config = config
        self.name = name
        self._network: MlpEnsemble | None = None
        self._scaler: Standardiser | None = None

    def _train(self, x: FloatArray, rows: IntArray, loss: Loss, initial_bias: FloatArray) -> None:
        """Standardise x (n, d) and fit; see ``train_ensemble``."""
        self._scaler = Standardiser.of(x)
        self._network = train_ensemble(
            self.config,
            self.name,
            self._scaler.apply(x),
            rows,
            self.outputs,
            loss,
            initial_bias,
        )

    def _evaluate(self, x: FloatArray) -> FloatArray:
        """(members, n, outputs). Raises RuntimeError before fitting."""
        if self._network is None or self._scaler is None:
            raise RuntimeError("the network is not fitted")
        return evaluate_ensemble(self._network, self._scaler.apply(x))

    def save(self, folder: Path) -> None:
        """Write weights as safetensors and settings as JSON into an existing folder."""
        from safetensors.torch import save_file

        if self._network is None or self._scaler is None:
            raise RuntimeError("the network is not fitted")
        tensors = {key: value.contiguous() for key, value in self._network.state_dict().items()}
        tensors["input_centre"] = torch.as_tensor(self._scaler.centre)
        tensors["input_spread"] = torch.as_tensor(self._scaler.spread)
        save_file(tensors, folder / f"{self.name}.safetensors")
        state = {"config": asdict(self.config)}
        (folder / f"{self.name}.json").write_text(json.dumps(state, indent=1))

    @classmethod
    def load(cls, folder: Path, name: str) -> Self:
        """Read what ``save`` wrote."""
        from safetensors.torch import load_file

        config = NetworkConfig(**json.loads((folder / f"{name}.json").read_text())["config"])
        tensors = load_file(folder / f"{name}.safetensors")
        centre, spread = tensors.pop("input_centre"), tensors.pop("input_spread")
        network = MlpEnsemble(config, len(centre), cls.outputs).double()
        network.load_state_dict(tensors)
        model = cls(config, name)
        model._network = network.eval()
        model._scaler = Standardiser(centre.numpy(), spread.numpy())
        return model

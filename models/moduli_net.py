"""A torch network with an embedding of each element, predicting log10 G and log10 K together.

The elements of a material enter by rank (features.ranked_elements) through learned vectors, as do
the space group and the shares of the elements, beside the standardised columns of the view. The
idea of learned element vectors: CrabNet (10.1038/s41524-021-00545-1), Roost
(10.1038/s41467-020-19964-7).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from models.labels import FloatArray
from models.network import Standardiser
from models.seeds import seed_for

BLOCK_ROWS = 4096
ELEMENTS = 104  # H to Lr, and 0 for a rank that is empty
SPACE_GROUPS = 231  # and 0 for one that is not known


@dataclass(frozen=True)
class ModuliNetConfig:
    """Settings of the network and of its training."""

    members: int = 1
    width: int = 256
    blocks: int = 2
    element_width: int = 24
    group_width: int = 16
    dropout: float = 0.3
    input_dropout: float = 0.2
    epochs: int = 200
    batch: int = 1024
    learning_rate: float = 5e-3
    weight_decay: float = 2e-2


@dataclass(frozen=True)
class NetColumns:
    """Positions in the view's matrix: ``plain`` columns, atomic numbers and shares by rank, and
    the space group (None in a view without)."""

    plain: list[int]
    atomic_number: list[int]
    share: list[int]
    space_group: int | None


class ElementNetwork(nn.Module):
    """Embeddings and columns into residual blocks with layer normalisation."""

    def __init__(self, config: ModuliNetConfig, columns: int, ranks: int) -> None:
        super().__init__()
        self.element = nn.Embedding(ELEMENTS, config.element_width, padding_idx=0)
        self.space_group = nn.Embedding(SPACE_GROUPS, config.group_width)
        nn.init.normal_(self.element.weight, std=0.3)
        nn.init.normal_(self.space_group.weight, std=0.1)
        with torch.no_grad():
            self.element.weight[0] = 0.0
        width = config.width
        inputs = columns + (ranks + 1) * config.element_width + config.group_width
        self.thin = nn.Dropout(config.input_dropout)
        self.first = nn.Linear(inputs, width)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(width),
                nn.Linear(width, width),
                nn.SiLU(),
                nn.Dropout(config.dropout),
                nn.Linear(width, width),
            )
            for _ in range(config.blocks)
        )
        self.last = nn.Sequential(
            nn.LayerNorm(width), nn.SiLU(), nn.Dropout(config.dropout), nn.Linear(width, 2)
        )

    def forward(self, x: Tensor, number: Tensor, share: Tensor, group: Tensor) -> Tensor:
        """x (n, columns); number, share (n, ranks); group (n,) -> (n, 2)."""
        vectors = self.element(number)
        mean = (vectors * share[..., None]).sum(dim=1)
        parts = [x, vectors.flatten(1), mean, self.space_group(group)]
        hidden = self.first(self.thin(torch.cat(parts, dim=1)))
        for block in self.blocks:
            hidden = hidden + block(hidden)
        result: Tensor = self.last(hidden)
        return result


class ModuliNet:
    """Predicts (log10 G, log10 K) as the mean of a few networks; a row may lack either label."""

    family: ClassVar[str] = "torch"

    def __init__(self, config: ModuliNetConfig, columns: NetColumns, name: str) -> None:
        self.config = config
        self.columns = columns
        self.name = name
        self._networks: list[ElementNetwork] = []
        self._scaler = Standardiser(np.zeros(0), np.ones(0))
        self._centre, self._spread = np.zeros(2), np.ones(2)

    def fit(self, x: FloatArray, y: FloatArray) -> None:
        """Learn from x (n, d), NaN allowed, and y (n, 2) in log10 GPa, NaN where not known."""
        config = self.config
        self._scaler = Standardiser.of(x)
        self._centre, self._spread = np.nanmean(y, axis=0), np.nanstd(y, axis=0)
        known = np.isfinite(y)
        scaled = np.where(known, (y - self._centre) / self._spread, 0.0)
        target = torch.as_tensor(scaled, dtype=torch.float32)
        mask = torch.as_tensor(known, dtype=torch.float32)
        inputs = tuple(
            part.float() if part.is_floating_point() else part for part in self._inputs(x)
        )
        self._networks = [
            self._learned(member, inputs, target, mask) for member in range(config.members)
        ]

    def _learned(
        self, member: int, inputs: tuple[Tensor, ...], target: Tensor, mask: Tensor
    ) -> ElementNetwork:
        """One network, learned from its own first weights in its own order of the rows."""
        config, size = self.config, len(target)
        generator = torch.Generator().manual_seed(seed_for(self.name, f"order {member}"))
        torch.manual_seed(seed_for(self.name, f"member {member}"))
        network = self._new(config)
        batches = max(1, size // config.batch)
        optimiser = torch.optim.AdamW(
            network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, config.learning_rate, total_steps=config.epochs * batches, pct_start=0.15
        )
        network.train()
        for _ in range(config.epochs):
            for rows in torch.randperm(size, generator=generator).tensor_split(batches):
                value = network(*(part[rows] for part in inputs))
                # The figure of merit is an absolute error; quadratic only near the label.
                cost = nn.functional.smooth_l1_loss(
                    value, target[rows], beta=0.15, reduction="none"
                )
                loss = (cost * mask[rows]).sum() / mask[rows].sum().clamp(min=1.0)
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                schedule.step()
        return network.double().eval()

    def _new(self, config: ModuliNetConfig) -> ElementNetwork:
        # One more column: which share of the others a row lacks.
        return ElementNetwork(config, len(self.columns.plain) + 1, len(self.columns.share))

    def _inputs(self, x: FloatArray) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        columns = self.columns
        group = np.zeros(len(x))
        if columns.space_group is not None:
            group = np.nan_to_num(x[:, columns.space_group])
        plain = self._scaler.apply(x)[:, columns.plain]
        lacking = np.isnan(x[:, columns.plain]).mean(axis=1, keepdims=True)
        return (
            torch.as_tensor(np.hstack([plain, lacking])),
            torch.as_tensor(np.nan_to_num(x[:, columns.atomic_number]), dtype=torch.int64),
            torch.as_tensor(np.nan_to_num(x[:, columns.share])),
            torch.as_tensor(group, dtype=torch.int64),
        )

    def predict(self, x: FloatArray) -> FloatArray:
        """(n, 2) in log10 GPa. Raises RuntimeError before ``fit``."""
        if not self._networks:
            raise RuntimeError("the network is not fitted")
        parts = [np.zeros((0, 2))]
        with torch.inference_mode():
            for start in range(0, len(x), BLOCK_ROWS):
                inputs = self._inputs(x[start : start + BLOCK_ROWS])
                # Double precision: a row's answer is the same in any block.
                values = [network(*inputs) for network in self._networks]
                parts.append(torch.stack(values).mean(dim=0).numpy())
        return np.concatenate(parts) * self._spread + self._centre

    def save(self, folder: Path) -> None:
        """Write weights as safetensors and settings as JSON into an existing folder."""
        from safetensors.torch import save_file

        if not self._networks:
            raise RuntimeError("the network is not fitted")
        tensors = {
            f"{member}.{key}": value.contiguous()
            for member, network in enumerate(self._networks)
            for key, value in network.state_dict().items()
        }
        tensors["input_centre"] = torch.as_tensor(self._scaler.centre)
        tensors["input_spread"] = torch.as_tensor(self._scaler.spread)
        save_file(tensors, folder / f"{self.name}.safetensors")
        state = {
            "config": asdict(self.config),
            "columns": asdict(self.columns),
            "centre": self._centre.tolist(),
            "spread": self._spread.tolist(),
        }
        (folder / f"{self.name}.json").write_text(json.dumps(state))

    @classmethod
    def load(cls, folder: Path, name: str) -> ModuliNet:
        """Read what ``save`` wrote."""
        from safetensors.torch import load_file

        state = json.loads((folder / f"{name}.json").read_text())
        tensors = load_file(folder / f"{name}.safetensors")
        model = cls(ModuliNetConfig(**state["config"]), NetColumns(**state["columns"]), name)
        centre, spread = tensors.pop("input_centre"), tensors.pop("input_spread")
        model._scaler = Standardiser(centre.numpy(), spread.numpy())
        model._centre, model._spread = np.array(state["centre"]), np.array(state["spread"])
        for member in range(model.config.members):
            network, start = model._new(model.config).double(), f"{member}."
            network.load_state_dict(
                {
                    key.removeprefix(start): part
                    for key, part in tensors.items()
                    if key.startswith(start)
                }
            )
            model._networks.append(network.eval())
        return model

"""A torch ensemble that predicts log10 G and log10 K together."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from models.labels import FloatArray
from models.network import EnsembleCandidate, Loss, NetworkConfig


class ModuliNet(EnsembleCandidate):
    """Predicts (log10 G, log10 K); a row may lack one of the two labels."""

    outputs: ClassVar[int] = 2

    def __init__(self, config: NetworkConfig, name: str = "moduli_net") -> None:
        super().__init__(config, name)

    def fit(self, x: FloatArray, y: FloatArray, weight: FloatArray) -> None:
        """Learn from x (n, d), NaN allowed; y (n, 2), NaN where not measured; weight (n,)."""
        self._train(x, np.arange(len(x)), _loss(y, weight), np.nanmedian(y, axis=0))

    def predict(self, x: FloatArray) -> FloatArray:
        """(members, n, 2) in log10 GPa. Raises RuntimeError before ``fit``."""
        return self._evaluate(x)


def _loss(y: FloatArray, weight: FloatArray) -> Loss:
    known = np.isfinite(y)
    target = torch.as_tensor(np.where(known, y, 0.0), dtype=torch.float32)
    trust = torch.as_tensor(known * weight[:, None], dtype=torch.float32)

    def loss(prediction: Tensor, rows: Tensor) -> Tensor:
        difference = prediction - target[rows]
        # Smooth L1 in units of 0.1 dex: the figure of merit is an absolute error.
        cost = torch.nn.functional.smooth_l1_loss(
            difference, torch.zeros_like(difference), beta=0.1, reduction="none"
        )
        return (cost * trust[rows]).sum() / trust[rows].sum().clamp(min=1e-6)

    return loss

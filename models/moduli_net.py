"""A torch ensemble that predicts log10 G and log10 K together."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from models.labels import FloatArray
from models.network import (
    Loss,
    MlpEnsemble,
    NetworkConfig,
    Standardiser,
    evaluate_ensemble,
    load_ensemble,
    save_ensemble,
    train_ensemble,
)


class ModuliNet:
    """Predicts (log10 G, log10 K); a row may lack one of the two labels."""

    family: ClassVar[str] = "torch"

    def __init__(self, config: NetworkConfig, name: str = "moduli_net") -> None:
        self.config = config
        self.name = name
        self._network: MlpEnsemble | None = None
        self._scaler: Standardiser | None = None

    def fit(self, x: FloatArray, y: FloatArray, weight: FloatArray) -> None:
        """Learn from x (n, d), NaN allowed; y (n, 2), NaN where not measured; weight (n,)."""
        self._scaler = Standardiser.of(x)
        self._network = train_ensemble(
            self.config,
            self.name,
            self._scaler.apply(x),
            np.arange(len(x)),
            2,
            _loss(y, weight),
            np.nanmedian(y, axis=0),
        )

    def predict(self, x: FloatArray) -> FloatArray:
        """(members, n, 2) in log10 GPa. Raises RuntimeError before ``fit``."""
        if self._network is None or self._scaler is None:
            raise RuntimeError("the network is not fitted")
        return evaluate_ensemble(self._network, self._scaler.apply(x))

    def save(self, folder: Path) -> None:
        """Write the ensemble into an existing folder."""
        if self._network is None or self._scaler is None:
            raise RuntimeError("the network is not fitted")
        save_ensemble(folder, self.name, self._network, self.config, self._scaler)

    @classmethod
    def load(cls, folder: Path, name: str) -> ModuliNet:
        """Read what ``save`` wrote."""
        network, config, scaler = load_ensemble(folder, name, 2)
        model = cls(config, name)
        model._network, model._scaler = network, scaler
        return model


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

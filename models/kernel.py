"""A kernel candidate: near neighbours in composition decide, smoothly and for any target."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from models.labels import FloatArray, Labels
from models.manhattan import Anchors
from models.network import Standardiser

BLOCK_ROWS = 256  # rows of the kernel matrix at a time


@dataclass(frozen=True)
class KernelConfig:
    """Settings of the kernel ridge regression.

    gamma_per_column: the kernel's exponent is this times the mean absolute difference of the
    standardised columns. ridge: noise of a label against the spread of the labels.
    """

    gamma_per_column: float = 3.4
    ridge: float = 0.15


class Kernel:
    """Kernel ridge regression with the Laplacian kernel on standardised columns.

    The Laplacian kernel forgives a few columns that differ much, which suits tables where many
    columns say nothing about a given material. Rupp 2012 (10.1103/PhysRevLett.108.058301).
    """

    family: ClassVar[str] = "scikit-learn"

    def __init__(self, config: KernelConfig, name: str = "kernel") -> None:
        self.config = config
        self.name = name
        self._scaler: Standardiser | None = None
        self._anchors: FloatArray = np.zeros((0, 0))
        self._coefficients: FloatArray = np.zeros(0)
        self._offset = 0.0
        self._distinct: tuple[Anchors, FloatArray] | None = None

    def fit(self, x: FloatArray, labels: Labels) -> None:
        """Learn from x (n, d), NaN allowed, and labels (n,).

        A bound that the measured rows alone would break enters as a label, any other not at all.
        """
        self._scaler = Standardiser.of(x)
        scaled = self._scaler.apply(x)
        measured = ~labels.is_bound
        self._solve(scaled[measured], labels.take(measured))
        if labels.is_bound.any():
            broken = labels.is_bound & (self.predict(x) > labels.value)
            chosen = measured | broken
            self._solve(scaled[chosen], labels.take(chosen))

    def _solve(self, anchors: FloatArray, labels: Labels) -> None:
        from sklearn.kernel_ridge import KernelRidge

        self._offset = float(np.median(labels.value))
        model = KernelRidge(
            alpha=self.config.ridge / labels.weight, kernel="laplacian", gamma=self._gamma(anchors)
        )
        model.fit(anchors, labels.value - self._offset)
        self._anchors, self._coefficients = anchors, np.asarray(model.dual_coef_)
        self._distinct = None

    def _gamma(self, x: FloatArray) -> float:
        return self.config.gamma_per_column / x.shape[1]

    def predict(self, x: FloatArray) -> FloatArray:
        """(n,) predictions in the target's unit. Raises RuntimeError before ``fit``."""
        if self._scaler is None:
            raise RuntimeError("the kernel is not fitted")
        anchors, coefficients = self._merged()
        scaled = self._scaler.apply(x)
        gamma = self._gamma(scaled)
        parts = [
            np.exp(-gamma * anchors.distances(scaled[start : start + BLOCK_ROWS])) @ coefficients
            for start in range(0, len(x), BLOCK_ROWS)
        ]
        return np.concatenate([np.zeros(0), *parts]) + self._offset

    def _merged(self) -> tuple[Anchors, FloatArray]:
        """The distinct anchors, each with the sum of its coefficients."""
        if self._distinct is not None:
            return self._distinct
        rows, where = np.unique(self._anchors, axis=0, return_inverse=True)
        summed = np.bincount(where.ravel(), self._coefficients, len(rows))
        self._distinct = Anchors.of(rows), np.asarray(summed, dtype=np.float64)
        return self._distinct

    def save(self, folder: Path) -> None:
        """Write arrays as npz and settings as JSON into an existing folder."""
        if self._scaler is None:
            raise RuntimeError("the kernel is not fitted")
        np.savez_compressed(
            folder / f"{self.name}.npz",
            anchors=self._anchors,
            coefficients=self._coefficients,
            centre=self._scaler.centre,
            spread=self._scaler.spread,
        )
        state = {"config": asdict(self.config), "offset": self._offset}
        (folder / f"{self.name}.json").write_text(json.dumps(state))

    @classmethod
    def load(cls, folder: Path, name: str) -> Kernel:
        """Read what ``save`` wrote; an array file that holds objects is refused."""
        state = json.loads((folder / f"{name}.json").read_text())
        model = cls(KernelConfig(**state["config"]), name)
        with np.load(folder / f"{name}.npz", allow_pickle=False) as arrays:
            model._anchors = arrays["anchors"]
            model._coefficients = arrays["coefficients"]
            model._scaler = Standardiser(arrays["centre"], arrays["spread"])
        model._offset = float(state["offset"])
        return model

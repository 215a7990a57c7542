"""A Gaussian process on a learned metric: compounds of one prototype compared site by site.

Distances are taken in single precision, which the noise of the labels is far above, and four times
as fast. A row's answer is the same in any block all the same: matrix products of at least
FEWEST_ROWS rows do not depend on how many there are, and the last sum is in double precision.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from models.gaussian_process import factor_of, left_out_error, trust
from models.labels import BoolArray, FloatArray, IntArray
from models.moduli_metric import Inputs, Metric, MetricConfig, distance, learn_metric, squares
from models.network import Standardiser

BLOCK_ROWS = 512  # rows of the covariance at a time
ANSWERED_ROWS = 64  # rows of a prediction at a time: they stay in the processor's cache
FEWEST_ROWS = 8
NEAREST = 50  # training materials whose errors tell what to expect of an answer
SHARE_DIGITS = 2  # shares of the elements that make a prototype agree to so many decimals


@dataclass(frozen=True)
class KernelColumns:
    """Positions in a view's matrix: ``plain`` columns compared by distance, ``symmetry`` ones too,
    ``space_group`` compared for equality (None in a view without), ``shares`` of the elements."""

    plain: list[int]
    symmetry: list[int]
    space_group: int | None
    shares: list[int]


@dataclass(frozen=True)
class ModuliKernelConfig:
    """``rank``: directions kept of the learned metric, for speed."""

    metric: MetricConfig = field(default_factory=MetricConfig)
    rank: int = 64


@dataclass(frozen=True)
class Projected:
    """n rows as the learned metric sees them: (n, rank) where likeness fades slowly and where it
    fades fast, and what is known of their symmetry."""

    far: Tensor
    near: Tensor
    inputs: Inputs

    @cached_property
    def squares(self) -> tuple[Tensor, Tensor]:
        """Squared lengths (n,) of both."""
        return squares(self.far), squares(self.near)

    def block(self, start: int) -> Projected:
        """BLOCK_ROWS rows from ``start``."""
        rows = slice(start, start + BLOCK_ROWS)
        return Projected(self.far[rows], self.near[rows], self.inputs.take(rows))


class ModuliKernel:
    """Predicts (log10 G, log10 K). The metric is learned once and can serve several fits."""

    family: ClassVar[str] = "torch"

    def __init__(self, config: ModuliKernelConfig, columns: KernelColumns, name: str) -> None:
        self.config = config
        self.columns = columns
        self.name = name
        self._metric: Metric | None = None
        self._scaler = Standardiser(np.zeros(0), np.ones(0))
        self._far, self._near = torch.zeros(0), torch.zeros(0)  # (d, rank) projections
        self._anchors: Projected | None = None
        self._coefficients = torch.zeros(0)
        self._errors = np.zeros((0, 2))  # of each anchor, left out with its group
        self._centre, self._spread = np.zeros(2), np.ones(2)

    def learn_metric(self, x: FloatArray, y: FloatArray) -> None:
        """Learn what makes rows of x (n, d) alike from y (n, 2), without rows with a gap in y."""
        known = _complete(y)
        self._scaler = Standardiser.of(x[known])
        self._centre, self._spread = y[known].mean(axis=0), y[known].std(axis=0)
        inputs = self._inputs(x[known])
        labels = (y[known] - self._centre) / self._spread
        self._metric = learn_metric(self.config.metric, inputs, labels, self.name)
        self._far = _projection(inputs.x, torch.exp(self._metric.log_far), self.config.rank)
        self._near = _projection(inputs.x, torch.exp(self._metric.log_near), self.config.rank)

    def unfitted_copy(self) -> ModuliKernel:
        """An unfitted kernel with this one's metric."""
        other = ModuliKernel(self.config, self.columns, self.name)
        other._metric, other._scaler = self._metric, self._scaler
        other._far, other._near = self._far, self._near
        return other

    def fit(self, x: FloatArray, y: FloatArray, groups: IntArray) -> FloatArray:
        """Learn from x (n, d) and y (n, 2); rows with a gap in y are left out.

        Returns what each row would be predicted from the rows of other groups (n,), (n, 2): the
        closed form of leaving a group out (Rasmussen and Williams, 2006, equation 5.12, with a
        block for each group). Raises RuntimeError without a metric.
        """
        if self._metric is None:
            raise RuntimeError("learn or take over a metric first")
        known = _complete(y)
        self._centre, self._spread = y[known].mean(axis=0), y[known].std(axis=0)
        labels = torch.as_tensor((y[known] - self._centre) / self._spread, dtype=torch.float32)
        with torch.inference_mode():
            self._anchors = self._projected(x[known])
            size = len(labels)
            covariance = torch.empty(size, size)
            for start in range(0, size, BLOCK_ROWS):
                covariance[start : start + BLOCK_ROWS] = self._likeness(
                    self._anchors.block(start), self._anchors
                )
            noise = self._metric.noise.expand(size)
            noise = noise / trust(covariance, noise, labels)
            covariance.diagonal().add_(noise)
            factor = factor_of(covariance)
            del covariance
            coefficients = torch.cholesky_solve(labels, factor)
            inverse = torch.cholesky_inverse(factor)
            del factor
            error = left_out_error(inverse, coefficients, groups[known])
            self._coefficients = coefficients.double()
        self._errors = error.double().numpy() * self._spread
        outside = np.empty_like(y)
        outside[known] = (labels - error).double().numpy() * self._spread + self._centre
        if not known.all():
            outside[~known] = self.predict(x[~known])
        return outside

    def predict(self, x: FloatArray) -> FloatArray:
        """(n, 2) in log10 GPa of x (n, d). Raises RuntimeError before ``fit``."""
        return self.answer(x)[0]

    def answer(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What is predicted of x (n, d), and how far off the kernel was with materials alike.

        (n, 2) in log10 GPa, and (n, NEAREST, 2): label minus prediction of the training rows most
        alike, each predicted from the rows of other groups; fewer where there are no more. Raises
        RuntimeError before ``fit``.
        """
        if self._anchors is None:
            raise RuntimeError("the kernel is not fitted")
        nearest = min(NEAREST, len(self._errors))
        values, places = [np.zeros((0, 2))], [np.zeros((0, nearest), dtype=np.int64)]
        with torch.inference_mode():
            for start in range(0, len(x), ANSWERED_ROWS):
                block = x[start : start + ANSWERED_ROWS]
                lacking = -len(block) % FEWEST_ROWS
                padded = np.vstack([block, np.zeros((lacking, x.shape[1]))])
                likeness = self._likeness(self._projected(padded), self._anchors)
                value = likeness.double() @ self._coefficients
                values.append(value[: len(block)].numpy())
                found = torch.topk(likeness[: len(block)], nearest, dim=1, sorted=False)
                places.append(found.indices.numpy())
        mean = np.concatenate(values) * self._spread + self._centre
        return mean, self._errors[np.concatenate(places)]

    def _likeness(self, one: Projected, other: Projected) -> Tensor:
        assert self._metric is not None
        far, near = other.squares
        return self._metric.likeness(
            distance(one.far, other.far, far),
            distance(one.near, other.near, near),
            one.inputs,
            other.inputs,
        )

    def _projected(self, x: FloatArray) -> Projected:
        inputs = self._inputs(x)
        nothing = torch.zeros(len(x), 0)
        slim = Inputs(nothing, inputs.symmetry.float(), inputs.space_group, inputs.prototype)
        far, near = (inputs.x @ each for each in (self._far, self._near))
        return Projected(far.float(), near.float(), slim)

    def _inputs(self, x: FloatArray) -> Inputs:
        columns = self.columns
        scaled = self._scaler.apply(x)
        group = np.zeros(len(x), dtype=np.int64)
        if columns.space_group is not None:
            group = np.nan_to_num(x[:, columns.space_group]).astype(np.int64)
        shares = np.rint(np.nan_to_num(x[:, columns.shares]) * 10**SHARE_DIGITS).astype(np.int64)
        return Inputs(
            torch.as_tensor(scaled[:, columns.plain]),
            torch.as_tensor(scaled[:, columns.symmetry]),
            torch.as_tensor(group),
            torch.as_tensor(_code(group, shares)),
        )

    def save(self, folder: Path) -> None:
        """Write arrays as npz and settings as JSON into an existing folder."""
        if self._anchors is None or self._metric is None:
            raise RuntimeError("the kernel is not fitted")
        anchors = self._anchors
        np.savez(
            folder / f"{self.name}.npz",
            input_centre=self._scaler.centre,
            input_spread=self._scaler.spread,
            far_projection=self._far.numpy(),
            near_projection=self._near.numpy(),
            far=anchors.far.numpy(),
            near=anchors.near.numpy(),
            symmetry=anchors.inputs.symmetry.numpy(),
            space_group=anchors.inputs.space_group.numpy(),
            prototype=anchors.inputs.prototype.numpy(),
            coefficients=self._coefficients.numpy(),
            errors=self._errors,
            centre=self._centre,
            spread=self._spread,
            **{f"metric.{key}": value.numpy() for key, value in self._metric.state_dict().items()},
        )
        state = {"config": asdict(self.config), "columns": asdict(self.columns)}
        (folder / f"{self.name}.json").write_text(json.dumps(state))

    @classmethod
    def load(cls, folder: Path, name: str) -> ModuliKernel:
        """Read what ``save`` wrote; an array file that holds objects is refused."""
        state = json.loads((folder / f"{name}.json").read_text())
        settings = state["config"]
        config = ModuliKernelConfig(MetricConfig(**settings["metric"]), settings["rank"])
        model = cls(config, KernelColumns(**state["columns"]), name)
        with np.load(folder / f"{name}.npz", allow_pickle=False) as arrays:
            tensors = {key: torch.as_tensor(arrays[key]) for key in arrays.files}
            model._scaler = Standardiser(arrays["input_centre"], arrays["input_spread"])
            model._centre, model._spread = arrays["centre"], arrays["spread"]
            model._errors = arrays["errors"]
        model._far, model._near = tensors["far_projection"], tensors["near_projection"]
        model._coefficients = tensors["coefficients"]
        symmetry = tensors["symmetry"]
        model._metric = Metric(len(model._far), symmetry.shape[1]).requires_grad_(False)
        model._metric.load_state_dict(
            {key[7:]: value for key, value in tensors.items() if key.startswith("metric.")}
        )
        nothing = torch.zeros(len(symmetry), 0)
        slim = Inputs(nothing, symmetry, tensors["space_group"], tensors["prototype"])
        model._anchors = Projected(tensors["far"], tensors["near"], slim)
        return model


def _complete(y: FloatArray) -> BoolArray:
    return np.asarray(np.isfinite(y).all(axis=1))


def _code(group: IntArray, shares: IntArray) -> IntArray:
    """One number for a space group with shares of 0 to 100 by rank."""
    code = group
    for column in range(shares.shape[1]):
        code = code * 101 + shares[:, column]
    return code


def _projection(x: Tensor, weight: Tensor, rank: int) -> Tensor:
    """(d, rank): weighted columns turned into the directions along which the rows vary most."""
    weighted = x * weight
    scatter = weighted.T @ weighted
    _, vectors = torch.linalg.eigh(scatter)
    kept = vectors[:, -min(rank, len(weight)) :]
    return weight[:, None] * kept

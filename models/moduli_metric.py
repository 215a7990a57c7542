"""When two materials are alike in stiffness: a metric over named columns, learned from the labels.

The likeness of two materials is a sum of two exponentials of a weighted distance. The weights of
all columns, and how much a common space group or a common prototype counts, are those under which
the labels are most probable for a Gaussian process (Rasmussen and Williams, Gaussian Processes
for Machine Learning, 2006, equation 5.8), by stochastic ascent over random parts of the rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from models.labels import FloatArray
from models.seeds import seed_for

LEAST_NOISE = 1e-3


@dataclass(frozen=True)
class MetricConfig:
    """Settings of the ascent: ``steps`` over ``batch`` rows each, at most ``learning_rate``."""

    steps: int = 150
    batch: int = 1200
    learning_rate: float = 0.12


@dataclass(frozen=True)
class Inputs:
    """What is compared: x (n, d) and symmetry (n, s) standardised; codes of the space group and
    of the prototype (space group with the shares of the elements), each (n,)."""

    x: Tensor
    symmetry: Tensor
    space_group: Tensor
    prototype: Tensor

    def take(self, rows: Tensor | slice) -> Inputs:
        """Some of the rows."""
        return Inputs(
            self.x[rows], self.symmetry[rows], self.space_group[rows], self.prototype[rows]
        )

    def float(self) -> Inputs:
        """The same in single precision, for learning."""
        return Inputs(self.x.float(), self.symmetry.float(), self.space_group, self.prototype)

    def __len__(self) -> int:
        return len(self.x)


class Metric(torch.nn.Module):
    """log weights of the columns, amplitudes, shares of the symmetry terms, noise."""

    def __init__(self, columns: int, symmetry: int) -> None:
        super().__init__()
        even = -0.5 * math.log(max(columns, 1))
        self.log_far = torch.nn.Parameter(torch.full((columns,), even - 1.0))
        self.log_near = torch.nn.Parameter(torch.full((columns,), even - 0.3))
        self.log_symmetry = torch.nn.Parameter(torch.full((symmetry,), -1.0))
        self.log_amplitude = torch.nn.Parameter(torch.tensor([0.0, math.log(0.5)]))
        self.shares = torch.nn.Parameter(torch.zeros(4))
        self.log_noise = torch.nn.Parameter(torch.tensor(math.log(0.05)))

    @property
    def noise(self) -> Tensor:
        """Variance of a label, in units of the labels' own; never so small that rounding tells."""
        return torch.exp(self.log_noise) + LEAST_NOISE

    def likeness(self, far: Tensor, near: Tensor, one: Inputs, other: Inputs) -> Tensor:
        """(n, m) from the two distances (n, m) and what is known of the symmetry of both."""
        amplitude = torch.exp(self.log_amplitude)
        close = torch.exp(-near)
        if self.log_symmetry.numel():
            share = torch.softmax(self.shares, 0)
            weight = torch.exp(self.log_symmetry)
            apart = distance(one.symmetry * weight, other.symmetry * weight)
            alike = share[0] + share[1] * torch.exp(-apart)
            alike = alike + share[2] * (one.space_group[:, None] == other.space_group)
            close = close * (alike + share[3] * (one.prototype[:, None] == other.prototype))
        return amplitude[0] * torch.exp(-far) + amplitude[1] * close

    def forward(self, one: Inputs, other: Inputs) -> Tensor:
        """(n, m) likeness with the full weights."""
        far, near = torch.exp(self.log_far), torch.exp(self.log_near)
        return self.likeness(
            distance(one.x * far, other.x * far), distance(one.x * near, other.x * near), one, other
        )


def squares(rows: Tensor) -> Tensor:
    """(n,) squared lengths of the rows of (n, d)."""
    return rows.square().sum(1)


def distance(one: Tensor, other: Tensor, of_other: Tensor | None = None) -> Tensor:
    """(n, m) Euclidean distances between the rows of (n, d) and (m, d).

    of_other: (m,) the ``squares`` of ``other``, where they are known already.
    """
    known = squares(other) if of_other is None else of_other
    square = torch.addmm(squares(one)[:, None] + known, one, other.T, alpha=-2)
    return (
        square.clamp_(min=1e-8).sqrt_()
        if not square.requires_grad
        else square.clamp(min=1e-8).sqrt()
    )


def learn_metric(config: MetricConfig, inputs: Inputs, y: FloatArray, name: str) -> Metric:
    """The metric under which standardised labels y (n, k) are most probable."""
    metric = Metric(inputs.x.shape[1], inputs.symmetry.shape[1])
    generator = torch.Generator().manual_seed(seed_for(name, "metric"))
    labels = torch.as_tensor(y, dtype=torch.float32)
    inputs = inputs.float()
    batch = min(config.batch, len(inputs))
    optimiser = torch.optim.Adam(metric.parameters(), lr=config.learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, config.learning_rate, total_steps=config.steps
    )
    for _ in range(config.steps):
        rows = torch.randperm(len(inputs), generator=generator)[:batch]
        part = inputs.take(rows)
        covariance = metric(part, part) + metric.noise * torch.eye(batch)
        factor = torch.linalg.cholesky(covariance)
        white = torch.linalg.solve_triangular(factor, labels[rows], upper=False)
        evidence = 0.5 * white.square().sum() + labels.shape[1] * factor.diagonal().log().sum()
        optimiser.zero_grad()
        (evidence / batch).backward()
        optimiser.step()
        schedule.step()
    return metric.requires_grad_(False)

"""Algebra of a Gaussian process: trust in single labels, and errors of leaving groups out."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from models.labels import IntArray

DEGREES_OF_FREEDOM = 3.0
MEDIAN_TO_SCALE = 1.5  # of squared errors, roughly as for a normal distribution of two labels


def factor_of(covariance: Tensor) -> Tensor:
    """Cholesky factor in single precision; by way of double where rounding would break it."""
    factor, failed = torch.linalg.cholesky_ex(covariance)
    if int(failed):
        factor = torch.linalg.cholesky(covariance.double()).float()
    return factor


def trust(covariance: Tensor, noise: Tensor, labels: Tensor) -> Tensor:
    """(n,) weight of each label: one that lies far from what the other rows say counts for less.

    The weights are those of Student's t with DEGREES_OF_FREEDOM on errors of leaving one out, in
    units of their own expected size (Lange 1989, 10.1080/01621459.1989.10478852).
    """
    noisy = covariance.clone()
    noisy.diagonal().add_(noise)
    factor = factor_of(noisy)
    del noisy
    coefficients = torch.cholesky_solve(labels, factor)
    precision = torch.cholesky_inverse(factor).diagonal()
    square = (coefficients.square() / precision[:, None]).mean(dim=1)
    scale = MEDIAN_TO_SCALE * square.median()
    return (DEGREES_OF_FREEDOM + 1.0) / (DEGREES_OF_FREEDOM + square / scale)


def left_out_error(inverse: Tensor, coefficients: Tensor, groups: IntArray) -> Tensor:
    """(n, 2) label minus prediction from the other groups, of the inverse covariance (n, n)."""
    error = coefficients / inverse.diagonal()[:, None]
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    for rows in np.split(order, starts[1:]):
        if len(rows) > 1:
            own = torch.as_tensor(rows)
            error[own] = torch.linalg.solve(inverse[own][:, own], coefficients[own])
    return error

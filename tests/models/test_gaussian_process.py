"""Leaving groups out in closed form, and labels that are not to be trusted."""

from __future__ import annotations

import numpy as np
import torch

from models.gaussian_process import factor_of, left_out_error, trust

NOISE = 0.05


def covariance_of(x: np.ndarray) -> torch.Tensor:
    return torch.as_tensor(np.exp(-np.abs(x[:, None] - x)), dtype=torch.float32)


def test_what_is_left_out_is_missed_by_what_the_others_do_not_know() -> None:
    generator = np.random.default_rng(0)
    x, groups = np.sort(generator.uniform(0, 10, 30)), np.arange(30) // 2
    groups[:6] = 0
    y = np.column_stack([np.sin(x), np.cos(x)])
    covariance = covariance_of(x) + NOISE * torch.eye(30)
    factor = factor_of(covariance)
    labels = torch.as_tensor(y, dtype=torch.float32)
    found = left_out_error(
        torch.cholesky_inverse(factor), torch.cholesky_solve(labels, factor), groups
    ).numpy()
    known = covariance.double().numpy()
    for group in np.unique(groups):
        own, rest = groups == group, groups != group
        told = known[np.ix_(own, rest)] @ np.linalg.solve(known[np.ix_(rest, rest)], y[rest])
        np.testing.assert_allclose(found[own], y[own] - told, rtol=1e-3, atol=1e-4)


def test_a_label_that_its_neighbours_contradict_counts_for_less() -> None:
    x = np.linspace(0, 5, 40)
    y = np.column_stack([np.sin(x), np.sin(x)])
    y[20] += 3.0
    weight = trust(
        covariance_of(x), torch.full((40,), NOISE), torch.as_tensor(y, dtype=torch.float32)
    )
    assert int(weight.argmin()) == 20
    assert float(weight[20]) < 0.1 * float(weight.median())


def test_a_covariance_that_single_precision_cannot_factor_is_factored() -> None:
    x = np.linspace(0, 3, 200)
    smooth = torch.as_tensor(np.exp(-((x[:, None] - x) ** 2)), dtype=torch.float32)
    smooth.diagonal().add_(1e-6)
    assert int(torch.linalg.cholesky_ex(smooth)[1])
    factor = factor_of(smooth)
    np.testing.assert_allclose((factor @ factor.T).numpy(), smooth.numpy(), atol=1e-5)

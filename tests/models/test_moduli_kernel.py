"""The learned metric and the Gaussian process on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from models.moduli_kernel import NEAREST, KernelColumns, ModuliKernel, ModuliKernelConfig
from models.moduli_metric import MetricConfig, distance

CONFIG = ModuliKernelConfig(MetricConfig(steps=40, batch=150), rank=8)
COLUMNS = KernelColumns(plain=[0, 1, 2, 3], symmetry=[4], space_group=5, shares=[3])


def table(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Labels follow column 0 and the space group; columns 1 and 2 are noise."""
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(rows, 6))
    x[:, 3] = generator.choice([0.25, 0.5], rows)
    x[:, 4] = generator.integers(0, 2, rows)
    x[:, 5] = generator.choice([62, 225], rows)
    shear = np.sin(2.0 * x[:, 0]) + np.where(x[:, 5] == 225, 0.8, 0.0)
    return x, np.column_stack([shear, 0.5 * shear + 1.0])


@pytest.fixture(scope="module")
def kernel() -> ModuliKernel:
    x, y = table(300)
    model = ModuliKernel(CONFIG, COLUMNS, "kernel_test")
    model.learn_metric(x, y)
    model.fit(x, y, np.arange(len(x)))
    return model


def test_distances_are_those_of_the_definition() -> None:
    one, other = torch.tensor([[0.0, 0.0], [3.0, 0.0]]), torch.tensor([[0.0, 4.0]])
    np.testing.assert_allclose(distance(one, other).numpy(), [[4.0], [5.0]], rtol=1e-6)


def test_new_rows_are_predicted_from_what_matters(kernel: ModuliKernel) -> None:
    x, y = table(200, seed=1)
    error = np.abs(kernel.predict(x) - y).mean(axis=0)
    assert error[0] < 0.2 * np.abs(y[:, 0] - np.median(y[:, 0])).mean()
    assert error[1] < 0.2 * np.abs(y[:, 1] - np.median(y[:, 1])).mean()


def test_a_column_that_matters_weighs_more_than_noise(kernel: ModuliKernel) -> None:
    metric = kernel._metric
    assert metric is not None
    weight = torch.exp(torch.maximum(metric.log_far, metric.log_near))
    assert weight[0] > 2.0 * weight[1]
    assert weight[0] > 2.0 * weight[2]


def test_another_space_group_changes_the_answer(kernel: ModuliKernel) -> None:
    x, _ = table(50, seed=2)
    cubic, other = x.copy(), x.copy()
    cubic[:, 5], other[:, 5] = 225, 62
    difference = kernel.predict(cubic)[:, 0] - kernel.predict(other)[:, 0]
    assert np.median(difference) == pytest.approx(0.8, abs=0.3)


def test_gaps_in_columns_and_labels_do_no_harm() -> None:
    x, y = table(200)
    x[::7, 1] = np.nan
    x[::5, 5] = np.nan  # a space group that is not known
    y[::9, 1] = np.nan
    model = ModuliKernel(CONFIG, COLUMNS, "kernel_test")
    model.learn_metric(x, y)
    model.fit(x, y, np.arange(len(x)))
    assert np.isfinite(model.predict(x)).all()


def test_a_fit_with_a_taken_over_metric_does_not_touch_the_first(kernel: ModuliKernel) -> None:
    x, y = table(100, seed=3)
    before = kernel.predict(x)
    other = kernel.unfitted_copy()
    with pytest.raises(RuntimeError, match="not fitted"):
        other.predict(x)
    other.fit(x, -y, np.arange(len(x)))
    np.testing.assert_array_equal(kernel.predict(x), before)


def test_it_comes_back_from_disk(kernel: ModuliKernel, tmp_path: Path) -> None:
    kernel.save(tmp_path)
    again = ModuliKernel.load(tmp_path, "kernel_test")
    x, _ = table(60, seed=4)
    for there, here in zip(again.answer(x), kernel.answer(x), strict=True):
        np.testing.assert_array_equal(there, here)


def test_a_row_is_predicted_alike_alone_and_among_others(kernel: ModuliKernel) -> None:
    x, _ = table(600, seed=5)
    whole = kernel.predict(x)
    alone = np.concatenate([kernel.predict(x[i : i + 1]) for i in range(0, 600, 50)])
    np.testing.assert_allclose(alone, whole[::50], rtol=1e-12, atol=1e-12)
    errors = np.concatenate([kernel.answer(x[i : i + 1])[1] for i in range(0, 600, 50)])
    np.testing.assert_array_equal(errors, kernel.answer(x)[1][::50])


def test_an_unlearned_kernel_says_so() -> None:
    model = ModuliKernel(CONFIG, COLUMNS, "kernel_test")
    with pytest.raises(RuntimeError, match="metric"):
        model.fit(*table(10), np.arange(10))
    with pytest.raises(RuntimeError, match="not fitted"):
        model.predict(table(10)[0])
    with pytest.raises(RuntimeError, match="not fitted"):
        model.save(Path())


def test_with_an_answer_come_the_errors_with_the_training_rows_most_alike(
    kernel: ModuliKernel,
) -> None:
    x, y = table(300)
    error = y - kernel.unfitted_copy().fit(x, y, np.arange(300))
    asked, _ = table(20, seed=8)
    with torch.inference_mode():
        likeness = kernel._likeness(kernel._projected(asked), kernel._projected(x)).numpy()
    nearest = np.argsort(-likeness, axis=1)[:, :NEAREST]
    value, errors = kernel.answer(asked)
    np.testing.assert_array_equal(value, kernel.predict(asked))
    np.testing.assert_allclose(
        np.sort(errors, axis=1), np.sort(error[nearest], axis=1), rtol=1e-5, atol=1e-6
    )


def test_a_kernel_that_knows_few_rows_has_so_many_errors(kernel: ModuliKernel) -> None:
    x, y = table(20, seed=9)
    y[3, 0] = np.nan
    few = kernel.unfitted_copy()
    few.fit(x, y, np.arange(20))
    assert few.answer(x)[1].shape == (20, 19, 2)


def test_no_rows_make_no_predictions(kernel: ModuliKernel) -> None:
    value, errors = kernel.answer(np.zeros((0, 6)))
    assert value.shape == (0, 2)
    assert errors.shape == (0, NEAREST, 2)


def test_what_is_left_out_is_predicted_as_if_never_seen(kernel: ModuliKernel) -> None:
    x, y = table(80, seed=6)
    groups = np.arange(80) // 2  # pairs
    groups[:6] = 0
    told = kernel.unfitted_copy().fit(x, y, groups)
    for group in (0, 7):
        inside = groups != group
        without = kernel.unfitted_copy()
        without.fit(x[inside], y[inside], groups[inside])
        # The labels' mean and spread move a little when a group goes.
        np.testing.assert_allclose(told[~inside], without.predict(x[~inside]), atol=0.03)

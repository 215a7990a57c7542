from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.kernel import Kernel, KernelConfig
from models.labels import FloatArray, Labels


def _table() -> tuple[FloatArray, FloatArray]:
    x = np.random.default_rng(0).normal(size=(300, 4))
    return x, np.abs(x[:, 0]) + 0.3 * x[:, 1]


def test_near_neighbours_decide() -> None:
    x, y = _table()
    model = Kernel(KernelConfig())
    model.fit(x[:250], Labels.of(y[:250]))
    error = np.abs(model.predict(x[250:]) - y[250:]).mean()
    assert error < 0.4 * np.abs(y[250:] - np.median(y)).mean()


def test_far_from_all_anchors_the_median_is_predicted() -> None:
    x, y = _table()
    model = Kernel(KernelConfig(gamma_per_column=40.0))
    model.fit(x, Labels.of(y))
    assert model.predict(np.full((1, 4), 100.0))[0] == pytest.approx(np.median(y), abs=0.05)


def test_a_bound_that_is_respected_changes_nothing() -> None:
    x, y = _table()
    plain, bounded = Kernel(KernelConfig()), Kernel(KernelConfig())
    is_bound = np.zeros(300, dtype=bool)
    is_bound[:10] = True
    plain.fit(x[10:], Labels.of(y[10:]))
    value = np.where(is_bound, 50.0, y)
    bounded.fit(x, Labels.of(value, is_bound))
    assert np.abs(bounded.predict(x) - plain.predict(x)).max() < 0.2


def test_a_bound_that_is_broken_pulls_down() -> None:
    x, y = _table()
    is_bound = x[:, 0] > 1.0
    model = Kernel(KernelConfig())
    model.fit(x[~is_bound], Labels.of(y[~is_bound]))
    before = model.predict(x[is_bound]).mean()
    model.fit(x, Labels.of(np.where(is_bound, -2.0, y), is_bound))
    assert model.predict(x[is_bound]).mean() < before - 0.5


def test_a_saved_kernel_gives_the_same_numbers(tmp_path: Path) -> None:
    x, y = _table()
    x[::9, 2] = np.nan
    model = Kernel(KernelConfig())
    model.fit(x, Labels.of(y))
    model.save(tmp_path)
    assert np.array_equal(Kernel.load(tmp_path, "kernel").predict(x), model.predict(x))


def test_an_array_file_with_objects_is_refused(tmp_path: Path) -> None:
    x, y = _table()
    model = Kernel(KernelConfig())
    model.fit(x, Labels.of(y))
    model.save(tmp_path)
    np.savez(tmp_path / "kernel.npz", anchors=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        Kernel.load(tmp_path, "kernel")

"""The network with learned element vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.moduli_net import ModuliNet, ModuliNetConfig, NetColumns

COLUMNS = NetColumns(plain=[0], atomic_number=[1, 2], share=[3, 4], space_group=5)
CONFIG = ModuliNetConfig(width=32, blocks=1, element_width=8, group_width=4, epochs=60, batch=64)


def table(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Column 0 is noise; the first element, its partner and the space group set the label."""
    generator = np.random.default_rng(seed)
    first, second = generator.choice([3, 11, 19], rows), generator.choice([8, 9, 16], rows)
    group = generator.choice([62, 225], rows)
    x = np.column_stack(
        [generator.normal(size=rows), first, second, np.full((rows, 2), 0.5), group]
    )
    stiff = {3: 1.0, 11: 0.5, 19: 0.0, 8: 0.8, 9: 0.4, 16: 0.0, 62: 0.0, 225: 0.5}
    y = np.array([sum(stiff[key] for key in row) for row in zip(first, second, group, strict=True)])
    return x, np.column_stack([y, y + 0.3])


@pytest.fixture(scope="module")
def net() -> ModuliNet:
    model = ModuliNet(CONFIG, COLUMNS, "net_test")
    model.fit(*table(600))
    return model


def test_elements_and_space_group_are_learned(net: ModuliNet) -> None:
    x, y = table(200, seed=1)
    assert np.abs(net.predict(x) - y).mean() < 0.15


def test_an_empty_rank_and_an_unknown_group_are_accepted(net: ModuliNet) -> None:
    x, _ = table(4, seed=2)
    x[0, 2], x[0, 4], x[1, 5], x[2, 0] = np.nan, 0.0, np.nan, np.nan
    assert np.isfinite(net.predict(x)).all()


def test_a_missing_label_is_no_label() -> None:
    x, y = table(300, seed=3)
    y[::2, 0] = np.nan
    model = ModuliNet(CONFIG, COLUMNS, "net_test")
    model.fit(x, y)
    assert np.isfinite(model.predict(x)).all()


def test_it_learns_the_same_twice() -> None:
    first, second = (ModuliNet(CONFIG, COLUMNS, "net_test") for _ in range(2))
    x, y = table(100, seed=4)
    first.fit(x, y)
    second.fit(x, y)
    np.testing.assert_array_equal(first.predict(x), second.predict(x))


def test_it_comes_back_from_disk(net: ModuliNet, tmp_path: Path) -> None:
    net.save(tmp_path)
    again = ModuliNet.load(tmp_path, "net_test")
    x, _ = table(30, seed=5)
    np.testing.assert_array_equal(again.predict(x), net.predict(x))
    assert net.predict(np.zeros((0, 6))).shape == (0, 2)


def test_an_unfitted_network_says_so() -> None:
    model = ModuliNet(CONFIG, COLUMNS, "net_test")
    with pytest.raises(RuntimeError, match="not fitted"):
        model.predict(table(2)[0])
    with pytest.raises(RuntimeError, match="not fitted"):
        model.save(Path())

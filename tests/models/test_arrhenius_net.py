from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np

from models.arrhenius import log10_conductivity_at
from models.arrhenius_net import ArrheniusNet, Observations
from models.network import NetworkConfig

CONFIG = NetworkConfig(members=2, width=24, epochs=60, batch=64, dropout=0.0)


def _materials() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).normal(size=(200, 3))
    return x, -5.0 + x[:, 0], 0.4 + 0.1 * x[:, 1]


def _observed(
    sigma: np.ndarray, energy: np.ndarray, temperature_k: float, bound: bool = False
) -> Observations:
    count = len(sigma)
    return Observations(
        material=np.arange(count),
        value=log10_conductivity_at(sigma, energy, temperature_k),
        is_energy=np.zeros(count, bool),
        is_bound=np.full(count, bound),
        temperature_k=np.full(count, temperature_k),
        weight=np.ones(count),
        paper=np.arange(count),
        composition=np.arange(count),
    )


def _joined(*parts: Observations) -> Observations:
    names = [field.name for field in fields(Observations)]
    return Observations(*(np.concatenate([getattr(p, name) for p in parts]) for name in names))


def test_two_temperatures_teach_the_activation_energy() -> None:
    x, sigma, energy = _materials()
    model = ArrheniusNet(CONFIG)
    model.fit(x, _joined(_observed(sigma, energy, 298.15), _observed(sigma, energy, 400.0)))
    predicted = model.predict(x).mean(axis=0)
    assert np.abs(predicted[:, 0] - sigma).mean() < 0.25
    assert np.corrcoef(predicted[:, 1], energy)[0, 1] > 0.9


def test_a_bound_pulls_down_what_lies_above_it() -> None:
    x, sigma, energy = _materials()
    high = x[:, 0] > 0.5
    kept = _observed(sigma, energy, 298.15).take(~high)
    bounds = _observed(np.full(200, -9.0), energy, 298.15, bound=True).take(high)
    free, bounded = ArrheniusNet(CONFIG), ArrheniusNet(CONFIG)
    free.fit(x, kept)
    bounded.fit(x, _joined(kept, bounds))
    before = free.predict(x[high]).mean(axis=0)[:, 0].mean()
    assert bounded.predict(x[high]).mean(axis=0)[:, 0].mean() < before - 1.0


def test_the_same_data_give_the_same_network(tmp_path: Path) -> None:
    x, sigma, energy = _materials()
    observed = _observed(sigma, energy, 298.15)
    first, second = ArrheniusNet(CONFIG), ArrheniusNet(CONFIG)
    first.fit(x, observed)
    second.fit(x, observed)
    assert np.array_equal(first.predict(x), second.predict(x))
    first.save(tmp_path)
    assert np.array_equal(ArrheniusNet.load(tmp_path, first.name).predict(x), first.predict(x))


def test_a_row_has_the_same_answer_in_any_block() -> None:
    x, sigma, energy = _materials()
    model = ArrheniusNet(CONFIG)
    model.fit(x, _observed(sigma, energy, 298.15))
    together = model.predict(x)
    alone = np.concatenate([model.predict(x[row : row + 1]) for row in range(20)], axis=1)
    assert np.abs(together[:, :20] - alone).max() < 1e-12

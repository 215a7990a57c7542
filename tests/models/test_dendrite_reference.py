from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.dendrite_reference import DendriteRanks, DendriteReference


def test_ranks_survive_the_bundle_and_rank_by_wave_number(tmp_path: Path) -> None:
    ranks = DendriteRanks.of([1.0, 2.0, np.nan, 4.0], [0.4, 0.2, np.nan, 0.1])
    DendriteReference(None, ranks).save(tmp_path)
    again = DendriteReference.load(tmp_path)
    assert again.volume_ratio is None
    assert again.ranks is not None
    assert again.ranks.chi.count == again.ranks.wave_number.count == 3
    assert np.array_equal(again.ranks.wave_number.values, ranks.wave_number.values)
    # 0.4 nm is the longest, so the smallest wave number, which all others exceed.
    longest = 2.0 * np.pi / 0.4e-9
    assert again.ranks.wave_number.percent_above(longest) == pytest.approx(100.0)


def test_a_reference_of_nothing_writes_nothing(tmp_path: Path) -> None:
    DendriteReference().save(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert DendriteReference.load(tmp_path) == DendriteReference(None, None)

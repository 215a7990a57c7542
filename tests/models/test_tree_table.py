"""A few rows walk flat arrays, many go through XGBoost: the numbers are the same."""

from __future__ import annotations

import numpy as np
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from models.labels import FloatArray, Labels
from models.tree_table import TreeTable, read_ubj
from models.trees import FEW_ROWS, BoostedTrees, BoostedTreesConfig

COLUMNS = 6


def _rows(count: int, seed: int, gaps: float = 0.1) -> FloatArray:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, COLUMNS))
    x[:, 0] = rng.integers(0, 3, count)  # thresholds that values equal exactly
    x[rng.random(x.shape) < gaps] = np.nan
    return x


@pytest.fixture(scope="module")
def booster() -> xgboost.Booster:
    x = _rows(500, 1)
    data = xgboost.DMatrix(x, label=np.nansum(x, axis=1))
    return xgboost.train({"max_depth": 7, "base_score": 0.0, "eta": 0.1}, data, 40)


@given(
    x=hnp.arrays(
        np.float32,
        st.tuples(st.integers(0, 8), st.just(COLUMNS)),
        elements=st.floats(-4, 4, width=32) | st.just(np.nan) | st.sampled_from([0.0, 1.0, 2.0]),
    )
)
@settings(max_examples=60, deadline=None)
def test_the_walk_agrees_with_xgboost_to_the_last_bit(
    x: np.ndarray, booster: xgboost.Booster
) -> None:
    table = TreeTable.of(booster.save_raw("ubj"))
    expected = booster.inplace_predict(x) if len(x) else np.zeros(0, np.float32)
    assert np.array_equal(table.predict(x)[:, 0].astype(np.float32), expected)


def test_a_row_has_the_same_number_in_a_small_and_in_a_large_block() -> None:
    x = _rows(4 * FEW_ROWS, 2)
    model = BoostedTrees(BoostedTreesConfig(rounds=50, bags=2, max_depth=5))
    model.fit(x, Labels.of(np.nansum(x, axis=1)))
    alone = np.concatenate([model.predict(x[row : row + 1]) for row in range(len(x))])
    assert np.array_equal(alone, model.predict(x))


def test_a_tree_that_is_one_leaf_is_that_leaf() -> None:
    data = xgboost.DMatrix(np.zeros((5, 2)), label=np.full(5, 3.0))
    stump = xgboost.train({"base_score": 0.0, "eta": 1.0, "lambda": 0.0}, data, 1)
    table = TreeTable.of(stump.save_raw("ubj"))
    assert table.levels == 0
    assert table.predict(np.ones((2, 2), np.float32)).tolist() == [[3.0], [3.0]]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"{}", {}),
        (b"{i\x01ai\x05i\x01bT}", {"a": 5, "b": True}),
        (b"[i\x01SU\x02hiZ]", [1, "hi", None]),
        (b"[#i\x02TF", [True, False]),
    ],
)
def test_ubjson_is_read(content: bytes, expected: object) -> None:
    assert read_ubj(content) == expected


def test_typed_arrays_are_big_endian() -> None:
    assert read_ubj(b"[$l#i\x02\x00\x00\x00\x01\xff\xff\xff\xff").tolist() == [1, -1]


@pytest.mark.parametrize("content", [b"", b"{", b"[$l#i\x05\x00", b"[$l", b"Q", b"{i\x05ab"])
def test_what_is_cut_or_unknown_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - numpy's words differ from ours
        read_ubj(content)

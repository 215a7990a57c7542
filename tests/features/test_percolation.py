"""Dimensionality of periodic networks, by hand and against supercells."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.percolation import dimensionality, percolation_thresholds

X, Y, Z = (1, 0, 0), (0, 1, 0), (0, 0, 1)

Edge = tuple[int, int, tuple[int, int, int]]


def arrays(edges: list[Edge]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    first = np.array([edge[0] for edge in edges], dtype=np.int64)
    second = np.array([edge[1] for edge in edges], dtype=np.int64)
    image = np.array([edge[2] for edge in edges], dtype=np.int64).reshape(-1, 3)
    return first, second, image


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        ([], 0),
        ([(0, 0, X)], 1),
        ([(0, 0, X), (0, 0, (2, 0, 0))], 1),
        ([(0, 0, X), (0, 0, Y)], 2),
        ([(0, 0, X), (0, 0, Y), (0, 0, (1, 1, 0))], 2),
        ([(0, 0, X), (0, 0, Y), (0, 0, (1, 1, 1))], 3),
    ],
)
def test_one_point_connects_in_as_many_ways_as_independent_translations(
    edges: list[Edge], expected: int
) -> None:
    assert dimensionality(1, *arrays(edges)).tolist() == [expected]


def test_a_closed_ring_is_no_way_through_the_crystal() -> None:
    ring: list[Edge] = [(0, 1, (0, 0, 0)), (1, 2, X), (2, 0, (-1, 0, 0))]
    assert dimensionality(3, *arrays(ring)).tolist() == [0, 0, 0]


def test_an_edge_may_leave_by_one_side_and_come_back_by_the_other() -> None:
    chain: list[Edge] = [(0, 1, (0, 0, 0)), (1, 0, X)]
    assert dimensionality(2, *arrays(chain)).tolist() == [1, 1]


def test_separate_clusters_keep_their_own_dimensionality() -> None:
    edges: list[Edge] = [(0, 0, X), (1, 1, X), (1, 1, Z), (2, 3, Y)]
    assert dimensionality(4, *arrays(edges)).tolist() == [1, 2, 0, 0]


def test_thresholds_are_the_costs_of_the_edges_that_open_each_dimension() -> None:
    cost = np.array([4.0, 1.0, 2.5, 3.0])
    edges: list[Edge] = [(0, 0, Z), (0, 1, (0, 0, 0)), (1, 0, X), (1, 1, Y)]
    assert percolation_thresholds(2, *arrays(edges), cost).tolist() == [2.5, 3.0, 4.0]


def test_one_edge_may_open_two_dimensions_at_once() -> None:
    edges: list[Edge] = [(0, 0, X), (1, 1, Y), (0, 1, (0, 0, 0))]
    found = percolation_thresholds(2, *arrays(edges), np.array([1.0, 2.0, 5.0]))
    assert found[:2].tolist() == [1.0, 5.0]
    assert np.isnan(found[2])


translations = st.tuples(*[st.integers(-2, 2)] * 3)
networks = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), translations), max_size=10)


@settings(max_examples=150, deadline=None)
@given(networks, st.permutations(range(10)))
def test_the_order_of_the_edges_does_not_matter(edges: list[Edge], order: list[int]) -> None:
    shuffled = [edges[place] for place in order if place < len(edges)]
    np.testing.assert_array_equal(
        dimensionality(4, *arrays(edges)), dimensionality(4, *arrays(shuffled))
    )


@settings(max_examples=150, deadline=None)
@given(networks)
def test_a_doubled_cell_has_the_same_dimensionality(edges: list[Edge]) -> None:
    doubled: list[Edge] = []
    for first, second, (x, y, z) in edges:
        for half in (0, 1):
            cell, other = divmod(half + x, 2)
            doubled.append((first + 4 * half, second + 4 * other, (cell, y, z)))
    single = dimensionality(4, *arrays(edges))
    double = dimensionality(8, *arrays(doubled))
    np.testing.assert_array_equal(double, np.tile(single, 2))

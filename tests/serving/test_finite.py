"""No number leaves that is not finite."""

from __future__ import annotations

import math

import pytest

from serving.finite import refuse_not_finite


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_an_item_with_such_a_number_anywhere_is_an_error_and_its_neighbours_stay(
    number: float,
) -> None:
    good = {"id": 1, "status": "ok", "deep": [{"value": 1.0}, None, "nan"]}
    bad = {"id": "b", "status": "ok", "deep": [{"value": [number]}]}
    kept, refused = refuse_not_finite([good, bad])
    assert kept is good
    assert (refused["id"], refused["status"], refused["error"]["code"]) == (
        "b",
        "error",
        "not_finite",
    )

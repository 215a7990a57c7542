"""The order in which POST /rank answers, on answers made by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest
from pydantic import ValidationError

from serving.rank_schema import RankRequest
from serving.ranked import ranking


def answer(sigma: float | None, score: float, energy: float = 0.3) -> dict[str, Any]:
    def interval(value: float | None) -> dict[str, float] | None:
        return None if value is None else {"value": value, "lower": value - 1, "upper": value + 1}

    return {
        "id": None,
        "status": "ok",
        "log10_conductivity_s_cm": interval(sigma),
        "dendrite_suppression_score": interval(score),
        "activation_energy_ev": interval(energy),
        "dendrite": {"linear_stability": {"chi_kj_mol_nm": interval(10 * energy)}},
    }


def asked(count: int, **ranking_options: Any) -> RankRequest:
    return RankRequest.model_validate(
        {"materials": [{"formula": "LiCl"}] * count, **ranking_options}
    )


def test_fronts_come_first_and_conductivity_decides_within_one() -> None:
    items = [answer(-4, 0.2), answer(-5, 0.5), answer(-6, 0.1), answer(-3, 0.1)]
    found = ranking(asked(4), items)["ranking"]
    assert [(each["index"], each["front"]) for each in found] == [(3, 1), (0, 1), (1, 1), (2, 2)]
    assert [each["rank"] for each in found] == [1, 2, 3, 4]
    assert found[0]["prediction"] is items[3]


def test_a_filter_counts_by_its_probability() -> None:
    demand = {"property": "log10_conductivity_s_cm", "at_least": -4}
    items = [answer(-5, 0.9), answer(-4, 0.1), answer(-3, 0.1)]
    found = ranking(asked(3, filters=[demand]), items)["ranking"]
    assert [each["index"] for each in found] == [2, 1, 0]
    assert [each["probabilities"][0] for each in found] == pytest.approx([0.95, 0.5, 0.05])
    assert [(each["passes"], each["front"]) for each in found] == [
        (True, 1),
        (True, 2),
        (False, None),
    ]
    lenient = ranking(asked(3, filters=[demand | {"min_probability": 0.0}]), items)["ranking"]
    assert all(each["passes"] for each in lenient)


def test_at_most_is_the_other_side() -> None:
    demand = {"property": "chi_kj_mol_nm", "at_most": 3.0}
    found = ranking(asked(2, filters=[demand]), [answer(-4, 0.1, 0.2), answer(-4, 0.1, 0.4)])
    probabilities = {each["index"]: each["probabilities"][0] for each in found["ranking"]}
    assert probabilities == pytest.approx({0: 0.95, 1: 0.05})


def test_the_probability_of_a_resistance_is_that_of_the_conductivity_it_is_made_of() -> None:
    item = answer(-3, 0.1)
    item["log10_conductivity_s_cm"] = {"value": -3.0, "lower": -5.0, "upper": -2.0}
    # 25 um over the conductivity: 2.5 ohm cm2, and the ends change places
    item["area_specific_resistance_ohm_cm2"] = {"value": 2.5, "lower": 0.25, "upper": 250.0}

    def probability(**demand: Any) -> float:
        (found,) = ranking(asked(1, filters=[demand | {"min_probability": 0.0}]), [item])["ranking"]
        return float(found["probabilities"][0])

    resistance, sigma = "area_specific_resistance_ohm_cm2", "log10_conductivity_s_cm"
    for limit, log10_sigma in ((0.25, -2.0), (2.5, -3.0), (10.0, math.log10(2.5e-4)), (250.0, -5)):
        assert probability(property=resistance, at_most=limit) == pytest.approx(
            probability(property=sigma, at_least=log10_sigma)
        )
    for impossible in (0.0, -1.0):
        assert probability(property=resistance, at_most=impossible) == 0.0
        assert probability(property=resistance, at_least=impossible) == 1.0


def test_a_material_without_a_value_is_last_and_a_refusal_stands_apart() -> None:
    refusal = {"id": "x", "status": "error", "error": {}}
    demand = {"property": "log10_conductivity_s_cm", "at_least": -9, "min_probability": 0.0}
    found = ranking(asked(3, filters=[demand]), [answer(None, 0.9), refusal, answer(-8, 0.1)])
    assert [each["index"] for each in found["ranking"]] == [2, 0]
    assert (found["ranking"][1]["front"], found["ranking"][1]["probabilities"]) == (None, [None])
    assert found["refused"] == [{"index": 1, "prediction": refusal}]


def test_goals_can_be_small_and_top_cuts() -> None:
    wanted = {"objectives": [{"property": "activation_energy_ev", "goal": "minimize"}], "top": 1}
    found = ranking(asked(2, **wanted), [answer(-4, 0.1, 0.4), answer(-4, 0.1, 0.2)])["ranking"]
    assert [each["index"] for each in found] == [1]


def test_nothing_to_rank_is_an_empty_ranking() -> None:
    assert ranking(asked(0), []) == {"ranking": [], "refused": []}


@pytest.mark.parametrize(
    "wrong",
    [
        {"objectives": []},
        {"objectives": [{"property": "colour", "goal": "maximize"}]},
        {"filters": [{"property": "chi_kj_mol_nm"}]},
        {"filters": [{"property": "chi_kj_mol_nm", "at_least": 1, "at_most": 2}]},
        {"filters": [{"property": "chi_kj_mol_nm", "at_least": float("nan")}]},
        {"filters": [{"property": "chi_kj_mol_nm", "at_least": 1, "min_probability": 2}]},
        {"top": 0},
    ],
)
def test_wishes_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        asked(1, **wrong)

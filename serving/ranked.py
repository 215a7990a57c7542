"""Answered materials put in order: filters first, then Pareto fronts, then the first objective."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from models.labels import BoolArray, FloatArray
from models.ranking import pareto_front, probability_above
from serving.rank_schema import Filter, RankRequest

Json = dict[str, Any]
POSITIVE = frozenset(("shear_modulus_gpa", "bulk_modulus_gpa", "area_specific_resistance_ohm_cm2"))
"""Properties with the interval of their logarithm; the others have one of their own."""


def ranking(asked: RankRequest, items: list[Json]) -> Json:
    """``ranking`` and ``refused`` of the answer to POST /rank, from the items of /predict."""
    answered = [row for row, item in enumerate(items) if item["status"] == "ok"]
    answers = [items[row] for row in answered]
    probabilities = np.array(
        [_probability(each, answers, asked.coverage) for each in asked.filters]
    ).reshape(len(asked.filters), len(answers))
    needed = np.array([each.min_probability for each in asked.filters])
    met = ~(np.nan_to_num(probabilities, nan=0.0) < needed[:, None])
    passes = met.all(axis=0)
    goals = np.column_stack(
        [
            _bounds(answers, each.property)[0] * (1.0 if each.goal == "maximize" else -1.0)
            for each in asked.objectives
        ]
    )
    fronts = _fronts(np.where(passes[:, None], goals, np.nan))
    best_first = np.where(np.isnan(goals[:, 0]), -np.inf, goals[:, 0])
    order = np.lexsort((-best_first, np.where(fronts > 0, fronts, len(answers) + 1), ~passes))
    listed = [
        {
            "rank": place,
            "index": answered[row],
            "front": int(fronts[row]) or None,
            "passes": bool(passes[row]),
            "probabilities": [
                None if np.isnan(each) else float(each) for each in probabilities[:, row]
            ],
            "prediction": answers[row],
        }
        for place, row in enumerate(order[: asked.top], start=1)
    ]
    refused = [
        {"index": row, "prediction": item}
        for row, item in enumerate(items)
        if item["status"] == "error"
    ]
    return {"ranking": listed, "refused": refused}


def _bounds(answers: list[Json], name: str) -> FloatArray:
    """(3, n) value, lower and upper bound of a property; NaN where it has none."""
    rows = [
        (np.nan, np.nan, np.nan)
        if (interval := _interval(answer, name)) is None
        else (interval["value"], interval["lower"], interval["upper"])
        for answer in answers
    ]
    return np.array(rows, dtype=np.float64).reshape(len(answers), 3).T


def _interval(answer: Json, name: str) -> Json | None:
    if name != "chi_kj_mol_nm":
        found: Json | None = answer[name]
        return found
    panel = answer["dendrite"]
    return None if panel is None else panel["linear_stability"][name]


def _probability(demand: Filter, answers: list[Json], coverage: float) -> FloatArray:
    """(n,) probability that the demand is met."""
    bounds = _bounds(answers, demand.property)
    limit = demand.at_least if demand.at_most is None else demand.at_most
    assert limit is not None
    if demand.property in POSITIVE:
        bounds = np.log10(bounds)
        limit = math.log10(limit) if limit > 0.0 else -math.inf
    value, lower, upper = bounds
    above = probability_above(value, lower, upper, coverage, limit)
    return above if demand.at_most is None else 1.0 - above


def _fronts(goals: FloatArray) -> FloatArray:
    """(n,) number of the front each row is on, from 1; 0 where a goal is NaN."""
    fronts = np.zeros(len(goals))
    left: BoolArray = np.asarray(~np.isnan(goals).any(axis=1))
    number = 0
    while left.any():
        number += 1
        on_front = pareto_front(np.where(left[:, None], goals, np.nan))
        fronts[on_front] = number
        left = np.asarray(left & ~on_front)
    return fronts

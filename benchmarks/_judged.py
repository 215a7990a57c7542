"""Held-out distributions of one target under one protocol, by method, and figures of them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from benchmarks._figures import Figure
from benchmarks._interval_methods import SPREAD, raw_spread
from benchmarks._interval_scores import (
    LEVELS,
    central_interval,
    coverage_with_binomial_interval,
    crps,
    interval_scores,
    mean_with_error,
    miscalibration_area,
)
from models.error_scale import Circumstances
from models.intervals import Calibration
from models.labels import BoolArray, FloatArray
from training.evaluate import Estimate

OURS = "ours"
COVERAGES = (0.5, 0.8, 0.9, 0.95)
BETTER_BY = 0.85
LEAST_IN_NEW_SYSTEMS = 0.86
QUINTILES = 5


@dataclass(frozen=True)
class Judged:
    """n held-out rows: truth, prediction, composition distance, whether flagged as outside (n,),
    and each method's quantiles at LEVELS, (n, len(LEVELS))."""

    truth: FloatArray
    prediction: FloatArray
    distance: FloatArray
    flagged: BoolArray
    quantiles: dict[str, FloatArray]

    @property
    def error(self) -> FloatArray:
        """(n,) absolute errors of our prediction."""
        return np.abs(self.prediction - self.truth)


def our_quantiles(calibration: Calibration, known: Circumstances) -> FloatArray:
    """What would be served at LEVELS, (n, len(LEVELS)): intervals at coverages of 50 % and more,
    quantiles inside."""
    columns = []
    for level in LEVELS:
        coverage = abs(1.0 - 2.0 * level)
        if coverage < 0.5:
            columns.append(calibration.offsets(known, [level])[:, 0])
            continue
        below, above = calibration.interval(known, coverage)
        columns.append(-below if level < 0.5 else above)
    return known.prediction[:, None] + np.column_stack(columns)


def judged(
    truth: FloatArray,
    calibration: Calibration,
    known: Circumstances,
    flagged: BoolArray,
    others: dict[str, FloatArray],
) -> Judged:
    """One fold's rows; ``known`` is what our model says of them."""
    return Judged(
        truth,
        known.prediction,
        known.distance[:, 0],
        flagged,
        {
            OURS: our_quantiles(calibration, known),
            SPREAD: raw_spread(known.prediction, known.spread),
            **others,
        },
    )


def joined(parts: Sequence[Judged]) -> Judged:
    """The rows of several folds as one."""
    whole = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts])
        for field in fields(Judged)
        if field.name != "quantiles"
    }
    names = parts[0].quantiles
    return Judged(
        **whole, quantiles={n: np.concatenate([p.quantiles[n] for p in parts]) for n in names}
    )


def figures(protocol: str, target: str, rows: Judged, note: str) -> list[Figure]:
    """Coverage, width, scores and calibration of our intervals beside the others'."""
    found = []
    for coverage in COVERAGES:
        bounds = {
            name: central_interval(quantiles, coverage)
            for name, quantiles in rows.quantiles.items()
        }
        percent = f"{100 * coverage:g}"
        cover = {n: coverage_with_binomial_interval(rows.truth, *b) for n, b in bounds.items()}
        goal = _coverage_goal(protocol, cover[OURS].value) if coverage == 0.9 else (None, None)
        found.append(_figure(protocol, f"{target} coverage {percent}", cover, *goal, note=note))
        width = {n: mean_with_error(upper - lower) for n, (lower, upper) in bounds.items()}
        found.append(_figure(protocol, f"{target} mean width {percent}", width, note=note))
        score = {
            n: mean_with_error(interval_scores(rows.truth, *b, coverage)) for n, b in bounds.items()
        }
        goal = _score_goal(score) if coverage == 0.9 else (None, None)
        found.append(
            _figure(protocol, f"{target} interval score {percent}", score, *goal, note=note)
        )
    whole = {n: mean_with_error(crps(rows.truth, q)) for n, q in rows.quantiles.items()}
    found.append(_figure(protocol, f"{target} CRPS", whole, note=note))
    area = {
        n: _exactly(miscalibration_area(rows.truth, q), len(rows.truth))
        for n, q in rows.quantiles.items()
    }
    found.append(_figure(protocol, f"{target} miscalibration area", area, note=note))
    return found


def domain_figures(protocol: str, target: str, rows: Judged, note: str) -> list[Figure]:
    """Error against distance, and what the domain verdict is worth."""
    error = rows.error
    order = np.argsort(rows.distance, kind="stable")
    parts = [mean_with_error(error[part]) for part in np.array_split(order, QUINTILES)]
    rises = all(after.value >= before.value for before, after in itertools.pairwise(parts))
    found = [
        Figure.of(protocol, f"{target} mean error, distance quintile {at + 1}", part, note=note)
        for at, part in enumerate(parts)
    ]
    found.append(
        Figure(
            protocol,
            f"{target} mean error rises over quintiles",
            float(rises),
            float(rises),
            float(rises),
            len(error),
            goal="1",
            met=rises,
            note=note,
        )
    )
    inside = ~rows.flagged
    if rows.flagged.any() and inside.any():
        ratio = float(error[rows.flagged].mean() / error[inside].mean())
        draws = _ratio_draws(error, rows.flagged)
        estimate = Estimate(ratio, *np.quantile(draws, [0.025, 0.975]).tolist(), len(error))
        found.append(
            Figure.of(
                protocol,
                f"{target} error ratio, flagged to rest",
                estimate,
                at_least=2.0,
                note=f"{100 * rows.flagged.mean():.1f} % of rows flagged; {note}",
            )
        )
    lower, upper = central_interval(rows.quantiles[OURS], 0.95)
    cover = coverage_with_binomial_interval(rows.truth[inside], lower[inside], upper[inside])
    holds = cover.lower <= 0.95 <= cover.upper or cover.value >= 0.95
    found.append(
        _figure(
            protocol,
            f"{target} coverage 95 in domain",
            {OURS: cover},
            "95 % within its binomial interval",
            holds,
            note=note,
        )
    )
    return found


def _ratio_draws(error: FloatArray, flagged: BoolArray, draws: int = 1000) -> FloatArray:
    generator = np.random.default_rng(len(error))
    out, rest = error[flagged], error[~flagged]
    return np.array(
        [
            generator.choice(out, len(out)).mean() / generator.choice(rest, len(rest)).mean()
            for _ in range(draws)
        ]
    )


def _coverage_goal(protocol: str, value: float) -> tuple[str, bool]:
    if protocol == "ii":
        return f">= {100 * LEAST_IN_NEW_SYSTEMS:g} %", value >= LEAST_IN_NEW_SYSTEMS
    return "88 to 92 %", 0.88 <= value <= 0.92


def _score_goal(score: dict[str, Estimate]) -> tuple[str, bool]:
    most = BETTER_BY * min(each.value for name, each in score.items() if name != OURS)
    return f"<= {most:.4g}", score[OURS].value <= most


def _exactly(value: float, count: int) -> Estimate:
    return Estimate(value, value, value, count)


def _figure(
    protocol: str,
    metric: str,
    values: dict[str, Estimate],
    goal: str | None = None,
    met: bool | None = None,
    note: str = "",
) -> Figure:
    ours = values[OURS]
    others = {name: each.value for name, each in values.items() if name != OURS}
    return Figure(
        protocol,
        metric,
        ours.value,
        ours.lower,
        ours.upper,
        ours.n,
        others,
        goal=goal,
        met=met,
        note=note,
    )

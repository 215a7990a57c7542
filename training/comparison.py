"""Two trainings side by side on the held-out rows that both have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.labels import FloatArray, IntArray
from models.seeds import seed_for
from training.held_out_rows import HeldOutRows

DRAWS = 4000
FEWEST_ROWS = 30
SURE = 0.05  # of calling a training worse that is not, over all protocols together
INTERVAL = 0.95


@dataclass(frozen=True)
class Comparison:
    """One protocol. Errors are mean absolute ones, in the target's unit.

    before, after: on the rows that both trainings held out; difference is after less before, with
    the 95 % interval of a paired bootstrap over papers. worse: whether it is above 0 with more
    certainty than noise gives. The other fields are over all rows of each training.
    """

    protocol: str
    rows: int
    before: float
    after: float
    difference: float
    lower: float
    upper: float
    worse: bool
    all_rows_before: int
    all_before: float
    all_rows_after: int
    all_after: float


def compare_rows(
    before: Mapping[str, HeldOutRows], after: Mapping[str, HeldOutRows]
) -> list[Comparison]:
    """Every protocol with at least FEWEST_ROWS rows in common, in the order of ``after``.

    A protocol is worse where the lower end of a one-sided bootstrap interval of the difference is
    above 0; the level is SURE over the number of protocols (Bonferroni), so that one of many does
    not fail by chance.
    """
    pairs = {}
    for name, rows in after.items():
        if name in before:
            common = np.intersect1d(before[name].identity, rows.identity, return_indices=True)
            if len(common[0]) >= FEWEST_ROWS:
                pairs[name] = (before[name].take(common[1]), rows.take(common[2]))
    return [
        _comparison(name, *pair, before[name], after[name], SURE / len(pairs))
        for name, pair in pairs.items()
    ]


def _comparison(
    name: str,
    one: HeldOutRows,
    other: HeldOutRows,
    all_before: HeldOutRows,
    all_after: HeldOutRows,
    level: float,
) -> Comparison:
    change = other.error - one.error
    means = bootstrap_means(change, other.group, name)
    tail = (1.0 - INTERVAL) / 2
    lower, upper = np.quantile(means, [tail, 1.0 - tail])
    return Comparison(
        protocol=name,
        rows=len(change),
        before=float(one.error.mean()),
        after=float(other.error.mean()),
        difference=float(change.mean()),
        lower=float(lower),
        upper=float(upper),
        worse=bool(np.quantile(means, level) > 0.0),
        all_rows_before=len(all_before),
        all_before=float(all_before.error.mean()),
        all_rows_after=len(all_after),
        all_after=float(all_after.error.mean()),
    )


def bootstrap_means(values: FloatArray, group: IntArray, name: str) -> FloatArray:
    """(DRAWS,) means of values (m,) over groups drawn again and again with replacement."""
    number = np.unique(group, return_inverse=True)[1]
    total, count = np.bincount(number, values), np.bincount(number)
    generator = np.random.default_rng(seed_for("paired bootstrap", name))
    means = np.empty(DRAWS)
    for draw in range(DRAWS):
        drawn = generator.integers(0, len(total), len(total))
        means[draw] = total[drawn].sum() / count[drawn].sum()
    return means


def comparison_table(comparisons: list[Comparison], names: tuple[str, str]) -> str:
    """The comparisons as a Markdown table; names: what the two trainings are called."""
    one, other = names
    lines = [
        f"| held-out error | rows in both | {one} | {other} | difference [95 %] | verdict "
        f"| all rows, {one} | all rows, {other} |",
        "|" + " --- |" * 8,
    ]
    for each in comparisons:
        verdict = "worse" if each.worse else "better" if each.upper < 0.0 else "within noise"
        lines.append(
            f"| {each.protocol} | {each.rows} | {each.before:.4f} | {each.after:.4f} "
            f"| {each.difference:+.4f} [{each.lower:+.4f}, {each.upper:+.4f}] | {verdict} "
            f"| {each.all_before:.4f} ({each.all_rows_before}) "
            f"| {each.all_after:.4f} ({each.all_rows_after}) |"
        )
    return "\n".join(lines)


def own_rows_table(after: Mapping[str, HeldOutRows], source: str) -> str:
    """The held-out error on the rows of one source, protocol by protocol; empty without rows."""
    lines = [
        f"| held-out error on rows of '{source}' | rows | mean absolute error |",
        "|" + " --- |" * 3,
    ]
    for name, rows in after.items():
        chosen = rows.source == source
        if chosen.any():
            lines.append(f"| {name} | {int(chosen.sum())} | {rows.error[chosen].mean():.4f} |")
    return "\n".join(lines) if len(lines) > 2 else ""

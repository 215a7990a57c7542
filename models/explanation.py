"""Which features move a prediction, and by how much: exact tree SHAP of the boosted trees.

Lundberg et al. 2020 (10.1038/s42256-019-0138-9), as XGBoost computes it. The contributions add up
to what the boosted trees predict, which is one of the candidates that are blended: the blend
itself may differ from their sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.labels import FloatArray
from models.trees import BoostedTrees

SHOWN = 8


@dataclass(frozen=True)
class Contribution:
    """What a feature adds to the prediction, in the target's unit. value: the feature's own, None
    where it has none (``base``, ``other``) or is not known of the material."""

    feature: str
    value: float | None
    contribution: float


def contributions(
    trees: BoostedTrees, columns: Sequence[str], x: FloatArray, start: FloatArray | float = 0.0
) -> list[list[Contribution]]:
    """For each row of x (n, d): the SHOWN features that count most, then ``base`` and ``other``.

    ``base`` is the mean prediction, ``other`` the sum over all features that are not shown. start:
    (n,) what the trees add to, where they correct another model; it belongs to ``base``.
    """
    if len(x) == 0:
        return []
    every = trees.contributions(x)
    parts, base = every[:, :-1], every[:, -1] + start
    largest = np.argsort(-np.abs(parts), axis=1, kind="stable")[:, :SHOWN]
    result = []
    for row, shown in enumerate(largest):
        listed = [
            Contribution(columns[at], _value(x[row, at]), float(parts[row, at])) for at in shown
        ]
        rest = float(parts[row].sum() - parts[row, shown].sum())
        listed += [
            Contribution("base", None, float(base[row])),
            Contribution("other", None, rest),
        ]
        result.append(listed)
    return result


def _value(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None

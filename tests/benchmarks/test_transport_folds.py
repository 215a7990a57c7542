"""Which rows a fold's model may learn from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks._transport_folds import training_rows


def test_neither_paper_nor_composition_of_a_fold_is_learned_from() -> None:
    frame = pd.DataFrame(
        {
            "composition_key": ["Li-Cl", "Li-Cl", "Li-Br", "Li-I", "Li-F", "Li-S"],
            "reference": ["10.1/a", "10.1/b", "10.1/a", "10.1/c", None, "10.1/c|10.1/d"],
        }
    )
    fold = np.array([0, 1, 1, 1, 1, 0])
    # 1 has the composition of 0, 2 its paper, 3 one of the papers of 5
    assert training_rows(frame, fold, 0).tolist() == [False, False, False, False, True, False]
    # and the other way round; 5 shares its paper with 3
    assert training_rows(frame, fold, 1).tolist() == [False] * 6

from __future__ import annotations

import numpy as np
import pytest

from models.labels import Labels, residual


def test_a_respected_bound_has_no_residual() -> None:
    labels = Labels.of(np.array([-10.0, -10.0, -4.0]), np.array([True, True, False]))
    errors = residual(labels, np.array([-12.0, -9.0, -5.0]))
    assert errors.tolist() == [0.0, 1.0, -1.0]


def test_labels_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        Labels.of(np.array([1.0, np.nan]))

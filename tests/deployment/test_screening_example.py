"""The example runs from the list to the shopping list."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_screening_example_ends_with_a_shopping_list(bundle: Path) -> None:
    done = subprocess.run(
        [sys.executable, "examples/screening.py"],
        cwd=REPOSITORY,
        env=os.environ | {"FRENKEL_BUNDLE": str(bundle)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "left out: Li3Yy6" in done.stdout
    grams = [float(line.split()[1]) for line in done.stdout.splitlines() if _is_element(line)]
    assert sum(grams) == pytest.approx(12.0, abs=0.1)  # six choices of two grams


def _is_element(line: str) -> bool:
    words = line.split()
    return len(words) == 2 and words[0].isalpha() and len(words[0]) <= 2

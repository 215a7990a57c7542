from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import _readme
from benchmarks._figures import Figure, line
from benchmarks.conductivity import allowed_in_training
from training.evaluate import Estimate


def _figure(value: float) -> Figure:
    return Figure.of(
        "A",
        "MAE",
        Estimate(value, value - 0.1, value + 0.1, 121),
        baselines={"median": 1.46},
        published={"random forest": 1.59},
        at_most=1.10,
    )


@pytest.mark.parametrize(("value", "met"), [(1.0, True), (1.2, False)])
def test_a_goal_is_met_or_missed_by_the_figure_itself(value: float, met: bool) -> None:
    figure = _figure(value)
    assert figure.met is met
    assert ("MISSED" in line(figure)) is not met


def test_a_figure_without_a_goal_claims_nothing() -> None:
    figure = Figure.of("A", "MAE", Estimate(1.0, 0.9, 1.1, 10))
    assert figure.goal is None
    assert figure.met is None


def test_the_readme_table_holds_what_the_results_say(tmp_path: Path) -> None:
    (tmp_path / "conductivity.json").write_text(json.dumps({"figures": [asdict(_figure(1.2))]}))
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{_readme.BEGIN}\nold\n{_readme.END}\nafter\n")
    _readme.update(readme, tmp_path, tmp_path / "figures.md")
    text = readme.read_text()
    assert "| conductivity A | MAE | 1.2 [1.1, 1.3] | 121 | median 1.46 |" in text
    assert "random forest 1.59" in text
    assert "(missed)" in text
    assert "old" not in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")


def test_a_figure_without_a_goal_stands_in_the_full_table_alone(tmp_path: Path) -> None:
    plain = Figure.of("A", "width", Estimate(2.5, 2.4, 2.6, 10))
    content = {"figures": [asdict(_figure(1.2)), asdict(plain)]}
    (tmp_path / "conductivity.json").write_text(json.dumps(content))
    readme, every = tmp_path / "README.md", tmp_path / "figures.md"
    readme.write_text(f"{_readme.BEGIN}{_readme.END}")
    _readme.update(readme, tmp_path, every)
    assert "| MAE |" in readme.read_text()
    assert "width" not in readme.read_text()
    assert "| width | 2.5 [2.4, 2.6] | 10 |" in every.read_text()


def test_a_readme_without_marks_is_refused(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("nothing here")
    with pytest.raises(ValueError, match="marks"):
        _readme.update(readme, tmp_path, tmp_path / "figures.md")


def test_no_paper_and_no_composition_of_the_test_stays_in_training() -> None:
    frame = pd.DataFrame(
        {
            "reference": ["10.1/a", "10.1/a", "10.1/b|10.1/c", "10.1/c", None, "10.1/d"],
            "composition_key": ["A", "B", "C", "D", "C", "E"],
        }
    )
    test = np.array([True, False, True, False, False, False])
    assert allowed_in_training(frame, test).tolist() == [False, False, False, False, False, True]

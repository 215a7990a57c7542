"""Write the tables of the README and of docs/figures.md from benchmarks/results/*.json.

The README has the figures that a goal was set for, of the intervals those that matter most;
docs/figures.md has them all.
"""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks._figures import RESULTS, Figure

README = Path(__file__).parent.parent / "README.md"
ALL_FIGURES = README.parent / "docs" / "figures.md"
BEGIN, END = "<!-- accuracy:begin -->", "<!-- accuracy:end -->"
MAIN_OF_INTERVALS = ("coverage 90", "interval score 90", "flagged")
INTRODUCTION = """# Every measured figure

Written by `make benchmark` from `benchmarks/results/*.json`, which also name the commit, the
machine, the data sources and, for each figure, how it was counted.
"""


def table(results: Path = RESULTS, *, only_main: bool = False) -> str:
    """The figures of every results file as one Markdown table."""
    lines = [
        "| what | figure | value [95 % interval] | n | baselines, same run | published | goal |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for path in sorted(results.glob("*.json")):
        for content in json.loads(path.read_text())["figures"]:
            figure = Figure(**content)
            if not only_main or _is_main(path.stem, figure):
                lines.append(_row(path.stem, figure))
    return "\n".join(lines)


def _is_main(name: str, figure: Figure) -> bool:
    """Whether a figure of the results file ``name`` stands in the README."""
    if name == "uncertainty" and not figure.metric.endswith(MAIN_OF_INTERVALS):
        return False
    return figure.goal is not None


def _row(name: str, figure: Figure) -> str:
    goal = "" if figure.goal is None else f"{figure.goal} ({'met' if figure.met else 'missed'})"
    return (
        f"| {name} {figure.protocol} | {figure.metric} "
        f"| {figure.value:.3g} [{figure.lower:.3g}, {figure.upper:.3g}] | {figure.n} "
        f"| {_named(figure.baselines)} | {_named(figure.published)} | {goal} |"
    )


def _named(values: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.3g}" for name, value in values.items())


def update(readme: Path = README, results: Path = RESULTS, all_figures: Path = ALL_FIGURES) -> None:
    """Replace the table between the two marks and write ``all_figures``.

    Raises ValueError where the marks are missing.
    """
    text = readme.read_text()
    if BEGIN not in text or END not in text:
        raise ValueError(f"{readme.name} lacks the marks {BEGIN} and {END}")
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    shown = table(results, only_main=True)
    readme.write_text(f"{head}{BEGIN}\n{shown}\n{END}{tail}")
    all_figures.write_text(f"{INTRODUCTION}\n{table(results)}\n")


if __name__ == "__main__":
    update()

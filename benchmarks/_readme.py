"""Write the accuracy table of the README from benchmarks/results/*.json."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks._figures import RESULTS, Figure

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- accuracy:begin -->", "<!-- accuracy:end -->"


def table(results: Path = RESULTS) -> str:
    """The figures of every results file as one Markdown table."""
    lines = [
        "| what | figure | value [95 % interval] | n | baselines, same run | published | goal |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for path in sorted(results.glob("*.json")):
        for content in json.loads(path.read_text())["figures"]:
            lines.append(_row(path.stem, Figure(**content)))
    return "\n".join(lines)


def _row(name: str, figure: Figure) -> str:
    goal = "" if figure.goal is None else f"{figure.goal} ({'met' if figure.met else 'missed'})"
    return (
        f"| {name} {figure.protocol} | {figure.metric} "
        f"| {figure.value:.3g} [{figure.lower:.3g}, {figure.upper:.3g}] | {figure.n} "
        f"| {_named(figure.baselines)} | {_named(figure.published)} | {goal} |"
    )


def _named(values: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.3g}" for name, value in values.items())


def update(readme: Path = README, results: Path = RESULTS) -> None:
    """Replace the table between the two marks. Raises ValueError where the marks are missing."""
    text = readme.read_text()
    if BEGIN not in text or END not in text:
        raise ValueError(f"{readme.name} lacks the marks {BEGIN} and {END}")
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    readme.write_text(f"{head}{BEGIN}\n{table(results)}\n{END}{tail}")


if __name__ == "__main__":
    update()

"""The results file that every benchmark writes, and the README table made from it."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from training.evaluate import Estimate
from training.tables import Dataset
from training.train import git_commit

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Figure:
    """One measured figure beside what it is compared with.

    lower and upper: bootstrap 95 % interval. goal: the value asked for, with ``met`` saying
    whether it was reached (None where no goal was set).
    """

    protocol: str
    metric: str
    value: float
    lower: float
    upper: float
    n: int
    baselines: dict[str, float] = field(default_factory=dict)
    published: dict[str, float] = field(default_factory=dict)
    goal: str | None = None
    met: bool | None = None
    note: str = ""

    @classmethod
    def of(
        cls,
        protocol: str,
        metric: str,
        estimate: Estimate,
        *,
        baselines: Mapping[str, float] | None = None,
        published: Mapping[str, float] | None = None,
        at_most: float | None = None,
        at_least: float | None = None,
        note: str = "",
    ) -> Figure:
        """A figure with at most one of the two kinds of goal."""
        goal, met = None, None
        if at_most is not None:
            goal, met = f"<= {at_most:g}", estimate.value <= at_most
        if at_least is not None:
            goal, met = f">= {at_least:g}", estimate.value >= at_least
        return cls(
            protocol,
            metric,
            estimate.value,
            estimate.lower,
            estimate.upper,
            estimate.n,
            dict(baselines or {}),
            dict(published or {}),
            goal,
            met,
            note,
        )


def machine() -> dict[str, object]:
    """What the figures were measured on, without naming anybody's machine."""
    model = ""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = cpuinfo.read_text().splitlines()
        model = next(
            (ln.split(":", 1)[1].strip() for ln in lines if ln.startswith("model name")), ""
        )
    return {
        "cpu": model or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.system(),
    }


def write_results(name: str, dataset: Dataset | None, figures: Sequence[Figure]) -> Path:
    """Write ``benchmarks/results/<name>.json`` and print the figures."""
    RESULTS.mkdir(exist_ok=True)
    sources = [] if dataset is None else [s.name for s in dataset.sources if s.available]
    content = {
        "commit": git_commit(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "sources": sources,
        "figures": [asdict(figure) for figure in figures],
    }
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    for figure in figures:
        print(line(figure), flush=True)
    return path


def read_results(name: str) -> list[Figure]:
    """The figures of a results file."""
    content = json.loads((RESULTS / f"{name}.json").read_text())
    return [Figure(**figure) for figure in content["figures"]]


def line(figure: Figure) -> str:
    """One figure as a line of text."""
    beside = {**figure.baselines, **{f"{k} (published)": v for k, v in figure.published.items()}}
    others = ", ".join(f"{name} {value:.3g}" for name, value in beside.items())
    goal = (
        "" if figure.goal is None else f"; goal {figure.goal}: {'met' if figure.met else 'MISSED'}"
    )
    return (
        f"{figure.protocol:<22} {figure.metric:<32} {figure.value:.4g} "
        f"[{figure.lower:.4g}, {figure.upper:.4g}] n={figure.n}"
        f"{'; ' + others if others else ''}{goal}"
    )

"""Recorded requests read from disk, and the report on how they differ from the training."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, FiniteFloat, ValidationError

from models.feature_summary import NAMES, TrainingSummary
from models.labels import BoolArray, FloatArray
from training.drift import STATISTICS, DriftResult

IN_WORDS = {
    "kolmogorov_smirnov": "largest Kolmogorov-Smirnov distance of a feature",
    "population_stability_index": "largest population stability index of a feature",
    "domain_distance": "farther from the measured conductors than they are from one another",
}


class RecordsError(ValueError):
    """The records cannot be used; the message says why and, for a bad line, which."""


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid")

    day: str
    version: str
    names: tuple[str, ...]
    features: list[list[FiniteFloat]]
    distance: list[FiniteFloat]
    in_domain: list[bool]


@dataclass(frozen=True)
class Records:
    """What was asked: features (n, len(NAMES)), distance (n,), in_domain (n,); days and materials
    by the version of the model that answered."""

    features: FloatArray
    distance: FloatArray
    in_domain: BoolArray
    days: tuple[str, str]
    versions: dict[str, int]


def read_records(path: Path) -> Records:
    """A file that FRENKEL_RECORD named, and the one put aside before it. Raises RecordsError."""
    parts = [each for each in (path.with_name(path.name + ".1"), path) if each.is_file()]
    if not parts:
        raise RecordsError(f"there is no file '{path}'")
    lines: list[_Line] = []
    for part in parts:
        for number, text in enumerate(part.read_bytes().splitlines(), start=1):
            lines.append(_line(part, number, text))
    features = np.array([row for line in lines for row in line.features], dtype=np.float64)
    distance = np.array([each for line in lines for each in line.distance], dtype=np.float64)
    inside = np.array([each for line in lines for each in line.in_domain], dtype=bool)
    days = sorted(line.day for line in lines) or [""]
    versions: Counter[str] = Counter()
    for line in lines:
        versions[line.version] += len(line.distance)
    shaped = features.reshape(len(distance), len(NAMES))
    return Records(shaped, distance, inside, (days[0], days[-1]), dict(versions))


def _line(part: Path, number: int, text: bytes) -> _Line:
    where = f"'{part.name}', line {number}"
    try:
        line = _Line.model_validate_json(text)
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(each) for each in fault["loc"])
        raise RecordsError(f"{where}: {place or 'line'}: {fault['msg']}") from error
    rows = {len(line.features), len(line.distance), len(line.in_domain)}
    widths = {len(row) for row in line.features}
    if line.names != NAMES or len(rows) != 1 or widths - {len(NAMES)}:
        raise RecordsError(f"{where}: has other numbers than this version of Frenkel records")
    return line


def write_report(
    folder: Path, records: Records, training: TrainingSummary, result: DriftResult
) -> None:
    """Write ``drift.json``, ``drift.md``, ``features.png`` and ``distance.png``."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {"days": records.days, "versions": records.versions, **asdict(result)}
    (folder / "drift.json").write_text(json.dumps(content, indent=1) + "\n")
    (folder / "drift.md").write_text(report_text(records, result))
    _plot_features(folder / "features.png", records, training, result)
    _plot_distance(folder / "distance.png", records, training)


def report_text(records: Records, result: DriftResult) -> str:
    """The report as Markdown."""
    state = "Drift found" if result.alarm else "No drift found"
    outside = 100.0 * (1.0 - records.in_domain.mean())
    lines = [
        f"# {state}",
        "",
        f"{result.rows} materials asked from {records.days[0]} to {records.days[1]}, against "
        f"{result.training_rows} measured conductors. {outside:.1f} % of them lay outside the "
        f"domain. Chance of such a difference without drift: {result.chance:.3f}. The alarm is at "
        f"{result.false_alarms:g} or less: {100 * result.false_alarms:g} % of the reports without "
        "drift are false alarms.",
        "",
        "| statistic | chance without drift |",
        "| --- | --- |",
        *(f"| {IN_WORDS[name]} | {result.chances[name]:.3f} |" for name in STATISTICS),
        "",
        "Median composition distance to the nearest measured conductor: "
        f"{result.asked_distance:.3g} asked, {result.training_distance:.3g} of the conductors to "
        "one another.",
        "",
        "| feature | mean in training | mean asked | KS distance | stability index "
        "| beyond chance |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for each in result.features:
        lines.append(
            f"| {each.name} | {each.training_mean:.3g} | {each.asked_mean:.3g} "
            f"| {each.kolmogorov_smirnov:.3f} | {each.population_stability_index:.3f} "
            f"| {'yes' if each.alarm else 'no'} |"
        )
    return "\n".join(lines) + "\n\n![Features](features.png)\n\n![Distance](distance.png)\n"


def _plot_features(
    path: Path, records: Records, training: TrainingSummary, result: DriftResult
) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11.0, 5.2), layout="constrained")
    FigureCanvasAgg(figure)
    for at, (axes, each) in enumerate(
        zip(figure.subplots(2, 4).flat, result.features, strict=True)
    ):
        both = np.concatenate([training.features[:, at], records.features[:, at]])
        bins = np.linspace(both.min(), max(both.max(), both.min() + 1e-9), 30).tolist()
        shown = (
            (training.features[:, at], "training", "#999999"),
            (records.features[:, at], "asked", "#D55E00" if each.alarm else "#0072B2"),
        )
        for values, label, color in shown:
            axes.hist(values, bins, density=True, alpha=0.6, label=label, color=color)
        axes.set_title(each.name.replace("_", " "), fontsize=9)
        axes.set_yticks([])
    figure.axes[0].legend(fontsize=8)
    figure.savefig(path, dpi=130)


def _plot_distance(path: Path, records: Records, training: TrainingSummary) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.5, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for values, label in ((training.distance, "training"), (records.distance, "asked")):
        axes.plot(np.sort(values), np.linspace(0.0, 1.0, len(values)), label=label)
    axes.set_xscale("symlog", linthresh=0.01)
    axes.set_xlabel("composition distance to the nearest other measured conductor")
    axes.set_ylabel("share of materials")
    axes.legend()
    figure.savefig(path, dpi=130)

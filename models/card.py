"""The model card: what a trained model is for, what it was made of, and where it fails."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, FiniteFloat, NonNegativeInt

FILE = "card.json"
WORST = 10


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CardSource(_Part):
    """A data set that was learned from. values: how many the tables have that it went into."""

    name: str
    provides: str
    citation: str
    licence: str
    doi: str | None
    values: NonNegativeInt


class CardFigure(_Part):
    """The held-out error of one property in one view of a material, in the property's unit."""

    property: str
    view: str
    unit: str
    rows: NonNegativeInt
    mean_absolute_error: FiniteFloat


class CardLimit(_Part):
    """The held-out error on one kind of chemistry, of the model that knows the formula alone."""

    property: str
    kind: Literal["anion", "mobile ion"]
    of: str
    rows: NonNegativeInt
    mean_absolute_error: FiniteFloat


class CardFailure(_Part):
    """One of the worst held-out rows, in the property's unit. bound "<": measured below."""

    property: str
    formula: str
    source: str
    bound: Literal["=", "<"]
    measured: FiniteFloat
    predicted: FiniteFloat
    error: FiniteFloat


class ModelCard(_Part):
    """The card. It has no version, date or commit: those stand in the manifest of the bundle."""

    schema_version: Literal[1] = 1
    name: str
    summary: str
    intended_use: list[str]
    not_intended_for: list[str]
    data: list[CardSource]
    missing_data: list[str]
    protocols: list[str]
    figures: list[CardFigure]
    limits: list[CardLimit]
    known_failures: list[CardFailure]
    reproducibility: list[str]

    def save(self, folder: Path) -> None:
        """Write ``card.json`` into an existing folder."""
        (folder / FILE).write_text(self.model_dump_json(indent=1), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> ModelCard | None:
        """The card of a bundle, None for one without. Raises pydantic's ValidationError."""
        path = folder / FILE
        if not path.is_file():
            return None
        return cls.model_validate_json(path.read_text(encoding="utf-8"))

    def to_markdown(self) -> str:
        """The card to be read."""
        columns = ["property", "material", "source", "measured", "predicted", "error"]
        failures = [
            [
                each.property,
                each.formula,
                each.source,
                f"{'< ' if each.bound == '<' else ''}{each.measured:.3g}",
                f"{each.predicted:.3g}",
                f"{each.error:.3g}",
            ]
            for each in self.known_failures
        ]
        sections = [
            f"# {self.name}\n\n{self.summary}",
            _list("Intended use", self.intended_use),
            _list("Not intended for", self.not_intended_for),
            "## Data\n\n"
            + _table(
                ["source", "values", "licence", "citation", "DOI"],
                [[s.name, str(s.values), s.licence, s.citation, s.doi or ""] for s in self.data],
            ),
            _list("Data that could not be had", self.missing_data),
            _list("How it was tested", self.protocols),
            "## Held-out errors\n\n"
            + _table(
                ["property", "known of the material", "rows", "mean absolute error", "unit"],
                [
                    [f.property, f.view, str(f.rows), f"{f.mean_absolute_error:.4g}", f.unit]
                    for f in self.figures
                ],
            ),
            "## Limits by chemistry\n\n"
            + _table(
                ["property", "by", "of", "rows", "mean absolute error"],
                [
                    [x.property, x.kind, x.of, str(x.rows), f"{x.mean_absolute_error:.4g}"]
                    for x in self.limits
                ],
            ),
            f"## Known failures\n\nThe {WORST} worst held-out rows of each property.\n\n"
            + _table(columns, failures),
            _list("Reproducibility", self.reproducibility),
        ]
        return "\n\n".join(section for section in sections if section) + "\n"


def _list(title: str, lines: list[str]) -> str:
    if not lines:
        return ""
    return f"## {title}\n\n" + "\n".join(f"- {line}" for line in lines)


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)

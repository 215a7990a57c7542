"""Whether a prediction can be relied on, with the reasons, and what the notes say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.domain import Look
from models.estimates import Estimate
from models.labels import FloatArray
from models.neighbours import Measured, Surroundings
from models.targets import MODULI_TARGETS, TRANSPORT_TARGETS

WIDER = "outside the data the intervals are wider: errors there are about twice the usual ones"
MOST_VALUES_IN_A_NOTE = 3


@dataclass(frozen=True)
class DomainVerdict:
    """Of n materials, in order.

    reasons: why a material lies outside the data; none where it lies inside. wider: whether its
    intervals are, as where a temperature is not the only reason. cautions: what is
    said of its moduli alone, which is no verdict on a conductor. distance, percentile: (n,) to the
    nearest measured conductor, in steps of the element scale and among the conductors' own.
    expected_error: by target name, (n,) mean absolute error of held-out materials alike, NaN where
    nothing is predicted.
    """

    in_domain: list[bool]
    reasons: list[list[str]]
    wider: list[bool]
    cautions: list[list[str]]
    distance: FloatArray
    percentile: FloatArray
    expected_error: dict[str, FloatArray]

    @classmethod
    def of(cls, look: Look, estimates: Mapping[str, Estimate]) -> DomainVerdict:
        """The verdict on materials that were looked at and predicted."""
        reasons = [
            [*first, *look.temperature_reasons, *second]
            for first, second in zip(look.transport_reasons, look.moduli_reasons, strict=True)
        ]
        cautions: list[list[str]] = [[] for _ in reasons]
        for targets, told in ((TRANSPORT_TARGETS, reasons), (MODULI_TARGETS, cautions)):
            for each in (estimates[target.name] for target in targets):
                for row in np.flatnonzero(np.isfinite(each.mean)).tolist():
                    told[row] += each.objections[row]
        return cls(
            [not found for found in reasons],
            reasons,
            [len(found) > len(look.temperature_reasons) for found in reasons],
            cautions,
            look.transport_distance[:, 0],
            look.percentile,
            {
                name: np.where(np.isfinite(each.mean), each.expected_error, np.nan)
                for name, each in estimates.items()
            },
        )


def notes_in_words(
    domain: DomainVerdict, surroundings: Sequence[Surroundings] | None
) -> list[list[str]]:
    """The notes of each material: what was measured of it, then why it lies outside the data,
    then what is said of its moduli."""
    notes = [
        [*reasons, *([WIDER] if wider else []), *cautions]
        for reasons, wider, cautions in zip(
            domain.reasons, domain.wider, domain.cautions, strict=True
        )
    ]
    if surroundings is not None:
        for note, around in zip(notes, surroundings, strict=True):
            if around.measured:
                note.insert(0, measured_in_words([each.measured for each in around.measured]))
    return notes


def measured_in_words(measured: Sequence[Measured]) -> str:
    """One line on the measurements of the very composition, nearest to room temperature first."""
    shown = [_in_words(each) for each in measured[:MOST_VALUES_IN_A_NOTE]]
    more = len(measured) - len(shown)
    rest = f"; and {more} more" if more else ""
    return f"this composition has been measured: {'; '.join(shown)}{rest}"


def _in_words(each: Measured) -> str:
    parts = []
    if each.log10_conductivity_s_cm is not None:
        sign = "below " if each.bound == "<" else ""
        at = "" if each.temperature_c is None else f" at {each.temperature_c:.0f} °C"
        parts.append(f"log10 conductivity {sign}{each.log10_conductivity_s_cm:.2f}{at}")
    if each.activation_energy_ev is not None:
        parts.append(f"activation energy {each.activation_energy_ev:.2f} eV")
    source = f" ({each.doi})" if each.doi else ""
    return ", ".join(parts) + source

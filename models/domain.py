"""What the training data cover, and in words where a material lies outside."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from features.elements import MOBILE_IONS
from features.material import Material


@dataclass(frozen=True)
class Domain:
    """Elements that stood in the training rows, for transport and for moduli."""

    transport_elements: list[str]
    moduli_elements: list[str]
    transport_ions: list[str]

    @classmethod
    def of(cls, transport: Iterable[Material], moduli: Iterable[Material]) -> Domain:
        """The domain of the materials that were learned from."""
        known = list(transport)
        ions = {material.mobile_ion for material in known} & set(MOBILE_IONS)
        return cls(_elements(known), _elements(moduli), sorted(ion for ion in ions if ion))

    def reasons(self, material: Material) -> list[str]:
        """Why ``material`` lies outside the training data, in words; empty where it does not."""
        present = [symbol for symbol, _ in material.fractions]
        reasons = []
        ion = material.mobile_ion
        if ion is None:
            reasons.append("no known mobile ion (Li, Na, Mg): no ionic conductivity is predicted")
        elif ion not in self.transport_ions:
            learned = ", ".join(self.transport_ions)
            reasons.append(f"mobile ion {ion} has no training data (trained on {learned})")
        unseen = [symbol for symbol in present if symbol not in self.transport_elements]
        if unseen and ion is not None:
            reasons.append(f"never seen in a conductor: {', '.join(unseen)}")
        unseen = [symbol for symbol in present if symbol not in self.moduli_elements]
        if unseen:
            reasons.append(f"never seen with a modulus: {', '.join(unseen)}")
        return reasons

    def save(self, folder: Path) -> None:
        """Write ``domain.json`` into an existing folder."""
        state = {
            "transport_elements": self.transport_elements,
            "moduli_elements": self.moduli_elements,
            "transport_ions": self.transport_ions,
        }
        (folder / "domain.json").write_text(json.dumps(state))

    @classmethod
    def load(cls, folder: Path) -> Domain:
        """Read what ``save`` wrote. Raises TypeError or FileNotFoundError for a broken folder."""
        return cls(**json.loads((folder / "domain.json").read_text()))


def _elements(materials: Iterable[Material] | Sequence[Material]) -> list[str]:
    return sorted({symbol for material in materials for symbol, _ in material.fractions})

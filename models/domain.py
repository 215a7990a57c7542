"""What the training data cover, and in words where a material lies outside."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.elements import MOBILE_IONS
from features.material import Material
from features.table import feature_groups
from models.composition_distance import FRACTION_COLUMNS, fractions_of
from models.electrolyte_chemistry import CHARGE_COLUMN, chemical_objections, outnumbered_by
from models.feature_space import FeatureSpace
from models.ground import Ground
from models.labels import FloatArray

# Share of the known rows whose nearest neighbour is within the limit in feature space.
FEATURE_SHARE = 0.995
SPACES = {"composition": "its features", "structure": "its structure"}
JSON_FILE, ARRAY_FILE = "domain.json", "domain.npz"


@dataclass(frozen=True)
class Look:
    """Where n materials stand against the data, before anything is predicted of them.

    transport_reasons, moduli_reasons: why they lie outside, in words. transport_distance,
    moduli_distance: (n, 2) ``CompositionIndex.nearness``. percentile: (n,) of the distance to the
    nearest conductor among the conductors' own distances to one another. temperature_reasons:
    which temperatures lie outside those of the data, for all materials alike.
    """

    transport_reasons: list[list[str]]
    moduli_reasons: list[list[str]]
    transport_distance: FloatArray
    moduli_distance: FloatArray
    percentile: FloatArray
    temperature_reasons: list[str]


@dataclass(frozen=True)
class Domain:
    """The ground of transport and of moduli, the mobile ions, temperatures and features seen.

    temperatures_k: lowest and highest of the conductivities. spaces: by a key of SPACES, the
    features of the conductors and the distance in them that FEATURE_SHARE stay within.
    """

    transport: Ground
    moduli: Ground
    transport_ions: list[str]
    temperatures_k: tuple[float, float]
    spaces: dict[str, tuple[FeatureSpace, float]]

    @classmethod
    def of(
        cls,
        transport: Sequence[Material],
        transport_features: pd.DataFrame,
        temperatures_k: tuple[float, float],
        moduli_fractions: FloatArray,
    ) -> Domain:
        """The domain of the materials that were learned from; features: one row a material."""
        ions = {material.mobile_ion for material in transport} & set(MOBILE_IONS)
        spaces = {}
        for name, columns in _space_columns().items():
            if not set(columns) <= set(transport_features.columns):
                continue
            space = FeatureSpace.of(transport_features, columns)
            if space is not None:
                limit = float(np.quantile(space.leave_one_out(), FEATURE_SHARE))
                spaces[name] = (space, limit)
        return cls(
            Ground.of(fractions_of(transport_features)),
            Ground.of(moduli_fractions),
            sorted(ion for ion in ions if ion),
            temperatures_k,
            spaces,
        )

    def look(
        self,
        materials: Sequence[Material],
        features: pd.DataFrame,
        temperatures_k: Sequence[float] = (),
    ) -> Look:
        """Measure n materials, features one row each, against the data."""
        fractions = fractions_of(features)
        transport = self._transport_reasons(materials, features, fractions)
        moduli: list[list[str]] = [
            [f"never seen with a modulus: {', '.join(unseen)}"] if unseen else []
            for unseen in self.moduli.unseen(fractions)
        ]
        transport_distance = self.transport.index.nearness(fractions)
        return Look(
            transport,
            moduli,
            transport_distance,
            self.moduli.index.nearness(fractions),
            self.transport.percentile(transport_distance[:, 0]),
            self._temperature_reasons(temperatures_k),
        )

    def _transport_reasons(
        self, materials: Sequence[Material], features: pd.DataFrame, fractions: FloatArray
    ) -> list[list[str]]:
        reasons = chemical_objections(fractions, features[CHARGE_COLUMN].to_numpy(np.float64))
        unseen = self.transport.unseen(fractions)
        for material, row, strange in zip(materials, reasons, unseen, strict=True):
            ion = material.mobile_ion
            if ion is None:
                row.insert(
                    0, "no known mobile ion (Li, Na, Mg): no ionic conductivity is predicted"
                )
                continue
            if ion not in self.transport_ions:
                learned = ", ".join(self.transport_ions)
                row.insert(0, f"mobile ion {ion} has no training data (trained on {learned})")
            rival = outnumbered_by(ion, dict(material.fractions))
            if rival is not None:
                row.append(f"there is far more {rival} than {ion}: it may be the ion that moves")
            if strange:
                row.append(f"never seen in a conductor: {', '.join(strange)}")
        for name, (space, limit) in self.spaces.items():
            distance = space.distance(features)
            for at in np.flatnonzero(distance > limit).tolist():
                if materials[at].mobile_ion is not None:
                    reasons[at].append(
                        f"{SPACES[name]} are unlike those of any measured conductor (distance "
                        f"{distance[at]:.1f}, {100 * FEATURE_SHARE:g} % of them are within "
                        f"{limit:.1f} of another)".replace("structure are", "structure is")
                    )
        return reasons

    def _temperature_reasons(self, temperatures_k: Sequence[float]) -> list[str]:
        low, high = self.temperatures_k
        outside = [kelvin for kelvin in temperatures_k if not low - 0.5 <= kelvin <= high + 0.5]
        if not outside:
            return []
        shown = ", ".join(f"{kelvin - 273.15:g}" for kelvin in outside[:5])
        return [
            f"no conductivity was measured at {shown} °C (data from {low - 273.15:.0f} to "
            f"{high - 273.15:.0f} °C): the line is drawn on to there"
        ]

    def save(self, folder: Path) -> None:
        """Write ``domain.json`` and ``domain.npz`` into an existing folder."""
        arrays: dict[str, Any] = {
            "transport": self.transport.compositions,
            "moduli": self.moduli.compositions,
        }
        for name, (space, _) in self.spaces.items():
            arrays |= space.arrays(name)
        np.savez_compressed(folder / ARRAY_FILE, **arrays)
        state = {
            "transport_ions": self.transport_ions,
            "temperatures_k": list(self.temperatures_k),
            "spaces": {
                name: {"columns": space.columns, "limit": limit}
                for name, (space, limit) in self.spaces.items()
            },
        }
        (folder / JSON_FILE).write_text(json.dumps(state))

    @classmethod
    def load(cls, folder: Path) -> Domain:
        """Read what ``save`` wrote. Raises KeyError or FileNotFoundError for a broken folder."""
        state = json.loads((folder / JSON_FILE).read_text())
        with np.load(folder / ARRAY_FILE, allow_pickle=False) as stored:
            arrays = dict(stored)
        low, high = state["temperatures_k"]
        return cls(
            Ground(arrays["transport"]),
            Ground(arrays["moduli"]),
            state["transport_ions"],
            (float(low), float(high)),
            {
                name: (FeatureSpace.from_arrays(each["columns"], name, arrays), each["limit"])
                for name, each in state["spaces"].items()
            },
        )


def _space_columns() -> dict[str, list[str]]:
    """Columns of each space: not the shares of the elements, which the composition distance has."""
    groups = feature_groups()
    shares = set(FRACTION_COLUMNS)
    return {
        "composition": [name for name in groups["composition"] if name not in shares],
        "structure": groups["structure"],
    }

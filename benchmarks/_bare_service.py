"""The same model behind BentoML as its tutorial does it, for comparison with ours.

One API method with typed inputs, text parsed where it arrives, everything else left as it comes.
"""

from __future__ import annotations

from typing import Any

import bentoml

from features.material import Material
from models.bundle import default_bundle_path
from models.predictor import Predictor


@bentoml.service(name="bare", traffic={"timeout": 60})
class BareService:
    """Predicts a list of formulas or CIFs."""

    def __init__(self) -> None:
        """Load the bundle."""
        self.predictor = Predictor.load(default_bundle_path())

    @bentoml.api
    def predict(self, materials: list[dict[str, str]]) -> list[dict[str, Any]]:
        """One row of values and bounds for each material."""
        read = [
            Material.from_cif(each["structure"])
            if "structure" in each
            else Material.from_formula(each["formula"])
            for each in materials
        ]
        rows: list[dict[str, Any]] = self.predictor.predict(read).frame.to_dict("records")
        return rows

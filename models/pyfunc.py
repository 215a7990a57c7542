"""The door through which MLflow loads a bundle: ``mlflow.pyfunc.load_model`` ends here."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from features.material import InvalidMaterial, Material
from models.predictor import Predictor


class FormulaModel:
    """Predicts a table with a column ``formula``."""

    def __init__(self, predictor: Predictor) -> None:
        self.predictor = predictor

    def predict(self, model_input: pd.DataFrame, params: object = None) -> pd.DataFrame:
        """One row out for each row in. Raises ValueError naming the first bad row."""
        if "formula" not in model_input.columns:
            raise ValueError("the table needs a column 'formula'")
        parsed = []
        for row, text in enumerate(model_input["formula"]):
            try:
                parsed.append(Material.from_formula(str(text)))
            except InvalidMaterial as error:
                raise ValueError(f"row {row}: {error}") from error
        return self.predictor.predict(parsed).frame


def _load_pyfunc(data_path: str) -> FormulaModel:
    """The name that MLflow looks for in a loader module."""
    return FormulaModel(Predictor.load(Path(data_path)))

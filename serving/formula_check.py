"""What a formula is read as: GET /parse."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, FiniteFloat

from features.formula import parse_formula
from features.limits import InvalidMaterial
from features.material import Material
from serving.answer_schema import Fault


class Amount(BaseModel):
    """An element and how many atoms of it the formula has."""

    symbol: str
    amount: FiniteFloat


class FormulaCheck(BaseModel):
    """A formula as it was read: ``elements`` in order of appearance, or ``error``."""

    formula: str
    elements: list[Amount]
    mobile_ion: str | None
    error: Fault | None


def formula_check(text: str) -> dict[str, Any]:
    """Read a formula. It takes a time that is bounded by the limits of the parser."""
    try:
        material = Material.from_formula(text)
        amounts = parse_formula(text)
    except InvalidMaterial as error:
        fault = Fault(code="invalid_material", message=error.message, field=error.field)
        return FormulaCheck(
            formula=text[:200], elements=[], mobile_ion=None, error=fault
        ).model_dump()
    elements = [Amount(symbol=symbol, amount=amount) for symbol, amount in amounts.items()]
    found = FormulaCheck(
        formula=material.formula, elements=elements, mobile_ion=material.mobile_ion, error=None
    )
    return found.model_dump()

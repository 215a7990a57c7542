"""From the atoms in a cell to a formula for people."""

from __future__ import annotations

import math
from collections.abc import Mapping

WHOLE = 1e-3  # an amount this near to a whole number counts as one


def formula_of_cell(amounts: Mapping[str, float]) -> str:
    """Amounts of the elements in a cell as a short formula, as Li6.258La3Zr2Al0.24O12.

    Whole numbers of atoms are reduced as usual (LiTi2(PO4)3). With partial occupancies the
    elements that are whole set the formula unit if there are two or more of them; else the cell
    is the unit. Elements stand in order of electronegativity.
    """
    from pymatgen.core.composition import Composition

    whole = [round(amount) for amount in amounts.values() if _is_whole(amount)]
    if len(whole) == len(amounts):
        return str(Composition(dict(zip(amounts, whole, strict=True))).reduced_formula)
    unit = math.gcd(*whole) if len(whole) > 1 else 1
    scaled = Composition({symbol: amount / unit for symbol, amount in amounts.items()})
    order = {element: element.X for element in scaled}  # NaN for the noble gases
    ordered = sorted(order, key=lambda e: (math.isnan(order[e]), order[e], e.symbol))
    return "".join(f"{element.symbol}{_amount_text(scaled[element])}" for element in ordered)


def _is_whole(amount: float) -> bool:
    return round(amount) > 0 and abs(amount - round(amount)) < WHOLE


def _amount_text(amount: float) -> str:
    text = f"{amount:.4g}"
    return "" if text == "1" else text

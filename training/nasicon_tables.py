"""Reader of the NASICON table of Xu 2020, with what is known to be wrong in it."""

from __future__ import annotations

import math
import re

from features.material import Material
from training.conductivity_tables import csv_rows
from training.records import (
    ACTIVATION_ENERGY,
    CONDUCTIVITY,
    ROOM_TEMPERATURE_K,
    Collector,
    Measurement,
)

# The table calls all its conductivities room-temperature ones. These are not: the paper they come
# from (Winand, Rulmont, Tarte, J. Mater. Sci. 25, 4008 (1990)) lists the same numbers, with the
# same activation energies, at 400 K. S/cm.
WINAND_400_K = {
    "Na1.5Al0.5Zr1.5(PO4)3": 5.7e-6,
    "Na1.5Cr0.5Zr1.5(PO4)3": 1.0e-5,
    "Na1.5Ga0.5Zr1.5(PO4)3": 3.4e-6,
    "Na1.5In0.5Zr1.5(PO4)3": 2.9e-5,
    "Na1.5Sc0.5Zr1.5(PO4)3": 5.8e-5,
    "Na1.5Y0.5Zr1.5(PO4)3": 5.6e-5,
    "Na1.5Yb0.5Zr1.5(PO4)3": 3.0e-5,
    "Na2AlZr(PO4)3": 1.2e-6,
    "Na2CrZr(PO4)3": 2.5e-5,
    "Na2.5Cr1.5Zr0.5(PO4)3": 1.8e-4,
    "Na2.5In1.5Zr0.5(PO4)3": 1.0e-4,
    "Na2.5Sc1.5Zr0.5(PO4)3": 5.6e-4,
    "Na2.5Y1.5Zr0.5(PO4)3": 4.6e-5,
    "Na2.5Yb1.5Zr0.5(PO4)3": 1.9e-4,
}
WINAND_REFERENCE = "winand, rulmont, tarte, j. mater. sci. 25, 4008 (1990)"
WINAND_NOTE = "measured at 400 K (Winand 1990); the table says room temperature"

# Rows of these papers contradict independent values of the same compositions by 1.6 to 3 decades.
_HOT = (
    "temperature in doubt: far above the 400 K values of the same series "
    "(Winand 1990) or another paper's value of the same composition"
)
IN_DOUBT = {
    "delmas": _HOT,
    "cherkaoji": _HOT,
    "cherkaoji n delmas": _HOT,
    "yutaoli": "unit in doubt: OBELiX has a hundredth of it for the same composition",
}

# Hafnium typed HF (which reads as H and F) and aluminium typed AL.
_TYPING = (("HF", "Hf"), ("AL", "Al"))
_IONS_AND_ANIONS = frozenset({"Li", "Na", "P", "Si", "B", "O"})
# M2(XO4)3: two framework metals to three tetrahedra; a little more is rounding.
MOST_METAL_PER_TETRAHEDRON = 2.1 / 3.0


def read_xu(part: str, content: bytes, collector: Collector) -> None:
    """Na and Li NASICONs, with E_a where given; ``part`` is ``training`` or ``test``.

    The test part names its papers by tags (``T6``); the training part does not, so its rows share
    one reference.
    """
    for line, row in enumerate(csv_rows(content), start=2):
        origin = f"{part} line {line}"
        formula = _formula(origin, row, collector)
        material = collector.material(formula, source="xu2020", row=origin)
        if material is None:
            continue
        tag = row.get("Paper", "").strip().lower() or part
        reason = IN_DOUBT.get(tag) or _too_much_metal(material)
        if reason:
            collector.reject("xu2020", origin, f"{row['Formula'].strip()} {row['S']}", reason)
            continue
        _keep_row(origin, row, material, formula, f"xu2020:{tag}", collector)


def _keep_row(
    origin: str,
    row: dict[str, str],
    material: Material,
    formula: str,
    reference: str,
    collector: Collector,
) -> None:
    conductivity = float(row["S"])
    known = WINAND_400_K.get(formula)
    hot = known is not None and math.isclose(known, conductivity, rel_tol=0.02)
    if hot:
        reference = WINAND_REFERENCE
    collector.keep(
        Measurement(
            property=CONDUCTIVITY,
            value=math.log10(conductivity),
            temperature_k=400.0 if hot else ROOM_TEMPERATURE_K,
            material=material,
            source="xu2020",
            reference=reference,
            row_of_origin=origin,
            note=WINAND_NOTE if hot else None,
        )
    )
    if row["Ea"].strip():
        collector.keep(
            Measurement(
                property=ACTIVATION_ENERGY,
                value=float(row["Ea"]),
                material=material,
                source="xu2020",
                reference=reference,
                row_of_origin=origin,
            )
        )


def _formula(origin: str, row: dict[str, str], collector: Collector) -> str:
    """The formula without spaces and typing errors; a correction is noted."""
    text = row["Formula"].strip()
    plain = re.sub(r"\s+", "", text).replace("–", "-")
    formula = plain
    for wrong, right in _TYPING:
        formula = formula.replace(wrong, right)
    # The column of tetrahedra tells where the 3 behind the bracket was lost.
    if formula.endswith("(PO4)") and row.get("PO4", "").strip() == "3":
        formula += "3"
    if formula != plain:
        collector.repair("xu2020", origin, text, formula)
    return formula


def _too_much_metal(material: Material) -> str | None:
    fractions = dict(material.fractions)
    metal = sum(x for element, x in fractions.items() if element not in _IONS_AND_ANIONS)
    tetrahedra = sum(fractions.get(element, 0.0) for element in ("P", "Si", "B"))
    if metal > MOST_METAL_PER_TETRAHEDRON * tetrahedra:
        return "more framework metal than a NASICON has sites for"
    return None

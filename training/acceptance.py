"""What a trained model must not do, whatever its errors: checks before it may be served."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from features.material import InvalidMaterial, Material
from models.labels import FloatArray
from models.prediction import PROPERTIES, PredictionBlock
from models.predictor import Predictor

# Two ways to write one material must agree to this, absolute and relative.
AGREEMENT = 1e-9
TEMPERATURES_K = (233.15, 298.15, 373.15)
REORDERED = (
    ("Li7La3Zr2O12", "O12Zr2La3Li7"),
    ("Li6PS5Cl", "ClS5PLi6"),
    ("Na3Zr2Si2PO12", "O12PSi2Zr2Na3"),
)
SCALED = (
    ("Li7La3Zr2O12", "Li14La6Zr4O24"),
    ("Li10GeP2S12", "Li5Ge0.5PS6"),
    ("Li3PS4", "(Li3PS4)4"),
)
# Nothing that conducts ions, or strange in other ways: answered with finite numbers or a reason,
# and outside the domain.
NO_ELECTROLYTES = ("Fe", "Fe2O3", "XeF2", "CH4", "LiAl", "C6H12O6", "UO2", "Na", "CaTiO3")
STRANGE = ("Li0.001Fe0.999O1.5", "LiH", "Li3N", "Li20GeP4S24Cl0.01", "LiCsRbKNaBrIClF6", "MgB2O4")
NO_MATERIAL = ("", "Xx3", "Li" + "9" * 400, "(" * 200 + "Li", "nan", "Li0", "Li3PS4; DROP", "=1+1")


@dataclass(frozen=True)
class _Numbers:
    """All served numbers of some materials, (n, k), with NaN where the notes give a reason."""

    values: FloatArray
    explained: list[bool]


def failed_checks(predictor: Predictor) -> list[str]:
    """What the model fails, in words; empty where it may be served."""
    return [
        *_not_the_same(predictor, "in another order of the elements", REORDERED),
        *_not_the_same(predictor, "in multiples of the formula", SCALED),
        *_changed_by_supercells(predictor),
        *_changed_by_company(predictor),
        *_hostile(predictor),
    ]


def _not_the_same(predictor: Predictor, how: str, pairs: tuple[tuple[str, str], ...]) -> list[str]:
    one = _numbers(predictor, [Material.from_formula(first) for first, _ in pairs])
    other = _numbers(predictor, [Material.from_formula(second) for _, second in pairs])
    return [
        f"{first} {how} ({second}) gives other numbers (up to {gap:.2g} apart)"
        for (first, second), gap in zip(pairs, _gaps(one, other), strict=True)
        if gap > AGREEMENT
    ]


def _changed_by_supercells(predictor: Predictor) -> list[str]:
    cells = rock_salt("Li", "Cl", 5.13), rock_salt("Na", "I", 6.47)
    plain = _numbers(predictor, [Material.from_structure(cell) for cell in cells])
    large = _numbers(predictor, [Material.from_structure(cell * (2, 1, 2)) for cell in cells])
    return [
        f"a supercell of {cell.composition.reduced_formula} gives other numbers "
        f"(up to {gap:.2g} apart)"
        for cell, gap in zip(cells, _gaps(plain, large), strict=True)
        if gap > AGREEMENT
    ]


def _changed_by_company(predictor: Predictor) -> list[str]:
    """A material is answered the same alone and in a block."""
    block = [Material.from_formula(text) for text in (*NO_ELECTROLYTES, *STRANGE)]
    together = _numbers(predictor, block)
    alone = [_numbers(predictor, [material]) for material in block]
    one = replace(together, values=np.vstack([each.values for each in alone]))
    return [
        f"{material.formula} gives other numbers in a block (up to {gap:.2g} apart)"
        for material, gap in zip(block, _gaps(one, together), strict=True)
        if gap > AGREEMENT
    ]


def _hostile(predictor: Predictor) -> list[str]:
    failed = [f"'{text[:20]}' is taken for a material" for text in NO_MATERIAL if _is_read(text)]
    texts = (*NO_ELECTROLYTES, *STRANGE)
    block = _predicted(predictor, [Material.from_formula(text) for text in texts])
    numbers = _of_block(block)
    for row, text in enumerate(texts):
        values = numbers.values[row]
        if np.isinf(values).any() or (np.isnan(values).any() and not numbers.explained[row]):
            failed.append(f"{text} gets no finite number and no reason")
        for name in PROPERTIES:
            value, lower, upper = (
                float(block.frame[f"{name}{ending}"].iloc[row])
                for ending in ("", "_lower", "_upper")
            )
            if not np.isnan(value) and not lower <= value <= upper:
                failed.append(f"{text}: {name} lies outside its own interval")
        if text in NO_ELECTROLYTES and block.in_domain[row]:
            failed.append(f"{text} counts as inside the domain")
    return failed


def _is_read(text: str) -> bool:
    try:
        Material.from_formula(text)
    except InvalidMaterial:
        return False
    return True


def _predicted(predictor: Predictor, materials: list[Material]) -> PredictionBlock:
    return predictor.predict(materials, temperatures_k=TEMPERATURES_K, quantiles=(0.05, 0.95))


def _numbers(predictor: Predictor, materials: list[Material]) -> _Numbers:
    return _of_block(_predicted(predictor, materials))


def _of_block(block: PredictionBlock) -> _Numbers:
    columns = [f"{name}{ending}" for name in PROPERTIES for ending in ("", "_lower", "_upper")]
    curve = [] if block.curve is None else list(block.curve.values())
    quantiles = [each.quantiles for each in block.estimates.values()]
    values = np.hstack([block.frame[columns].to_numpy(np.float64), *curve, *quantiles])
    return _Numbers(values, [bool(notes) for notes in block.notes])


def _gaps(one: _Numbers, other: _Numbers) -> list[float]:
    """The largest difference in each row, relative to values above 1; infinite where only one
    side has a number."""
    scale = np.maximum(1.0, np.abs(one.values))
    gap = np.abs(one.values - other.values) / scale
    gap[np.isnan(one.values) & np.isnan(other.values)] = 0.0
    return [float(each) for each in np.nan_to_num(gap, nan=np.inf).max(axis=1)]


def rock_salt(cation: str, anion: str, edge_angstrom: float) -> Structure:
    """A cubic cell of eight ions."""
    places = [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]]
    return Structure.from_spacegroup("Fm-3m", Lattice.cubic(edge_angstrom), [cation, anion], places)

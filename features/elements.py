"""Tables of the elements H to Lr, one value an element, from matminer and pymatgen.

Nothing is read on import. Each table is a float array of length 103 in order of atomic number
(hydrogen is row 0). What a source lacks is filled, so no composition of these elements leads to
a missing number: matminer's Magpie tables by matminer's own rule (the mean over all elements that
have a value, impute_nan=True), every other table by the mean over the element's group of the
periodic table and, where the whole group lacks a value, the mean over all elements.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

FloatArray = npt.NDArray[np.float64]

MOBILE_IONS = ("Li", "Na", "Mg")
KNOWN_UNTRAINED_IONS = ("K", "Ag", "Cu", "Ca", "Zn")

_SYMBOLS_IN_ORDER = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se "
    "Br Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb "
    "Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm "
    "Bk Cf Es Fm Md No Lr"
)
SYMBOLS: tuple[str, ...] = tuple(_SYMBOLS_IN_ORDER.split())
ELEMENT_ROW: dict[str, int] = {symbol: row for row, symbol in enumerate(SYMBOLS)}
ELEMENT_COUNT = len(SYMBOLS)

# Charge of the ion where the highest common oxidation state is not the usual one in a solid
# electrolyte or its neighbours. Greenwood and Earnshaw, Chemistry of the Elements (1997).
USUAL_CATION_CHARGE = {
    "Mn": 2, "Fe": 3, "Co": 2, "Cr": 3, "Pb": 2, "Tl": 1, "Hg": 2, "Pd": 2, "Ce": 3, "Br": 5,
    "I": 5,
}  # fmt: skip

# Charge of an element that takes the anion's place; others in that place get their lowest
# common oxidation state, or 0 if that is not negative.
ANION_CHARGE = {
    "F": -1, "O": -2, "Cl": -1, "Br": -1, "I": -1, "S": -2, "Se": -2, "Te": -2, "N": -3, "H": -1,
    "P": -3, "As": -3, "Sb": -3, "Bi": -3, "C": -4, "Si": -4, "Ge": -4, "Sn": -4,
}  # fmt: skip

# Anion radii that Shannon's set lacks, in Angstrom. Pauling, The Nature of the Chemical Bond
# (3rd ed., 1960), table 13-3; hydride: half of the LiH cell edge of 4.083 less Shannon's Li (VI).
OTHER_ANION_RADIUS_ANGSTROM = {
    "H": 1.28, "P": 2.12, "As": 2.22, "Sb": 2.45, "C": 2.60, "Si": 2.71, "Ge": 2.72, "Sn": 2.94,
}  # fmt: skip

# Electronic polarizability of ions in crystals, cubic Angstrom. Tessman, Kahn and Shockley,
# Phys. Rev. 92, 890 (1953), doi 10.1103/PhysRev.92.890; the middle of the range where the
# abstract gives one (O, S, Se, Te). Be, Mg, Al: Pauling, Proc. R. Soc. A 114, 181 (1927),
# doi 10.1098/rspa.1927.0035.
CATION_POLARIZABILITY_ANGSTROM3 = {
    "Li": 0.03, "Na": 0.41, "K": 1.33, "Rb": 1.98, "Cs": 3.34, "Be": 0.008, "Mg": 0.094,
    "Ca": 1.1, "Sr": 1.6, "Ba": 2.5, "Ag": 2.4, "Cu": 1.6, "Zn": 0.8, "Cd": 1.8, "Ge": 1.0,
    "Sn": 3.4, "Pb": 4.9, "Al": 0.052,
}  # fmt: skip
# N, P, As, Sb: that of the neighbour in the same row (O, S, Se, Te) times the cube of the ratio
# of Pauling's radii. Hydride: Clausius-Mossotti on LiH (n 1.98, 17.0 cubic Angstrom) less Li.
ANION_POLARIZABILITY_ANGSTROM3 = {
    "F": 0.64, "Cl": 2.96, "Br": 4.16, "I": 6.43, "O": 1.85, "S": 5.35, "Se": 6.75, "Te": 9.25,
    "H": 1.97, "N": 1.85 * (1.71 / 1.40) ** 3, "P": 5.35 * (2.12 / 1.84) ** 3,
    "As": 6.75 * (2.22 / 1.98) ** 3, "Sb": 9.25 * (2.45 / 2.21) ** 3,
}  # fmt: skip


@lru_cache(maxsize=1)
def _magpie_tables() -> dict[str, dict[str, float]]:
    from matminer.utils.data import MagpieData

    tables: dict[str, dict[str, float]] = MagpieData(impute_nan=True).all_elemental_props
    return tables


@lru_cache(maxsize=1)
def _magpie_tables_with_gaps() -> dict[str, dict[str, float]]:
    from matminer.utils.data import MagpieData

    tables: dict[str, dict[str, float]] = MagpieData(impute_nan=False).all_elemental_props
    return tables


@lru_cache(maxsize=1)
def _periodic_groups() -> npt.NDArray[np.int64]:
    from pymatgen.core.periodic_table import Element

    return np.array([Element(symbol).group for symbol in SYMBOLS], dtype=np.int64)


def _read_only(values: npt.ArrayLike) -> FloatArray:
    array = np.asarray(values, dtype=np.float64)
    array.setflags(write=False)
    return array


def filled(values: Sequence[float] | FloatArray) -> FloatArray:
    """The table with each NaN replaced by the mean of its periodic group, else of all elements."""
    table = np.array(values, dtype=np.float64)
    known = np.isfinite(table)
    overall = table[known].mean()
    groups = _periodic_groups()
    for row in np.flatnonzero(~known):
        kin = known & (groups == groups[row])
        table[row] = table[kin].mean() if kin.any() else overall
    return _read_only(table)


@lru_cache(maxsize=128)
def magpie_table(property_name: str) -> FloatArray:
    """One of matminer's Magpie tables, imputed exactly as matminer does. Raises KeyError."""
    table = _magpie_tables()[property_name]
    return _read_only([table[symbol] for symbol in SYMBOLS])


@lru_cache(maxsize=64)
def element_table(property_name: str) -> FloatArray:
    """One of matminer's Magpie tables with gaps filled by periodic group. Raises KeyError."""
    table = _magpie_tables_with_gaps()[property_name]
    return filled([table[symbol] for symbol in SYMBOLS])


@lru_cache(maxsize=8)
def pymatgen_table(attribute: str) -> FloatArray:
    """A numeric pymatgen Element attribute (youngs_modulus in GPa, ...), filled by group."""
    import warnings

    from pymatgen.core.periodic_table import Element

    values: list[float] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=UserWarning)  # pymatgen warns at every gap
        for symbol in SYMBOLS:
            value = getattr(Element(symbol), attribute)
            values.append(np.nan if value is None else float(value))
    return filled(values)


@lru_cache(maxsize=1)
def cohesive_energy_ev() -> FloatArray:
    """Cohesive energy, eV an atom: Kittel's table (8th ed.) as matminer carries it."""
    from matminer.utils.data import CohesiveEnergyData

    table = CohesiveEnergyData(impute_nan=False).cohesive_energy_data
    return filled([table.get(symbol, np.nan) for symbol in SYMBOLS])


@lru_cache(maxsize=1)
def ionic_electronegativity() -> FloatArray:
    """Pauling electronegativity as matminer's PymatgenData imputes it (used by IonProperty)."""
    import warnings

    from matminer.utils.data import PymatgenData
    from pymatgen.core.periodic_table import Element

    source = PymatgenData(impute_nan=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=UserWarning)  # pymatgen warns at every gap
        values = [source.get_elemental_property(Element(symbol), "X") for symbol in SYMBOLS]
    return _read_only(values)


@lru_cache(maxsize=1)
def common_oxidation_states() -> tuple[tuple[int, ...], ...]:
    """pymatgen's common oxidation states; empty for He, Ne, Ar and Rn."""
    from pymatgen.core.periodic_table import Element

    return tuple(tuple(Element(symbol).common_oxidation_states) for symbol in SYMBOLS)


@dataclass(frozen=True)
class CationCharges:
    """Charges of each element as a cation (all 0 where it is never one), arrays of length 103."""

    usual: FloatArray
    lowest: tuple[FloatArray, FloatArray]  # within the common states, then within ICSD's
    highest: tuple[FloatArray, FloatArray]


@lru_cache(maxsize=1)
def cation_charges() -> CationCharges:
    """Positive oxidation states: pymatgen's common ones and those seen in the ICSD."""
    from pymatgen.core.periodic_table import Element

    table = np.zeros((5, ELEMENT_COUNT))
    for row, symbol in enumerate(SYMBOLS):
        common = [state for state in common_oxidation_states()[row] if state > 0]
        known = common + [s for s in Element(symbol).icsd_oxidation_states if s > 0]
        if known:
            common = common or known
            usual = USUAL_CATION_CHARGE.get(symbol, max(common))
            table[:, row] = usual, min(common), min(known), max(common), max(known)
    usual_row, *others = (_read_only(row) for row in table)
    return CationCharges(usual_row, (others[0], others[1]), (others[2], others[3]))


@lru_cache(maxsize=1)
def anion_charges() -> FloatArray:
    """Charge of each element in the anion's place, zero or negative."""
    lowest = [min((*states, 0)) for states in common_oxidation_states()]
    return _read_only([ANION_CHARGE.get(s, low) for s, low in zip(SYMBOLS, lowest, strict=True)])

"""How far a composition is from electroneutrality within known oxidation states."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

# Each entry is a range (lowest, highest): a mixed valence may lie anywhere inside one range, and
# an element with two entries takes one of them. Values: the common oxidation states of Shannon's
# table (10.1107/S0567739476001551), written for salts and ceramics, not for alloys.
_STATES: dict[str, tuple[tuple[float, float], ...]] = {
    **{s: ((1, 1),) for s in ("Li", "Na", "K", "Rb", "Cs", "Ag")},
    **{s: ((2, 2),) for s in ("Be", "Mg", "Ca", "Sr", "Ba", "Zn", "Cd")},
    **{s: ((3, 3),) for s in ("B", "Al", "Ga", "In", "Sc", "Y", "La", "Nd", "Gd", "Tb", "Dy")},
    **{s: ((3, 3),) for s in ("Pm", "Ho", "Er", "Tm", "Lu", "Ru", "Rh")},
    **{s: ((4, 4),) for s in ("Si", "Ge", "Zr", "Hf", "Th")},
    **{s: ((5, 5),) for s in ("Nb", "Ta")},
    **{s: ((2, 3),) for s in ("Sm", "Eu", "Yb", "Fe", "Co", "Ni")},
    **{s: ((3, 4),) for s in ("Ti", "Ce", "Pr")},
    **{s: ((2, 2), (4, 4)) for s in ("Sn", "Pb", "Pd", "Pt")},
    **{s: ((3, 3), (5, 5)) for s in ("Sb", "Bi", "As")},
    "Ru": ((3, 5),),
    "Cu": ((1, 2),),
    "Hg": ((1, 2),),
    "Tl": ((1, 1), (3, 3)),
    "Mn": ((2, 4), (7, 7)),
    "V": ((2, 5),),
    "Cr": ((2, 3), (6, 6)),
    "Mo": ((4, 6),),
    "W": ((4, 6),),
    "Re": ((4, 7),),
    "U": ((4, 6),),
    "P": ((3, 5),),
    "H": ((1, 1),),
    "C": ((-4, 4),),
    "N": ((-3, -3),),
    "O": ((-2, -2),),
    "S": ((-2, -2),),
    "Se": ((-2, -2),),
    "Te": ((-2, -2),),
    **{s: ((-1, -1),) for s in ("F", "Cl", "Br", "I")},
}
# Oxo-anions: beside oxygen these may also be the positive centre of a polyanion.
_BESIDE_OXYGEN: dict[str, tuple[float, float]] = {
    "S": (4, 6), "Se": (4, 6), "Te": (4, 6), "N": (3, 5), "Cl": (5, 7), "Br": (5, 5), "I": (5, 7),
}  # fmt: skip
_ANIONS = ("F", "O", "Cl", "Br", "I", "N", "S", "Se", "Te")
# Pnictogens and carbon-group elements are anions only where nothing more electronegative is.
_RELUCTANT_ANIONS: dict[str, tuple[float, float]] = {
    "P": (-3, -3), "As": (-3, -3), "Sb": (-3, -3), "Bi": (-3, -3), "Si": (-4, -4),
    "Ge": (-4, -4), "Sn": (-4, -4), "H": (-1, -1),
}  # fmt: skip
KNOWN_ELEMENTS = frozenset(_STATES)
_MOST_COMBINATIONS = 2048


@dataclass(frozen=True)
class ChargeBalance:
    """net: smallest |net charge| a formula unit can have; positive: its cation charge then."""

    net: float
    positive: float

    @property
    def imbalance(self) -> float:
        """net over positive; 0 is neutral, inf is a formula without cations."""
        return self.net / self.positive if self.positive > 0 else math.inf


def charge_balance(amounts: Mapping[str, float]) -> ChargeBalance:
    """The most neutral choice of oxidation states for a composition.

    The search runs over one oxidation-state range an element, at most 2,048 combinations; inside
    a range the state is free, so that fractional formulas cost no more than integer ones.
    An element without a known oxidation state makes the composition unbalanced (net inf).
    """
    if not KNOWN_ELEMENTS.issuperset(amounts):
        return ChargeBalance(math.inf, 0.0)
    present = {element: amount for element, amount in amounts.items() if amount > 0}
    choices = [_ranges(element, present) for element in present]
    best = ChargeBalance(math.inf, 0.0)
    for states in itertools.islice(itertools.product(*choices), _MOST_COMBINATIONS):
        lowest = highest = positive = 0.0
        for amount, (low, high) in zip(present.values(), states, strict=True):
            lowest += amount * low
            highest += amount * high
            positive += amount * max(low, high, 0.0)
        found = ChargeBalance(max(lowest, -highest, 0.0), positive)
        if positive > 0 and found.imbalance < best.imbalance:
            best = found
    return best


def charge_imbalance(amounts: Mapping[str, float]) -> float:
    """Smallest |net charge| over the cation charge: 0 is neutral, inf cannot be judged."""
    return charge_balance(amounts).imbalance


def _ranges(element: str, present: Mapping[str, float]) -> tuple[tuple[float, float], ...]:
    ranges = _STATES[element]
    has_anion = any(anion in present for anion in _ANIONS)
    if element in _BESIDE_OXYGEN and "O" in present:
        ranges = (*ranges, _BESIDE_OXYGEN[element])
    if element in _RELUCTANT_ANIONS and not has_anion:
        ranges = (*ranges, _RELUCTANT_ANIONS[element])
    if element == "H" and "B" in present:  # borohydrides hold H-, also beside halides and sulfides
        ranges = ((-1, -1), (1, 1))
    return ranges

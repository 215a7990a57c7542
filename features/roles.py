"""Which element of a material is the mobile ion, an anion or a framework cation, and its charge.

Everything works on blocks: n materials with at most k elements each, held in (n, k) arrays. A
shorter material repeats its first element with weight zero, so minima and maxima need no mask.

The rules, in order:

1. The mobile ion is the first of Li, Na, Mg present, else the first of K, Ag, Cu, Ca, Zn.
2. O, F, Cl, Br, I, S, Se, Te and N are anions. H is one (hydride) beside B or Al, or where none
   of the others is there, provided there is more H than B and Al and more than twice the O.
3. If that leaves an oxide or fluoride far short of positive charge (15 % of the anions' charge),
   the others turn into cations (sulfate, nitrate, perchlorate, ...), least electronegative first.
4. Without any anion so far, the most electronegative element that is not mobile takes its place,
   nonmetals and metalloids first (phosphides, carbides, silicides; in alloys a stand-in).
5. Everything else is a framework cation with its usual charge. What is then missing to neutrality
   is shared out among those of variable charge, in proportion to the room that each has: d- and
   f-block elements within their common oxidation states first, then all elements within theirs,
   then, if more than a tenth of the anions' charge is still open, all within those of the ICSD;
   less is a formula with mobile ions too many or too few, not a titanate of Ti(III).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from features.elements import (
    ELEMENT_ROW,
    KNOWN_UNTRAINED_IONS,
    MOBILE_IONS,
    SYMBOLS,
    FloatArray,
    anion_charges,
    cation_charges,
    magpie_table,
)

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

ANIONS = ("F", "O", "Cl", "N", "Br", "S", "Se", "Te", "I")
AMPHOTERIC = ("I", "Te", "Se", "S", "Br", "N", "Cl")  # least electronegative first
NONMETALS_AND_METALLOIDS = ("H", "B", "C", "Si", "P", "Ge", "As", "Sb", "Bi", "Po", "At")
CHARGE_DEFICIT = 0.15
RARE_STATES_FROM = 0.1


@dataclass(frozen=True)
class ElementBlock:
    """n materials by element: row of each element in the tables, and its atomic fraction."""

    index: IntArray  # (n, k)
    weight: FloatArray  # (n, k), rows sum to 1, 0 where the entry is padding

    @property
    def present(self) -> BoolArray:
        return self.weight > 0

    def share(self, *symbols: str) -> FloatArray:
        """Summed atomic fraction of some elements, (n,)."""
        total: FloatArray = (self.weight * members(symbols)[self.index]).sum(axis=1)
        return total


@dataclass(frozen=True)
class Roles:
    """Role and charge of every element of a block; the masks (n, k) are False on padding."""

    block: ElementBlock
    mobile: BoolArray
    anion: BoolArray
    framework: BoolArray
    charge: FloatArray  # elementary charges an atom, padding 0

    def weights(self, mask: BoolArray) -> FloatArray:
        return np.where(mask, self.block.weight, 0.0)


def element_block(fractions: FloatArray) -> ElementBlock:
    """Pack an (n, 103) matrix of atomic fractions; rows are normalised. Empty rows raise.

    Raises ValueError if a row has no element, a negative or a non-finite fraction.
    """
    matrix = np.asarray(fractions, dtype=np.float64)
    if not np.isfinite(matrix).all() or (matrix < 0).any():
        raise ValueError("fractions must be finite and not negative")
    counts = (matrix > 0).sum(axis=1)
    if (counts == 0).any():
        raise ValueError("a material without any element has no composition features")
    width = int(counts.max(initial=1))
    rows, columns = np.nonzero(matrix)
    place = np.arange(rows.size) - np.repeat(np.cumsum(counts) - counts, counts)
    index = np.repeat((matrix > 0).argmax(axis=1)[:, None], width, axis=1)
    weight = np.zeros(index.shape)
    index[rows, place] = columns
    weight[rows, place] = matrix[rows, columns]
    return ElementBlock(index, weight / weight.sum(axis=1, keepdims=True))


@lru_cache(maxsize=128)
def members(symbols: tuple[str, ...]) -> BoolArray:
    """(103,) true in the rows of the element tables that belong to ``symbols``; read-only."""
    flags = np.zeros(len(SYMBOLS), dtype=np.bool_)
    flags[[ELEMENT_ROW[symbol] for symbol in symbols]] = True
    flags.setflags(write=False)
    return flags


def _mobile_mask(block: ElementBlock) -> BoolArray:
    rank = np.full(len(SYMBOLS), len(SYMBOLS))
    for order, symbol in enumerate(MOBILE_IONS + KNOWN_UNTRAINED_IONS):
        rank[ELEMENT_ROW[symbol]] = order
    ranks = np.where(block.present, rank[block.index], len(SYMBOLS))
    mask: BoolArray = (ranks == ranks.min(axis=1, keepdims=True)) & (ranks < len(SYMBOLS))
    return mask


def _first_anions(block: ElementBlock) -> BoolArray:
    strong = members(ANIONS)[block.index] & block.present
    hydrogen, hosts = block.share("H"), block.share("B", "Al")
    hydride = (hydrogen > hosts) & (hydrogen > 2 * block.share("O"))
    hydride &= (hosts > 0) | ~strong.any(axis=1)
    is_hydrogen = (block.index == ELEMENT_ROW["H"]) & block.present
    mask: BoolArray = strong | (is_hydrogen & hydride[:, None])
    return mask


def _without_oxidized(block: ElementBlock, anion: BoolArray) -> BoolArray:
    """Rule 3: turn S, N, Cl, ... into cations where an oxide or fluoride lacks positive charge."""
    highest = cation_charges().highest[0][block.index]
    negative = anion_charges()[block.index]
    oxide = block.share("O", "F") > 0
    anion = anion.copy()
    for symbol in AMPHOTERIC:
        total = (block.weight * np.where(anion, negative, highest)).sum(axis=1)
        available = -(block.weight * np.where(anion, negative, 0.0)).sum(axis=1)
        short = oxide & (total < -CHARGE_DEFICIT * available)
        if not short.any():
            break
        anion &= ~(short[:, None] & (block.index == ELEMENT_ROW[symbol]))
    return anion


def _stand_ins(block: ElementBlock, mobile: BoolArray, anion: BoolArray) -> BoolArray:
    """Rule 4: the most electronegative element where there is no anion."""
    score = magpie_table("Electronegativity") + 10.0 * members(NONMETALS_AND_METALLOIDS)
    score = np.where(block.present & ~mobile, score[block.index], -np.inf)
    best = (score == score.max(axis=1, keepdims=True)) & np.isfinite(score)
    mask: BoolArray = anion | (best & ~anion.any(axis=1, keepdims=True))
    return mask


def _balanced(
    block: ElementBlock,
    charge: FloatArray,
    framework: BoolArray,
    bounds: tuple[tuple[FloatArray, float], ...],
) -> FloatArray:
    """Move framework charges towards each bound in turn as far as neutrality asks for.

    A bound goes with the share of the anions' charge that has to be open for it to be used.
    """
    negative = -(block.weight * np.minimum(charge, 0.0)).sum(axis=1)
    for bound, least in bounds:
        total = (block.weight * charge).sum(axis=1)
        total = np.where(np.abs(total) > least * negative, total, 0.0)
        room = np.where(framework, bound[block.index] - charge, 0.0)
        capacity = (block.weight * room).sum(axis=1)
        helps = capacity * total < 0
        part = np.where(helps, -total / np.where(helps, capacity, 1.0), 0.0)
        charge = charge + np.clip(part, 0.0, 1.0)[:, None] * room
    return charge


def assign_roles(block: ElementBlock) -> Roles:
    """Apply the rules of the module to every material of a block."""
    charges = cation_charges()
    mobile = _mobile_mask(block)
    anion = _without_oxidized(block, _first_anions(block))
    anion = _stand_ins(block, mobile, anion) & block.present
    framework = block.present & ~mobile & ~anion
    charge = np.where(anion, anion_charges()[block.index], charges.usual[block.index])
    # Mobile copper is Cu(I); in a framework it is Cu(II).
    charge = np.where(mobile & (block.index == ELEMENT_ROW["Cu"]), 1.0, charge)
    charge = np.where(block.present, charge, 0.0)
    metal = (magpie_table("IsDBlock") + magpie_table("IsFBlock")) > 0
    for common, known in (charges.lowest, charges.highest):
        metals = np.where(metal, common, charges.usual)
        bounds = ((metals, 0.0), (common, 0.0), (known, RARE_STATES_FROM))
        charge = _balanced(block, charge, framework, bounds)
    return Roles(block, mobile, anion, framework, charge)

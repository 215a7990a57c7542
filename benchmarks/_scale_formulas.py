"""Formulas for the scale benchmark: known electrolytes with elements put in others' places.

Each family keeps its sites and its anions; hosts are replaced in part by ions of the same kind of
site, and the mobile ion makes up the charge, as it does in the laboratory. Seeded and endless.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from models.seeds import seed_for

STEP = 0.01  # of a site, in partial substitutions


@dataclass(frozen=True)
class Site:
    """A site of a formula unit: how many atoms, and (element, charge) of what may stand on it."""

    atoms: float
    ions: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Family:
    """A known electrolyte with its sites; the mobile ion balances the charge."""

    name: str
    mobile: tuple[tuple[str, int], ...]
    sites: tuple[Site, ...]
    fewest_mobile: float
    most_mobile: float


TRIVALENT = (("Al", 3), ("Ga", 3), ("In", 3), ("Sc", 3), ("Y", 3), ("Cr", 3), ("Fe", 3), ("La", 3))
TETRAVALENT = (("Ti", 4), ("Zr", 4), ("Hf", 4), ("Sn", 4), ("Ge", 4), ("Si", 4))
RARE_EARTHS = (
    ("Y", 3),
    ("Er", 3),
    ("Yb", 3),
    ("Ho", 3),
    ("Lu", 3),
    ("Tb", 3),
    ("Gd", 3),
    ("Sm", 3),
)
HALIDES = (("Cl", -1), ("Br", -1), ("I", -1), ("F", -1))
CHALCOGENS = (("S", -2), ("Se", -2), ("O", -2))
ALKALI = (("Li", 1), ("Na", 1))
PNICTOGEN_SITE = (("P", 5), ("Sb", 5), ("As", 5), ("Si", 4), ("Ge", 4), ("Sn", 4), ("V", 5))

FAMILIES = (
    Family(
        "garnet",
        (("Li", 1),),
        (
            Site(
                3.0, (("La", 3), ("Nd", 3), ("Pr", 3), ("Sm", 3), ("Ca", 2), ("Sr", 2), ("Ba", 2))
            ),
            Site(2.0, (*TETRAVALENT, ("Ta", 5), ("Nb", 5), ("W", 6), ("Te", 6), ("Sb", 5))),
            Site(0.2, TRIVALENT),
            Site(12.0, (("O", -2), ("F", -1))),
        ),
        3.0,
        7.5,
    ),
    Family(
        "NASICON",
        ALKALI,
        (
            Site(2.0, (*TETRAVALENT, *TRIVALENT, ("Mg", 2), ("Zn", 2))),
            Site(3.0, (("P", 5), ("Si", 4), ("As", 5), ("V", 5))),
            Site(12.0, (("O", -2),)),
        ),
        0.3,
        4.0,
    ),
    Family(
        "argyrodite",
        (("Li", 1),),
        (Site(1.0, PNICTOGEN_SITE), Site(5.0, CHALCOGENS), Site(1.0, (*HALIDES, ("S", -2)))),
        4.5,
        8.0,
    ),
    Family(
        "Li10GeP2S12",
        ALKALI,
        (Site(1.0, (*TETRAVALENT, *TRIVALENT)), Site(2.0, PNICTOGEN_SITE), Site(12.0, CHALCOGENS)),
        6.0,
        14.0,
    ),
    Family(
        "thiophosphate",
        ALKALI,
        (Site(1.0, (*PNICTOGEN_SITE, ("W", 6), ("Mo", 6))), Site(4.0, (*CHALCOGENS, *HALIDES))),
        1.0,
        5.0,
    ),
    Family(
        "halide",
        ALKALI,
        (Site(1.0, (*RARE_EARTHS, *TRIVALENT, *TETRAVALENT, ("Mg", 2))), Site(6.0, HALIDES)),
        1.0,
        4.5,
    ),
    Family(
        "perovskite",
        (("Li", 1),),
        (
            Site(0.6, (("La", 3), ("Nd", 3), ("Pr", 3), ("Sr", 2), ("Ca", 2))),
            Site(1.0, (*TETRAVALENT, ("Nb", 5), ("Ta", 5), ("Al", 3))),
            Site(3.0, (("O", -2), ("F", -1))),
        ),
        0.05,
        1.5,
    ),
    Family(
        "antiperovskite",
        ALKALI,
        (Site(1.0, CHALCOGENS), Site(1.0, HALIDES)),
        2.5,
        3.5,
    ),
    Family(
        "spinel with Mg",
        (("Mg", 2),),
        (Site(2.0, (*RARE_EARTHS, *TRIVALENT)), Site(4.0, CHALCOGENS)),
        0.3,
        2.0,
    ),
)


def formulas(name: str = "scale benchmark") -> Iterator[str]:
    """Formulas without end, the same ones for the same name; each differs from those before."""
    rng = random.Random(seed_for(name))
    seen: set[int] = set()
    while True:
        text = _formula(rng.choice(FAMILIES), rng)
        if text is not None and hash(text) not in seen:
            seen.add(hash(text))
            yield text


def _formula(family: Family, rng: random.Random) -> str | None:
    """One member of a family; None where its charges leave no room for the mobile ion."""
    amounts: dict[str, float] = {}
    charge = 0.0
    for site in family.sites:
        guests = rng.sample(site.ions, min(rng.randint(1, 3), len(site.ions)))
        left = site.atoms
        for position, (symbol, valence) in enumerate(guests):
            last = position == len(guests) - 1
            share = left if last else round(left * STEP * rng.randint(5, 95), 3)
            amounts[symbol] = amounts.get(symbol, 0.0) + share
            charge += share * valence
            left -= share
    symbol, valence = rng.choice(family.mobile)
    mobile = -charge / valence
    if not family.fewest_mobile <= mobile <= family.most_mobile:
        return None
    written = {symbol: mobile, **{key: amount for key, amount in amounts.items() if amount > 5e-4}}
    return "".join(f"{key}{_number(amount)}" for key, amount in written.items())


def _number(amount: float) -> str:
    text = f"{amount:.3f}".rstrip("0").rstrip(".")
    return "" if text == "1" else text

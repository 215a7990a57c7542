"""Texts that harm a parser left to itself, each by what it does, and ways to break good ones."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import permutations, product

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

CELL = """data_x
_cell_length_a {a}
_cell_length_b 8
_cell_length_c 8
_cell_angle_alpha {alpha}
_cell_angle_beta 90
_cell_angle_gamma 90
{symmetry}
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
{sites}
"""
PLAIN = "_symmetry_space_group_name_H-M 'P 1'"


def cif(
    sites: str = "Li1 Li 0 0 0 1\nCl1 Cl 0.5 0.5 0.5 1",
    *,
    a: str = "8",
    alpha: str = "90",
    symmetry: str = PLAIN,
) -> str:
    """A CIF that is good unless something in it is replaced."""
    return CELL.format(a=a, alpha=alpha, symmetry=symmetry, sites=sites)


def many_sites(count: int) -> str:
    """Distinct sites on a grid."""
    return "\n".join(
        f"Li{n} Li {n % 20 / 20:.3f} {n // 20 % 20 / 20:.3f} {n // 400 / 20:.3f} 1"
        for n in range(count)
    )


def operations(texts: Iterable[str]) -> str:
    """A list of symmetry operations."""
    listed = "\n".join(f"'{text}'" for text in texts)
    return f"loop_\n_symmetry_equiv_pos_as_xyz\n{listed}"


CUBIC = [
    ", ".join(sign + axis for sign, axis in zip(signs, axes, strict=True))
    for axes in permutations("xyz")
    for signs in product(("", "-"), repeat=3)
]
"""The 48 operations of the full cubic point group."""


def pymatgen(**changes: object) -> str:
    """A structure as pymatgen writes it, with changes."""
    lattice = {"matrix": [[4, 0, 0], [0, 4, 0], [0, 0, 4]]}
    site = {"species": [{"element": "Li", "occu": 1}], "abc": [0, 0, 0]}
    plain = {
        "@module": "pymatgen.core.structure",
        "@class": "Structure",
        "lattice": lattice,
        "sites": [site],
    }
    return json.dumps(plain | changes)


HOSTILE: dict[str, tuple[str, str]] = {
    "a 5,000-site CIF": ("cif", cif(many_sites(5000))),
    "symmetry operations times sites": (
        "cif",
        cif(many_sites(190), symmetry=operations(CUBIC)),
    ),
    "ten thousand symmetry operations": (
        "cif",
        cif(symmetry=operations(f"x+{n}/10000, y, z" for n in range(10_000))),
    ),
    "a cell length that is no number": ("cif", cif(a="nan")),
    "an infinite cell length": ("cif", cif(a="inf")),
    "a cell length beyond floats": ("cif", cif(a="1e999")),
    "a cell angle that is no number": ("cif", cif(alpha="nan")),
    "a flat cell": ("cif", cif(alpha="180")),
    "an infinite coordinate": ("cif", cif("Li1 Li inf 0 0 1\nCl1 Cl 0.5 0.5 0.5 1")),
    "an infinite occupancy": ("cif", cif("Li1 Li 0 0 0 inf\nCl1 Cl 0.5 0.5 0.5 1")),
    "an amount of 100,000 digits": ("formula", "Li" + "9" * 100_000),
    "an amount beyond floats": ("formula", "Li1e999"),
    "an amount that is no number": ("formula", "Linan"),
    "10,000 nested brackets": ("formula", "(" * 10_000 + "Li" + ")" * 10_000),
    "brackets that multiply": ("formula", "(" * 5 + "Li" + ")9999" * 5),
    "a dummy species": ("formula", "Xx3"),
    "a dummy species in a CIF": ("cif", cif("Xx1 Xx 0 0 0 1\nCl1 Cl 0.5 0.5 0.5 1")),
    "an isotope": ("formula", "D2O"),
    "an isotope in a CIF": ("cif", cif("D1 D 0 0 0 1\nCl1 Cl 0.5 0.5 0.5 1")),
    "text of another format": ("cif", "%chk=x\n#p hf/3-21g\n\nGaussian input\n\n0 1\nLi 0 0 0\n"),
    "a line without end": ("cif", "data_" + "x" * 100_000),
    "zeros": ("cif", "\x00" * 100_000),
    "a loop without columns": ("cif", "data_x\nloop_\n" + "1 " * 50_000),
    "an atom count of billions": (
        "poscar",
        "Li\n1.0\n4 0 0\n0 4 0\n0 0 4\nLi\n1000000000\ndirect\n0 0 0\n",
    ),
    "a scale that is no number": ("poscar", "Li\nnan\n4 0 0\n0 4 0\n0 0 4\nLi\n1\ndirect\n0 0 0\n"),
    "a class that is not a structure": ("pymatgen", '{"@module": "os", "@class": "system"}'),
    "nesting without end": ("pymatgen", "[" * 100_000),
    "a lattice of infinities": (
        "pymatgen",
        pymatgen(lattice={"matrix": [[1e999, 0, 0], [0, 4, 0], [0, 0, 4]]}),
    ),
    "a site that is not one": ("pymatgen", pymatgen(sites=["../../etc/passwd"])),
    "a pickle": ("pymatgen", "cos\nsystem\n(S'true'\ntR."),
    "a formula for a spreadsheet": ("formula", "=cmd()"),
    "an address": ("formula", "http://localhost/"),
    "a path": ("cif", "/etc/passwd"),
    "YAML that makes objects": ("poscar", "!!python/object/apply:os.system ['true']"),
}
"""Name -> format and text. The first lines are the hazards that were measured in pymatgen."""


def formula_like() -> SearchStrategy[str]:
    """Formulas, near-formulas and any text."""
    pieces = st.sampled_from(
        ["Li", "O", "Zr", "P", "S", "Cl", "Xx", "D", "(", ")", "[", "]", "0.5", "1e3", "-1", "·",
         "nan", "inf", " ", "9999", ".", "+", "²", "H2O", "*", "\x00", "{", "}"]
    )  # fmt: skip
    return st.lists(pieces, max_size=25).map("".join) | st.text(max_size=60)


def broken(text: str) -> SearchStrategy[str]:
    """A good text with lines dropped, doubled, cut or replaced, or with characters changed."""
    lines = text.splitlines()
    words = st.sampled_from(
        ["nan", "inf", "-1e308", "1e999", "0", "?", ".", "'", ";", "loop_", "data_", "Xx", "9" * 50,
         "\x00", "", "x,y,z", "1(9999999)", "Li+99", "-0.0", "٣"]
    )  # fmt: skip

    @st.composite
    def change(draw: st.DrawFn) -> str:
        kept = list(lines)
        for _ in range(draw(st.integers(1, 4))):
            at = draw(st.integers(0, len(kept) - 1))
            match draw(st.sampled_from(["drop", "double", "word", "text", "swap"])):
                case "drop" if len(kept) > 1:
                    del kept[at]
                case "double":
                    kept[at:at] = [kept[at]] * draw(st.integers(1, 50))
                case "word":
                    parts = kept[at].split(" ")
                    parts[draw(st.integers(0, len(parts) - 1))] = draw(words)
                    kept[at] = " ".join(parts)
                case "text":
                    kept[at] = draw(st.text(max_size=40))
                case _:
                    kept[at] = kept[at][::-1]
        return "\n".join(kept)

    return change() | st.text(max_size=300)


def slow_cif() -> str:
    """Accepted as to size and shape, and takes many seconds to understand."""
    count, edge = 1900, 25.0
    steps = 13
    elements = ("Li", "O", "Zr")
    sites = "\n".join(
        f"{elements[n * 7 % 3]}{n} {elements[n * 7 % 3]} "
        f"{(n % steps + n * 17 % 11 / 40) / steps:.4f} "
        f"{(n // steps % steps + n * 31 % 13 / 45) / steps:.4f} "
        f"{(n // steps**2 + n * 13 % 7 / 30) / steps:.4f} 1"
        for n in range(count)
    )
    cell = cif(sites, a=f"{edge:g}")
    return cell.replace("_cell_length_b 8", f"_cell_length_b {edge:g}").replace(
        "_cell_length_c 8", f"_cell_length_c {edge:g}"
    )

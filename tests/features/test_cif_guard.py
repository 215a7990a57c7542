"""What a CIF is checked for before its symmetry is expanded."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from features.cif_guard import check_cif
from features.limits import InvalidMaterial, MaterialLimits
from features.material import Material

LIMITS = MaterialLimits()
ROCK_SALT = [("Li1", "Li+", "0", "0", "0", "1"), ("Cl1", "Cl-", "0.5", "0.5", "0.5", "1")]
INVERSION = ("x,y,z", "-x,-y,-z")


def cif(
    sites: Sequence[Sequence[str]] = ROCK_SALT,
    *,
    cell: Sequence[object] = (5.13, 5.13, 5.13, 90, 90, 90),
    operations: Sequence[str] | None = ("x,y,z", "x,y+1/2,z+1/2", "x+1/2,y,z+1/2", "x+1/2,y+1/2,z"),
    extra: str = "",
    columns: Sequence[str] = ("label", "type_symbol", "fract_x", "fract_y", "fract_z", "occupancy"),
) -> str:
    names = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
    lines = ["data_test", *(f"_cell_{n} {v}" for n, v in zip(names, cell, strict=True)), extra]
    if operations is not None:
        lines += ["loop_", "_space_group_symop_operation_xyz", *(f"'{o}'" for o in operations)]
    lines += ["loop_", *(f"_atom_site_{column}" for column in columns)]
    lines += [" ".join(site) for site in sites]
    return "\n".join(lines) + "\n"


def refusal(text: str, limits: MaterialLimits = LIMITS) -> str:
    with pytest.raises(InvalidMaterial) as caught:
        Material.from_cif(text, limits=limits)
    assert caught.value.field == "cif"
    return caught.value.message


def test_sites_are_counted_after_symmetry() -> None:
    checked = check_cif(cif(), LIMITS)
    assert checked.expanded_sites == 8
    assert checked.elements == ["Li", "Cl"]
    assert len(checked.operations.texts) == 4


def test_two_species_in_one_place_are_one_site() -> None:
    sites = [("Li1", "Li", "0", "0", "0", "0.6"), ("Na1", "Na", "0", "0", "0", "0.4"), ROCK_SALT[1]]
    assert check_cif(cif(sites), LIMITS).expanded_sites == 8
    material = Material.from_cif(cif(sites))
    assert dict(material.fractions) == pytest.approx({"Li": 0.3, "Na": 0.2, "Cl": 0.5})
    assert material.formula == "Na0.4Li0.6Cl"


def test_standard_uncertainties_are_dropped() -> None:
    sites = [("Li1", "Li", "0.0(1)", "0", "0", "0.95(2)"), ROCK_SALT[1]]
    checked = check_cif(cif(sites, cell=("5.13(1)", 5.13, 5.13, 90, "90.0", "90.")), LIMITS)
    assert checked.cell[0] == 5.13
    assert checked.occupancies == [0.95, 1.0]


@pytest.mark.parametrize("occupancy", [".", "?"])
def test_an_occupancy_left_open_is_full(occupancy: str) -> None:
    sites = [("Li1", "Li", "0", "0", "0", occupancy), ROCK_SALT[1]]
    assert check_cif(cif(sites), LIMITS).occupancies == [1.0, 1.0]


@pytest.mark.parametrize(
    ("label", "element"),
    [("Li1", "Li"), ("LI1", "Li"), ("O2A", "O"), ("OA1", "O"), ("LiA1", "Li"), ("Ow1", "O")],
)
def test_a_label_names_the_element_where_there_is_no_type(label: str, element: str) -> None:
    columns = ("label", "fract_x", "fract_y", "fract_z")
    text = cif([(label, "0", "0", "0"), ("Cl1", "0.5", "0.5", "0.5")], columns=columns)
    assert check_cif(text, LIMITS).elements == [element, "Cl"]


@pytest.mark.parametrize(
    ("symbol", "element"),
    [("Li+", "Li"), ("Li1+", "Li"), ("Li+1", "Li"), ("O2-", "O"), ("O-2", "O"), ("Fe2.5+", "Fe")],
)
def test_charges_of_species_are_read_and_dropped(symbol: str, element: str) -> None:
    sites = [("A1", symbol, "0", "0", "0", "1"), ROCK_SALT[1]]
    assert check_cif(cif(sites), LIMITS).elements == [element, "Cl"]


@pytest.mark.parametrize(
    ("symbol", "reason"),
    [
        ("D", "deuterium"),
        ("T+", "tritium"),
        ("X", "placeholder"),
        ("Xx", "placeholder"),
        ("Vac", "placeholder"),
        ("Q", "placeholder"),
        ("M", "'M' is not an element"),
        ("OH", "'OH' is not an element"),
        ("NH4+", "'NH' is not an element"),
        ("0.8Nb", "not a species"),
        ("?", "not a species"),
    ],
)
def test_what_is_no_element_is_refused_by_name(symbol: str, reason: str) -> None:
    assert reason in refusal(cif([("A1", symbol, "0", "0", "0", "1"), ROCK_SALT[1]]))


@pytest.mark.parametrize(
    ("label", "reason"),
    [("D1", "deuterium"), ("X1", "placeholder"), ("Vac1", "placeholder"), ("M1", "does not begin")],
)
def test_a_label_that_is_no_element_is_refused_by_name(label: str, reason: str) -> None:
    columns = ("label", "fract_x", "fract_y", "fract_z")
    assert reason in refusal(cif([(label, "0", "0", "0")], columns=columns))


@pytest.mark.parametrize(
    ("name", "number", "cell", "count"),
    [
        ("F m -3 m", "225", (5.13, 5.13, 5.13, 90, 90, 90), 192),
        ("Fm-3m", None, (5.13, 5.13, 5.13, 90, 90, 90), 192),
        ("P 1", "1", (5.1, 5.2, 5.3, 80, 85, 95), 1),
        ("P 21/n", None, (5.1, 5.2, 5.3, 90, 95, 90), 4),
        ("C 2/c", None, (5.1, 5.2, 5.3, 90, 95, 90), 8),
        ("F d -3 m Z", None, (8.1, 8.1, 8.1, 90, 90, 90), 192),
        ("F d -3 m :1", None, (8.1, 8.1, 8.1, 90, 90, 90), 192),
        ("R -3 m", None, (4.1, 4.1, 9.0, 90, 90, 120), 36),
        ("R -3 m", None, (4.1, 4.1, 4.1, 70, 70, 70), 12),
        (None, "225", (5.13, 5.13, 5.13, 90, 90, 90), 192),
    ],
)
def test_a_space_group_by_name_gives_its_operations(
    name: str | None, number: str | None, cell: Sequence[object], count: int
) -> None:
    extra = f"_symmetry_space_group_name_H-M '{name}'\n" if name else ""
    extra += f"_symmetry_Int_Tables_number {number}" if number else ""
    text = cif([("Li1", "Li", "0", "0", "0", "1")], cell=cell, operations=None, extra=extra)
    assert len(check_cif(text, LIMITS).operations.texts) == count


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ("", "says nothing of symmetry"),
        ("_symmetry_space_group_name_H-M ?", "says nothing of symmetry"),
        ("_symmetry_space_group_name_H-M 'F d -3 m'", "leaves the origin or the axes open"),
        ("_symmetry_Int_Tables_number 62", "leaves the origin or the axes open"),
        ("_symmetry_space_group_name_H-M 'P 63/m m c'", "does not fit the cell"),
        ("_symmetry_space_group_name_H-M 'Q 7'", "is not known"),
        ("_symmetry_Int_Tables_number 231", "is not known"),
        ("_symmetry_Int_Tables_number 1e9", "is not known"),
    ],
)
def test_symmetry_is_never_guessed(extra: str, reason: str) -> None:
    assert reason in refusal(cif(operations=None, extra=extra))


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        ("x,y", "is not a symmetry operation"),
        ("x,y,2z", "is not a symmetry operation"),
        ("x,y,y", "is not a symmetry operation"),
        ("x,y,z+1/0", "is not a symmetry operation"),
        ("x,y,z+1e999", "is not a symmetry operation"),
        ("x,y,z;import os", "is not a symmetry operation"),
        ("x,y,z+" + "1" * 1000, "is not a symmetry operation"),
        ("y,z,x", "does not fit the cell"),
    ],
)
def test_what_is_no_symmetry_of_the_cell_is_refused(operation: str, reason: str) -> None:
    text = cif(cell=(5, 6, 7, 90, 90, 90), operations=("x,y,z", operation))
    assert reason in refusal(text)


def test_the_identity_must_be_listed() -> None:
    assert "identity" in refusal(cif(operations=("-x,-y,-z",)))


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (("nan", 5, 5, 90, 90, 90), "not a finite number"),
        (("1e999", 5, 5, 90, 90, 90), "not a finite number"),
        (("inf", 5, 5, 90, 90, 90), "not a finite number"),
        (("?", 5, 5, 90, 90, 90), "not a finite number"),
        ((0, 5, 5, 90, 90, 90), "cell length is 0"),
        ((-5, 5, 5, 90, 90, 90), "cell length is -5"),
        ((0.1, 5, 5, 90, 90, 90), "0.5 to 300"),
        ((5, 5, 1e300, 90, 90, 90), "0.5 to 300"),
        ((5, 5, 5, 90, 90, 180), "no cell has the angles"),
        ((5, 5, 5, 120, 120, 120), "no cell has the angles"),
        ((5, 5, 5, 30, 30, 90), "no cell has the angles"),
        ((5, 5, 5, 90, 90, 1), "5 to 175"),
        ((5, 5, 5, 60, 60, 119.999), "thinner than"),
        ((299, 299, 299, 90, 90, 90), "volume"),
        ((40, 40, 40, 90, 90, 90), "a site is accepted"),
        ((1, 1, 1, 90, 90, 90), "a site is accepted"),
    ],
)
def test_a_cell_out_of_bounds_is_refused(cell: Sequence[object], reason: str) -> None:
    assert reason in refusal(cif(cell=cell, operations=("x,y,z", "x+1/2,y,z")))


@pytest.mark.parametrize("value", ["nan", "inf", "-1e999", "1e999", "?", ".", "1/3", "1000", "0x1"])
def test_a_coordinate_out_of_bounds_is_refused(value: str) -> None:
    message = refusal(cif([("Li1", "Li", "0", value, "0", "1"), ROCK_SALT[1]]))
    assert "_atom_site_fract_y" in message


@pytest.mark.parametrize("value", ["0", "-0.5", "1.2", "1e5", "nan", "0.0"])
def test_an_occupancy_out_of_bounds_is_refused(value: str) -> None:
    message = refusal(cif([("Li1", "Li", "0", "0", "0", value), ROCK_SALT[1]]))
    assert "occupancy" in message


def test_occupancies_of_one_place_may_not_pass_one_together() -> None:
    crowded = [("Li1", "Li", "0", "0", "0", "0.8"), ("Na1", "Na", "0", "0", "0", "0.8")]
    assert "ccupancy" in refusal(cif([*crowded, ROCK_SALT[1]]))
    rounded = [("Li1", "Li", "0", "0", "0", "0.51"), ("Na1", "Na", "0", "0", "0", "0.51")]
    shares = dict(Material.from_cif(cif([*rounded, ROCK_SALT[1]])).fractions)
    assert shares == pytest.approx({"Li": 0.25, "Na": 0.25, "Cl": 0.5})


def test_atoms_on_top_of_each_other_are_refused() -> None:
    sites = [("Li1", "Li", "0", "0", "0", "1"), ("Na1", "Na", "0.01", "0", "0", "1")]
    assert "hold more than one atom" in refusal(cif(sites, operations=("x,y,z",)))


def test_split_sites_may_be_close_if_only_one_is_filled() -> None:
    sites = [("Li1", "Li", "0", "0", "0", "0.5"), ("Li2", "Li", "0.015", "0", "0", "0.5")]
    material = Material.from_cif(cif([*sites, ROCK_SALT[1]], operations=("x,y,z",)))
    assert dict(material.fractions) == {"Li": 0.5, "Cl": 0.5}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("hello", "stands before 'data_'"),
        ("data_x\n", "holds no atom sites"),
        ("data_x\nfree text\n", "where a tag is expected"),
        ("data_x\n_cell_length_a\n_cell_length_b 3\n", "has no value"),
        ("data_x\n_cell_length_a", "has no value"),
        ("data_x\n_a 'open\n", "quote is not closed"),
        ("data_x\n_a\n;open\n", "text field"),
        ("data_x\nloop_\n1 2 3\n", "has no tags"),
        ("data_x\nloop_\n_a _b\n1 2 3\n", "3 values for 2 columns"),
        ("data_x\n_cell_length_a 3\n_cell_length_a 4\n", "given twice"),
        (cif() + "_cell.length_a 3\n", "given twice"),
        (cif(columns=("label", "type_symbol", "fract_x", "fract_y", "b", "c")), "fract_z"),
        (cif(columns=("a", "b", "fract_x", "fract_y", "fract_z", "c")), "names no elements"),
        (cif() + "data_two\n" + cif(), "holds 2 structures ('test' and 'test')"),
    ],
)
def test_what_is_no_single_structure_is_refused(text: str, reason: str) -> None:
    assert reason in refusal(text)


def test_implied_hydrogen_is_refused() -> None:
    columns = ("label", "type_symbol", "fract_x", "fract_y", "fract_z", "attached_hydrogens")
    sites = [("O1", "O", "0", "0", "0", "2"), ("Li1", "Li", "0.5", "0.5", "0.5", "0")]
    assert "hydrogen" in refusal(cif(sites, columns=columns))


def test_blocks_without_sites_comments_and_text_fields_are_passed_over() -> None:
    dressed = (
        "\ufeff# made by hand\r\ndata_global\n_title\n;\n Li's 'salt' loop_ data_x\n;\n"
        + cif(extra="_chemical_name 'a dog's life' # comment")
        + '_refln_note "it\'s"\ndata_powder\nloop_\n_pd_a\n_pd_b\n1 2\n3 4\n'
    ).replace("_cell_length_a", "_CELL_Length_A")
    assert check_cif(dressed, LIMITS).text() == check_cif(cif(), LIMITS).text()


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (MaterialLimits(structure_bytes=100), "longer than 100 bytes"),
        (MaterialLimits(sites=7), "8 sites; 1 to 7"),
        (MaterialLimits(symmetry_operations=3), "4 symmetry operations; at most 3"),
        (MaterialLimits(images=7), "2 listed sites times 4 symmetry operations is 8; at most 7"),
        (MaterialLimits(elements=1), "2 elements; at most 1"),
        (MaterialLimits(line_characters=20), "characters; at most 20"),
    ],
)
def test_each_limit_is_named(limits: MaterialLimits, reason: str) -> None:
    assert reason in refusal(cif(), limits)


def test_the_byte_limit_counts_bytes() -> None:
    text = cif() + "# " + "é" * 200
    assert "bytes" in refusal(text, MaterialLimits(structure_bytes=len(text) + 100))


MANY_SITES = [(f"Li{n}", "Li", f"{n / 9000:.5f}", "0.1", "0.2", "1") for n in range(2500)]


@pytest.mark.parametrize(
    "text",
    [
        cif(MANY_SITES),
        cif(MANY_SITES[:1900], operations=[f"x+{n}/99,y,z" for n in range(99)] * 2),
        cif(MANY_SITES[:1000], operations=["x,y,z"] * 192),
        cif(operations=["x,y,z"] * 5000),
        cif() + "#" * 300_000,
        "\n" * 255_000,
        "data_x\n" + " " * 4000 + "\n" * 200_000,
        "data_x\n" + ("'" * 4000 + "x\n") * 60,
        "data_x\nloop_\n" + "_a\n" * 80_000,
        "data_x\nloop_\n_cell_length_a\n" + "1 " * 1000 + "\n",
        "data_x\n;" + "\n" * 200_000,
        "data_x\n" * 30_000,
    ],
    ids=lambda text: f"{text[-20:]!r}",
)
def test_hostile_text_is_refused_at_once(text: str) -> None:
    started = time.perf_counter()
    refusal(text)
    assert time.perf_counter() - started < 0.9

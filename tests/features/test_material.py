"""One validated material from a formula, a CIF, a POSCAR or pymatgen's JSON."""

from __future__ import annotations

import hashlib
import json
import random
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core import DummySpecies, Lattice, Structure
from pymatgen.io.cif import CifWriter

from features.elements import SYMBOLS
from features.limits import InvalidMaterial, MaterialLimits
from features.material import Material


def perovskite() -> Structure:
    """A cubic lithium lanthanum titanate with a shared A site."""
    return Structure(
        Lattice.cubic(3.87),
        [{"Li+": 0.33, "La3+": 0.56}, "Ti4+", "O2-", "O2-", "O2-"],
        [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]],
    )


def rock_salt() -> Structure:
    lithium = [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]
    chlorine = [[0.5, 0.5, 0.5], [0.5, 0, 0], [0, 0.5, 0], [0, 0, 0.5]]
    return Structure(Lattice.cubic(5.14), ["Li"] * 4 + ["Cl"] * 4, lithium + chlorine)


def rocksalt_poscar() -> str:
    return "LiCl\n1.0\n0 2.57 2.57\n2.57 0 2.57\n2.57 2.57 0\nLi Cl\n1 1\nDirect\n0 0 0\n.5 .5 .5\n"


def refusal(text: Any, format: str, limits: MaterialLimits | None = None) -> InvalidMaterial:
    with pytest.raises(InvalidMaterial) as caught:
        Material.parse(text, format, limits=limits or MaterialLimits())  # type: ignore[arg-type]
    return caught.value


# Composition ------------------------------------------------------------------------------------


def test_fractions_are_ordered_by_atomic_number_and_sum_to_one() -> None:
    material = Material.from_formula("Li7La3Zr2O12")
    assert material.fractions == (
        ("Li", round(7 / 24, 10)),
        ("O", 0.5),
        ("Zr", round(2 / 24, 10)),
        ("La", 0.125),
    )
    assert sum(share for _, share in material.fractions) == pytest.approx(1, abs=1e-9)
    assert material.composition_key == "Li0.29-O0.50-Zr0.08-La0.12"
    assert material.structure is None
    assert material.formula == "Li7La3Zr2O12"


def test_formula_scale_and_order_do_not_change_the_composition() -> None:
    first = Material.from_formula("Li6PS5Cl")
    second = Material.from_formula("Cl2S10P2Li12")
    assert first.fractions == second.fractions
    assert first.composition_key == second.composition_key
    assert first.content_hash == second.content_hash


@given(
    st.dictionaries(st.sampled_from(SYMBOLS), st.integers(1, 900), min_size=1, max_size=8),
    st.sampled_from([0.01, 0.5, 1, 3, 11]),
)
def test_any_scale_gives_the_same_fractions(amounts: dict[str, int], scale: float) -> None:
    text = "".join(f"{symbol}{amount}" for symbol, amount in amounts.items())
    scaled = "".join(f"{s}{round(a * scale, 6):f}" for s, a in reversed(amounts.items()))
    first, second = Material.from_formula(text), Material.from_formula(scaled)
    assert [symbol for symbol, _ in first.fractions] == sorted(amounts, key=SYMBOLS.index)
    np.testing.assert_allclose(
        [share for _, share in first.fractions],
        [share for _, share in second.fractions],
        atol=2e-10,
    )


@pytest.mark.parametrize(
    ("formula", "ion"),
    [
        ("Li7La3Zr2O12", "Li"),
        ("LiNaSO4", "Li"),
        ("Na3PS4", "Na"),
        ("NaMgF3", "Na"),
        ("MgSc2Se4", "Mg"),
        ("KMgF3", "Mg"),
        ("KAg4I5", "Ag"),
        ("Ag4RbI5", "Ag"),
        ("CuZnCl3", "Cu"),
        ("CaZnO2", "Ca"),
        ("ZnO", "Zn"),
        ("ZrO2", None),
    ],
)
def test_the_mobile_ion_is_li_na_or_mg_before_the_most_abundant_other(
    formula: str, ion: str | None
) -> None:
    assert Material.from_formula(formula).mobile_ion == ion


def test_a_trace_dopant_does_not_change_the_composition_key() -> None:
    host = Material.from_formula("Li7La3Zr2O12")
    doped = Material.from_formula("Li7La3Zr2O12Al0.01")
    assert host.composition_key == doped.composition_key == "Li0.29-O0.50-Zr0.08-La0.12"
    assert host.content_hash != doped.content_hash


# What may be given beside a formula -------------------------------------------------------------


def test_space_group_and_lattice_can_be_given_with_a_formula() -> None:
    material = Material.from_formula(
        "LiCl", space_group_number=225, lattice=(5.14, 5.14, 5.14, 90, 90, 90)
    )
    assert material.space_group_number == 225
    assert material.lattice == (5.14, 5.14, 5.14, 90.0, 90.0, 90.0)
    assert material.content_hash != Material.from_formula("LiCl").content_hash


@pytest.mark.parametrize("number", [0, 231, -1, 1.5, float("nan"), float("inf"), True, "225"])
def test_a_space_group_number_out_of_range_is_refused(number: Any) -> None:
    with pytest.raises(InvalidMaterial, match="1 to 230") as caught:
        Material.from_formula("LiCl", space_group_number=number)
    assert caught.value.field == "space_group_number"


@pytest.mark.parametrize(
    "lattice",
    [
        (5, 5, 5, 90, 90),
        (5, 5, 0, 90, 90, 90),
        (5, 5, float("nan"), 90, 90, 90),
        (5, 5, float("inf"), 90, 90, 90),
        (5, 5, 5, 90, 90, 180),
        (5, 5, "a", 90, 90, 90),
        7,
    ],
)
def test_a_lattice_out_of_range_is_refused(lattice: Any) -> None:
    with pytest.raises(InvalidMaterial) as caught:
        Material.from_formula("LiCl", lattice=lattice)
    assert caught.value.field == "lattice"


# Structures -------------------------------------------------------------------------------------


def test_a_disordered_structure_keeps_its_occupancies_and_finds_its_space_group() -> None:
    material = Material.from_structure(perovskite())
    assert material.space_group_number == 221
    assert material.structure is not None
    assert len(material.structure) == 5
    assert dict(material.fractions) == pytest.approx(
        {"Li": 0.33 / 4.89, "O": 3 / 4.89, "Ti": 1 / 4.89, "La": 0.56 / 4.89}
    )
    assert material.lattice == pytest.approx((3.87, 3.87, 3.87, 90, 90, 90))
    assert material.formula == "Li0.33La0.56TiO3"
    assert material.mobile_ion == "Li"


def test_charges_and_spins_leave_the_material_as_it_is() -> None:
    bare = perovskite()
    bare.remove_oxidation_states()
    dressed = perovskite()
    dressed.add_site_property("magmom", [0.0, 1.0, 0.0, 0.0, 0.0])
    assert Material.from_structure(bare).content_hash == (
        Material.from_structure(dressed).content_hash
    )


def test_the_cell_is_reduced_and_the_lattice_is_the_conventional_one() -> None:
    material = Material.from_structure(rock_salt())
    assert material.structure is not None
    assert len(material.structure) == 2
    assert material.space_group_number == 225
    assert material.lattice == pytest.approx((5.14, 5.14, 5.14, 90, 90, 90))
    assert material.formula == "LiCl"


@pytest.mark.parametrize("structure", [perovskite(), rock_salt()], ids=["disordered", "ordered"])
@pytest.mark.parametrize("multiples", [(2, 2, 1), (1, 3, 1), (2, 2, 2)])
def test_a_supercell_is_the_same_material(
    structure: Structure, multiples: tuple[int, int, int]
) -> None:
    cell, supercell = structure.copy(), structure.copy()
    supercell.make_supercell(multiples)
    first, second = Material.from_structure(cell), Material.from_structure(supercell)
    assert first.structure is not None
    assert second.structure is not None
    assert first.fractions == second.fractions
    assert first.formula == second.formula
    assert first.space_group_number == second.space_group_number
    assert first.lattice == pytest.approx(second.lattice, abs=1e-5)
    assert len(first.structure) == len(second.structure)
    assert first.structure.lattice.parameters == pytest.approx(
        second.structure.lattice.parameters, abs=1e-5
    )
    np.testing.assert_allclose(
        np.sort(first.structure.distance_matrix, axis=None),
        np.sort(second.structure.distance_matrix, axis=None),
        atol=1e-5,
    )


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_origin_and_order_of_sites_do_not_matter(seed: int) -> None:
    shuffled = perovskite()
    generator = random.Random(seed)
    shuffled.translate_sites(range(5), [generator.random() for _ in range(3)])
    sites = list(shuffled)
    generator.shuffle(sites)
    first = Material.from_structure(perovskite())
    second = Material.from_structure(Structure.from_sites(sites))
    assert first.fractions == second.fractions
    assert first.space_group_number == second.space_group_number
    assert first.lattice == pytest.approx(second.lattice, abs=1e-5)


def test_where_symmetry_is_not_found_the_structure_stays_as_it_is() -> None:
    coincident = Structure(
        Lattice.orthorhombic(4, 5, 6),
        [{"Li": 0.5}, {"Li": 0.5}, "Cl"],
        [[0, 0, 0], [0.001, 0, 0], [0.5, 0.5, 0.5]],
    )
    material = Material.from_structure(coincident)
    assert material.space_group_number is None
    assert material.structure is not None
    assert len(material.structure) == 3
    assert material.lattice == (4, 5, 6, 90, 90, 90)
    assert dict(material.fractions) == {"Li": 0.5, "Cl": 0.5}


def test_the_largest_supercell_that_is_accepted_is_the_same_material() -> None:
    supercell = rock_salt()
    supercell.make_supercell((10, 5, 5))
    assert len(supercell) == MaterialLimits().sites
    one, other = (Material.from_poscar(cell.to(fmt="poscar")) for cell in (rock_salt(), supercell))
    assert one.content_hash == other.content_hash


def test_a_cell_too_large_for_the_symmetry_search_is_kept_as_sent() -> None:
    text = json.dumps(rock_salt().as_dict())
    material = Material.from_pymatgen(text, limits=MaterialLimits(symmetry_search_sites=7))
    assert material.structure is not None
    assert len(material.structure) == 8
    assert material.space_group_number is None


def test_a_dummy_species_in_a_structure_is_refused() -> None:
    structure = Structure(Lattice.cubic(4), [DummySpecies("X"), "Li"], [[0, 0, 0], [0.5] * 3])
    with pytest.raises(InvalidMaterial, match="placeholder") as caught:
        Material.from_structure(structure)
    assert caught.value.field == "structure"


def test_a_fractional_formula_is_written_per_whole_elements() -> None:
    doped = perovskite()
    doped.make_supercell((2, 1, 1))
    doped.replace(0, {"Na": 0.5})
    assert Material.from_structure(doped).formula == "Na0.25Li0.165La0.28TiO3"


# Formats ----------------------------------------------------------------------------------------


def test_every_format_leads_to_the_same_material() -> None:
    structure = rock_salt()
    found = [
        Material.parse(str(CifWriter(structure, symprec=0.01)), "cif"),
        Material.parse(str(CifWriter(structure)), "cif"),
        Material.parse(rocksalt_poscar(), "poscar"),
        Material.parse(json.dumps(structure.as_dict()), "pymatgen"),
        Material.from_pymatgen(structure.as_dict()),
        Material.from_structure(structure),
    ]
    assert {material.fractions for material in found} == {(("Li", 0.5), ("Cl", 0.5))}
    assert {material.space_group_number for material in found} == {225}
    assert {len(material.structure or ()) for material in found} == {2}
    for material in found:
        assert material.lattice == pytest.approx((5.14, 5.14, 5.14, 90, 90, 90))


def test_a_disordered_structure_survives_cif_and_json() -> None:
    structure = perovskite()
    from_cif = Material.from_cif(str(CifWriter(structure, symprec=0.01)))
    from_json = Material.from_pymatgen(json.dumps(structure.as_dict()))
    known = Material.from_structure(structure)
    for material in (from_cif, from_json):
        assert dict(material.fractions) == pytest.approx(dict(known.fractions), abs=1e-8)
        assert material.space_group_number == 221


@pytest.mark.parametrize("format", ["vasp", "", "CIF", "gaussian", None])
def test_a_format_is_named_never_guessed(format: Any) -> None:
    error = refusal(rocksalt_poscar(), format)
    assert error.field == "format"
    assert "formula, cif, poscar, pymatgen" in error.message


@pytest.mark.parametrize("format", ["formula", "cif", "poscar"])
@pytest.mark.parametrize("value", [None, 5, b"LiCl", {"a": 1}])
def test_what_is_not_text_is_refused(value: Any, format: str) -> None:
    error = refusal(value, format)
    assert error.field == format
    assert "must be text" in error.message


def test_the_content_hash_is_that_of_the_content_alone() -> None:
    content = (
        '{"fractions":[["Li",0.5],["Cl",0.5]],"lattice":null,'
        '"space_group_number":null,"structure":null}'
    )
    expected = hashlib.sha256(content.encode()).hexdigest()
    assert Material.from_formula("LiCl").content_hash == expected


# pymatgen JSON ----------------------------------------------------------------------------------


def changed(**changes: Any) -> dict[str, Any]:
    return {**json.loads(json.dumps(rock_salt().as_dict())), **changes}


def with_site(**changes: Any) -> dict[str, Any]:
    entry = changed()
    entry["sites"][0].update(changes)
    return entry


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ([], "must be a JSON object"),
        (changed(**{"@class": "Molecule"}), "not 'Molecule'"),
        (changed(sites=None), "'sites' must be a list"),
        (changed(sites="abc"), "'sites' must be a list"),
        (changed(sites=[]), "0 sites; 1 to 2000"),
        (changed(sites=[1, 2]), "site 1 must be an object"),
        (changed(lattice=None), "'lattice'"),
        (changed(lattice={"matrix": [[1, 0], [0, 1]]}), "'lattice'"),
        (changed(lattice={"matrix": [[1, 0, 0], [0, 1, 0], [0, 0, "a"]]}), "finite numbers"),
        (changed(lattice={"matrix": [[9, 0, 0], [9, 0, 0], [0, 0, 9]]}), "angle"),
        (changed(lattice={"matrix": [[0, 0, 0]] * 3}), "cell length"),
        (changed(lattice={"matrix": [[900, 0, 0], [0, 9, 0], [0, 0, 9]]}), "0.5 to 300"),
        (with_site(abc=[0, 0]), "'abc' of site 1"),
        (with_site(abc=[0, 0, True]), "'abc' of site 1"),
        (with_site(abc=[0, 0, 10**400]), "'abc' of site 1"),
        (with_site(species=[]), "'species' of site 1"),
        (with_site(species=[{"occu": 1}]), "names no 'element'"),
        (with_site(species=[{"element": "Xx", "occu": 1}]), "placeholder"),
        (with_site(species=[{"element": "D", "occu": 1}]), "deuterium"),
        (with_site(species=[{"element": "Li", "occu": 1.5}]), "occupancy"),
        (with_site(species=[{"element": "Li", "occu": 0}]), "occupancy"),
        (
            with_site(species=[{"element": "Li", "occu": 0.8}, {"element": "Na", "occu": 0.8}]),
            "1.6",
        ),
    ],
)
def test_json_that_is_no_structure_is_refused(entry: Any, reason: str) -> None:
    error = refusal(json.dumps(entry), "pymatgen")
    assert error.field == "pymatgen"
    assert reason in error.message


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("{", "is not JSON"),
        ('{"sites": NaN}', "NaN is not a finite number"),
        ('{"sites": [Infinity]}', "Infinity is not a finite number"),
        (json.dumps(changed()).replace("5.14", "1e999"), "finite numbers"),
        ("[" * 10_000 + "]" * 10_000, "nested deeper than 20"),
        ('{"a":' * 10_000, "nested deeper than 20"),
        ('{"sites": ' + "1" * 100_000 + "}", "is not JSON"),
        ('"' + "[" * 300 + '"', "must be a JSON object"),
        (" " * 300_000 + "{}", "256000 bytes"),
        (json.dumps({"sites": [0] * 2001}), "2001 sites; 1 to 2000"),
    ],
    ids=lambda text: text[:12],
)
def test_hostile_json_is_refused_at_once(text: str, reason: str) -> None:
    started = time.perf_counter()
    assert reason in refusal(text, "pymatgen").message
    assert time.perf_counter() - started < 0.5


def test_json_names_no_class_to_load() -> None:
    entry = changed()
    entry["sites"][0]["properties"] = {"@module": "os", "@class": "system", "command": "false"}
    entry["properties"] = {"@module": "subprocess", "@class": "Popen", "args": ["false"]}
    assert Material.from_pymatgen(json.dumps(entry)).formula == "LiCl"


# POSCAR -----------------------------------------------------------------------------------------


def test_cartesian_scaled_and_dressed_poscar_is_the_same_crystal() -> None:
    plain = Material.from_poscar(rocksalt_poscar())
    dressed = (
        "rock salt\n2.57\n0 1 1\n1 0 1\n1 1 0\nLi_sv/1a2b Cl # comment\n1\n1\n"
        "Selective dynamics\nCartesian\n0 0 0 T T F\n1 1 1 F F F\n\n0 0 0\n0 0 0\n"
    )
    by_volume = rocksalt_poscar().replace("1.0\n", f"-{2 * 2.57**3!r}\n", 1)
    for text in (dressed, by_volume):
        material = Material.from_poscar(text)
        assert material.fractions == plain.fractions
        assert material.space_group_number == plain.space_group_number == 225
        assert material.lattice == pytest.approx(plain.lattice, abs=1e-5)


def test_a_poscar_without_species_is_refused() -> None:
    error = refusal(rocksalt_poscar().replace("Li Cl\n", ""), "poscar")
    assert error.field == "poscar"
    assert "names no species" in error.message


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("Li Cl", "Li X", "placeholder"),
        ("Li Cl", "D Cl", "deuterium"),
        ("Li Cl", "Li Qq", "'Qq' is not an element"),
        ("1 1", "1", "a count of at least 1 for each of 2 species"),
        ("1 1", "1 0", "a count of at least 1"),
        ("1 1", "-1 2", "a count of at least 1"),
        ("1 1", "1 1.5", "a count of at least 1"),
        ("1 1", "1 999999999", "1000000000 sites; 1 to 2000"),
        ("1 1", "1 " + "9" * 1000, "a count of at least 1"),
        ("1 1", "1 2", "2 positions for 3 atoms"),
        ("Direct", "Fractional", "must say Direct or Cartesian"),
        ("0 0 0\n", "0 0 nan\n", "finite numbers"),
        ("0 0 0\n", "0 0 1e999\n", "finite numbers"),
        ("0 0 0\n", "0 0\n", "finite numbers"),
        ("0 2.57", "inf 2.57", "finite numbers"),
        ("1.0", "0", "the scale on line 2 is 0"),
        ("1.0", "nan", "finite numbers"),
        ("1.0", "1e300", "cell length"),
        ("1.0", "1e-9", "cell length"),
        ("0 2.57 2.57", "2.57 0 2.57", "angle"),
        (".5 .5 .5", "0 0 0", "hold more than one atom"),
    ],
)
def test_a_poscar_out_of_bounds_is_refused(old: str, new: str, reason: str) -> None:
    started = time.perf_counter()
    assert reason in refusal(rocksalt_poscar().replace(old, new, 1), "poscar").message
    assert time.perf_counter() - started < 0.5


def test_poscar_limits_can_be_set() -> None:
    assert "1 to 1 are" in refusal(rocksalt_poscar(), "poscar", MaterialLimits(sites=1)).message
    tight = MaterialLimits(structure_bytes=20)
    assert "longer than 20 bytes" in refusal(rocksalt_poscar(), "poscar", tight).message


@given(st.text(max_size=300), st.sampled_from(["formula", "cif", "poscar", "pymatgen"]))
def test_any_text_in_any_format_is_read_or_refused(text: str, format: Any) -> None:
    try:
        material = Material.parse(text, format)
    except InvalidMaterial as error:
        assert error.field == format  # noqa: PT017 - most texts are refused, not all
        return
    assert material.fractions

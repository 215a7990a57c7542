"""Coordination numbers by solid angle, on lattices whose cells are known and on disorder."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure

from features.coordination_voronoi import mobile_coordination_number
from features.sites import UnusableStructure

ROCK_SALT = Structure.from_spacegroup(
    "Fm-3m", Lattice.cubic(5.13), ["Li", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]
)
ANTIFLUORITE = Structure.from_spacegroup(
    "Fm-3m", Lattice.cubic(5.71), ["Li", "S"], [[0.25, 0.25, 0.25], [0, 0, 0]]
)
_FACE_CENTRED = [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]
BODY_CENTRED = 10.1606  # also of the lithium metal mp-135 in the Ahmad table


def number(structure: Structure, ion: str = "Li") -> float:
    return mobile_coordination_number(structure, ion)


def test_rock_salt_has_six_neighbours() -> None:
    assert number(ROCK_SALT) == pytest.approx(6.0, abs=1e-9)


def test_close_packing_has_twelve_although_its_cells_meet_in_common_corners() -> None:
    metal = Structure(Lattice.cubic(4.4), ["Li"] * 4, _FACE_CENTRED)
    assert number(metal) == pytest.approx(12.0, abs=1e-6)


def test_a_body_centred_metal_counts_its_square_faces_by_their_solid_angle() -> None:
    metal = Structure(Lattice.cubic(3.5), ["Li", "Li"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    square = _square_face_of_truncated_octahedron()
    hexagon = (4.0 * np.pi - 6.0 * square) / 8.0
    assert number(metal) == pytest.approx(8.0 + 6.0 * square / hexagon, abs=1e-6)
    assert number(metal) == pytest.approx(BODY_CENTRED, abs=1e-3)


def _square_face_of_truncated_octahedron() -> float:
    """By Girard's theorem: the excess of the angles of the spherical square."""
    corners = np.array([[1.0, 0.5, 0.0], [1.0, 0.0, 0.5], [1.0, -0.5, 0.0], [1.0, 0.0, -0.5]])
    unit = corners / np.linalg.norm(corners, axis=1)[:, None]
    before, after = np.roll(unit, 1, axis=0), np.roll(unit, -1, axis=0)
    left, right = np.cross(unit, before), np.cross(unit, after)
    cosine = np.einsum("ij,ij->i", left, right) / (
        np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    )
    return float(np.arccos(cosine).sum() - 2.0 * np.pi)


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from([[2, 1, 1], [1, 2, 1], [[1, 1, 0], [0, 1, 0], [0, 0, 1]]]),
    st.tuples(*[st.floats(-3, 3)] * 3),
    st.sampled_from([0.7, 1.0, 3.0]),
)
def test_the_choice_of_cell_origin_and_scale_do_not_matter(
    scaling: list[object], shift: tuple[float, float, float], scale: float
) -> None:
    other = ANTIFLUORITE.copy()
    other.make_supercell(scaling)
    other.translate_sites(range(len(other)), shift)
    other.scale_lattice(other.volume * scale**3)
    assert number(other) == pytest.approx(number(ANTIFLUORITE), abs=1e-5)


def test_a_tiny_displacement_changes_the_number_by_little() -> None:
    moved = ANTIFLUORITE.copy()
    moved.perturb(1e-4)
    assert number(moved) == pytest.approx(number(ANTIFLUORITE), abs=0.01)


def test_a_crystal_without_the_ion_has_no_number() -> None:
    assert np.isnan(number(ROCK_SALT, "Na"))


def test_a_wide_cell_is_looked_through_as_far_as_needed() -> None:
    sparse = ROCK_SALT.copy()
    sparse.scale_lattice(sparse.volume * 6.0**3)  # next ions 15 Angstrom away
    assert number(sparse) == pytest.approx(6.0, abs=1e-6)


def test_a_cell_that_never_closes_is_refused() -> None:
    lonely = Structure(Lattice.cubic(200.0), ["Li"], [[0, 0, 0]])
    with pytest.raises(UnusableStructure, match="does not close"):
        number(lonely)


def test_a_mixed_site_is_one_neighbour_and_one_centre() -> None:
    mixed = Structure(
        ROCK_SALT.lattice,
        [{"Li": 0.5, "Na": 0.5} if site.specie.symbol == "Li" else "Cl" for site in ROCK_SALT],
        ROCK_SALT.frac_coords,
    )
    assert number(mixed) == pytest.approx(6.0, abs=1e-6)


def test_a_split_anion_counts_once() -> None:
    split = ROCK_SALT.copy()
    places = [site.frac_coords for site in ROCK_SALT if site.specie.symbol == "Cl"]
    split.remove_species(["Cl"])
    for place in places:
        for step in (-0.05, 0.05):  # half an Angstrom between the halves
            split.append({"Cl": 0.5}, np.add(place, [0.0, 0.0, step]))
    assert number(split) == pytest.approx(6.0, abs=1e-6)


def test_an_excluded_site_of_the_mobile_ion_does_not_hide_the_anions() -> None:
    """Each Li half-filled, a second position 1.8 Angstrom away that is empty where it is there."""
    ordered = number(ANTIFLUORITE)
    sulfur = [site.frac_coords for site in ANTIFLUORITE if site.specie.symbol == "S"]
    lithium = [site.frac_coords for site in ANTIFLUORITE if site.specie.symbol == "Li"]
    half = Structure(
        ANTIFLUORITE.lattice,
        ["S"] * 4 + [{"Li": 0.5}] * 8,
        [*sulfur, *lithium],
    )
    # Without the second positions: neighbours half there, each Li between both numbers.
    bare = Structure(ANTIFLUORITE.lattice, ["S"] * 4 + ["Li"], [*sulfur, lithium[0]])
    low, high = sorted((ordered, number(bare)))
    assert low <= number(half) <= high
    crowded = half.copy()
    crowded.append({"Li": 0.02}, np.add(lithium[0], [1.5 / 5.71, 0.0, 0.0]))
    assert number(crowded) == pytest.approx(number(half), rel=0.05)


def test_filling_a_site_of_the_mobile_ion_moves_the_number_one_way() -> None:
    numbers = [number(_with_second_lithium(share)) for share in (0.001, 0.3, 0.6, 1.0)]
    steps = np.diff(numbers)
    assert (steps > 0.0).all() or (steps < 0.0).all()


def _with_second_lithium(share: float) -> Structure:
    """Li at the corners of a cube of anions, a share of Li in its middle."""
    species: list[object] = ["Li", "O", "O", "O"]
    places = [[0.0, 0.0, 0.0], [0.5, 0.0, 0.0], [0.0, 0.5, 0.0], [0.0, 0.0, 0.5]]
    if share > 0.0:
        species.append({"Li": share})
        places.append([0.5, 0.5, 0.5])
    return Structure(Lattice.cubic(4.2), species, places)

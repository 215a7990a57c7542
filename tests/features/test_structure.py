"""The structure block on crystals whose values follow from a pencil and the back of an envelope."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import DummySpecies, Lattice, Structure

from features.sites import UnusableStructure, crystal_from
from features.structure import crystal_and_pairs, lattice_columns, structure_features


def columns_of(structure: Structure) -> dict[str, float]:
    return structure_features(*crystal_and_pairs(structure))


def rock_salt() -> Structure:
    lattice = Lattice.cubic(5.64)
    return Structure.from_spacegroup("Fm-3m", lattice, ["Na", "Cl"], [[0] * 3, [0.5] * 3])


def disordered_argyrodite() -> Structure:
    """Li6PS5Cl with half-filled lithium sites and sulfide and chloride mixed."""
    return Structure.from_spacegroup(
        "F-43m",
        Lattice.cubic(9.86),
        [{"Li": 0.5}, {"P": 1}, {"S": 1}, {"S": 0.6, "Cl": 0.4}, {"Cl": 0.6, "S": 0.4}],
        [
            [0.18, 0.18, 0.024],
            [0.5, 0.5, 0.5],
            [0.618, 0.618, 0.618],
            [0.25, 0.25, 0.25],
            [0, 0, 0],
        ],
    )


def graphite() -> Structure:
    return Structure.from_spacegroup(
        "P6_3/mmc",
        Lattice.hexagonal(2.464, 6.711),
        ["C", "C"],
        [[0, 0, 0.25], [1 / 3, 2 / 3, 0.25]],
    )


def assert_same(first: dict[str, float], second: dict[str, float]) -> None:
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert second[name] == pytest.approx(value, rel=1e-8, abs=1e-8, nan_ok=True), name


def test_rock_salt_has_the_values_of_a_hand_calculation() -> None:
    found = columns_of(rock_salt())
    volume = 5.64**3
    mass_u = 4 * (22.98976928 + 35.453)
    assert found["density_g_cm3"] == pytest.approx(mass_u * 1.66053906660 / volume, rel=1e-4)
    assert found["volume_per_atom_angstrom3"] == pytest.approx(volume / 8)
    assert found["volume_per_anion_angstrom3"] == pytest.approx(volume / 4)
    assert found["mobile_ions_per_angstrom3"] == pytest.approx(4 / volume)
    spheres = 4 / 3 * np.pi * 4 * (1.02**3 + 1.81**3)
    assert found["ion_packing_fraction"] == pytest.approx(spheres / volume)
    assert found["mobile_coordination_mean"] == pytest.approx(6.0, abs=1e-6)
    assert found["mobile_anion_distance_mean_angstrom"] == pytest.approx(2.82, abs=1e-6)
    assert found["mobile_anion_distance_to_radii_mean"] == pytest.approx(2.82 / 2.83, abs=1e-6)
    assert found["network_dimensionality"] == 3.0
    assert found["network_weakest_to_strongest_axis"] == pytest.approx(1.0)
    assert found["site_orbits"] == 2.0
    assert found["complexity_bits"] == pytest.approx(1.0)
    assert found["complexity_cell_bits"] == pytest.approx(2.0)
    assert found["partly_filled_share_of_atoms"] == 0.0
    assert found["site_entropy_per_atom"] == 0.0
    assert np.isnan(found["framework_coordination_mean"])


def test_bond_valences_of_rock_salt_follow_the_tabulated_length() -> None:
    # Six bonds of 2.82 Angstrom; Brese and O'Keeffe (1991) fit 2.15 Angstrom for a valence of one,
    # the rule for all pairs of elements comes within a tenth of that.
    found = columns_of(rock_salt())
    length = 2.82 + 0.37 * np.log((1 + found["mobile_bond_valence_excess"]) / 6)
    assert length == pytest.approx(2.15, abs=0.1)
    assert found["mobile_bond_valence_mismatch"] == pytest.approx(
        abs(found["mobile_bond_valence_excess"])
    )


def test_a_layered_crystal_is_bonded_in_two_dimensions_and_soft_across_the_layers() -> None:
    found = columns_of(graphite())
    assert found["network_dimensionality"] == 2.0
    assert found["coordination_mean"] == pytest.approx(3.0, abs=0.05)
    assert found["network_weakest_to_strongest_axis"] < 0.01
    assert found["network_middle_to_strongest_axis"] == pytest.approx(1.0, abs=1e-6)


def test_diamond_is_stiffer_than_rock_salt() -> None:
    diamond = Structure.from_spacegroup("Fd-3m", Lattice.cubic(3.567), ["C"], [[0, 0, 0]])
    stiff, soft = columns_of(diamond), columns_of(rock_salt())
    assert stiff["network_bulk_modulus_gpa"] > 2 * soft["network_bulk_modulus_gpa"]
    assert stiff["coordination_mean"] == pytest.approx(4.0, abs=1e-3)


def test_partial_occupancies_count_as_the_fraction_they_are() -> None:
    found = columns_of(disordered_argyrodite())
    volume = 9.86**3
    assert found["mobile_ions_per_angstrom3"] == pytest.approx(24 / volume)
    assert found["volume_per_anion_angstrom3"] == pytest.approx(volume / 24)
    assert found["partly_filled_share_of_atoms"] == pytest.approx(24 / 52)
    assert found["mixed_site_share_of_atoms"] == pytest.approx(8 / 52)
    half = 48 * np.log(2.0)
    mixed = -8 * (0.6 * np.log(0.6) + 0.4 * np.log(0.4))
    assert found["site_entropy_per_atom"] == pytest.approx((half + mixed) / 52)
    assert found["framework_coordination_mean"] == pytest.approx(4.0, abs=1e-3)


@pytest.mark.parametrize("build", [rock_salt, disordered_argyrodite, graphite])
@pytest.mark.parametrize(
    "scaling", [[2, 1, 1], [[1, 0, 0], [1, 2, 0], [0, 0, 1]], [[1, 1, 0], [-1, 1, 0], [0, 1, 2]]]
)
def test_supercells_have_the_same_values(build: object, scaling: object) -> None:
    assert callable(build)
    structure = build()
    assert_same(columns_of(structure), columns_of(structure * scaling))


@pytest.mark.parametrize("build", [rock_salt, disordered_argyrodite, graphite])
def test_the_primitive_cell_has_the_same_values(build: object) -> None:
    assert callable(build)
    structure = build()
    assert_same(columns_of(structure), columns_of(structure.get_primitive_structure()))


def test_order_of_sites_origin_and_rotation_do_not_matter() -> None:
    structure = disordered_argyrodite()
    generator = np.random.default_rng(5)
    turn, _ = np.linalg.qr(generator.normal(size=(3, 3)))
    moved = Structure(
        Lattice(structure.lattice.matrix @ turn),
        [site.species for site in structure],
        structure.frac_coords + generator.uniform(size=3),
    )
    shuffled = Structure.from_sites([moved[i] for i in generator.permutation(len(moved))])
    assert_same(columns_of(structure), columns_of(shuffled))


def test_charges_written_on_the_species_do_not_matter() -> None:
    plain = rock_salt()
    charged = plain.copy()
    charged.add_oxidation_state_by_element({"Na": 1, "Cl": -1})
    assert_same(columns_of(plain), columns_of(charged))


def test_radial_windows_equal_matminers_fingerprint_of_an_ordered_crystal() -> None:
    from matminer.featurizers.site import AGNIFingerprints

    structure = rock_salt()
    widths = [1.0, 1.7, 2.9, 5.0]
    fingerprint = AGNIFingerprints(directions=[None], etas=widths, cutoff=6.0)
    theirs = np.mean([fingerprint.featurize(structure, i) for i in range(len(structure))], axis=0)
    found = columns_of(structure)
    ours = [found[f"neighbours_within_{label}_mean"] for label in ("1", "1p7", "2p9", "5")]
    assert ours == pytest.approx(theirs.tolist(), rel=1e-9)


def test_complexity_equals_matminers_on_an_ordered_crystal() -> None:
    from matminer.featurizers.structure import StructuralComplexity

    for structure in (rock_salt(), graphite()):
        per_site, _ = StructuralComplexity(symprec=0.01).featurize(structure)
        assert columns_of(structure)["complexity_bits"] == pytest.approx(per_site)


def test_the_lattice_columns_need_no_structure() -> None:
    found = lattice_columns((4.0, 8.0, 6.0, 90.0, 90.0, 120.0))
    assert found["cell_middle_to_shortest"] == pytest.approx(1.5)
    assert found["cell_longest_to_shortest"] == pytest.approx(2.0)
    assert found["cell_mean_angle_from_right_deg"] == pytest.approx(10.0)
    assert np.isnan(list(lattice_columns(None).values())).all()


def test_a_lone_atom_in_a_large_cell_has_no_bonds_and_no_error() -> None:
    found = columns_of(Structure(Lattice.cubic(20.0), ["Li"], [[0, 0, 0]]))
    assert found["volume_per_atom_angstrom3"] == pytest.approx(8000.0)
    assert np.isnan(found["coordination_mean"])
    assert found["network_dimensionality"] == 0.0


def test_a_dummy_species_is_refused_by_name() -> None:
    structure = Structure(Lattice.cubic(4.0), [DummySpecies("X")], [[0, 0, 0]])
    with pytest.raises(UnusableStructure, match="X"):
        crystal_from(structure)


def test_an_element_beyond_the_tables_is_refused() -> None:
    structure = Structure(Lattice.cubic(4.0), ["Rf"], [[0, 0, 0]])
    with pytest.raises(UnusableStructure, match="Rf"):
        crystal_from(structure)


def test_sites_piled_up_in_a_small_cell_are_refused_before_they_fill_the_memory() -> None:
    places = np.random.default_rng(0).uniform(size=(1500, 3))
    piled = Structure(Lattice.cubic(3.0), ["Li"] * 1500, places)
    with pytest.raises(UnusableStructure, match="too dense"):
        crystal_and_pairs(piled)


def test_a_cell_without_volume_is_refused() -> None:
    flat = Structure(Lattice([[1, 0, 0], [2, 0, 0], [0, 0, 1]]), ["Li"], [[0, 0, 0]])
    with pytest.raises(UnusableStructure, match="no volume"):
        crystal_from(flat)

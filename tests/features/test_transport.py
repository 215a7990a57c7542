"""The transport block on crystals whose geometry is simple enough to check by hand."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from features.positions import positions_of
from features.structure import crystal_and_pairs
from features.sublattice import ideal_signatures
from features.transport import NO_PATH, transport_features


def columns_of(structure: Structure) -> dict[str, float]:
    return transport_features(crystal_and_pairs(structure)[0])


def simple_cubic(edge: float = 3.6, filling: float = 1.0) -> Structure:
    """Lithium at the corners of a cube, chloride in its middle."""
    species = [{"Li": filling}, {"Cl": 1.0}]
    return Structure(Lattice.cubic(edge), species, [[0, 0, 0], [0.5, 0.5, 0.5]])


def rock_salt() -> Structure:
    lattice = Lattice.cubic(5.14)
    return Structure.from_spacegroup("Fm-3m", lattice, ["Li", "Cl"], [[0] * 3, [0.5] * 3])


def wurtzite() -> Structure:
    lattice = Lattice.hexagonal(4.0, 4.0 * np.sqrt(8 / 3))
    sites = [[1 / 3, 2 / 3, 0.0], [1 / 3, 2 / 3, 0.375]]
    return Structure.from_spacegroup("P6_3mc", lattice, ["Li", "I"], sites)


def body_centred_sulfide() -> Structure:
    """Body-centred sulfide, lithium on a quarter of its twelve tetrahedral sites a cell."""
    quarters = [[0.25, 0.5, 0.0]]
    return Structure.from_spacegroup(
        "Im-3m", Lattice.cubic(4.1), [{"S": 1.0}, {"Li": 1 / 3}], [[0, 0, 0], *quarters]
    )


def channels() -> Structure:
    """Lithium 2.5 Angstrom apart along c, 7 Angstrom across, oxide in between."""
    lattice = Lattice.tetragonal(7.0, 2.5)
    return Structure(lattice, ["Li", "O"], [[0, 0, 0], [0.5, 0.5, 0.0]])


def split_sites() -> Structure:
    """As simple_cubic, each lithium on two half-filled sites 0.6 Angstrom apart."""
    edge, shift = 3.6, 0.3 / 3.6
    species = [{"Li": 0.5}, {"Li": 0.5}, {"Cl": 1.0}]
    sites = [[shift, 0, 0], [-shift, 0, 0], [0.5, 0.5, 0.5]]
    return Structure(Lattice.cubic(edge), species, sites)


def assert_same(first: dict[str, float], second: dict[str, float]) -> None:
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert second[name] == pytest.approx(value, rel=1e-8, abs=1e-8, nan_ok=True), name


def test_a_cube_of_lithium_has_the_values_of_a_hand_calculation() -> None:
    found = columns_of(simple_cubic(3.6))
    assert found["mobile_ion_density_per_angstrom3"] == pytest.approx(1 / 3.6**3)
    assert found["mobile_vacancy_fraction"] == 0.0
    assert found["nearest_position_mean_angstrom"] == pytest.approx(3.6)
    assert found["positions_within_3_angstrom"] == 0.0
    assert found["positions_within_4_angstrom"] == pytest.approx(6.0)
    assert found["percolating_hop_angstrom_1d"] == pytest.approx(3.6)
    assert found["percolating_hop_angstrom_3d"] == pytest.approx(3.6)
    assert found["dimensions_of_hops_up_to_3p5_angstrom"] == 0.0
    assert found["dimensions_of_hops_up_to_4_angstrom"] == 3.0
    # The middle of the edge is half a face diagonal from the chloride ions around it; so is the
    # whole way in its middle half at the closest.
    assert found["nearest_hop_window_angstrom"] == pytest.approx(3.6 / 2**0.5 - 1.81)
    assert found["percolating_window_angstrom_3d"] == pytest.approx(3.6 / 2**0.5 - 1.81)
    # An edge is shared by four cubes; chloride within 1.25 times the radii belongs to an end.
    assert columns_of(simple_cubic(3.1))["nearest_hop_shared_anions"] == pytest.approx(4, abs=0.1)
    assert columns_of(simple_cubic(4.5))["nearest_hop_shared_anions"] == pytest.approx(0, abs=0.1)
    assert found["position_coordination_mean"] == pytest.approx(8.0, abs=1e-6)
    assert found["volume_of_an_anion_angstrom3"] == pytest.approx(3.6**3)
    assert found["anion_polarizability_density"] == pytest.approx(2.96 / 3.6**3)
    spheres = 4 / 3 * np.pi * 1.81**3
    assert found["free_volume_fraction"] == pytest.approx(1 - spheres / 3.6**3)


def test_vacancies_are_what_is_left_of_partly_filled_sites() -> None:
    found = columns_of(simple_cubic(3.6, filling=0.75))
    assert found["mobile_vacancy_fraction"] == pytest.approx(0.25)
    assert found["mobile_mean_occupancy"] == pytest.approx(0.75)
    assert found["mobile_positions_per_ion"] == pytest.approx(4 / 3)
    assert found["vacancies_within_4_angstrom"] == pytest.approx(6 * 0.25)
    assert found["ions_within_4_angstrom"] == pytest.approx(6 * 0.75)
    entropy = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25)) / 0.75
    assert found["mobile_site_entropy_per_ion"] == pytest.approx(entropy)


def test_channels_conduct_in_one_dimension_only() -> None:
    found = columns_of(channels())
    assert found["percolating_hop_angstrom_1d"] == pytest.approx(2.5)
    assert found["percolating_hop_angstrom_2d"] == NO_PATH["hop_angstrom"]
    assert found["percolating_window_angstrom_3d"] == NO_PATH["window_angstrom"]
    assert found["percolating_valence_mismatch_3d"] == NO_PATH["valence_mismatch"]
    assert found["dimensions_of_hops_up_to_2p5_angstrom"] == 1.0
    assert found["dimensions_of_hops_up_to_4p5_angstrom"] == 1.0


def test_split_sites_are_one_position() -> None:
    whole, split = columns_of(simple_cubic(3.6)), columns_of(split_sites())
    for name in (
        "mobile_positions_per_ion",
        "mobile_vacancy_fraction",
        "nearest_position_mean_angstrom",
        "percolating_hop_angstrom_3d",
    ):
        assert split[name] == pytest.approx(whole[name]), name


def test_a_string_of_close_sites_stays_a_channel() -> None:
    lattice = np.diag([6.0, 6.0, 3.0])
    points = np.array([[0, 0, z] for z in np.arange(5) / 5])
    found = positions_of(lattice, points, np.full(5, 0.2))
    assert len(found.occupancy) == 5
    assert found.ions == pytest.approx(1.0)


def test_joined_sites_are_put_at_their_mean_across_the_cell_wall() -> None:
    lattice = np.diag([10.0, 10.0, 10.0])
    points = np.array([[0.98, 0, 0], [0.02, 0, 0]])
    found = positions_of(lattice, points, np.array([0.25, 0.75]))
    assert len(found.occupancy) == 1
    assert found.occupancy[0] == pytest.approx(1.0)
    assert found.fractional[0] == pytest.approx([0.01, 0.0, 0.0])


def test_ideal_lattices_have_their_known_bond_orders() -> None:
    bcc, fcc, hcp = ideal_signatures()
    # Steinhardt, Nelson and Ronchetti (1983) for the twelve neighbours of close packings.
    assert fcc[3:] == pytest.approx([0.19094, 0.57452], abs=2e-3)
    assert hcp[3:] == pytest.approx([0.09722, 0.48476], abs=2e-3)
    assert bcc[:3] * [12, 14, 18] == pytest.approx([8.1, 14.0, 14.1], abs=0.1)
    assert fcc[:3] * [12, 14, 18] == pytest.approx([11.6, 12.0, 18.0], abs=0.1)


@pytest.mark.parametrize(
    ("build", "lattice"),
    [(rock_salt, "fcc"), (wurtzite, "hcp"), (body_centred_sulfide, "bcc")],
)
def test_the_anion_sublattice_is_recognised(build: object, lattice: str) -> None:
    assert callable(build)
    found = columns_of(build())
    distances = {name: found[f"anions_from_{name}"] for name in ("bcc", "fcc", "hcp")}
    assert distances[lattice] == pytest.approx(0.0, abs=1e-6)
    assert min(value for name, value in distances.items() if name != lattice) > 0.05
    assert (found["anions_bcc_against_close_packed"] > 0) == (lattice == "bcc")


def test_body_centred_sulfide_offers_short_hops_between_face_sharing_tetrahedra() -> None:
    found = columns_of(body_centred_sulfide())
    assert found["position_coordination_mean"] == pytest.approx(4.0, abs=1e-5)
    assert found["tetrahedral_share_of_mobile_ions"] > 0.95
    assert found["percolating_hop_angstrom_3d"] == pytest.approx(4.1 / 8**0.5)
    assert found["nearest_hop_shared_anions"] == pytest.approx(3.0, abs=0.2)
    assert columns_of(rock_salt())["tetrahedral_share_of_mobile_ions"] < 0.05


def test_mixed_sites_are_told_from_pure_ones() -> None:
    structure = simple_cubic(3.6)
    structure[0] = {"Li": 0.8, "Zr": 0.2}
    found = columns_of(structure)
    assert found["mobile_share_on_mixed_sites"] == pytest.approx(1.0)
    assert found["mobile_vacancy_fraction"] == pytest.approx(0.2)


def test_a_crystal_without_mobile_ions_has_no_transport_columns() -> None:
    corundum = Structure.from_spacegroup(
        "R-3c", Lattice.hexagonal(4.76, 12.99), ["Al", "O"], [[0, 0, 0.352], [0.306, 0, 0.25]]
    )
    assert columns_of(corundum) == {}


def test_a_lone_mobile_ion_far_from_all_others_has_nowhere_to_go() -> None:
    found = columns_of(Structure(Lattice.cubic(12.0), ["Li", "F"], [[0, 0, 0], [0.15, 0, 0]]))
    assert found["percolating_hop_angstrom_1d"] == NO_PATH["hop_angstrom"]
    assert found["nearest_position_mean_angstrom"] == NO_PATH["hop_angstrom"]
    assert np.isnan(found["nearest_hop_window_angstrom"])


BUILDERS = [simple_cubic, rock_salt, wurtzite, body_centred_sulfide, channels, split_sites]


@pytest.mark.parametrize("build", BUILDERS)
@pytest.mark.parametrize("scaling", [[2, 1, 1], [[1, 1, 0], [-1, 1, 0], [0, 1, 2]]])
def test_supercells_have_the_same_values(build: object, scaling: object) -> None:
    assert callable(build)
    structure = build()
    assert_same(columns_of(structure), columns_of(structure * scaling))


@pytest.mark.parametrize("build", BUILDERS)
def test_order_of_sites_origin_and_rotation_do_not_matter(build: object) -> None:
    assert callable(build)
    structure = build() * [2, 1, 1]
    generator = np.random.default_rng(11)
    turn, _ = np.linalg.qr(generator.normal(size=(3, 3)))
    moved = Structure(
        Lattice(structure.lattice.matrix @ turn),
        [site.species for site in structure],
        structure.frac_coords + generator.uniform(size=3),
    )
    shuffled = Structure.from_sites([moved[i] for i in generator.permutation(len(moved))])
    assert_same(columns_of(structure), columns_of(shuffled))

"""Training rows of the moduli: one a crystal, whichever tables have it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pymatgen.core import Lattice, Structure

from features.material import Material
from training.preparation import Prepared, moduli_data
from training.records import BULK, SHEAR


def rock_salt() -> Material:
    cell = Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(4.02), ["Li", "F"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )
    return Material.from_structure(cell)


def prepared() -> Prepared:
    """LiF as a structure, as a bare entry of the same crystal, of another one and as a formula."""
    materials = [
        rock_salt(),
        Material.from_formula("LiF", space_group_number=225),
        Material.from_formula("LiF", space_group_number=221),
        Material.from_formula("LiF"),
        Material.from_formula("NaCl", space_group_number=225),
    ]
    rows = [
        (0, SHEAR, 1.7),
        (0, BULK, 1.9),
        (1, SHEAR, 1.5),
        (2, SHEAR, 1.2),
        (3, SHEAR, 1.0),
        (4, BULK, 1.4),
    ]
    frame = pd.DataFrame(rows, columns=["row", "property", "value"])
    features = pd.DataFrame({"number": np.arange(5.0)})
    return Prepared(frame, materials, features, frame["row"].to_numpy(np.int64))


def test_a_bare_entry_of_a_known_structure_is_the_same_crystal() -> None:
    data = moduli_data(prepared())
    assert data.material.tolist() == [0, 2, 3, 4]
    assert data.known.tolist() == ["structure", "symmetry", "formula", "symmetry"]
    assert data.y[0].tolist() == pytest.approx([1.6, 1.9])  # the median of both tables
    assert data.features["number"].tolist() == [0.0, 2.0, 3.0, 4.0]


def test_a_label_that_nobody_has_is_missing() -> None:
    data = moduli_data(prepared())
    assert np.isnan(data.y[:, 0]).tolist() == [False, False, False, True]
    assert np.isnan(data.y[:, 1]).tolist() == [False, True, True, False]


def test_all_crystals_of_a_composition_stay_together() -> None:
    groups = moduli_data(prepared()).groups
    assert len(set(groups[:3])) == 1
    assert groups[3] != groups[0]


def test_a_structure_that_was_not_chosen_does_not_come_in_with_its_bare_entry() -> None:
    chosen = np.array([False, False, True, False, False, True])
    data = moduli_data(prepared(), chosen)
    assert data.material.tolist() == [1, 4]
    assert data.known.tolist() == ["symmetry", "symmetry"]
    assert data.y[0, 0] == 1.5


def test_who_knows_a_view_knows_the_ones_before_it() -> None:
    data = moduli_data(prepared())
    assert data.knows("formula").all()
    assert data.knows("symmetry").tolist() == [True, True, False, True]
    assert data.knows("structure").tolist() == [True, False, False, False]
    assert data.take(data.knows("symmetry")).material.tolist() == [0, 2, 4]

"""Groups that must not be split, and folds that keep them whole."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.archives import read_members
from training.fetching import SourceFetcher
from training.records import BULK, CONDUCTIVITY, SHEAR
from training.sources import cache_dir, source_named
from training.splits import (
    MATBENCH_ROWS,
    chemical_system,
    chemical_system_groups,
    group_sizes,
    leakage_groups,
    matbench_folds,
)

if TYPE_CHECKING:
    from training.tables import Dataset


def frame_of(rows: list[tuple[str | None, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["reference", "composition_key"])


def test_rows_of_one_paper_or_one_composition_share_a_group_also_in_a_chain() -> None:
    frame = frame_of([("p1", "A"), ("p1", "B"), ("p2", "B"), ("p3", "C"), ("p2", "D")])
    assert leakage_groups(frame).tolist() == [0, 0, 0, 1, 0]


def test_a_row_that_names_two_papers_joins_the_groups_of_both() -> None:
    frame = frame_of([("p1", "A"), ("p2", "B"), ("p1|p2", "C")])
    assert leakage_groups(frame).tolist() == [0, 0, 0]


def test_rows_without_a_reference_are_joined_by_composition_alone() -> None:
    frame = frame_of([(None, "A"), (None, "B"), ("p", "A")])
    assert leakage_groups(frame).tolist() == [0, 1, 0]


@given(
    st.lists(
        st.tuples(st.one_of(st.none(), st.sampled_from("pqrs")), st.sampled_from("ABCDEF")),
        min_size=1,
        max_size=30,
    )
)
def test_no_paper_and_no_composition_is_in_two_groups(rows: list[tuple[str | None, str]]) -> None:
    groups = leakage_groups(frame_of(rows))
    for column in (0, 1):
        owner: dict[str, int] = {}
        for row, group in zip(rows, groups, strict=True):
            label = row[column]
            if label is not None:
                assert owner.setdefault(label, int(group)) == group


def test_a_chemical_system_is_its_elements_in_alphabetical_order() -> None:
    assert chemical_system("Li7La3Zr2O12") == "La-Li-O-Zr"
    assert chemical_system("Na3PS4") == chemical_system("P2S5Na2S") == "Na-P-S"


def test_chemical_system_groups_follow_the_elements() -> None:
    frame = pd.DataFrame({"formula": ["Li3PS4", "LiF", "Li7P3S11", "LiF"]})
    assert chemical_system_groups(frame).tolist() == [0, 1, 0, 1]


def test_the_official_matbench_folds_part_all_rows_into_five() -> None:
    folds = matbench_folds(SHEAR)
    assert [len(test) for _, test in folds] == [2198, 2198, 2197, 2197, 2197]
    tests = [ident for _, test in folds for ident in test]
    assert len(set(tests)) == MATBENCH_ROWS
    for train, test in folds:
        assert not set(train) & set(test)
        assert len(train) + len(test) == MATBENCH_ROWS


@pytest.mark.parametrize(("name", "letter"), [(SHEAR, "G"), (BULK, "K")])
def test_the_official_folds_hold_the_formulas_of_the_published_fold_files(
    name: str, letter: str
) -> None:
    source = source_named("matbench_compositions")
    path = SourceFetcher(cache_dir()).fetch(source).path
    if path is None:
        pytest.skip("the package with the published fold files is not within reach")
    target = f"elasticity_log10({letter}_VRH)"
    pattern = target.replace("(", "[(]").replace(")", "[)]")
    members = read_members(
        path,
        (f"crabnet/data/matbench/{target}.csv", f"crabnet/data/matbench_cv/{pattern}/test?.csv"),
    )

    def formulas(member: str) -> list[str]:
        lines = members[member].decode().splitlines()[1:]
        return [line.partition(",")[0] for line in lines]

    every = formulas(f"crabnet/data/matbench/{target}.csv")
    for fold, (_, test) in enumerate(matbench_folds(name)):
        published = set(formulas(f"crabnet/data/matbench_cv/{target}/test{fold}.csv"))
        ours = Counter(every[int(ident[-5:]) - 1] for ident in test)
        assert len(published) > 1700
        # The files leave out formulas that stand in several folds, so they hold no more than ours.
        assert published <= set(ours)


def test_no_official_obelix_test_row_shares_paper_or_composition_with_its_training_part(
    dataset: Dataset,
) -> None:
    rows = dataset.measurements[dataset.measurements["obelix_split"].notna()]
    if rows.empty:
        pytest.skip("OBELiX is not within reach")
    groups = pd.Series(leakage_groups(rows), index=rows.index)
    test = rows["obelix_split"] == "test"
    assert test.sum() == 121
    shared_papers = set(rows.loc[test, "doi"]) & set(rows.loc[~test, "doi"])
    assert shared_papers == set()
    assert len(set(groups[test])) > 20


def test_the_largest_group_of_conductivity_rows_leaves_most_rows_outside(dataset: Dataset) -> None:
    rows = dataset.measurements[dataset.measurements["property"] == CONDUCTIVITY]
    sizes = group_sizes(leakage_groups(rows))
    assert sizes.sum() == len(rows)
    assert sizes[0] < 0.6 * len(rows)

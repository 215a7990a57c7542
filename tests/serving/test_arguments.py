"""Options that take several values."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.arguments import expand_values


@pytest.mark.parametrize(
    ("given_line", "expanded"),
    [
        ("predict LiCl --temperature-c 25 60", "predict LiCl T=25 T=60"),
        ("predict --temperature-c 25 60 LiCl", "predict T=25 T=60 LiCl"),
        ("predict LiCl --temperature-c -20 25 -.5 +1e2", "predict LiCl T=-20 T=25 T=-.5 T=+1e2"),
        ("predict LiCl -t 25 -t 60", "predict LiCl T=25 T=60"),
        ("predict LiCl --temperature-c=25 60 --json", "predict LiCl T=25 T=60 --json"),
        ("predict --temperature-c 25 InF", "predict T=25 InF"),
        ("predict LiCl --temperature-c nan", "predict LiCl T=nan"),
        ("predict LiCl --temperature-c", "predict LiCl T"),
        ("predict LiCl --temperature-c --json", "predict LiCl T --json"),
        ("predict --cif a.cif b.CIF LiCl", "predict --cif=a.cif --cif=b.CIF LiCl"),
        ("predict --cif a.cif --poscar POSCAR", "predict --cif=a.cif --poscar=POSCAR"),
        ("predict A B --density 5.1 .9", "predict A B --density=5.1 --density=.9"),
        ("predict -- --temperature-c 25 60", "predict -- --temperature-c 25 60"),
        ("score in.csv out.csv", "score in.csv out.csv"),
    ],
)
def test_values_after_an_option_belong_to_it(given_line: str, expanded: str) -> None:
    words = [
        word.replace("T", "--temperature-c", 1) if word.startswith("T") else word
        for word in expanded.split()
    ]
    assert expand_values(given_line.split()) == words


def test_existing_files_after_poscar_belong_to_it(tmp_path: Path) -> None:
    files = [tmp_path / "POSCAR", tmp_path / "CONTCAR"]
    for file in files:
        file.write_text("")
    words = ["predict", "--poscar", str(files[0]), str(files[1]), "LiCl"]
    expected = ["predict", f"--poscar={files[0]}", f"--poscar={files[1]}", "LiCl"]
    assert expand_values(words) == expected


@given(st.lists(st.text(max_size=6).filter(lambda word: not word.startswith("-")), max_size=8))
def test_a_line_without_these_options_is_left_alone(words: list[str]) -> None:
    assert expand_values(words) == words

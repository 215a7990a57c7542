"""``frenkel score`` when something goes wrong: one clear reason, a code, and how to go on."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from features.whole_files import write_whole
from serving.cli import main


@pytest.fixture
def source(tmp_path: Path, stand_in: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A list of 50 rows, scored by the stand-in in blocks of 10."""
    monkeypatch.setattr("models.predictor.Predictor.load", lambda _: stand_in)
    monkeypatch.setenv("FRENKEL_BLOCK_ROWS", "10")
    path = tmp_path / "in.csv"
    path.write_text("formula\n" + "LiCl\nNaCl\n" * 25)
    return path


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    return int(str(ended.value.code))


def after(parts: int, error: BaseException) -> Any:
    """A ``write_whole`` that fails once job.json and so many parts are written."""
    left = parts + 1

    def write(path: Path, content: bytes) -> None:
        nonlocal left
        if left == 0:
            raise error
        left -= 1
        write_whole(path, content)

    return write


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "x.part"), 1, "x.part: No space left"),
        (OSError(errno.EACCES, "Permission denied", "x.part"), 1, "Permission denied"),
        (KeyboardInterrupt(), 130, "stopped"),
    ],
)
def test_what_is_done_is_kept_and_the_way_on_is_said(
    source: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    words: str,
) -> None:
    target = source.with_name("out put.csv")
    with monkeypatch.context() as patched:
        patched.setattr("serving.parts.write_whole", after(3, error))
        assert run("score", source, target) == code
    reason, way = capsys.readouterr().err.splitlines()
    assert words in reason
    assert "30 rows are done" in way
    assert f"'{target}' --resume" in way  # quoted for the shell
    assert not target.exists()
    assert run("score", source, target) == 2
    assert "--restart" in capsys.readouterr().err
    assert run("score", source, target, "--resume") == 0
    assert "50 rows (30 by an earlier run): 50 predicted, 0 errors" in capsys.readouterr().err
    assert len(target.read_text().splitlines()) == 51


def test_the_folder_of_the_output_must_be_writable_from_the_start(
    source: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "serving.parts.write_whole", after(-1, OSError(errno.EROFS, "Read-only file system", "f"))
    )
    assert run("score", source, source.with_name("out.csv")) == 1
    assert capsys.readouterr().err == "frenkel: f: Read-only file system\n"
    assert [path.name for path in source.parent.iterdir()] == ["in.csv"]


def test_dendrite_columns_come_last(source: Path) -> None:
    target = source.with_name("out.csv")
    assert run("score", source, target, "--dendrite") == 0
    header, first = (line.split(",") for line in target.read_text().splitlines()[:2])
    assert header[-7:] == [
        "chi_kj_mol_nm",
        "chi_kj_mol_nm_lower",
        "chi_kj_mol_nm_upper",
        "critical_wavelength_nm",
        "critical_wavelength_nm_worst",
        "critical_wavelength_nm_best",
        "probability_chi_negative",
    ]
    values = dict(zip(header, first, strict=True))
    assert float(values["chi_kj_mol_nm_lower"]) < float(values["chi_kj_mol_nm"])


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--resume", "--restart"], "exclude each other"),
        (["--scheduler", "tcp://127.0.0.1:1"], "needs --engine dask"),
        (["--engine", "spark"], "spark"),
        (["--workers", "0"], "--workers"),
    ],
)
def test_options_that_do_not_fit_are_refused_with_code_2(
    source: Path, capsys: pytest.CaptureFixture[str], more: list[str], words: str
) -> None:
    assert run("score", source, source.with_name("out.csv"), *more) == 2
    assert words in capsys.readouterr().err
    assert not source.with_name("out.csv").exists()

"""Champion, challenger and previous: what a registered training becomes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from typer.testing import CliRunner

from models.bundle import open_bundle
from models.card import ModelCard
from models.predictor import Predictor
from tests.training.bundles import other_version
from training import registry, tracking
from training.acceptance import failed_checks
from training.publication import Published, publish, version_tags

CHAMPION, CHALLENGER, PREVIOUS = tracking.CHAMPION, tracking.CHALLENGER, tracking.PREVIOUS


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with a registry of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    monkeypatch.delenv("FRENKEL_BUNDLE", raising=False)
    tracking.connect()
    return tmp_path


def published(bundle: Path, target: Path, failures: tuple[str, ...] = ()) -> Published:
    with tracking.run("test", {}):
        return publish(bundle, open_bundle(bundle), target, check=lambda _: list(failures))


def test_the_small_model_passes_every_check(predictor: Predictor) -> None:
    assert failed_checks(predictor) == []


def test_a_model_that_depends_on_how_a_formula_is_written_fails(predictor: Predictor) -> None:
    class Moody(Predictor):
        def __init__(self) -> None:
            self.__dict__ |= predictor.__dict__

        def predict(self, materials, **options):  # type: ignore[no-untyped-def]
            block = super().predict(materials, **options)
            block.frame["activation_energy_ev"] += [1e-6 * len(m.formula) for m in materials]
            return block

    failed = failed_checks(Moody())
    assert any(line.startswith("Li7La3Zr2O12 in multiples of the formula") for line in failed)


def test_the_first_is_champion_a_worse_one_is_not_and_a_rollback_goes_back(
    bundle: Path, here: Path
) -> None:
    served = here / "bundle"
    first = published(bundle, served)
    assert first.verdict.promoted
    assert open_bundle(served).version == open_bundle(bundle).version

    worse = published(other_version(bundle, here / "worse", 0.3), served)
    assert not worse.verdict.promoted
    assert registry.aliases() == {CHAMPION: first.number, CHALLENGER: worse.number}
    assert open_bundle(served).version == open_bundle(bundle).version
    tags = registry.versions()[worse.number].tags
    assert "held-out error" in tags["not_promoted"]

    better = published(other_version(bundle, here / "better", -0.01), served)
    assert better.verdict.promoted
    assert registry.aliases()[CHAMPION] == better.number
    assert registry.aliases()[PREVIOUS] == first.number
    assert open_bundle(served).version == open_bundle(here / "better").version

    from training.cli import app

    done = CliRunner().invoke(app, ["rollback"])
    assert done.exit_code == 0, done.output
    assert open_bundle(served).version == open_bundle(bundle).version
    assert registry.aliases()[PREVIOUS] == better.number
    done = CliRunner().invoke(app, ["promote", worse.number])
    assert open_bundle(served).version == open_bundle(here / "worse").version
    assert CHALLENGER not in registry.aliases()
    done = CliRunner().invoke(app, ["compare", first.number, CHAMPION, "--out", "compared"])
    assert "| worse |" in done.output
    assert (here / "compared/differences.png").is_file()
    (worse_still := here / "altered").mkdir()
    shutil.copytree(bundle, worse_still, dirs_exist_ok=True)
    (worse_still / "card.json").write_text("{}")
    with tracking.run("test", {}):
        altered = tracking.register(worse_still, {"bundle_version": "altered"})
    (here / "mine").mkdir()
    (here / "mine" / "notes.txt").write_text("mine")
    for arguments, words in (
        (["promote", altered], "card.json"),
        (["promote", first.number, "--bundle", "mine"], "is no bundle folder"),
        (["rollback", "--bundle", "mine"], "is no bundle folder"),
    ):
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 1
        assert words in done.output
        assert registry.aliases()[CHAMPION] == worse.number
    assert (here / "mine" / "notes.txt").read_text() == "mine"
    assert open_bundle(served).version == open_bundle(here / "worse").version
    done = CliRunner().invoke(app, ["promote", "nothing"])
    assert done.exit_code == 1
    assert (
        "the registry has no version 'nothing'; it has champion, previous, 1, 2, 3, 4"
        in done.output
    )


def test_of_two_first_champions_the_one_turned_away_is_judged_against_the_other(
    bundle: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (
        other_version(bundle, here / "first", 0.0),
        other_version(bundle, here / "second", 0.3),
    )
    with tracking.run("test", {}):
        number = tracking.register(first, version_tags(first, open_bundle(first)))
    point = MlflowClient.set_registered_model_alias

    def outrun(client: MlflowClient, name: str, alias: str, version: str) -> None:
        if alias == CHAMPION and CHAMPION not in registry.aliases():
            point(client, name, alias, number)
            raise MlflowException("duplicate key value violates unique constraint")
        point(client, name, alias, version)

    monkeypatch.setattr(MlflowClient, "set_registered_model_alias", outrun)
    late = published(second, here / "bundle")
    assert not late.verdict.promoted
    assert late.verdict.against == number
    assert registry.aliases() == {CHAMPION: number, CHALLENGER: late.number}
    assert open_bundle(here / "bundle").version == open_bundle(first).version


@pytest.mark.parametrize("alias", [CHAMPION, CHALLENGER])
def test_a_registry_that_fails_is_not_taken_for_another_training(
    bundle: Path, here: Path, monkeypatch: pytest.MonkeyPatch, alias: str
) -> None:
    def fail(client: MlflowClient, name: str, alias: str, version: str) -> None:
        raise MlflowException("the disk is full")

    monkeypatch.setattr(MlflowClient, "set_registered_model_alias", fail)
    with pytest.raises(MlflowException, match="the disk is full"):
        published(bundle, here / "bundle", () if alias == CHAMPION else ("a check failed",))


def test_a_failed_check_keeps_it_a_challenger_and_each_version_says_what_it_is(
    bundle: Path, here: Path
) -> None:
    found = published(bundle, here / "bundle", ("LiF gives other numbers",))
    assert not found.verdict.promoted
    assert not (here / "bundle").exists()
    tags = registry.versions()[found.number].tags
    manifest = open_bundle(bundle)
    assert tags["not_promoted"] == "LiF gives other numbers"
    assert tags["data_sha256"] == manifest.data_sha256
    assert tags["git_commit"] == manifest.git_commit
    assert "scikit-learn" in tags["environment"]
    assert "log10_conductivity_s_cm.mae" in tags["metrics"]
    assert ModelCard.model_validate_json(tags["card"]) == ModelCard.load(bundle)

"""Where a champion comes from, and how a new one takes its place."""

from __future__ import annotations

import gc
import json
import shutil
import time
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

from models.bundle import AlteredBundle, BundleError, open_bundle, seal
from serving.champion import (
    BentoStore,
    BundleFolder,
    ChampionWatch,
    MlflowRegistry,
    champion_source,
    keep_in_bento_store,
    load_champion,
)


@pytest.fixture
def copied(bundle: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle, tmp_path / "bundle"))


def renewed(bundle: Path) -> str:
    """Make another version of a bundle in its place; the new version."""
    domain = bundle / "domain.json"
    domain.write_text(json.dumps(json.loads(domain.read_text()), indent=1))
    return seal(bundle, open_bundle_unchecked(bundle)).version


def open_bundle_unchecked(bundle: Path):  # type: ignore[no-untyped-def]
    from models.bundle import MANIFEST, Manifest

    return Manifest.model_validate_json((bundle / MANIFEST).read_text())


def wait_until(holds: Callable[[], bool], limit_s: float = 60.0) -> None:
    deadline = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.05)


def test_the_setting_names_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRENKEL_BUNDLE", "here")
    assert champion_source("") == BundleFolder(Path("here"))
    assert champion_source("bentoml:frenkel:latest") == BentoStore("frenkel:latest")
    uri = "models:/frenkel@champion"
    assert champion_source(uri) == MlflowRegistry(uri)
    for wrong in ("bentoml:", "models:", "http://somewhere", "frenkel"):
        with pytest.raises(BundleError, match="FRENKEL_CHAMPION"):
            champion_source(wrong)


def test_a_folder_without_a_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="make train"):
        BundleFolder(tmp_path).mark()


def test_every_altered_file_is_refused_at_load_by_name(copied: Path) -> None:
    names = sorted(path.name for path in copied.iterdir())
    assert len(names) > 10
    for name in names:
        content = (copied / name).read_bytes()
        at = len(content) // 2
        (copied / name).write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(AlteredBundle) as refused:
            load_champion(BundleFolder(copied))
        assert refused.value.file == ("manifest.json" if name == "manifest.sha256" else name)
        (copied / name).write_bytes(content)


def test_a_planted_pickle_is_refused_by_name_even_when_listed(copied: Path) -> None:
    (copied / "planted.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(AlteredBundle, match=r"planted\.pkl"):
        load_champion(BundleFolder(copied))
    seal(copied, open_bundle_unchecked(copied))
    with pytest.raises(AlteredBundle, match=r"planted\.pkl"):
        load_champion(BundleFolder(copied))


def test_a_pickle_under_the_name_of_a_skops_file_is_refused(copied: Path) -> None:
    forests = sorted(copied.glob("*.skops"))
    if not forests:
        pytest.skip("this bundle has no skops file")
    forests[0].write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    seal(copied, open_bundle_unchecked(copied))
    with pytest.raises(Exception, match=r"(?i)zip|skops"):
        load_champion(BundleFolder(copied))


def test_a_new_champion_takes_over_and_a_broken_one_does_not(
    copied: Path, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []
    watch = ChampionWatch(BundleFolder(copied), 0.1, lambda champion: seen.append(champion.version))
    first = watch.champion.version
    second = renewed(copied)
    wait_until(lambda: seen == [first, second])
    assert watch.champion.version == second != first

    (copied / "domain.json").write_text("{}")
    (copied / "manifest.sha256").write_text("another")
    wait_until(lambda: "was refused" in caplog.text)
    assert watch.champion.version == second
    watch.close()


def test_without_polling_a_champion_is_looked_for_when_told(copied: Path) -> None:
    watch = ChampionWatch(BundleFolder(copied), 0)
    second = renewed(copied)
    time.sleep(0.3)
    assert watch.champion.version != second
    watch.look()
    wait_until(lambda: watch.champion.version == second)
    watch.close()


def test_a_model_that_was_replaced_is_let_go_and_the_new_one_is_never_walked(copied: Path) -> None:
    watch = ChampionWatch(BundleFolder(copied), 0)
    first = weakref.ref(watch.champion)

    def walked() -> bool:
        return any(each is watch.champion for each in gc.get_objects())

    assert not walked()
    renewed(copied)
    watch.look()
    wait_until(lambda: first() is None and not walked())
    watch.close()


def test_a_champion_comes_out_of_bentomls_store(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import bentoml
    from bentoml._internal.configuration.containers import BentoMLContainer

    store = tmp_path / "store"
    store.mkdir()
    monkeypatch.setattr(BentoMLContainer.model_store, "get", lambda: _store(store))
    tag = keep_in_bento_store(bundle)
    version = open_bundle(bundle).version
    assert tag == f"frenkel:{version}"
    source = BentoStore("frenkel:latest")
    assert source.mark() == tag
    with source.folder() as folder:
        assert open_bundle(folder).version == version
    with pytest.raises(BundleError, match="no 'nothing:latest'"):
        BentoStore("nothing:latest").mark()
    assert bentoml.models.list("frenkel")


def _store(folder: Path):  # type: ignore[no-untyped-def]
    from bentoml._internal.models import ModelStore

    return ModelStore(folder)


def test_a_champion_comes_out_of_mlflows_registry(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    monkeypatch.chdir(tmp_path)
    from training import registry, tracking

    tracking.connect()
    version = open_bundle(bundle).version
    with tracking.run("test", {}):
        number = tracking.register(bundle, {"bundle_version": version})
        registry.promote(number)
    source = MlflowRegistry("models:/frenkel@champion")
    assert source.mark() == number
    with source.folder() as folder:
        assert open_bundle(folder).version == version
    assert not folder.exists()
    with pytest.raises(BundleError, match="has no"):
        MlflowRegistry("models:/frenkel@nobody").mark()

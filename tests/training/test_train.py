from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from models.bundle import ALLOWED_ENDINGS, AlteredBundle, BundleError, open_bundle
from tests.training.bundles import other_version
from training import registry, tracking
from training.progress import Progress
from training.publication import replace_folder

if TYPE_CHECKING:
    from training.tables import Dataset


def test_the_bundle_holds_no_pickle(bundle: Path) -> None:
    names = {path.name for path in bundle.iterdir()} - {"manifest.sha256"}
    assert all(name.endswith(ALLOWED_ENDINGS) for name in names)


def test_the_manifest_names_the_sources_it_had_and_missed(bundle: Path, dataset: Dataset) -> None:
    manifest = open_bundle(bundle)
    named = {source["name"] for source in [*manifest.sources, *manifest.missing_sources]}
    assert named == {status.name for status in dataset.sources if status.available or status.needed}
    assert all(source["reason"] for source in manifest.missing_sources)


@pytest.mark.parametrize(
    ("target", "worst"),
    [
        ("log10_conductivity_s_cm", 1.35),
        ("activation_energy_ev", 0.12),
        ("log10_shear_modulus_gpa", 0.19),
        ("log10_bulk_modulus_gpa", 0.15),
    ],
)
def test_even_the_small_model_predicts_held_out_rows(
    bundle: Path, target: str, worst: float
) -> None:
    assert 0.0 < open_bundle(bundle).metrics[f"{target}.mae"] < worst


def test_a_new_bundle_takes_the_place_of_the_old_one(bundle: Path, tmp_path: Path) -> None:
    served, new = tmp_path / "bundle", other_version(bundle, tmp_path / "built", 0.1)
    served.mkdir()
    for source in (bundle, new):
        replace_folder(source, served)
        assert open_bundle(served).version == open_bundle(source).version
    assert sorted(path.name for path in tmp_path.iterdir()) == ["built", "bundle"]


@pytest.mark.parametrize("name", ["thesis", "run.py"])
def test_what_is_no_bundle_is_not_replaced(bundle: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "thesis").mkdir()
    for path in (tmp_path / "thesis" / "all of it.txt", tmp_path / "run.py"):
        path.write_text("mine")
    with pytest.raises(BundleError, match="is no bundle folder"):
        replace_folder(bundle, tmp_path / name)
    assert (tmp_path / "thesis" / "all of it.txt").read_text() == "mine"
    assert (tmp_path / "run.py").read_text() == "mine"


def test_an_altered_bundle_takes_no_place(bundle: Path, tmp_path: Path) -> None:
    altered, served = tmp_path / "altered", tmp_path / "bundle"
    shutil.copytree(bundle, altered)
    with (altered / "card.json").open("a") as file:
        file.write(" ")
    replace_folder(bundle, served)
    with pytest.raises(AlteredBundle, match=r"card\.json"):
        replace_folder(altered, served)
    assert open_bundle(served).version == open_bundle(bundle).version


def test_a_registered_bundle_loads_through_mlflow_without_pickle(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    tracking.connect()
    import mlflow

    with tracking.run("test", {"profile": "small"}):
        tracking.log_child("target/candidate", {"weight": 0.5}, {"fold_mae": [1.0, 2.0]})
        registry.promote(tracking.register(bundle, {"bundle_version": "abc"}))
    model = mlflow.pyfunc.load_model(f"models:/{tracking.MODEL_NAME}@{tracking.CHAMPION}")
    table = model.predict(pd.DataFrame({"formula": ["Li6PS5Cl", "Na3PS4"]}))
    assert table["mobile_ion"].tolist() == ["Li", "Na"]
    assert not [path for path in tmp_path.rglob("*") if path.suffix in {".pkl", ".pickle"}]
    runs = mlflow.search_runs(experiment_names=[tracking.EXPERIMENT])
    assert len(runs) == 2


def test_progress_tells_step_count_and_time_left(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="frenkel.training")
    progress = Progress([("data", 1, 100.0), ("fit", 2, 200.0)])
    progress("data")
    progress("fit: fold 1 of 2")
    assert "step 1 of 3: data" in caplog.messages[0]
    assert "8 min left" in caplog.messages[0]
    assert "step 2 of 3" in caplog.messages[1]


def test_the_manifest_is_plain_json(bundle: Path) -> None:
    manifest = json.loads((bundle / "manifest.json").read_text())
    assert manifest["mobile_ions"][0] in {"Li", "Na", "Mg"}
    assert len(manifest["files"]) > 10

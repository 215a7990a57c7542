"""Protocol E: matbench's official folds with matbench's own relaxed structures."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks._figures import Figure
from features.material import InvalidMaterial, Material
from features.table import feature_table
from models.moduli_model import ModuliConfig
from models.moduli_view import STRUCTURE, SYMMETRY, ModuliData
from training.evaluate import bootstrap, mean_absolute_error
from training.fetching import SourceFetcher
from training.preparation import MODULI_FEATURES, new_moduli_model
from training.profiles import FULL
from training.records import BULK, SHEAR
from training.sources import Source, cache_dir, mirror_dir
from training.splits import matbench_folds
from training.tables import Dataset

FloatArray = npt.NDArray[np.float64]

OFFICIAL_STRUCTURES = Source(
    name="matbench_log_gvrh_structures",
    provides="relaxed structures and shear moduli of matbench's 10,987 crystals",
    citation="Dunn et al., npj Comput. Mater. 6, 138 (2020)",
    licence="MIT; data CC BY 4.0",
    doi="10.1038/s41524-020-00406-3",
    sha256="098af941f4c663270f1fe21abf20ffad6fb85ecbfcba5786ceac03983ac29da7",
    https=("https://ml.materialsproject.org/projects/matbench_log_gvrh.json.gz",),
    mirror="elasticity/matbench_log_gvrh.json.gz",
)
PUBLISHED = {"MODNet": 0.0731, "ALIGNN": 0.0715, "coNGN": 0.0670}
GOAL = 0.067
PROPERTIES = (SHEAR, BULK)


def read_structures(content: bytes) -> tuple[list[Material], FloatArray]:
    """Materials and log10 G of the file: a gzipped JSON of a split table with pymatgen structures.

    Raises ValueError where a structure cannot be used: the official folds count every row.
    """
    from pymatgen.core.structure import Structure

    table = json.loads(gzip.decompress(content))
    place = {name: column for column, name in enumerate(table["columns"])}
    materials, shear = [], []
    for number, row in enumerate(table["data"], start=1):
        try:
            structure = Structure.from_dict(row[place["structure"]])
            materials.append(Material.from_structure(structure))
        except (InvalidMaterial, ValueError) as error:
            raise ValueError(f"row {number}: {error}") from error
        shear.append(float(row[place["log10(G_VRH)"]]))
    return materials, np.array(shear)


def full_figures(dataset: Dataset) -> list[Figure]:
    """Fetch, featurize and run the official folds. SystemExit where the file cannot be had."""
    fetcher = SourceFetcher(cache_dir(), mirror=mirror_dir())
    fetched = fetcher.fetch(OFFICIAL_STRUCTURES)
    if fetched.path is None:
        sys.exit(f"protocol E needs the official structures: {fetched.status.reason}")
    return structure_folds(fetched.path, dataset, cache_dir(), FULL.moduli)


def structure_folds(
    path: Path, dataset: Dataset, cache: Path, config: ModuliConfig
) -> list[Figure]:
    """The figure of protocol E from a checked file. Raises ValueError for a file of another length
    than matbench's, unless it is a part of it from the start (for a trial)."""
    materials, shear = read_structures(path.read_bytes())
    print(f"{len(materials)} structures", flush=True)
    features = feature_table(materials, groups=MODULI_FEATURES, cache=cache, jobs=2)
    keys = np.array([material.composition_key for material in materials], dtype=object)
    data = ModuliData(
        features=features,
        y=np.column_stack([shear, bulk_moduli(dataset, len(materials))]),
        groups=pd.factorize(keys)[0].astype(np.int64),
        known=np.array([STRUCTURE] * len(materials)),
        material=np.arange(len(materials)),
    )
    predictions = {name: np.full(len(shear), np.nan) for name in (STRUCTURE, SYMMETRY)}
    for number, (_, test_ids) in enumerate(matbench_folds(SHEAR), start=1):
        rows = np.array([int(ident.rsplit("-", 1)[-1]) - 1 for ident in test_ids])
        test = np.zeros(len(shear), bool)
        test[rows[rows < len(shear)]] = True
        print(f"official fold {number}: {int(test.sum())} test structures", flush=True)
        for name in predictions:
            view = new_moduli_model(config).views[name]
            view.fit(config, data.take(~test), lambda text: print(f"  {text}", flush=True))
            predictions[name][test] = view.predict(features[test])[0][:, 0]
    return [
        Figure.of(
            "E",
            "MAE log10 G, GPa, official structures",
            bootstrap(mean_absolute_error, shear, predictions[STRUCTURE]),
            baselines={"space group only": mean_absolute_error(shear, predictions[SYMMETRY])},
            published=PUBLISHED,
            at_most=GOAL,
        )
    ]


def bulk_moduli(dataset: Dataset, rows: int) -> FloatArray:
    """(rows,) log10 K of the first matbench rows; the table of K has the crystals in that order."""
    frame = dataset.measurements
    chosen = frame[(frame["source"] == "matbench") & (frame["property"] == BULK)]
    number = chosen["row_of_origin"].astype(str).str.rsplit("-", n=1).str[-1].astype(int)
    values = pd.Series(chosen["value"].to_numpy(np.float64), index=number.to_numpy())
    return values.reindex(range(1, rows + 1)).to_numpy(np.float64)

"""What the dendrite panel learns from: v of Li compounds, and their stability as published.

The 12,950-row table of the Ahmad 2018 screening ranks a material among known Li compounds. The
volume ratios of its rows with a formula, and of every Li structure at hand, teach v for formulas.
"""

from __future__ import annotations

import gzip
import io
import json
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from features.material import InvalidMaterial, Material
from features.table import feature_table
from models.dendrite_reference import DendriteRanks, DendriteReference
from models.electrodes import LITHIUM, volume_ratio
from models.labels import FloatArray, IntArray
from models.volume_ratio import VolumeRatioModel, coordination_numbers
from training.fetching import SourceFetcher
from training.sources import mirror_dir, source_named
from training.structure_store import structure_from_cif
from training.tables import Dataset, materials

logger = logging.getLogger("frenkel.training")

STABILITY_SOURCE = "ahmad2018_stability"
STABILITY_ROWS = 12_950
STABILITY_COLUMNS = (
    "mp", "src", "G", "K", "nu", "v", "cn", "chi_kJ_mol_nm", "chi_p", "chi_tau", "chi_surf",
    "lam_nm", "formula",
)  # fmt: skip
FEWEST_TO_LEARN = 200


def read_stability_table(content: bytes) -> pd.DataFrame:
    """The decoded table; ValueError if a column or a row is missing.

    G and K in GPa, NaN where the screening had none; ``src`` says MP_DFT or cgcnn_pred; chi and
    its terms in kJ/mol/nm; ``lam_nm`` the critical wavelength. ``formula`` is known for a fifth.
    """
    table = pd.read_csv(io.BytesIO(gzip.decompress(content)), keep_default_na=False, na_values=[""])
    missing = sorted(set(STABILITY_COLUMNS) - set(table.columns))
    if missing or len(table) != STABILITY_ROWS:
        raise ValueError(f"stability table has {len(table)} rows and lacks columns {missing}")
    return table


def stability_table(cache: Path, *, mirror: Path | None = None) -> pd.DataFrame | None:
    """The table from the cache or the mirror (FRENKEL_DATA_MIRROR unless given), or None."""
    fetcher = SourceFetcher(cache, mirror=mirror or mirror_dir())
    found = fetcher.fetch(source_named(STABILITY_SOURCE))
    return None if found.path is None else read_stability_table(found.path.read_bytes())


def ahmad_structures(content: bytes) -> dict[str, Material]:
    """All 546 structures of Ahmad 2018 by Materials Project number, whatever their moduli."""
    return {
        row["task_id"]: Material.from_structure(structure_from_cif(row["cif"]))
        for row in json.loads(content)
    }


@dataclass(frozen=True)
class VolumeRatioRows:
    """Li compounds with v against lithium: n materials without their structures, v (n,), and
    groups (n,) of equal composition."""

    materials: list[Material]
    ratio: FloatArray
    groups: IntArray

    @classmethod
    def of(cls, compounds: list[Material], ratio: FloatArray) -> VolumeRatioRows:
        """Rows grouped by composition."""
        keys = np.array([material.composition_key for material in compounds], dtype=object)
        return cls(compounds, ratio, pd.factorize(keys)[0].astype(np.int64))


def volume_ratio_rows(dataset: Dataset, table: pd.DataFrame | None) -> VolumeRatioRows:
    """Every Li structure of the data set, and the table's rows with a formula.

    A row of the table whose structure is in the data set counts once, from the table.
    """
    compounds: list[Material] = []
    ratio: list[float] = []
    listed: set[str] = set()
    if table is not None:
        known = table[table["formula"].notna()]
        listed = set(known["mp"])
        for formula, v in zip(known["formula"], known["v"], strict=True):
            try:
                compounds.append(Material.from_formula(str(formula)))
            except InvalidMaterial as error:
                logger.warning("stability table: %s is left out: %s", formula, error)
                continue
            ratio.append(float(v))
    frame = dataset.measurements
    frame = frame[frame["structure_key"].notna() & (frame["mobile_ion"] == "Li")]
    frame = frame[~frame["row_of_origin"].isin(listed)].drop_duplicates("structure_key")
    built = materials(frame, dataset)
    found = volume_ratio(coordination_numbers(built), LITHIUM)
    for formula, v in zip(frame["formula"], found.tolist(), strict=True):
        if np.isfinite(v):
            compounds.append(Material.from_formula(str(formula)))
            ratio.append(v)
    return VolumeRatioRows.of(compounds, np.array(ratio, dtype=np.float64))


def fit_volume_ratio(rows: VolumeRatioRows) -> tuple[VolumeRatioModel, FloatArray] | None:
    """The model and its held-out v (n,); None where there is too little to learn from."""
    if len(rows.materials) < FEWEST_TO_LEARN:
        return None
    features = feature_table(rows.materials, groups=("composition",))
    model = VolumeRatioModel()
    return model, model.fit(features, rows.ratio, rows.groups)


def fit_dendrite_reference(
    dataset: Dataset, cache: Path
) -> tuple[DendriteReference, dict[str, float]]:
    """What the bundle carries for the dendrite panel, and the error of v on the log scale."""
    table = stability_table(cache)
    rows = volume_ratio_rows(dataset, table)
    fitted = fit_volume_ratio(rows)
    ranks = None if table is None else DendriteRanks.of(table["chi_kJ_mol_nm"], table["lam_nm"])
    if ranks is None:
        logger.warning("no table of known Li compounds: the dendrite panel has no percentiles")
    if fitted is None:
        logger.warning("too few Li structures: v of a formula is a typical one")
        return DendriteReference(None, ranks), {}
    model, held_out = fitted
    relative = np.abs(held_out / rows.ratio - 1.0)
    metrics = {
        "volume_ratio.median_relative_error": float(np.median(relative)),
        "volume_ratio.rms_log_error": model.log_deviation,
        "volume_ratio.rows": float(len(rows.materials)),
    }
    return DendriteReference(model, ranks), metrics

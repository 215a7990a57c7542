"""Ranks of held-out Li compounds by lambda_crit: predicted moduli against DFT moduli.

Moduli are out-of-fold: no row of a material's composition was learned from, and the blend, the
intervals and the correlation of errors are those of the other folds' held-out predictions. The
volume ratio is held out likewise in ``ranking-composition``, and that of the structure in
``ranking-structure``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from benchmarks._figures import Figure
from models.composition_distance import CompositionIndex, fractions_of
from models.dendrite import critical_wave_number_per_m, stability_terms
from models.dendrite_uncertainty import ModulusDistribution
from models.elastic import poisson_ratio
from models.electrodes import LITHIUM, typical_volume_ratio
from models.error_scale import Circumstances
from models.folds import grouped_fold_of
from models.held_out import HeldOut, error_correlation
from models.labels import Labels
from models.moduli_candidates import CANDIDATES, ModuliConfig
from models.moduli_kernel import NEAREST
from models.moduli_model import with_errors_alike
from models.moduli_view import ModuliData
from models.suitability import suitability_panel
from models.targets import MODULI_TARGETS
from models.volume_ratio import ORDERED_DEVIATION
from training.dendrite_data import VolumeRatioRows
from training.evaluate import Estimate, bootstrap, spearman
from training.preparation import Prepared, moduli_data, new_moduli_model
from training.profiles import FULL
from training.records import BULK, SHEAR

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

COVERAGE = 0.9
TOP = 0.1
GOALS = {"structure": 0.85, "formula": 0.75}
PROTOCOL = {"structure": "ranking-structure", "formula": "ranking-composition"}
# A Poisson ratio above zero, as in the served prediction.
_LARGEST_LOG_RATIO = np.log10(1.5) - 1e-3


@dataclass(frozen=True)
class Compounds:
    """Li compounds with DFT moduli, a published volume ratio and a structure at hand, n rows."""

    material: IntArray  # row in Prepared.materials
    shear_gpa: FloatArray
    bulk_gpa: FloatArray
    volume_ratio: FloatArray
    network_shear_gpa: FloatArray  # of the 2018 network; NaN where the table has DFT itself
    network_bulk_gpa: FloatArray
    groups: IntArray

    def take(self, rows: npt.NDArray[np.bool_]) -> Compounds:
        """Some of the rows."""
        return Compounds(
            self.material[rows],
            self.shear_gpa[rows],
            self.bulk_gpa[rows],
            self.volume_ratio[rows],
            self.network_shear_gpa[rows],
            self.network_bulk_gpa[rows],
            self.groups[rows],
        )


@dataclass(frozen=True)
class Moduli:
    """Out-of-fold mean (n, 2) and standard deviation (n, 2) of log10 G and log10 K (GPa), and the
    correlation of their errors (n,); row by row as the training rows."""

    mean: FloatArray
    deviation: FloatArray
    correlation: FloatArray


def ranking(
    prepared: Prepared,
    table: pd.DataFrame,
    ratios: VolumeRatioRows,
    held_out_ratio: FloatArray,
    config: ModuliConfig = FULL.moduli,
) -> list[Figure]:
    """The figures of both protocols."""
    compounds = li_compounds(prepared, table)
    data = moduli_data(prepared)
    rows = data_rows(prepared, data)
    learned = {
        material.fractions: v for material, v in zip(ratios.materials, held_out_ratio, strict=True)
    }
    v_composition = np.array(
        [
            learned.get(prepared.materials[row].fractions, np.nan)
            for row in compounds.material.tolist()
        ]
    )
    v_composition = np.where(
        np.isnan(v_composition), float(typical_volume_ratio()[0]), v_composition
    )
    log_error = float(np.sqrt(np.mean(np.log(held_out_ratio / ratios.ratio) ** 2)))
    figures = []
    for view, v, spread in (
        ("structure", compounds.volume_ratio, ORDERED_DEVIATION),
        ("formula", v_composition, log_error),
    ):
        moduli = out_of_fold(data, config, view)
        chosen = rows[compounds.material]
        panel_input = ModulusDistribution(
            log10_mean=moduli.mean[chosen],
            log10_covariance=_covariance(moduli, chosen),
            volume_ratio=v,
            volume_ratio_sd=v * np.sqrt(np.expm1(spread**2)),
        )
        figures += _view_figures(view, compounds, panel_input)
    return figures


def li_compounds(prepared: Prepared, table: pd.DataFrame) -> Compounds:
    """Rows of the data set with a Materials Project number that stands in the table."""
    frame = prepared.frame.assign(material=prepared.row)
    frame = frame[frame["structure_key"].notna() & (frame["mobile_ion"] == "Li")]
    wide = frame.pivot_table(
        index=["row_of_origin", "source", "material"], columns="property", values="value"
    ).reset_index()
    joined = wide.merge(table, left_on="row_of_origin", right_on="mp", suffixes=("", "_listed"))
    from_network = joined["src"] == "cgcnn_pred"
    ours = joined["source"] == "ahmad2018"
    kept = joined[(ours & ~from_network) | (from_network & joined["G"].notna())]
    kept = kept.drop_duplicates("mp").reset_index(drop=True)
    network = (kept["src"] == "cgcnn_pred").to_numpy(bool)
    material = kept["material"].to_numpy(np.int64)
    keys = [prepared.materials[row].composition_key for row in material]
    return Compounds(
        material,
        10.0 ** kept[SHEAR].to_numpy(np.float64),
        10.0 ** kept[BULK].to_numpy(np.float64),
        kept["v"].to_numpy(np.float64),
        np.where(network, kept["G"].to_numpy(np.float64), np.nan),
        np.where(network, kept["K"].to_numpy(np.float64), np.nan),
        pd.factorize(np.array(keys, dtype=object))[0].astype(np.int64),
    )


def data_rows(prepared: Prepared, data: ModuliData) -> IntArray:
    """Training row of each material, -1 for none."""
    rows = np.full(len(prepared.materials), -1, dtype=np.int64)
    rows[data.material] = np.arange(len(data.material))
    return rows


@dataclass(frozen=True)
class FoldPredictions:
    """Held-out rows of a view, NaN for those that do not know it: each candidate's log10 G and
    log10 K (n, candidates, 2); errors with materials alike (n, materials, 2); distances (n, 2) to
    the rows learned from; folds (n,)."""

    each: FloatArray
    errors: FloatArray
    distance: FloatArray
    fold: IntArray


def fold_predictions(data: ModuliData, config: ModuliConfig, view: str) -> FoldPredictions:
    """Every row predicted by candidates that learned from the other folds."""
    model = new_moduli_model(config).views[view]
    x, judged = model.matrix(data.features), data.knows(model.name)
    fold = grouped_fold_of(data.groups, config.folds, "moduli")
    each = np.full((len(x), len(CANDIDATES), 2), np.nan)
    errors = np.full((len(x), NEAREST, 2), np.nan)
    fractions = fractions_of(data.features)
    distance = np.full((len(x), 2), np.nan)
    for number in range(config.folds):
        print(f"moduli, {model.name}: fold {number + 1} of {config.folds}", flush=True)
        inside, outside = fold != number, (fold == number) & judged
        fitted = model.fit_candidates(config, data.take(inside))
        each[outside], errors[outside] = fitted.predict(x[outside])
        distance[outside] = CompositionIndex(fractions[inside]).nearness(fractions[outside])
    return FoldPredictions(each, errors, distance, fold)


def out_of_fold(data: ModuliData, config: ModuliConfig, view: str) -> Moduli:
    """Every training row predicted, blended and calibrated as a held-out one."""
    made = fold_predictions(data, config, view)
    fold, distance, count = made.fold, made.distance, len(made.fold)
    category = np.full(count, view)
    moduli = Moduli(np.empty((count, 2)), np.empty((count, 2)), np.empty(count))
    for number in range(config.folds):
        own = fold == number
        parts = {}
        for column, target in enumerate(MODULI_TARGETS):
            judged = np.isfinite(data.y[:, column]) & data.knows(view)
            rows = np.flatnonzero(judged & ~own)
            labels = Labels.of(data.y[rows, column])
            part = HeldOut(rows, labels, made.each[rows, :, column], fold[rows], distance[rows])
            blended = part.blend_and_calibrate(target, category[rows])
            parts[target.name] = part
            value, spread = blended.combine(made.each[own, :, column])
            mean = np.clip(value, *target.plausible)
            moduli.mean[own, column] = mean
            known = Circumstances(mean, spread, distance[own], category[own])
            alike = with_errors_alike(known, made.errors[own, :, column])
            half = 0.5 * np.sum(blended.calibration.interval(alike, COVERAGE), axis=0)
            # As served: the half width at the coverage asked for sets the normal distribution.
            moduli.deviation[own, column] = half / norm.ppf(0.5 + COVERAGE / 2)
        moduli.correlation[own] = error_correlation(parts)
    moduli.mean[:, 0] = np.minimum(moduli.mean[:, 0], moduli.mean[:, 1] + _LARGEST_LOG_RATIO)
    return moduli


def _covariance(moduli: Moduli, rows: IntArray) -> FloatArray:
    deviation = moduli.deviation[rows]
    covariance = deviation[:, :, None] * deviation[:, None, :]
    covariance[:, 0, 1] *= moduli.correlation[rows]
    covariance[:, 1, 0] *= moduli.correlation[rows]
    return np.asarray(covariance)


def _wavelength_rank(shear: FloatArray, bulk: FloatArray, v: FloatArray) -> FloatArray:
    """Rises with lambda_crit through infinity to the materials stable at every wavelength."""
    return -critical_wave_number_per_m(shear, poisson_ratio(shear, bulk), v)


def _view_figures(view: str, compounds: Compounds, given: ModulusDistribution) -> list[Figure]:
    shear, bulk = (10.0**given.log10_mean).T
    ours = _wavelength_rank(shear, bulk, given.volume_ratio)
    typical = np.full(len(ours), float(typical_volume_ratio()[0]))
    plain = _wavelength_rank(shear, bulk, typical)
    truth = _wavelength_rank(compounds.shear_gpa, compounds.bulk_gpa, compounds.volume_ratio)
    network = np.isfinite(compounds.network_shear_gpa)
    dft = ~network
    protocol, groups = PROTOCOL[view], compounds.groups.astype(np.float64)
    known = compounds.take(network)
    theirs = _wavelength_rank(known.network_shear_gpa, known.network_bulk_gpa, known.volume_ratio)
    return [
        Figure.of(
            protocol,
            "Spearman lambda_crit",
            bootstrap(spearman, truth[dft], ours[dft], groups=groups[dft]),
            baselines={"same moduli, typical v": spearman(truth[dft], plain[dft])},
            at_least=GOALS[view],
            note="rows MP_DFT of Ahmad 2018 with a sound elastic tensor",
        ),
        Figure.of(
            protocol,
            "top-decile recall",
            bootstrap(top_decile_recall, truth[dft], ours[dft], groups=groups[dft]),
            baselines={"chance": TOP},
        ),
        *_coverage_figures(protocol, compounds, given, dft),
        Figure.of(
            protocol,
            "Spearman lambda_crit, network rows",
            bootstrap(spearman, truth[network], ours[network], groups=groups[network]),
            published={"CGCNN 2018": spearman(truth[network], theirs)},
            note="binaries with DFT moduli since, for which the table has the network's",
        ),
    ]


def _coverage_figures(
    protocol: str, compounds: Compounds, given: ModulusDistribution, chosen: npt.NDArray[np.bool_]
) -> list[Figure]:
    panel = suitability_panel(given, electrode=LITHIUM, coverage=COVERAGE)
    nu = poisson_ratio(compounds.shear_gpa, compounds.bulk_gpa)
    chi = stability_terms(compounds.shear_gpa, nu, compounds.volume_ratio).chi
    inside = ((chi >= panel.chi_lower) & (chi <= panel.chi_upper)).astype(np.float64)[chosen]
    share = bootstrap(
        lambda truth, _: float(truth.mean()),
        inside,
        inside,
        groups=compounds.groups.astype(np.float64)[chosen],
    )
    off = 100.0 * abs(share.value - COVERAGE)
    edges = [100.0 * abs(edge - COVERAGE) for edge in (share.lower, share.upper)]
    nearest = 0.0 if share.lower <= COVERAGE <= share.upper else min(edges)
    return [
        Figure.of(
            protocol,
            "points off nominal, 90 % chi interval",
            Estimate(off, nearest, max(edges), share.n),
            at_most=2.0,
            note=f"coverage {share.value:.3f} [{share.lower:.3f}, {share.upper:.3f}]",
        )
    ]


def top_decile_recall(truth: FloatArray, predicted: FloatArray) -> float:
    """Share of the best tenth by ``truth`` that stands in the best tenth by ``predicted``."""
    count = max(1, round(TOP * len(truth)))
    best = set(np.argsort(-truth, kind="stable")[:count].tolist())
    named = np.argsort(-predicted, kind="stable")[:count].tolist()
    return len(best.intersection(named)) / count

"""The panel of dendrite criteria for a block of materials, and one score to rank by.

The score of a material with known G, K and v is

    w_margin / (1 + x_chi / m_chi) + w_wave / (1 + x_k / m_k) + w_stable [chi < 0]

with x = exp(asinh(.)) of chi in units of G_metal V_metal k / z and of k_crit in units of
G_metal / gamma, so that one scale serves every metal, and m the same for the median of 12,607 Li
compounds (doi 10.1021/acscentsci.8b00229). Each part falls as chi (or k_crit, which orders
materials of one v the same way) rises. With uncertain G, K and v the score is the mean over their
distribution: the last part becomes P(chi < 0). It needs no table of other materials.

The Monroe-Newman rule has no weight: it is for polymers, asks for the opposite of what linear
stability asks of inorganic solids, and almost all of them pass it. The panel shows it beside.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from models.dendrite import (
    WAVE_NUMBER_PER_M,
    StabilityTerms,
    critical_wave_number_per_m,
    critical_wavelength_nm,
    monroe_newman_ratio,
    stability_terms,
)
from models.dendrite_uncertainty import ModulusDistribution, StabilityDistribution, propagate
from models.elastic import poisson_ratio, pugh_ratio, youngs_modulus_gpa
from models.electrodes import LITHIUM, AnyElectrode
from models.rank_table import RankTable

FloatArray = npt.NDArray[np.float64]

# What decides in a cell as well and is not predicted here.
NOT_PREDICTED = (
    "fracture toughness",
    "electronic conductivity",
    "adhesion and wetting",
    "interphase formation",
    "microstructure (grain boundaries, pores, flaws)",
)


@dataclass(frozen=True)
class ScoreWeights:
    """How the score is put together; the weights must be >= 0 and sum to 1.

    margin 0.5: chi at the literature's wave number tells all materials apart, so it leads.
    wavelength 0.2: the same balance without a chosen wave number; it differs from chi only
    through v, so it corrects and does not lead.
    stable 0.3: the probability that the criterion is met at all. It is near zero for almost every
    known compound; where it is not, it should lift a material above any that merely comes close.
    median_chi, median_wave_number: asinh of the reduced medians over the Li compounds, so that a
    typical compound has 0.5 in the first two parts.
    """

    margin: float = 0.5
    wavelength: float = 0.2
    stable: float = 0.3
    median_chi: float = 2.669
    median_wave_number: float = 3.297

    def __post_init__(self) -> None:
        weights = (self.margin, self.wavelength, self.stable)
        if min(weights) < 0.0 or abs(sum(weights) - 1.0) > 1e-9:
            raise ValueError("score weights must not be negative and must sum to 1")


DEFAULT_WEIGHTS = ScoreWeights()
SCORE_PARTS = ("margin", "wavelength", "stable")


@dataclass(frozen=True)
class SuitabilityPanel:
    """Each criterion by name for n materials, arrays of shape (n,).

    The plain values are those at the medians of G, K and v. `_lower` and `_upper` bound the
    central interval of the wanted coverage in the order of the numbers, except for the critical
    wavelength, which has a worst and a best end: negative means stable at every wavelength, so a
    best end below zero lies beyond infinity. The percentiles are 100 for the best, NaN without a
    table and for metals other than Li; `rank_reference` says what they are of. `score_parts` has
    what margin, wavelength and stable give to the score, which is their sum.
    """

    poisson_ratio: FloatArray
    youngs_modulus_gpa: FloatArray
    pugh_ratio: FloatArray
    terms: StabilityTerms
    chi_lower: FloatArray
    chi_upper: FloatArray
    critical_wavelength_nm: FloatArray
    critical_wavelength_worst_nm: FloatArray
    critical_wavelength_best_nm: FloatArray
    monroe_newman_ratio: FloatArray
    probability_chi_negative: FloatArray
    probability_density_driven: FloatArray
    probability_pressure_driven: FloatArray
    probability_monroe_newman: FloatArray
    percentile_chi: FloatArray
    percentile_wavelength: FloatArray
    rank_reference: str | None
    volume_ratio: FloatArray
    volume_ratio_lower: FloatArray
    volume_ratio_upper: FloatArray
    score: FloatArray
    score_lower: FloatArray
    score_upper: FloatArray
    score_parts: dict[str, FloatArray]
    weights: ScoreWeights


def dendrite_suppression_score(
    chi_kj_mol_nm: npt.ArrayLike,
    critical_wave_number_per_m: npt.ArrayLike,
    electrode: AnyElectrode = LITHIUM,
    weights: ScoreWeights = DEFAULT_WEIGHTS,
) -> FloatArray:
    """Score in 0..1 of materials whose chi and k_crit are known; NaN for NaN.

    chi is taken at WAVE_NUMBER_PER_M. Falls strictly with chi and with k_crit.
    """
    parts = score_parts(chi_kj_mol_nm, critical_wave_number_per_m, electrode, weights)
    return np.asarray(parts.sum(axis=0))


def score_parts(
    chi_kj_mol_nm: npt.ArrayLike,
    critical_wave_number_per_m: npt.ArrayLike,
    electrode: AnyElectrode = LITHIUM,
    weights: ScoreWeights = DEFAULT_WEIGHTS,
) -> FloatArray:
    """The three weighted parts of the score in the order of SCORE_PARTS, first axis."""
    chi = np.asarray(chi_kj_mol_nm, dtype=np.float64)
    wave_number = np.asarray(critical_wave_number_per_m, dtype=np.float64)
    metal_modulus = electrode.shear_modulus_gpa * 1e9
    chi_unit = (
        metal_modulus * electrode.molar_volume_m3_mol * WAVE_NUMBER_PER_M / electrode.valence
    ) * 1e-12
    wave_number_unit = metal_modulus / electrode.surface_energy_j_m2
    margin = _falling(chi / chi_unit, weights.median_chi)
    wavelength = _falling(wave_number / wave_number_unit, weights.median_wave_number)
    stable = np.where(np.isnan(chi), np.nan, chi < 0.0)
    return np.stack(
        np.broadcast_arrays(
            weights.margin * margin, weights.wavelength * wavelength, weights.stable * stable
        )
    )


def suitability_panel(
    moduli: ModulusDistribution,
    *,
    electrode: AnyElectrode = LITHIUM,
    coverage: float = 0.9,
    weights: ScoreWeights = DEFAULT_WEIGHTS,
    chi_ranks: RankTable | None = None,
    wave_number_ranks: RankTable | None = None,
    draws: int = 512,
    seed: int = 2017,
) -> SuitabilityPanel:
    """All criteria with intervals of the given coverage.

    The rank tables are of chi (kJ mol-1 nm-1) and k_crit (1/m) against Li metal and are used for
    rows that face Li. Raises ValueError for a coverage outside (0, 1).
    """
    if not 0.0 < coverage < 1.0:
        raise ValueError("coverage must lie between 0 and 1")
    tail = 0.5 * (1.0 - coverage)
    shear, bulk = (10.0**moduli.log10_mean).T
    nu = poisson_ratio(shear, bulk)
    terms = stability_terms(shear, nu, moduli.volume_ratio, electrode)
    wave_number = critical_wave_number_per_m(shear, nu, moduli.volume_ratio, electrode)
    spread = propagate(
        moduli,
        (tail, 1.0 - tail),
        lambda chi, k_crit, metal: score_parts(chi, k_crit, metal, weights),
        electrode=electrode,
        draws=draws,
        seed=seed,
    )
    score, score_lower, score_upper = _score_interval(spread)
    v_lower, v_upper = _volume_ratio_interval(moduli, tail)
    # Columns carry no names; no other metal has lithium's molar volume.
    faces_lithium = np.equal(electrode.molar_volume_m3_mol, LITHIUM.molar_volume_m3_mol)
    return SuitabilityPanel(
        poisson_ratio=nu,
        youngs_modulus_gpa=youngs_modulus_gpa(shear, bulk),
        pugh_ratio=pugh_ratio(shear, bulk),
        terms=terms,
        chi_lower=spread.chi_kj_mol_nm[:, 0],
        chi_upper=spread.chi_kj_mol_nm[:, 1],
        critical_wavelength_nm=critical_wavelength_nm(wave_number),
        critical_wavelength_worst_nm=critical_wavelength_nm(
            spread.critical_wave_number_per_m[:, 1]
        ),
        critical_wavelength_best_nm=critical_wavelength_nm(spread.critical_wave_number_per_m[:, 0]),
        monroe_newman_ratio=monroe_newman_ratio(shear, electrode),
        probability_chi_negative=spread.probability_chi_negative,
        probability_density_driven=spread.probability_density_driven,
        probability_pressure_driven=spread.probability_pressure_driven,
        probability_monroe_newman=spread.probability_monroe_newman,
        percentile_chi=_percentile(chi_ranks, terms.chi, faces_lithium),
        percentile_wavelength=_percentile(wave_number_ranks, wave_number, faces_lithium),
        rank_reference=None if chi_ranks is None else f"{chi_ranks.count:,} {chi_ranks.reference}",
        volume_ratio=moduli.volume_ratio,
        volume_ratio_lower=v_lower,
        volume_ratio_upper=v_upper,
        score=score,
        score_lower=score_lower,
        score_upper=score_upper,
        score_parts=dict(zip(SCORE_PARTS, spread.score_parts_mean, strict=True)),
        weights=weights,
    )


def _falling(reduced: npt.ArrayLike, median: float) -> FloatArray:
    """0.5 where asinh(x) is the median; close to 1 / (1 + x / x_median) for x above 1."""
    return np.asarray(1.0 / (1.0 + np.exp(np.arcsinh(reduced) - median)))


def _score_interval(spread: StabilityDistribution) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The mean and the ends of the interval, which is widened to hold the mean.

    A small chance of stability can lift the mean above a quantile, for the last part of the
    score jumps at chi = 0.
    """
    mean = spread.score_parts_mean.sum(axis=0)
    lower = np.fmin(spread.score[:, 1], mean)
    upper = np.fmax(spread.score[:, 0], mean)
    return mean, lower, upper


def _volume_ratio_interval(
    moduli: ModulusDistribution, tail: float
) -> tuple[FloatArray, FloatArray]:
    """Quantiles of the log-normal v, which has its given value as median."""
    ratio = moduli.volume_ratio
    with np.errstate(divide="ignore", invalid="ignore"):
        width = np.sqrt(np.log1p((moduli.volume_ratio_sd / ratio) ** 2))
    factor = np.exp(-ndtri(tail) * width)
    return ratio / factor, ratio * factor


def _percentile(table: RankTable | None, values: FloatArray, applies: npt.ArrayLike) -> FloatArray:
    if table is None:
        return np.full(values.shape, np.nan)
    return np.asarray(np.where(applies, table.percent_above(values), np.nan))

"""Carries the uncertainty of G, K and v through the stability criterion.

Every row sees the same quasi-random draws, so a row's answer depends neither on its neighbours nor
on how a table was cut into blocks, and two runs agree to the last digit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri
from scipy.stats import qmc

from models.dendrite import (
    critical_wave_number_per_m,
    monroe_newman_ratio,
    stability_terms,
)
from models.elastic import poisson_ratio
from models.electrodes import (
    LITHIUM,
    AnyElectrode,
    Electrode,
    ElectrodeColumns,
    electrode_columns,
)

FloatArray = npt.NDArray[np.float64]
# (chi in kJ mol-1 nm-1, k_crit in 1/m, metal as columns) of one shape -> the parts of a score, of
# shape (parts, *that shape); the score is their sum.
Score = Callable[[FloatArray, FloatArray, ElectrodeColumns], FloatArray]

_ROWS_AT_ONCE = 256  # 256 rows x 512 draws keep each array within a processor's cache


@dataclass(frozen=True)
class ModulusDistribution:
    """Normal distribution of (log10 G, log10 K), G and K in GPa, and of v, for n materials.

    `log10_mean` is (n, 2) and `log10_covariance` (n, 2, 2). v is log-normal with the given
    median (n,) and relative width `volume_ratio_sd / volume_ratio`, independent of the moduli.
    Raises ValueError for other shapes, a negative standard deviation or an impossible covariance.
    """

    log10_mean: FloatArray
    log10_covariance: FloatArray
    volume_ratio: FloatArray
    volume_ratio_sd: FloatArray

    def __post_init__(self) -> None:
        n = self.log10_mean.shape[0] if self.log10_mean.ndim == 2 else -1
        expected = {
            "log10_mean": (n, 2),
            "log10_covariance": (n, 2, 2),
            "volume_ratio": (n,),
            "volume_ratio_sd": (n,),
        }
        for name, shape in expected.items():
            found = getattr(self, name).shape
            if n < 0 or found != shape:
                raise ValueError(f"{name} has shape {found}; materials come first, see the class")
        if (self.volume_ratio_sd < 0.0).any():
            raise ValueError("volume_ratio_sd has a negative standard deviation")
        variance_g, variance_k = self.log10_covariance[:, 0, 0], self.log10_covariance[:, 1, 1]
        shared = self.log10_covariance[:, 0, 1]
        too_much = np.abs(shared) > np.sqrt(np.abs(variance_g * variance_k)) * (1.0 + 1e-9) + 1e-15
        if ((variance_g < 0.0) | (variance_k < 0.0) | too_much).any():
            raise ValueError("log10_covariance is not a covariance matrix in every row")


@dataclass(frozen=True)
class StabilityDistribution:
    """What the draws say; quantities with quantiles are (n, number of levels), others (n,).

    `levels` run from the stable side to the unstable one: chi and k_crit rise with them, the
    score falls. A wavelength follows by turning a quantile of k_crit into 2 pi / k_crit.
    """

    levels: tuple[float, ...]
    chi_kj_mol_nm: FloatArray
    critical_wave_number_per_m: FloatArray
    score: FloatArray
    score_parts_mean: FloatArray  # (parts, n)
    probability_chi_negative: FloatArray
    probability_density_driven: FloatArray
    probability_pressure_driven: FloatArray
    probability_monroe_newman: FloatArray


def propagate(
    moduli: ModulusDistribution,
    levels: tuple[float, ...],
    score: Score,
    *,
    electrode: AnyElectrode = LITHIUM,
    draws: int = 512,
    seed: int = 2017,
) -> StabilityDistribution:
    """Quantiles and probabilities of the stability criterion over the distribution.

    `electrode` is one metal for all rows or columns of n metals. `draws` is a power of two, at
    least 4; half of them are Sobol points, the rest their mirror images, which makes the mean of
    log10 G, log10 K and log v exact. Rows with NaN in them are NaN in the answer.
    """
    normal = _normal_draws(draws, seed)
    n = moduli.log10_mean.shape[0]
    metals = electrode_columns([electrode.symbol] * n) if isinstance(electrode, Electrode) else (
        electrode
    )  # fmt: skip
    if metals.shear_modulus_gpa.shape != (n,):
        raise ValueError("electrode columns and materials differ in number")
    wanted = np.asarray(levels, dtype=np.float64)
    if not ((wanted >= 0.0) & (wanted <= 1.0)).all():
        raise ValueError("levels must lie between 0 and 1")
    quantiles = np.full((3, n, len(levels)), np.nan)
    singles = np.full((4, n), np.nan)
    parts: list[FloatArray] = []
    for start in range(0, max(n, 1), _ROWS_AT_ONCE):  # an empty block too has its parts
        rows = slice(start, min(start + _ROWS_AT_ONCE, n))
        quantiles[:, rows], singles[:, rows], mean = _block(
            moduli, rows, metals, normal, wanted, score
        )
        parts.append(mean)
    return StabilityDistribution(
        levels=tuple(levels),
        chi_kj_mol_nm=quantiles[0],
        critical_wave_number_per_m=quantiles[1],
        score=quantiles[2],
        score_parts_mean=np.concatenate(parts, axis=1),
        probability_chi_negative=singles[0],
        probability_density_driven=singles[1],
        probability_pressure_driven=singles[2],
        probability_monroe_newman=singles[3],
    )


def _block(
    moduli: ModulusDistribution,
    rows: slice,
    metals: ElectrodeColumns,
    normal: FloatArray,
    levels: FloatArray,
    score: Score,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(3, rows, levels) quantiles of chi, k_crit, score; (4, rows) probabilities; score parts."""
    metal = metals.rows(rows)
    shear, bulk, v = _draw_rows(moduli, rows, normal)
    nu = poisson_ratio(shear, bulk)
    chi = stability_terms(shear, nu, v, metal).chi
    wave_number = critical_wave_number_per_m(shear, nu, v, metal)
    parts = score(chi, wave_number, metal)
    stable = wave_number < 0.0
    tally = np.stack(
        [
            (chi < 0.0).mean(axis=1),
            (stable & (v < 1.0)).mean(axis=1),
            (stable & (v > 1.0)).mean(axis=1),
            (monroe_newman_ratio(shear, metal) > 1.0).mean(axis=1),
        ]
    )
    known = np.isfinite(chi).all(axis=1)
    tally[:, ~known] = np.nan
    scores, parts_mean = parts.sum(axis=0), parts.mean(axis=2)
    parts_mean[:, ~known] = np.nan
    # The score falls as chi rises: its quantiles are read from the other end.
    quantiles = np.stack(
        [_quantiles(chi, levels), _quantiles(wave_number, levels), _quantiles(scores, 1 - levels)]
    )
    quantiles[:, ~known] = np.nan
    return quantiles, tally, parts_mean


def _draw_rows(
    moduli: ModulusDistribution, rows: slice, normal: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """G, K (GPa) and v of shape (rows, draws)."""
    mean = moduli.log10_mean[rows]
    covariance = moduli.log10_covariance[rows]
    # Cholesky factor of a 2 x 2 matrix, written out so that a zero variance is allowed.
    sd_g = np.sqrt(np.maximum(covariance[:, 0, 0], 0.0))
    shared = np.divide(covariance[:, 0, 1], sd_g, out=np.zeros_like(sd_g), where=sd_g > 0.0)
    own = np.sqrt(np.maximum(covariance[:, 1, 1] - shared**2, 0.0))
    v = moduli.volume_ratio[rows]
    with np.errstate(divide="ignore", invalid="ignore"):
        log_width = np.sqrt(np.log1p((moduli.volume_ratio_sd[rows] / v) ** 2))
    log_shear = mean[:, :1] + sd_g[:, None] * normal[0]
    log_bulk = mean[:, 1:] + shared[:, None] * normal[0] + own[:, None] * normal[1]
    return (
        np.asarray(10.0**log_shear),
        np.asarray(10.0**log_bulk),
        np.asarray(v[:, None] * np.exp(log_width[:, None] * normal[2])),
    )


def _quantiles(values: FloatArray, levels: FloatArray) -> FloatArray:
    """(rows, levels); the caller masks rows with NaN."""
    return np.asarray(np.quantile(values, np.clip(levels, 0.0, 1.0), axis=1).T)


@lru_cache(maxsize=8)
def _normal_draws(draws: int, seed: int) -> FloatArray:
    """(3, draws) standard normal numbers, read-only."""
    if draws < 4 or draws & (draws - 1):
        raise ValueError("draws must be a power of two, at least 4")
    uniform = qmc.Sobol(3, scramble=True, rng=np.random.default_rng(seed)).random(draws // 2)
    half = ndtri(np.clip(uniform, 1e-9, 1.0 - 1e-9)).T
    normal = np.concatenate([half, -half], axis=1)
    normal.flags.writeable = False
    return np.asarray(normal)

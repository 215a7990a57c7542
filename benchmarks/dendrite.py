"""Dendrite criteria: ``python -m benchmarks.dendrite``.

Needs the 12,950-row stability table and the structures of Ahmad 2018. Protocols: ``chi`` (the
equations against the published table), ``volume-ratio`` (v from structures and from composition),
``ranking-structure`` and ``ranking-composition`` (lambda_crit of held-out Li compounds against the
ranking from their DFT moduli).
"""

from __future__ import annotations

import logging

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks._dendrite_ranking import ranking
from benchmarks._figures import Figure, write_results
from models.dendrite import (
    critical_wave_number_per_m,
    critical_wavelength_nm,
    stability_terms,
    stability_threshold,
)
from models.elastic import poisson_ratio
from models.electrodes import TYPICAL_COORDINATION_NUMBER, volume_ratio
from models.volume_ratio import coordination_numbers
from training.dendrite_data import (
    VolumeRatioRows,
    ahmad_structures,
    fit_volume_ratio,
    stability_table,
    volume_ratio_rows,
)
from training.evaluate import Estimate, bootstrap
from training.fetching import SourceFetcher
from training.preparation import MODULI_FEATURES, MODULI_PROPERTIES, prepare
from training.sources import cache_dir, mirror_dir, source_named
from training.tables import load_dataset

FloatArray = npt.NDArray[np.float64]

# G, K (GPa), v; nu, chi_p, chi_tau, chi_surf, chi (kJ/mol/nm), lambda_crit (nm), as printed in the
# project's digest of the two papers.
WORKED = (
    ("2 6 0.06", "0.35000 -1.6577 1.0695 -0.038308 -0.62647 -4.0924"),
    ("1 4 0.10", "0.38462 -2.4663 0.61144 -0.039754 -1.8946 -1.3466"),
    ("4 8 0.10", "0.28571 -0.027431 1.8986 -0.039754 1.8314 1.3349"),
    ("7 20 0.06", "0.34328 3.0216 2.0284 -0.038308 5.0117 0.47663"),
    ("10 25 0.06", "0.32353 5.5805 2.3853 -0.038308 7.9275 0.30217"),
    ("10 25 0.15", "0.32353 5.0462 2.5879 -0.041561 7.5925 0.34207"),
    ("60 100 0.06", "0.25000 45.614 3.6390 -0.038308 49.214 0.04887"),
)
# v and the G_s / G_e at which chi changes sign (nu 0.33, no surface term).
THRESHOLDS = ((0.1, "0.697"), (0.5, "0.402"), (2.0, "3.17"), (5.0, "2.02"))
TRUST = 1e-6


def chi_figures(table: pd.DataFrame) -> list[Figure]:
    """Every row with moduli, the worked values and the stability thresholds."""
    rows = table.dropna(subset=["G", "K", "chi_kJ_mol_nm"])
    shear = rows["G"].to_numpy(np.float64)
    nu = poisson_ratio(shear, rows["K"].to_numpy(np.float64))
    v = rows["v"].to_numpy(np.float64)
    terms = stability_terms(shear, nu, v)
    wavelength = critical_wavelength_nm(critical_wave_number_per_m(shear, nu, v))
    figures = []
    for words, ours, column in (
        ("chi", terms.chi, "chi_kJ_mol_nm"),
        ("deviatoric term", terms.deviatoric, "chi_tau"),
        ("surface term", terms.surface, "chi_surf"),
        ("lambda_crit", wavelength, "lam_nm"),
        ("pressure term", terms.pressure, "chi_p"),
    ):
        published = rows[column].to_numpy(np.float64)
        error = np.abs(ours / published - 1.0)
        beyond = int((error > TRUST).sum())
        note = f"{beyond} rows beyond 1e-6" if beyond else ""
        if beyond and column == "chi_p":
            note += "; two moduli squared cancel there, the printed digits of G allow no better"
        figures.append(_exact(f"max relative error, {words}", error, note, TRUST))
    return [*figures, *_printed_figures()]


def _printed_figures() -> list[Figure]:
    """Deviation in units of the last printed digit: at most one half is a reproduction."""
    worked = []
    for given, printed in WORKED:
        shear, bulk, v = map(float, given.split())
        nu = poisson_ratio(shear, bulk)
        wavelength = critical_wavelength_nm(critical_wave_number_per_m(shear, nu, v))
        ours = (nu, *stability_terms(shear, nu, v), wavelength)
        worked += [
            _last_digits(float(value), text)
            for value, text in zip(ours, printed.split(), strict=True)
        ]
    thresholds = [_last_digits(float(stability_threshold(0.33, v)), text) for v, text in THRESHOLDS]
    return [
        _exact("worked values, last printed digits", np.array(worked), "", 0.5),
        _exact("thresholds, last printed digits", np.array(thresholds), "", 0.5),
    ]


def _last_digits(value: float, printed: str) -> float:
    return abs(value - float(printed)) * 10 ** len(printed.partition(".")[2])


def _exact(metric: str, error: FloatArray, note: str, at_most: float) -> Figure:
    """A largest error over all rows there are: nothing was sampled, so no interval."""
    largest = float(error.max())
    estimate = Estimate(largest, largest, largest, len(error))
    return Figure.of("chi", metric, estimate, at_most=at_most, note=note)


def volume_ratio_figures(
    table: pd.DataFrame, content: bytes, rows: VolumeRatioRows, held_out: FloatArray
) -> list[Figure]:
    """v from the CIFs of Ahmad 2018 and from held-out compositions."""
    structures = ahmad_structures(content)
    listed = table.set_index("mp").loc[list(structures), "v"].to_numpy(np.float64)
    found = volume_ratio(coordination_numbers(list(structures.values())))
    typical = np.full(len(rows.ratio), float(volume_ratio(TYPICAL_COORDINATION_NUMBER)))
    return [
        Figure.of(
            "volume-ratio",
            "median relative error, structure",
            bootstrap(_median_relative_error, listed, found),
            at_most=0.01,
            note=f"largest {np.nanmax(np.abs(found / listed - 1.0)):.2g}; "
            f"{int(np.isnan(found).sum())} structures without a number",
        ),
        Figure.of(
            "volume-ratio",
            "median relative error, composition",
            bootstrap(
                _median_relative_error, rows.ratio, held_out, groups=rows.groups.astype(np.float64)
            ),
            baselines={"typical coordination": _median_relative_error(rows.ratio, typical)},
            note="held-out compositions",
        ),
        Figure.of(
            "volume-ratio",
            "rms error of ln v, composition",
            bootstrap(_log_error, rows.ratio, held_out, groups=rows.groups.astype(np.float64)),
            baselines={"typical coordination": _log_error(rows.ratio, typical)},
            note="polymorphs of one composition differ by 0.26",
        ),
    ]


def _median_relative_error(truth: FloatArray, predicted: FloatArray) -> float:
    return float(np.nanmedian(np.abs(predicted / truth - 1.0)))


def _log_error(truth: FloatArray, predicted: FloatArray) -> float:
    return float(np.sqrt(np.mean(np.log(predicted / truth) ** 2)))


def main() -> None:
    """Run every protocol and write the results."""
    logging.basicConfig(level=logging.WARNING)
    cache = cache_dir()
    dataset = load_dataset(cache)
    table = stability_table(cache)
    structures = SourceFetcher(cache, mirror=mirror_dir()).fetch(source_named("ahmad2018"))
    if table is None or structures.path is None:
        raise SystemExit("needs the stability table and the structures of Ahmad 2018")
    rows = volume_ratio_rows(dataset, table)
    fitted = fit_volume_ratio(rows)
    if fitted is None:
        raise SystemExit("too few Li structures within reach")
    held_out = fitted[1]
    figures = chi_figures(table)
    figures += volume_ratio_figures(table, structures.path.read_bytes(), rows, held_out)
    prepared = prepare(dataset, MODULI_PROPERTIES, MODULI_FEATURES, cache)
    figures += ranking(prepared, table, rows, held_out)
    write_results("dendrite", dataset, figures)


if __name__ == "__main__":
    main()

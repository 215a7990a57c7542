from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.dendrite import critical_wave_number_per_m, stability_terms
from models.dendrite_uncertainty import ModulusDistribution, propagate
from models.elastic import poisson_ratio
from models.electrodes import ELECTRODES, LITHIUM, electrode_columns
from models.rank_table import RankTable
from models.suitability import (
    DEFAULT_WEIGHTS,
    NOT_PREDICTED,
    ScoreWeights,
    dendrite_suppression_score,
    score_parts,
    suitability_panel,
)

SHEAR_GPA = np.array([2.0, 4.0, 7.0, 10.0, 60.0])
BULK_GPA = np.array([6.0, 8.0, 20.0, 25.0, 100.0])
VOLUME_RATIO = np.array([0.06, 0.10, 0.06, 0.06, 0.06])


def moduli(
    *, sd: float = 0.1, correlation: float = 0.8, v_sd: float = 0.01, rows: slice = slice(None)
) -> ModulusDistribution:
    shear, bulk, v = SHEAR_GPA[rows], BULK_GPA[rows], VOLUME_RATIO[rows].copy()
    covariance = sd**2 * np.array([[1.0, correlation], [correlation, 1.0]])
    return ModulusDistribution(
        log10_mean=np.log10(np.column_stack([shear, bulk])),
        log10_covariance=np.tile(covariance, (shear.size, 1, 1)),
        volume_ratio=v,
        volume_ratio_sd=np.full(v.size, v_sd),
    )


def test_without_uncertainty_the_panel_shows_the_worked_values() -> None:
    panel = suitability_panel(moduli(sd=0.0, v_sd=0.0))
    assert panel.terms.chi == pytest.approx([-0.62647, 1.8314, 5.0117, 7.9275, 49.214], rel=1e-4)
    assert panel.chi_lower == pytest.approx(panel.terms.chi)
    assert panel.chi_upper == pytest.approx(panel.terms.chi)
    assert panel.probability_chi_negative.tolist() == [1.0, 0.0, 0.0, 0.0, 0.0]
    assert panel.probability_density_driven.tolist() == [1.0, 0.0, 0.0, 0.0, 0.0]
    assert panel.probability_monroe_newman.tolist() == [0.0, 0.0, 1.0, 1.0, 1.0]
    nu = poisson_ratio(SHEAR_GPA, BULK_GPA)
    wave_number = critical_wave_number_per_m(SHEAR_GPA, nu, VOLUME_RATIO)
    known = dendrite_suppression_score(panel.terms.chi, wave_number)
    assert panel.score == pytest.approx(known)
    assert panel.score_lower == pytest.approx(known)
    assert panel.score_upper == pytest.approx(known)


def test_the_score_orders_the_worked_materials_from_soft_to_stiff() -> None:
    score = suitability_panel(moduli()).score
    assert (np.diff(score) < 0.0).all()
    assert ((score > 0.0) & (score < 1.0)).all()


def test_a_typical_lithium_compound_has_half_of_the_first_two_parts() -> None:
    # asinh of the reduced medians are 2.669 and 3.297.
    chi = np.sinh(2.669) * 3.4e9 * 1.3e-5 * 1e8 * 1e-12
    wave_number = np.sinh(3.297) * 3.4e9 / 0.556
    assert dendrite_suppression_score(chi, wave_number) == pytest.approx(0.5 * 0.7)


@given(
    st.sampled_from(sorted(ELECTRODES)),
    st.floats(-50.0, 500.0),
    st.floats(0.001, 50.0),
    st.floats(-1e10, 1e11),
)
def test_a_lower_chi_always_gives_a_higher_score(
    metal: str, chi: float, step: float, wave_number: float
) -> None:
    electrode = ELECTRODES[metal]
    better = dendrite_suppression_score(chi - step, wave_number, electrode)
    worse = dendrite_suppression_score(chi, wave_number, electrode)
    assert 0.0 <= worse < better <= 1.0


@settings(max_examples=25)
@given(st.floats(3.5, 50.0), st.floats(1.05, 3.0), st.floats(0.02, 0.3))
def test_under_uncertainty_a_softer_material_still_scores_higher(
    shear: float, factor: float, sd: float
) -> None:
    log10_mean = np.log10([[shear, 2.2 * shear], [shear * factor, 2.2 * shear * factor]])
    covariance = np.tile(sd**2 * np.array([[1.0, 0.7], [0.7, 1.0]]), (2, 1, 1))
    pair = ModulusDistribution(log10_mean, covariance, np.full(2, 0.06), np.full(2, 0.01))
    panel = suitability_panel(pair)
    assert panel.score[0] > panel.score[1]


def test_every_interval_holds_its_value_and_widens_with_coverage() -> None:
    narrow = suitability_panel(moduli(), coverage=0.5)
    wide = suitability_panel(moduli(), coverage=0.95)
    for panel in (narrow, wide):
        assert ((panel.chi_lower < panel.terms.chi) & (panel.terms.chi < panel.chi_upper)).all()
        assert (panel.score_lower <= panel.score).all()
        assert (panel.score <= panel.score_upper).all()
    assert (wide.chi_lower < narrow.chi_lower).all()
    assert (wide.chi_upper > narrow.chi_upper).all()
    assert (wide.score_lower < narrow.score_lower).all()


def test_the_interval_of_the_wavelength_runs_from_worst_to_best() -> None:
    panel = suitability_panel(moduli())
    stiff = 4
    assert panel.critical_wavelength_worst_nm[stiff] < panel.critical_wavelength_nm[stiff]
    assert panel.critical_wavelength_nm[stiff] < panel.critical_wavelength_best_nm[stiff]
    # The softest may be stable at every wavelength or not: its best end lies beyond infinity.
    assert panel.critical_wavelength_best_nm[0] < 0.0


def test_probabilities_and_quantiles_agree_with_plain_random_draws() -> None:
    block = moduli(sd=0.15, v_sd=0.02, rows=slice(1, 2))
    rng = np.random.default_rng(11)
    draws = rng.multivariate_normal(block.log10_mean[0], block.log10_covariance[0], 200_000)
    shear, bulk = 10.0**draws.T
    width = np.sqrt(np.log1p((0.02 / 0.10) ** 2))
    v = 0.10 * np.exp(width * rng.standard_normal(200_000))
    chi = stability_terms(shear, poisson_ratio(shear, bulk), v).chi
    panel = suitability_panel(block)
    assert panel.probability_chi_negative[0] == pytest.approx((chi < 0.0).mean(), abs=0.01)
    assert panel.probability_monroe_newman[0] == pytest.approx((shear > 6.8).mean(), abs=0.01)
    assert panel.chi_lower[0] == pytest.approx(np.quantile(chi, 0.05), abs=0.05)
    assert panel.chi_upper[0] == pytest.approx(np.quantile(chi, 0.95), abs=0.15)


def test_pressure_driven_stability_is_told_from_density_driven() -> None:
    block = ModulusDistribution(
        np.log10([[30.0, 60.0]]), np.zeros((1, 2, 2)), np.array([2.0]), np.zeros(1)
    )
    panel = suitability_panel(block)
    assert panel.probability_pressure_driven.tolist() == [1.0]
    assert panel.probability_density_driven.tolist() == [0.0]
    assert panel.terms.chi[0] < 0.0


def test_a_row_does_not_depend_on_its_neighbours_or_on_the_block() -> None:
    many = ModulusDistribution(
        np.tile(moduli().log10_mean, (120, 1)),
        np.tile(moduli().log10_covariance, (120, 1, 1)),
        np.tile(VOLUME_RATIO, 120),
        np.full(600, 0.01),
    )
    together = suitability_panel(many)
    alone = suitability_panel(moduli(rows=slice(3, 4)))
    for row in (3, 258, 598):
        assert together.score[row] == alone.score[0]
        assert together.chi_upper[row] == alone.chi_upper[0]


def test_the_same_seed_gives_the_same_numbers_and_another_nearly_so() -> None:
    first = suitability_panel(moduli())
    assert np.array_equal(first.score, suitability_panel(moduli()).score)
    other = suitability_panel(moduli(), seed=5)
    assert not np.array_equal(first.score, other.score)
    assert other.score == pytest.approx(first.score, abs=0.01)


def test_an_unknown_metal_or_volume_ratio_is_nan_and_harms_no_other_row() -> None:
    block = moduli()
    block.volume_ratio[1] = np.nan
    panel = suitability_panel(block, electrode=electrode_columns(["Li", "Li", "Na", "Ag", "Li"]))
    known = [True, False, True, False, True]
    for values in (panel.score, panel.score_lower, panel.chi_upper, panel.terms.chi):
        assert np.isfinite(values).tolist() == known
    assert np.isfinite(panel.probability_chi_negative).tolist() == known
    lithium = suitability_panel(moduli())
    assert panel.score[[0, 4]] == pytest.approx(lithium.score[[0, 4]])


def test_an_empty_block_gives_an_empty_panel() -> None:
    panel = suitability_panel(moduli(rows=slice(0, 0)))
    assert panel.score.shape == (0,)


def test_percentiles_need_a_table_and_a_lithium_electrode() -> None:
    ranks = RankTable.from_values("chi_kj_mol_nm", "five made-up rows", [1.0, 3.0, 6.0, 20.0, 60.0])
    metals = electrode_columns(["Li", "Li", "Li", "Li", "Na"])
    panel = suitability_panel(moduli(), electrode=metals, chi_ranks=ranks)
    assert panel.percentile_chi[0] == 100.0
    assert np.isnan(panel.percentile_chi[4])
    assert (np.diff(panel.percentile_chi[:4]) < 0.0).all()
    assert np.isnan(panel.percentile_wavelength).all()


def test_a_rank_is_the_share_of_reference_values_above() -> None:
    ranks = RankTable.from_values("x", "0..100", np.arange(101.0), points=101)
    assert ranks.percent_above([-5.0, 0.0, 25.0, 100.0, 1e9]) == pytest.approx(
        [100.0, 100.0, 75.0, 0.0, 0.0]
    )
    assert np.isnan(ranks.percent_above(np.nan))


def test_equal_reference_values_count_half() -> None:
    ranks = RankTable.from_values("x", "ties", [0.0, 1.0, 1.0, 1.0, 2.0], points=5)
    assert ranks.percent_above(1.0) == pytest.approx(50.0)


def test_a_rank_table_survives_json() -> None:
    ranks = RankTable.from_values("x", "a sample", [3.0, 1.0, np.nan, 2.0], points=11)
    again = RankTable.from_dict(json.loads(json.dumps(ranks.as_dict())))
    assert again.count == 3
    assert np.array_equal(again.values, ranks.values)


@pytest.mark.parametrize("values", [[], [np.nan]])
def test_a_rank_table_of_nothing_is_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="no finite value"):
        RankTable.from_values("x", "nothing", values)


@pytest.mark.parametrize("values", [[2.0, 1.0], [1.0, np.nan], [1.0]])
def test_a_damaged_rank_table_is_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="rank table of x"):
        RankTable.from_dict({"quantity": "x", "reference": "r", "count": 2, "values": values})


@pytest.mark.parametrize("weights", [(0.5, 0.5, 0.5), (1.2, -0.2, 0.0)])
def test_weights_that_are_no_weights_are_refused(weights: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="sum to 1"):
        ScoreWeights(*weights)


@pytest.mark.parametrize("coverage", [0.0, 1.0, -0.1, 90.0])
def test_a_coverage_outside_0_to_1_is_refused(coverage: float) -> None:
    with pytest.raises(ValueError, match="coverage"):
        suitability_panel(moduli(), coverage=coverage)


@pytest.mark.parametrize("draws", [0, 3, 500])
def test_draws_that_are_no_power_of_two_are_refused(draws: int) -> None:
    with pytest.raises(ValueError, match="power of two"):
        suitability_panel(moduli(), draws=draws)


def test_impossible_distributions_are_refused() -> None:
    good = moduli()
    with pytest.raises(ValueError, match="covariance"):
        moduli(correlation=1.5)
    with pytest.raises(ValueError, match="volume_ratio_sd"):
        moduli(v_sd=-0.1)
    with pytest.raises(ValueError, match="volume_ratio has shape"):
        ModulusDistribution(
            good.log10_mean, good.log10_covariance, VOLUME_RATIO[:2], good.volume_ratio_sd
        )
    with pytest.raises(ValueError, match="differ in number"):
        suitability_panel(good, electrode=electrode_columns(["Li"]))


def test_quantiles_of_the_score_run_against_those_of_chi() -> None:
    spread = propagate(moduli(), (0.1, 0.5, 0.9), score_parts)
    assert (np.diff(spread.chi_kj_mol_nm, axis=1) > 0.0).all()
    assert (np.diff(spread.critical_wave_number_per_m, axis=1) > 0.0).all()
    assert (np.diff(spread.score, axis=1) < 0.0).all()
    # The middle draw of log G, log K and log v is their median.
    nu = poisson_ratio(SHEAR_GPA, BULK_GPA)
    chi = stability_terms(SHEAR_GPA, nu, VOLUME_RATIO, LITHIUM).chi
    assert spread.chi_kj_mol_nm[:, 1] == pytest.approx(chi, rel=0.1, abs=0.1)


def test_what_is_not_predicted_is_named() -> None:
    assert "fracture toughness" in NOT_PREDICTED
    assert "electronic conductivity" in NOT_PREDICTED


def test_the_parts_make_up_the_score_and_none_passes_its_weight() -> None:
    panel = suitability_panel(moduli())
    assert sum(panel.score_parts.values()) == pytest.approx(panel.score)
    for name, part in panel.score_parts.items():
        assert ((part >= 0.0) & (part <= getattr(DEFAULT_WEIGHTS, name))).all()
    stable = DEFAULT_WEIGHTS.stable * panel.probability_chi_negative
    assert panel.score_parts["stable"] == pytest.approx(stable)


def test_the_volume_ratio_is_shown_with_its_log_normal_interval() -> None:
    panel = suitability_panel(moduli(v_sd=0.02), coverage=0.9)
    assert np.array_equal(panel.volume_ratio, VOLUME_RATIO)
    low, high = panel.volume_ratio_lower, panel.volume_ratio_upper
    assert low * high == pytest.approx(VOLUME_RATIO**2)
    width = np.sqrt(np.log1p((0.02 / VOLUME_RATIO) ** 2))
    assert np.log(high / low) == pytest.approx(2.0 * 1.644854 * width, rel=1e-6)


def test_ranks_say_what_they_are_of() -> None:
    ranks = RankTable.from_values("chi_kj_mol_nm", "made-up rows", [1.0, 3.0, 6.0])
    assert suitability_panel(moduli(), chi_ranks=ranks).rank_reference == "3 made-up rows"
    assert suitability_panel(moduli()).rank_reference is None

"""Two trainings on the rows that both held out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.samples import collected, measured
from training.comparison import bootstrap_means, compare_rows, comparison_table
from training.comparison_plots import write_comparison
from training.held_out_rows import HeldOutRows, load_rows, measurement_identity, save_rows
from training.measurement_schema import measurement_frame
from training.promotion import judge

PROTOCOL = "log10_conductivity_s_cm"


def held_out(rows: int, error: float, seed: int = 0) -> HeldOutRows:
    generator = np.random.default_rng(seed)
    label = generator.normal(-5.0, 2.0, rows)
    return HeldOutRows(
        identity=np.arange(rows, dtype=np.uint64),
        group=np.arange(rows) // 3,
        label=label,
        prediction=label + generator.normal(0.0, error, rows),
        is_bound=np.zeros(rows, bool),
        formula=np.full(rows, "Li3PS4"),
        source=np.full(rows, "obelix"),
    )


def shifted(rows: HeldOutRows, by: float) -> HeldOutRows:
    """Every error larger by the same amount."""
    sign = np.sign(rows.prediction - rows.label)
    return replace(rows, prediction=rows.prediction + by * sign)


def test_rows_read_back_as_they_were_written(tmp_path: Path) -> None:
    rows = held_out(40, 1.0)
    save_rows(tmp_path, {PROTOCOL: rows, f"{PROTOCOL}.crystal": rows.take(slice(0, 5))})
    back = load_rows(tmp_path)
    assert back is not None
    assert list(back) == [PROTOCOL, f"{PROTOCOL}.crystal"]
    np.testing.assert_array_equal(back[PROTOCOL].error, rows.error)
    assert len(back[f"{PROTOCOL}.crystal"]) == 5
    assert load_rows(tmp_path / "elsewhere") is None


def test_a_measurement_keeps_its_number_wherever_it_stands_in_the_table() -> None:
    one = measured(row="a"), measured(row="b", value=-5.0), measured(row="c", value=-5.0)
    frame = measurement_frame(collected(*one), {})
    numbers = measurement_identity(frame)
    assert len(set(numbers.tolist())) == 3
    later = measurement_frame(collected(measured("LiF", value=-9.0), *one[::-1]), {})
    assert set(numbers.tolist()) < set(measurement_identity(later).tolist())


def test_only_rows_of_both_count_and_a_bound_that_is_kept_is_no_error() -> None:
    one, other = held_out(60, 1.0), held_out(90, 1.0)
    bound = replace(one, is_bound=np.ones(60, bool), prediction=one.label - 1.0)
    (found,) = compare_rows({PROTOCOL: one}, {PROTOCOL: other})
    assert (found.rows, found.all_rows_before, found.all_rows_after) == (60, 60, 90)
    assert compare_rows({PROTOCOL: bound}, {PROTOCOL: one})[0].before == 0.0
    assert compare_rows({PROTOCOL: one.take(slice(0, 29))}, {PROTOCOL: one}) == []


def test_the_bootstrap_draws_whole_papers() -> None:
    values, paper = np.repeat([0.0, 1.0], 50), np.repeat([0, 1], 50)
    means = bootstrap_means(values, paper, "x")
    assert set(np.unique(means).tolist()) == {0.0, 0.5, 1.0}
    assert abs(means.mean() - 0.5) < 0.05


@pytest.mark.parametrize(("by", "promoted"), [(-0.05, True), (0.0, True), (0.05, False)])
def test_a_training_that_is_worse_beyond_noise_stays_a_challenger(
    by: float, promoted: bool
) -> None:
    champion = held_out(300, 1.0)
    trained = shifted(champion, by)
    verdict = judge({PROTOCOL: champion}, {PROTOCOL: trained}, [], "1")
    assert verdict.promoted is promoted
    assert promoted or PROTOCOL in verdict.in_words()


def test_noise_alone_rarely_makes_a_challenger() -> None:
    kept = 0
    for seed in range(40):
        generator = np.random.default_rng(seed)
        champion = held_out(300, 1.0, seed)
        noise = generator.normal(0.0, 1.0, 300)
        trained = replace(champion, prediction=champion.label + noise)
        kept += not judge({PROTOCOL: champion}, {PROTOCOL: trained}, [], "1").promoted
    assert kept <= 6  # 5 % of 40, and what chance adds


def test_a_failed_check_outweighs_small_errors_and_a_lost_protocol_is_no_pass() -> None:
    rows = {PROTOCOL: held_out(300, 1.0)}
    assert not judge(rows, rows, ["LiF gives other numbers"], "1").promoted
    assert judge(None, rows, [], None).promoted
    lost = judge(rows | {"activation_energy_ev": rows[PROTOCOL]}, rows, [], "1")
    assert not lost.promoted
    assert "activation_energy_ev: too few held-out rows" in lost.in_words()


def test_a_comparison_is_written_as_table_and_plots(tmp_path: Path) -> None:
    champion = held_out(100, 1.0)
    pair = {PROTOCOL: champion}, {PROTOCOL: shifted(champion, 0.2)}
    write_comparison(tmp_path / "out", *pair, ("1", "2"))
    written = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert written == ["comparison.md", "differences.png", f"errors_{PROTOCOL}.png"]
    text = (tmp_path / "out/comparison.md").read_text()
    assert text.strip() == comparison_table(compare_rows(*pair), ("1", "2"))
    assert "| worse |" in text

"""Expected values: tests/reference/discrimination.R (pROC, all triples) and hand calculation."""

import json
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from rairlib.errors import RairlibError
from rairlib.stats.roc import (
    area_difference,
    auc,
    auc_estimate,
    cutoff_optimism,
    delong_standard_error,
    dichotomise,
    hanley_mcneil_standard_error,
    operating_point,
    optimal_cutoffs,
    roc_coordinates,
)

R = json.loads((Path(__file__).parent / "reference" / "discrimination.json").read_text())
EVENT, SCORE = np.array(R["event"]), np.array(R["score"], dtype=float)


def test_area_is_that_of_proc():
    assert auc(EVENT, SCORE) == pytest.approx(R["auc"][0], rel=1e-13)


def test_delong_standard_error_and_limits_are_those_of_proc():
    assert delong_standard_error(EVENT, SCORE) == pytest.approx(R["delong"][0], rel=1e-12)
    found = auc_estimate(EVENT, SCORE, "delong").iloc[0]
    assert [found["low"], found["high"]] == pytest.approx(R["delong_limits"], rel=1e-12)


def test_areas_of_different_patients_are_compared_as_in_proc():
    found = area_difference((EVENT, SCORE), (R["other_event"], R["other_score"])).iloc[0]
    assert found[["t", "df", "p_value"]].tolist() == pytest.approx(R["unpaired"], rel=1e-10)
    assert found["difference"] == pytest.approx(found["first"] - found["second"])
    assert found["low"] < found["difference"] < found["high"]
    perfect = ([1, 1, 0, 0], [3, 4, 1, 2])
    with pytest.raises(RairlibError, match="standard error of zero"):
        area_difference(perfect, perfect)


def test_hanley_mcneil_standard_error_is_that_of_all_triples():
    assert hanley_mcneil_standard_error(EVENT, SCORE) == pytest.approx(
        R["hanley_mcneil"][0], rel=1e-12
    )


def test_operating_points_are_those_of_proc_at_midpoints():
    table = roc_coordinates(EVENT, SCORE)
    assert table["cutoff"].iloc[0] == SCORE.min() - 1
    assert table["cutoff"].iloc[-1] == SCORE.max() + 1
    assert table["cutoff"].iloc[1:-1].tolist() == R["thresholds"]
    for column in ("sensitivity", "specificity"):
        assert table[column].tolist() == pytest.approx(R[column], rel=1e-12)


def test_youden_optimum_is_that_of_proc():
    best = optimal_cutoffs(EVENT, SCORE)
    assert best["cutoff"].tolist() == [R["best"][0]["threshold"]]
    assert best["sensitivity"].iloc[0] == pytest.approx(R["best"][0]["sensitivity"])
    assert best["specificity"].iloc[0] == pytest.approx(R["best"][0]["specificity"])


def test_operating_point_at_a_cutoff_is_that_of_proc():
    point = operating_point(EVENT, SCORE, 54).iloc[0]
    assert [point["sensitivity"], point["specificity"]] == pytest.approx(R["at_54"])


def test_area_by_hand_counts_ties_half():
    # Pairs won by 3, 4, 5 over 1, 2, 3: 2½, 3 and 3 of 9.
    assert auc([1, 1, 1, 0, 0, 0], [3, 4, 5, 1, 2, 3]) == pytest.approx(8.5 / 9)


def test_standard_errors_by_hand():
    # Events 2 and 4, others 1 and 3: A = 3/4. Placements of the events are ½ and 1, of the others
    # 1 and ½, each with variance 1/8, so DeLong's variance is 1/16 + 1/16. For Hanley and McNeil
    # Q1 = Q2 = (1 + ¼)/2 = 5/8, so the variance is (3/16 + 2 (5/8 - 9/16)) / 4 = 5/64.
    event, score = [1, 1, 0, 0], [2, 4, 1, 3]
    assert delong_standard_error(event, score) == pytest.approx((1 / 8) ** 0.5)
    assert hanley_mcneil_standard_error(event, score) == pytest.approx((5 / 64) ** 0.5)


def test_score_equal_to_the_cutoff_is_positive_under_one_rule_only():
    event, score = [1, 1, 0, 0], [54, 60, 54, 40]
    at_least, above = (operating_point(event, score, 54, rule).iloc[0] for rule in ("≥", ">"))
    assert (at_least["rule"], at_least["sensitivity"], at_least["specificity"]) == ("≥54", 1, 0.5)
    assert (above["rule"], above["sensitivity"], above["specificity"]) == (">54", 0.5, 1)
    assert at_least[["true_positives", "false_positives"]].tolist() == [2, 1]


def test_all_tied_optimal_cutoffs_are_listed():
    best = optimal_cutoffs([1, 0, 1, 0], [1, 2, 3, 0])
    assert best["cutoff"].tolist() == [0.5, 2.5]
    assert best["youden"].tolist() == [0.5, 0.5]


def test_dichotomised_values_at_the_cutoff_belong_to_the_upper_level():
    levels = dichotomise(pd.Series([53, 54, 55], name="age"), 54)
    assert levels.tolist() == ["<54", "≥54", "≥54"]
    with pytest.raises(RairlibError, match="age: 1 values are missing"):
        dichotomise(pd.Series([53, None], name="age"), 54)


def test_p_value_uses_the_null_standard_error_of_the_rank_sum():
    # Without ties the null variance of U / (n₁ n₀) is (n₁ + n₀ + 1) / (12 n₁ n₀).
    rng = np.random.default_rng(3)
    event, score = np.repeat([1, 0], [20, 30]), rng.normal(size=50)
    expected = mannwhitneyu(score[:20], score[20:], use_continuity=False, method="asymptotic")
    assert auc_estimate(event, score)["p_value"].iloc[0] == pytest.approx(expected.pvalue)


def test_perfect_score_has_no_delong_test_and_no_spread():
    found = auc_estimate([1, 1, 0, 0], [3, 4, 1, 2], "delong").iloc[0]
    assert (found["estimate"], found["low"], found["high"]) == (1, 1, 1)
    assert np.isnan(found["p_value"])


def test_unknown_rule_and_method_are_refused():
    with pytest.raises(RairlibError, match="≥ or >"):
        operating_point([1, 0], [2, 1], 1, "=")
    with pytest.raises(RairlibError, match="hanley_mcneil or delong"):
        auc_estimate([1, 0], [2, 1], "bootstrap")
    with pytest.raises(RairlibError, match="two patients in each group"):
        delong_standard_error([1, 0], [2, 1])


patients = st.lists(st.tuples(st.booleans(), st.integers(0, 12)), min_size=4, max_size=40).filter(
    lambda rows: 2 <= sum(event for event, _ in rows) <= len(rows) - 2
)


@given(patients)
def test_area_and_errors_only_depend_on_ranks_and_mirror(rows):
    event, score = np.array(rows).T
    for measure in (auc, delong_standard_error, hanley_mcneil_standard_error):
        assert measure(event, np.exp(score / 3)) == pytest.approx(measure(event, score), abs=1e-12)
    assert auc(event, -score) == pytest.approx(1 - auc(event, score))
    for error in (delong_standard_error, hanley_mcneil_standard_error):
        assert error(event, -score) == pytest.approx(error(event, score), abs=1e-9)


@given(patients)
def test_area_is_the_trapezoid_under_the_coordinates_and_u_over_the_pairs(rows):
    event, score = np.array(rows).T
    table = roc_coordinates(event, score)
    area = np.trapezoid(table["sensitivity"][::-1], 1 - table["specificity"][::-1])
    assert auc(event, score) == pytest.approx(area)
    u = mannwhitneyu(score[event == 1], score[event == 0], method="asymptotic").statistic
    assert auc(event, score) == pytest.approx(u / (event.sum() * (1 - event).sum()))


def test_area_of_two_normal_groups_is_the_known_one():
    # P(X > Y) = Φ(δ/√2) for unit variances; here δ = 1.
    rng = np.random.default_rng(5)
    event = np.repeat([1, 0], 20_000)
    found = auc_estimate(event, rng.normal(size=40_000) + event).iloc[0]
    assert abs(found["estimate"] - 0.7602499) < 3 * found["standard_error"]
    assert found["standard_error"] == pytest.approx(0.00236, rel=0.02)


def youden(events, others, cutoff):
    return np.mean(np.array(events) >= cutoff) + np.mean(np.array(others) < cutoff) - 1


def lowest_best(events, others):
    values = sorted({*events, *others})
    middles = [(a + b) / 2 for a, b in pairwise(values)]
    candidates = [values[0] - 1, *middles, values[-1] + 1]
    return max(candidates, key=lambda cutoff: (round(youden(events, others, cutoff), 9), -cutoff))


def test_optimism_is_the_mean_over_all_resamples():
    # Groups so small that every one of the 27 × 27 equally likely resamples can be gone through.
    events, others = (4, 7, 5), (3, 6, 1)
    losses = []
    for drawn in product(product(events, repeat=3), product(others, repeat=3)):
        cutoff = lowest_best(*drawn)
        losses.append(youden(*drawn, cutoff) - youden(events, others, cutoff))
    found = cutoff_optimism(
        [1, 1, 1, 0, 0, 0], [*events, *others], 20_000, rng=np.random.default_rng(1)
    ).set_index("statistic")
    error = np.std(losses) / np.sqrt(20_000)
    assert abs(found.loc["youden", "optimism"] - np.mean(losses)) < 4 * error
    parts = found.loc[["sensitivity", "specificity"], "optimism"].sum()
    assert found.loc["youden", "optimism"] == pytest.approx(parts)
    assert found["corrected"].tolist() == pytest.approx(
        (found["apparent"] - found["optimism"]).tolist()
    )


def test_optimism_of_a_worthless_score_is_most_of_what_it_appears_to_gain():
    rng = np.random.default_rng(8)
    event = np.repeat([1, 0], [32, 58])
    gains = [
        cutoff_optimism(event, rng.normal(size=90), 50, rng=rng)
        .set_index("statistic")
        .loc["youden"]
        for _ in range(40)
    ]
    apparent, corrected = (
        np.mean([gain[name] for gain in gains]) for name in ("apparent", "corrected")
    )
    assert apparent > 0.1
    assert 0 < corrected < apparent / 2


def test_optimism_is_reproducible_from_its_generator():
    first, second = (
        cutoff_optimism(EVENT, SCORE, 30, rng=np.random.default_rng(4)) for _ in range(2)
    )
    pd.testing.assert_frame_equal(first, second)


def test_float_noise_does_not_break_ties():
    # Three tenths of a score, multiplied in one step and in two: equal but for the last digits.
    noisy = np.where(np.arange(90) % 2, SCORE * 0.3, SCORE * 0.1 + SCORE * 0.2)
    assert len(np.unique(noisy)) > len(np.unique(SCORE))
    assert auc(EVENT, noisy) == pytest.approx(R["auc"][0], rel=1e-13)
    assert delong_standard_error(EVENT, noisy) == pytest.approx(R["delong"][0], rel=1e-12)
    assert hanley_mcneil_standard_error(EVENT, noisy) == pytest.approx(R["hanley_mcneil"][0], 1e-12)
    columns = ["true_positives", "true_negatives"]
    for function in (roc_coordinates, optimal_cutoffs):
        assert function(EVENT, noisy)[columns].equals(function(EVENT, SCORE)[columns])
    whole = operating_point(EVENT, SCORE, 54).drop(columns="rule")
    for cutoff in (54 * 0.3, 54 * 0.1 + 54 * 0.2):
        assert operating_point(EVENT, noisy, cutoff).drop(columns="rule").equals(whole)
        assert (dichotomise(noisy, cutoff).str[0] == "≥").equals(pd.Series(SCORE >= 54))


def test_neighbouring_floats_are_told_apart_where_nothing_else_differs():
    score = [1 + 2**-52, 1.0, 1 + 2**-51]
    found = optimal_cutoffs([1, 0, 1], score)
    assert found["youden"].tolist() == [1]
    assert dichotomise(score, found["cutoff"][0]).str[0].tolist() == ["≥", "<", "≥"]
    assert auc([1, 0, 1], score) == 1


def test_no_score_reaches_the_last_cutoff():
    assert roc_coordinates([1, 0, 1], [1e17, 2e17, 3e17])["true_positives"].iloc[-1] == 0

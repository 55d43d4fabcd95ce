"""Limits of the log-rank statistic beside a Cox fit: by hand, by enumeration and beside R."""

import json
import math
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from follow_ups import cox_of_two, every_sequence

from rairlib.errors import RairlibError
from rairlib.stats.survival import (
    CoxFit,
    fall_that_ties_need,
    logrank_from_risk_sets,
    logrank_limits,
    wald_statistic,
)

REFERENCE = json.loads(
    (Path(__file__).parent / "reference" / "progression.json").read_text(encoding="utf-8")
)


def exact_fit(log_ratio, standard_error):
    return CoxFit(log_ratio=(log_ratio, log_ratio), standard_error=(standard_error,) * 2)


def test_logrank_of_three_patients_by_hand():
    # Events 1 (one of 1 + 2 at risk) and 0 (none of 0 + 2): O - E = 1 - 1/3, V = 1/3 · 2/3.
    assert logrank_from_risk_sets([1, 0], [[2, 1], [2, 0]]) == pytest.approx((2 / 3) ** 2 / (2 / 9))


def test_cox_fit_of_three_events_by_hand():
    # Shares at risk are 1/2 each time and two of three events are in group 1: q = 2/3, h = 2.
    b, error = cox_of_two([1, 1, 0], [[5, 5], [4, 4], [3, 3]])
    assert math.exp(b) == pytest.approx(2)
    assert error == pytest.approx(1 / math.sqrt(3 * 2 / 9))


def test_upper_limit_is_attained_when_the_share_at_risk_stays_the_same():
    fails, at_risk = [1, 1, 0], [[5, 5], [4, 4], [3, 3]]
    statistic = logrank_from_risk_sets(fails, at_risk)
    high = logrank_limits(exact_fit(*cox_of_two(fails, at_risk)))[1]
    # By hand: U = 2 - 3/2, V = 3/4.
    assert statistic == pytest.approx(1 / 3)
    assert high == pytest.approx(1 / 3)


def test_no_follow_up_of_seven_patients_leaves_the_limits():
    largest, checked = 0.0, 0
    for fails, at_risk in every_sequence(7):
        if len(fails) < 2:
            continue
        b, error = cox_of_two(fails, at_risk)
        if not math.isfinite(b) or abs(b) < 1e-9:
            continue
        statistic = logrank_from_risk_sets(fails, at_risk)
        low, high = logrank_limits(exact_fit(b, error))
        assert low - 1e-9 <= statistic <= high + 1e-9
        largest, checked = max(largest, statistic / high), checked + 1
    assert checked > 1000
    assert largest > 0.99


def test_wald_statistic_lies_between_the_limits():
    for b, error in product((0.1, 1.0, 2.5), (0.2, 0.7)):
        low, high = logrank_limits(exact_fit(b, error))
        assert low <= wald_statistic(exact_fit(b, error))[0] <= high


def test_limits_of_a_rounded_ratio_contain_those_of_any_value_in_it():
    wide = logrank_limits(CoxFit(log_ratio=(-0.1, 0.3), standard_error=(0.4, 0.5)))
    narrow = logrank_limits(exact_fit(0.2, 0.45))
    assert wide[0] == 0
    assert wide[0] <= narrow[0] <= narrow[1] <= wide[1]


def test_tied_events_can_pass_the_limit_only_by_the_fall_of_the_curve():
    # Three patients fail together at each of two times: R's fit, test and curve.
    reference = REFERENCE["tied"]
    fit = exact_fit(reference["coefficient"], reference["standard_error"])
    high = logrank_limits(fit)[1]
    smallest_step = min(reference["curve_steps"])
    assert reference["logrank"] <= high / min(reference["variance_factors"])
    assert fall_that_ties_need(reference["logrank"], fit) >= smallest_step


@pytest.mark.parametrize("name", ["made_up", "avidity", "three"])
def test_risk_sets_agree_with_r(name):
    reference = REFERENCE[name]
    fails, at_risk = np.array(reference["fails"]), np.array(reference["at_risk"])
    statistic = logrank_from_risk_sets(fails, at_risk)
    assert statistic == pytest.approx(reference["logrank"], rel=1e-9)
    if "coefficient" in reference:
        b, error = cox_of_two(fails, at_risk)
        assert b == pytest.approx(reference["coefficient"], rel=1e-8)
        assert error == pytest.approx(reference["standard_error"], rel=1e-8)


def test_failing_in_an_empty_group_is_refused():
    with pytest.raises(RairlibError, match="nobody at risk"):
        logrank_from_risk_sets([1], [[3, 0]])


def test_standard_error_must_be_positive():
    with pytest.raises(RairlibError, match="standard error"):
        CoxFit(log_ratio=(0, 1), standard_error=(0.0, 0.2))

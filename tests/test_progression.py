"""Events per level, groups left out and counts behind rates: by hand and by enumeration."""

import math
from itertools import product

import numpy as np
import pytest
from follow_ups import cox_of_two, every_sequence

from rairlib.errors import RairlibError
from rairlib.reconstruct.events import (
    class_unions,
    compositions_left_out,
    events_behind_rate,
    possible_splits,
    rate_without_censoring,
    split_is_impossible,
)
from rairlib.stats.survival import CoxFit


def near(log_ratio, standard_error, slack=1e-6):
    return CoxFit(
        log_ratio=(log_ratio - slack, log_ratio + slack),
        standard_error=(standard_error - slack, standard_error + slack),
    )


def test_no_follow_up_that_occurs_is_called_impossible():
    seen = set()
    for fails, at_risk in every_sequence(6):
        d1 = int(fails.sum())
        b, error = cox_of_two(fails, at_risk) if 0 < d1 < len(fails) else (math.inf, 0)
        if not math.isfinite(b):
            continue
        n1, n0 = int(at_risk[0][1]), int(at_risk[0][0])
        case = (d1, len(fails) - d1), (n1, n0), round(b, 9), round(error, 9)
        if case not in seen:
            seen.add(case)
            assert not split_is_impossible(case[0], case[1], near(b, error))
    assert len(seen) > 50


def test_large_ratio_is_impossible_where_the_share_at_risk_must_stay_large():
    # An information of 8/9 needs q = 1/9 at all nine events; with one patient of group 1 among at
    # most eleven at risk, q is at least 50/60.
    fit = near(math.log(50), math.sqrt(1 + 1 / 8))
    assert split_is_impossible((1, 8), (10, 10), fit)
    assert not split_is_impossible((8, 1), (10, 10), near(0.0, math.sqrt(1 + 1 / 8), 0.2))


def test_more_events_than_patients_are_refused():
    with pytest.raises(RairlibError, match="no split"):
        split_is_impossible((5, 1), (4, 9), near(0.0, 1.5))


def test_splits_follow_the_interval_and_the_largest_counts():
    fit = CoxFit(log_ratio=(0.0, 0.2), standard_error=(0.355, 0.355))
    # By hand: 1/11 + 1/29 = 0.1254 and 0.355² = 0.1260; 1/10 + 1/30 = 0.1333.
    assert possible_splits(40, (80, 80), fit)[0] == 11
    assert possible_splits(40, (80, 80), fit, most=(15, 80)) == [11, 12, 13, 14, 15]


def test_two_of_four_unions_can_lose_two_patients_and_keep_five():
    # a 5, b 2, c 3: {a} loses none, {a, b} two, {b, c} none; {a, c} would lose three.
    assert class_unions({"a": 5, "b": 2, "c": 3}, 2, 5) == [
        (("a",), 0),
        (("a", "b"), 2),
        (("b", "c"), 0),
    ]


def test_compositions_are_counted_by_hand():
    ways = compositions_left_out({"a": 5, "b": 2, "c": 3}, 3, ("a", "b"), 2)
    assert ways == [{"a": 2, "b": 0, "c": 1}, {"a": 1, "b": 1, "c": 1}, {"a": 0, "b": 2, "c": 1}]


@pytest.mark.parametrize("survival", [(0.49, 0.51), (0.6, 0.68), (0.0, 0.001), (0.999, 1.0)])
def test_events_behind_a_rate_are_those_of_all_follow_ups(survival):
    patients, found = 6, set()
    for course in product([0, 1], repeat=patients):
        left = np.arange(patients, 0, -1)
        curve = np.cumprod(1 - np.array(course) / left)
        # The rate can be read after any patient has left.
        for place, height in enumerate([1.0, *curve]):
            if survival[0] - 1e-12 <= height <= survival[1] + 1e-12:
                found.add(sum(course[:place]))
    assert events_behind_rate(patients, survival) == sorted(found)


def test_half_of_seven_needs_censoring_and_half_of_eight_does_not():
    assert rate_without_censoring(7, (0.495, 0.505)) == []
    assert rate_without_censoring(8, (0.495, 0.505)) == [4]

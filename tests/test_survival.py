"""Expected values: tests/reference/survival.R (survfit, survdiff) and hand calculation."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rairlib.errors import RairlibError
from rairlib.stats.survival import (
    expected_events,
    kaplan_meier,
    log_rank,
    median_follow_up,
    median_survival,
    survival_at,
)

R = json.loads((Path(__file__).parent / "reference" / "survival.json").read_text())
# Six patients: events at 1, 2 and 5 months, one censored at 2, the others at 4 and 6.
SIX_TIMES, SIX_EVENTS, SIX_GROUPS = [1, 2, 2, 4, 5, 6], [1, 0, 1, 0, 1, 0], list("aababb")


@pytest.fixture(scope="module")
def data():
    return pd.DataFrame(R["data"])


def numbers(values):
    return [math.nan if value == "NA" else value for value in values]


def test_kaplan_meier_of_six_patients_by_hand():
    curve = kaplan_meier(SIX_TIMES, SIX_EVENTS)
    assert curve["time"].tolist() == [0, 1, 2, 4, 5, 6]
    assert curve["at_risk"].tolist() == [6, 6, 5, 3, 2, 1]
    assert curve["events"].tolist() == [0, 1, 1, 0, 1, 0]
    assert curve["censored"].tolist() == [0, 0, 1, 1, 0, 1]
    # Censored patients are at risk at the time of a tied event: 5/6 × 4/5, then × 1/2.
    assert curve["survival"].tolist() == pytest.approx([1, 5 / 6, 2 / 3, 2 / 3, 1 / 3, 1 / 3])
    last = 1 / 3 * math.sqrt(1 / (6 * 5) + 1 / (5 * 4) + 1 / (2 * 1))
    assert curve["se"].iloc[-1] == pytest.approx(last)


@pytest.mark.parametrize(("interval", "name"), [("plain", "plain"), ("log-log", "loglog")])
def test_kaplan_meier_and_its_limits_are_those_of_survfit(data, interval, name):
    curve = kaplan_meier(data["time"], data["event"], interval).iloc[1:]
    for column in ("time", "at_risk", "events", "censored", "survival", "se", "low", "high"):
        assert curve[column].tolist() == pytest.approx(numbers(R[name][column]), rel=1e-10)


def test_log_log_limits_do_not_exist_before_the_first_event():
    curve = kaplan_meier([3, 4, 5], [0, 1, 0], "log-log")
    assert curve["low"].isna().tolist() == [True, True, False, False]


def test_nothing_is_known_about_the_precision_once_all_have_failed():
    last = kaplan_meier([1, 2], [1, 1]).iloc[-1]
    assert last["survival"] == 0
    assert last[["se", "low", "high"]].isna().all()


def test_survival_at_is_that_of_summary_survfit(data):
    found = survival_at(data["time"], data["event"], R["at"]["months"])
    for column in ("percent", "se", "low", "high", "at_risk"):
        assert found[column].tolist() == pytest.approx(R["at"][column], rel=1e-10)
    assert set(found["reason"]) == {""}


def test_survival_beyond_a_censored_last_patient_is_unknown_and_says_why():
    found = survival_at(SIX_TIMES, SIX_EVENTS, [6, 7])
    assert found["percent"].tolist() == pytest.approx([100 / 3, math.nan], nan_ok=True)
    assert found["reason"].tolist() == ["", "the last patient was observed until 6 months"]
    assert found["at_risk"].tolist() == [1, 0]


def test_survival_after_all_have_failed_is_zero():
    found = survival_at([10, 20], [1, 1], [20, 60])
    assert found["percent"].tolist() == [0, 0]
    assert set(found["reason"]) == {""}


def test_survival_of_a_group_without_events_is_exactly_one_hundred_percent():
    assert survival_at([61, 70, 80], [0, 0, 0], 60)["percent"].tolist() == [100]


def test_numbers_at_risk_count_those_who_fail_or_leave_at_that_time():
    assert survival_at(SIX_TIMES, SIX_EVENTS, [0, 2, 3, 5])["at_risk"].tolist() == [6, 5, 3, 2]


def test_medians_are_those_of_survfit(data):
    assert median_survival(data["time"], data["event"])["median"] == R["median"]
    found = median_follow_up(data["time"], data["event"]).set_index("method")["median"]
    assert found["reverse_kaplan_meier"] == R["reverse_median"]
    assert found["observed"] == np.median(data["time"])


def test_median_that_is_not_reached_is_nan():
    assert math.isnan(median_survival([1, 2, 3], [1, 0, 0])["median"])


@pytest.mark.parametrize(("name", "column"), [("two", "gender"), ("three", "avidity")])
def test_log_rank_is_that_of_survdiff(data, name, column):
    found = log_rank(data["time"], data["event"], data[column])
    assert (found.method, found.df) == ("logrank", R[name]["df"])
    assert found.statistic == pytest.approx(R[name]["chisq"], rel=1e-10)
    assert found.p_value == pytest.approx(R[name]["p"], rel=1e-9)
    shown = expected_events(data["time"], data["event"], data[column]).set_index("group")
    shown = shown.loc[R[name]["group"]]
    for statistic in ("n", "observed", "expected"):
        assert shown[statistic].tolist() == pytest.approx(R[name][statistic], rel=1e-10)


def test_log_rank_of_six_patients_by_hand():
    # At 1, 2 and 5 months group a has 3 of 6, 2 of 5 and 0 of 2 at risk, and fails once, at 1.
    expected = 3 / 6 + 2 / 5
    variance = 3 * 3 / 36 + 2 * 3 / 25
    found = log_rank(SIX_TIMES, SIX_EVENTS, SIX_GROUPS)
    assert found.statistic == pytest.approx((1 - expected) ** 2 / variance)


def test_log_rank_does_not_depend_on_names_or_order_of_groups(data):
    renamed = data["avidity"].map({"avid": "z", "partial": "y", "none": "x"})
    shuffled = data.sample(frac=1, random_state=3)
    first = log_rank(data["time"], data["event"], renamed)
    second = log_rank(shuffled["time"], shuffled["event"], shuffled["avidity"])
    assert first.statistic == pytest.approx(second.statistic, rel=1e-10)


def test_log_rank_depends_on_the_order_of_times_alone(data):
    plain = log_rank(data["time"], data["event"], data["gender"])
    bent = log_rank(data["time"] ** 2, data["event"], data["gender"])
    assert bent.statistic == pytest.approx(plain.statistic, rel=1e-10)


def test_group_without_events_counts_but_one_that_is_never_at_risk_does_not():
    found = log_rank([5, 6, 7, 8], [1, 1, 0, 0], list("aabb"))
    assert found.df == 1
    assert found.statistic > 0
    never = log_rank([5, 6, 7, 8, 1], [1, 1, 0, 0, 0], list("aabbc"))
    assert (never.df, never.statistic) == (1, pytest.approx(found.statistic))


@pytest.mark.parametrize(
    ("event", "group", "reason"),
    [
        ([0, 0], ["a", "b"], "no patient has the event"),
        ([1, 1], ["a", "a"], "fewer than two groups are at risk"),
    ],
)
def test_log_rank_that_cannot_be_done_says_why(event, group, reason):
    found = log_rank([1, 2], event, group)
    assert math.isnan(found.p_value)
    assert found.reason == reason


@pytest.mark.parametrize(
    ("time", "event", "message"),
    [
        ([1, -2], [1, 0], r"patient 2: the time is negative \(-2\)"),
        (pd.Series([math.nan], ["SIM-007"]), [0], "patient SIM-007: the time is missing"),
        ([1, 2], ["yes", "perhaps"], "patient 2: the event must be"),
        ([1, 2], [1], "got 2 times, 1 events"),
    ],
)
def test_unusable_times_and_events_are_refused_with_the_patient_named(time, event, message):
    with pytest.raises(RairlibError, match=message):
        kaplan_meier(time, event)


def test_other_faults_are_refused():
    with pytest.raises(RairlibError, match="the interval is plain or log or log-log, not 'exact'"):
        kaplan_meier([1], [1], "exact")
    with pytest.raises(RairlibError, match="patient 2: the group is missing"):
        log_rank([1, 2], [1, 1], ["a", None])
    with pytest.raises(RairlibError, match="one group per patient: got 2 times, 1 groups"):
        log_rank([1, 2], [1, 1], ["a"])


def test_events_may_be_words_truths_or_numbers():
    words = kaplan_meier([1, 2, 3], ["yes", "no", "yes"])
    pd.testing.assert_frame_equal(words, kaplan_meier([1, 2, 3], [True, False, True]))
    pd.testing.assert_frame_equal(words, kaplan_meier([1, 2, 3], [1, 0, 1]))


def test_estimating_leaves_numpys_warnings_as_they_were():
    before = np.geterr()
    kaplan_meier(SIX_TIMES, SIX_EVENTS)
    log_rank(SIX_TIMES, SIX_EVENTS, SIX_GROUPS)
    assert np.geterr() == before

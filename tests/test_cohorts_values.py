"""Measured values around dichotomised ones: known truths, impossible cases, one random skeleton."""

import numpy as np
import pandas as pd
import pytest

from rairlib.cohorts.quantiles import QuantileTarget, draw_with_quantiles
from rairlib.cohorts.whole_numbers import AnchorError
from rairlib.registry.printed import parse_printed
from rairlib.registry.registry import load_registry
from rairlib.stats.survival import survival_at
from rairlib.studies.wang2025.analysis import check_cohort
from rairlib.studies.wang2025.cohort import (
    complete,
    draw_follow_up,
    draw_times,
    level_limits,
    read_summaries,
)


@pytest.fixture
def rng():
    return np.random.default_rng(20251122)


def targets(members, **printed):
    return [
        QuantileTarget(
            group="a", members=np.array(members), statistic=name, printed=parse_printed(text)
        )
        for name, text in printed.items()
    ]


def test_the_only_possible_values(rng):
    # Three whole numbers from 1 to 9 with minimum 1, median 5 and maximum 9.
    goals = targets([True] * 3, minimum="1", median="5", maximum="9")
    assert sorted(draw_with_quantiles([1] * 3, [9] * 3, goals, 1, rng)) == [1, 5, 9]


def test_quartiles_of_seven_values_are_the_second_fourth_and_sixth(rng):
    # SPSS's HAVERAGE: (7 + 1) / 4 = 2, so q1 is the second smallest value, without interpolation.
    goals = targets([True] * 7, q1="2.0", median="3.5", q3="8.1")
    values = np.sort(draw_with_quantiles([0.1] * 7, [20] * 7, goals, 0.1, rng, logarithmic=True))
    assert (values[1], values[3], values[5]) == (2.0, 3.5, 8.1)
    assert values.min() >= 0.1
    assert values.max() <= 20


def test_crossing_groups_and_own_limits(rng):
    n = 40
    first, even = np.arange(n) < 25, np.arange(n) % 2 == 0
    low, high = np.where(even, 0, 10), np.where(even, 30, 50)
    goals = targets(first, median="13", minimum="0") + targets(even, q1="6", median="11")
    values = draw_with_quantiles(low, high, goals, 1, rng)
    assert ((values >= low) & (values <= high)).all()
    assert np.median(values[first]) == 13
    assert values[first].min() == 0
    # 20 even places: q1 at rank 5.25, the median between ranks 10 and 11.
    ordered = np.sort(values[even])
    assert 5.5 < ordered[4] + 0.25 * (ordered[5] - ordered[4]) < 6.5
    assert 10.5 < (ordered[9] + ordered[10]) / 2 < 11.5


def test_preferred_values_stay_if_they_can(rng):
    goals = targets([True] * 3, median="5")
    values = draw_with_quantiles([0] * 3, [9] * 3, goals, 1, rng, preferred=[2, 5, 8])
    assert values.tolist() == [2, 5, 8]


def test_same_seed_same_values():
    goals = targets([True] * 9, median="5")
    draws = [
        draw_with_quantiles([0] * 9, [99] * 9, goals, 1, np.random.default_rng(3)) for _ in "ab"
    ]
    assert (draws[0] == draws[1]).all()


@pytest.mark.parametrize(
    ("low", "high", "members", "median", "told"),
    [
        ([0] * 5, [9] * 5, [True] * 5, "12", "no values within their limits have median 12 of a"),
        ([0, 2.2], [9, 2.8], [True] * 2, "3", "value 2: its limits hold no multiple of 1"),
        ([0], [9], [False], "3", "a: no patients"),
    ],
)
def test_what_no_values_have_is_refused(low, high, members, median, told, rng):
    with pytest.raises(AnchorError, match=told):
        draw_with_quantiles(low, high, targets(members, median=median), 1, rng)


def test_levels_are_limits():
    low, high = level_limits(pd.Series(["<55", "≥55", "≤4", ">4"]), (0, 90), 0.5)
    assert low.tolist() == [0, 55, 0, 4.5]
    assert high.tolist() == [54.5, 90, 4, 90]


def test_times_have_the_printed_numbers(rng):
    times = draw_times([3, 5], [12, 36], 8, 6.3, 100.0, rng)
    assert (np.diff(times) > 0).all()
    assert (times[0], times[-1]) == (6.3, 100.0)
    assert (times <= 12).sum() == 3
    assert (times <= 36).sum() == 5


def test_more_times_than_an_interval_has_tenths_are_refused(rng):
    # From 11.8 to 12.0 months there are three tenths of a month.
    with pytest.raises(AnchorError, match="4 distinct times do not fit"):
        draw_times([4], [12], 6, 11.8, 20.0, rng)


def test_follow_up_is_not_shorter_than_the_time_observed(rng):
    pfs = np.array([6.3, 10, 20, 30, 40, 50, 60, np.nan, np.nan])
    event = np.arange(9) == 2
    goals = targets([True] * 9, minimum="6.3", median="45.0", maximum="90.0")
    values = draw_follow_up(pfs, event, goals, (6.3, 90.0), rng)
    assert (values[:7] >= pfs[:7]).all()
    assert (values.min(), np.median(values), values.max()) == (6.3, 45.0, 90.0)


def skeleton_of(rng, cohort_size=177):
    """Return a skeleton with the paper's margins, dealt out at random."""

    def deal(levels, counts):
        return rng.permutation(np.repeat(levels, counts))

    types = np.repeat(
        ["RAIA", "no avidity", "partial avidity or avidity lost", "progression despite avidity"],
        [97, 34, 39, 7],
    )
    evaluable = np.where(np.arange(cohort_size) < 8, "no", "yes")
    event = np.zeros(cohort_size, dtype=int)
    event[-7:] = 1
    event[rng.choice(np.arange(97, 170), 33, replace=False)] = 1
    high = np.zeros(cohort_size, dtype=bool)
    progressed = event == 1
    high[rng.choice(np.flatnonzero(progressed), 23, replace=False)] = True
    others = np.flatnonzero(~progressed & (evaluable == "yes"))
    high[rng.choice(others, 17, replace=False)] = True
    position = np.full(cohort_size, "", dtype=object)
    position[8:] = rng.permutation(np.arange(1, 170))
    avid = types == "progression despite avidity"
    avid |= (types == "RAIA") & (evaluable == "yes")
    status = np.where(avid, "RAI-avid", "partial or no RAI-avid")
    return pd.DataFrame(
        {
            "position": position,
            "class": types,
            "event": event,
            "rai_avid_status": np.where(evaluable == "yes", status, ""),
            "gender": deal(["Male", "Female"], [68, 109]),
            "age_55": deal(["<55", "≥55"], [115, 62]),
            "histology": deal(["PTC", "FTC"], [162, 15]),
            "multicentricity": deal(["Yes", "No"], [98, 79]),
            "tumor_size_4": deal(["≤4", ">4"], [153, 24]),
            "lnm_ratio_50": deal(["<50", "≥50"], [112, 65]),
            "ete": deal(["Negative", "Positive"], [79, 98]),
            "t_stage": deal(["T1/T2/T3", "T4"], [106, 71]),
            "n_stage": deal(["N0-N1a", "N1b"], [33, 144]),
            "ps_tg_528": np.where(high, "≥528.5", "<528.5"),
            "lm_size_1": np.where(
                np.isin(np.arange(cohort_size), rng.choice(np.arange(8, 177), 53, replace=False)),
                "≥1",
                "<1",
            ),
            "evaluable": evaluable,
        }
    )


# As printed in Tables 3 and 4 and Sections 3.4 and 3.5 of Wang et al. 2025: q1, median, q3.
PRINTED = {
    ("age", "all"): "36 47 59",
    ("tumor_size", "all"): "1.4 2.0 3.0",
    ("lnm_ratio", "all"): "20.8 38.1 57.8",
    ("ps_tg", "all"): "36.9 109.8 500.0",
    ("ps_tg", "RAIA"): "28.4 75.7 249.3",
    ("ps_tg", "RAIR"): "54.0 173.2 1000.0",
    ("ps_tg", "NPD"): "33.6 87.0 268.8",
    ("ps_tg", "PD"): "123.8 696.5 1846.0",
    ("follow_up", "all"): "42.0 74.4 106.6",
}


@pytest.fixture(scope="module")
def completed():
    rng = np.random.default_rng(8)
    skeleton = skeleton_of(rng)
    summaries = read_summaries(load_registry("wang2025"))
    return skeleton, complete(skeleton, [20, 82, 114], summaries, rng)


def test_a_random_skeleton_gets_the_printed_quartiles(completed):
    _, cohort = completed
    check_cohort(cohort)
    for (variable, group), quartiles in PRINTED.items():
        who = (cohort["rair"] == group) | (cohort["progression"] == group) | (group == "all")
        found = np.quantile(cohort.loc[who, variable], [0.25, 0.5, 0.75], method="weibull")
        for value, text in zip(found, quartiles.split(), strict=True):
            assert parse_printed(text).agrees(value), (variable, group)


def test_a_random_skeleton_keeps_its_levels_and_order(completed):
    skeleton, cohort = completed
    assert (cohort["age"] >= 55).sum() == 62
    assert (cohort["tumor_size"] > 4).sum() == 24
    assert (cohort["lnm_ratio"] >= 50).sum() == 65
    assert (cohort["lm_size"] >= 1).sum() == 53
    assert (cohort["lnm"] == "yes").sum() == 161
    assert cohort["rair_type"].value_counts()["avidity lost"] == 17
    assert cohort["response"].value_counts().to_dict() == {
        "non-CR/non-PD": 119,
        "PD": 40,
        "CR": 10,
        "": 8,
    }
    timed = cohort[cohort["evaluable"] == "yes"].assign(
        months=lambda data: pd.to_numeric(data["pfs"])
    )
    ordered = timed.sort_values("months")
    evaluable = skeleton[skeleton["evaluable"] == "yes"]
    expected = evaluable.sort_values("position", key=pd.to_numeric)["event"]
    assert ((ordered["progression"] == "PD").to_numpy() == (expected == 1).to_numpy()).all()
    assert (timed["follow_up"] >= timed["months"]).all()
    at_risk = survival_at(timed["months"], timed["progression"] == "PD", [60.05])["at_risk"]
    assert at_risk.iloc[0] == 169 - 114


def test_activities_go_with_courses(completed):
    _, cohort = completed
    per_course = cohort["rai_activity"] / cohort["rai_courses"]
    assert per_course.between(150, 200).all()
    assert (cohort["rai_courses"].median(), cohort["rai_activity"].median()) == (2, 350)


def test_a_minimum_printed_as_a_whole_number_is_that_number(rng):
    # In tenths, 0.4 would print as 0 too, but nobody but the first can be below 5.
    goals = targets([True] * 5, minimum="0", median="7.0")
    assert draw_with_quantiles([0, 5, 5, 5, 5], [0, 9, 9, 9, 9], goals, 0.1, rng).min() == 0

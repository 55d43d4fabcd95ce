import itertools
import math
import statistics

import numpy as np
import pytest
from small_registry import number, registry, statuses, two_groups

from rairlib.checks.means import (
    check_interquartile_range,
    check_order,
    check_range_of_parts,
    check_sd_in_range,
    sd_limits,
)


def summaries(group: str = "all", **printed: str):
    return tuple(
        number(f"{name}-{group}", name, text, variable="age", group=group)
        for name, text in printed.items()
    )


def study(**printed: str):
    return registry(*two_groups(), *summaries(**printed))


def test_sd_limits_by_hand():
    # 0, 0, 10, 10: SD² = 4 · 25/3; 0, 5, 5, 10: SD² = 50/3.
    low, high = sd_limits((0, 0), (10, 10), 4)
    assert high == pytest.approx(math.sqrt(100 / 3))
    assert low == pytest.approx(math.sqrt(50 / 3))


def test_sd_limits_hold_for_every_small_sample():
    for values in itertools.combinations_with_replacement(range(6), 4):
        ends = (min(values),) * 2, (max(values),) * 2
        mean = (statistics.mean(values),) * 2
        sd = statistics.stdev(values)
        for low, high in (sd_limits(*ends, 4), sd_limits(*ends, 4, mean)):
            assert low - 1e-9 <= sd <= high + 1e-9


def test_the_mean_narrows_the_limits():
    # Mean 1 in 0…10 with n = 11: nine 0 and one 10 leave 1; SD² ≤ 11/10 · 9 · 1.
    assert sd_limits((0, 0), (10, 10), 11, (1, 1))[1] == pytest.approx(math.sqrt(9.9))


# Ages from 17 to 77 in 90 patients: at most 30 · √(90/89) = 30.17; 17 and 77 alone give an SD of
# 60/√(2 · 89) = 4.497.
@pytest.mark.parametrize("sd", ["31.5", "4.2"])
def test_sd_that_the_range_does_not_allow_is_contradicted(sd):
    found = check_sd_in_range(study(sd=sd, minimum="17", maximum="77"))
    assert statuses(found) == {"sd-all": "contradicted"}


def test_plausible_sd_agrees_without_being_recomputed():
    (finding,) = check_sd_in_range(study(sd="14.1", minimum="17", maximum="77", mean="47.5"))
    assert (finding.status, finding.target) == ("agrees", "")


@pytest.mark.parametrize(
    ("printed", "faulty"),
    [
        ({"minimum": "18", "q1": "36", "median": "47", "q3": "59", "maximum": "76"}, ()),
        # 47.2 may lie below a median printed 47.
        ({"q1": "47.2", "median": "47", "q3": "47"}, ()),
        ({"q1": "59", "median": "47", "q3": "36"}, ("median-all", "q3-all")),
        # 47.15 to 47.25 and 46.85 to 46.95, both beside a median of 47, which hides nothing.
        ({"q1": "47.2", "median": "47", "q3": "46.9"}, ("q3-all",)),
        ({"minimum": "17", "maximum": "77", "mean": "82.1"}, ("maximum-all",)),
    ],
)
def test_quartiles_range_and_mean_are_in_order(printed, faulty):
    found = check_order(study(**printed))
    assert statuses(found) == dict.fromkeys(faulty, "contradicted")
    assert faulty or [finding.status for finding in found] == ["agrees"]


def test_the_one_number_without_which_the_others_ascend_is_named_with_its_slip():
    (finding,) = check_order(study(q1="2.7", median="4.7", q3="0.97"))
    assert (finding.target, finding.reading) == ("q3-all", "decimal mark moved: 9.7")
    assert (finding.low, finding.high) == (4.65, float("inf"))
    (finding,) = check_order(study(q1="36", median="470", q3="59", maximum="76"))
    assert (finding.target, finding.reading) == ("median-all", "decimal mark moved: 47.0")


def test_range_of_the_whole_is_that_of_its_parts():
    parts = (*summaries("cases", minimum="19"), *summaries("controls", minimum="17"))
    # 17.5 would print as 17 and as 18; nothing prints as 17 and as 19.
    for printed, status in (("17", "agrees"), ("18", "suggests"), ("19", "contradicted")):
        rows = registry(*two_groups(), *parts, *summaries(minimum=printed))
        assert statuses(check_range_of_parts(rows)) == {"minimum-all": status}


def test_one_part_bounds_the_whole_from_one_side():
    part = summaries("cases", maximum="77")
    for printed, status in (("80", {}), ("75", {"maximum-all": "contradicted"})):
        rows = registry(*two_groups(), *part, *summaries(maximum=printed))
        assert statuses(check_range_of_parts(rows)) == status


def test_nothing_in_a_group_lies_beyond_the_range_of_all():
    # Ages up to 47 in all leave no mean of 53.06 in some of them.
    rows = registry(
        *two_groups(),
        *summaries(minimum="17", maximum="47"),
        *summaries("cases", mean="53.06"),
        *summaries("controls", mean="44.43", median="15"),
    )
    found = check_order(rows)
    assert statuses(found) == {"maximum-all": "contradicted", "minimum-all": "contradicted"}
    assert {finding.uses for finding in found if finding.target} == {
        ("mean-cases",),
        ("median-controls",),
    }


def test_the_part_of_a_part_lies_in_the_whole_too():
    inner = number("n-inner", "n", "5", group="inner", of="n-cases")
    parts = (*summaries(maximum="60"), *summaries("inner", maximum="63"))
    rows = registry(*two_groups(), inner, *parts)
    assert statuses(check_order(rows)) == {"maximum-all": "contradicted"}


def test_median_of_the_whole_lies_between_those_of_its_parts():
    parts = (*summaries("cases", median="173.2"), *summaries("controls", median="75.7"))
    for printed, expected in (("209.8", "contradicted"), ("109.8", None), ("75.5", "contradicted")):
        found = check_range_of_parts(registry(*two_groups(), *parts, *summaries(median=printed)))
        assert statuses(found).get("median-all") == expected


def test_quartiles_of_the_whole_are_held_against_the_medians_of_the_parts():
    parts = (*summaries("cases", median="20"), *summaries("controls", median="30"))
    rows = registry(*two_groups(), *parts, *summaries(q1="32.0", q3="18"))
    assert statuses(check_range_of_parts(rows)) == {
        "q1-all": "contradicted",
        "q3-all": "contradicted",
    }


def test_the_median_is_always_between_and_an_interpolated_quartile_is_not():
    samples = [
        values
        for size in range(1, 5)
        for values in itertools.combinations_with_replacement((0, 1, 3, 7), size)
    ]
    for first, second in itertools.combinations_with_replacement(samples, 2):
        medians = sorted((statistics.median(first), statistics.median(second)))
        assert medians[0] <= statistics.median(first + second) <= medians[1]
    # 0 and 1 twice: type 7 gives 0.25 in each pair, and 0 in all four.
    quartiles = [np.quantile(values, 0.25) for values in ((0, 1), (0, 0, 1, 1))]
    assert quartiles == [0.25, 0]


@pytest.mark.parametrize(
    ("printed", "status"),
    # 61.5 less 48.0 is 13.4 to 13.6 with rounding; cut-off quartiles leave 13.35 to 13.65.
    [("13.5", "agrees"), ("14", "agrees"), ("13.7", "suggests"), ("15.3", "contradicted")],
)
def test_interquartile_range_by_hand(printed, status):
    quartiles = summaries(q1="48.0", q3="61.5")
    row = number("iqr", "interquartile_range", printed, variable="age", group="all")
    assert statuses(check_interquartile_range(registry(*quartiles, row))) == {"iqr": status}


@pytest.mark.parametrize(("median", "expected"), [("50", True), ("56", True), ("58", False)])
def test_median_of_three_groups_lies_between_theirs(median, expected):
    rows = [
        number("n", "n", "60", group="all"),
        *(number(f"n-{g}", "n", "20", group=g, of="n", partition="g") for g in "abc"),
        *(
            row
            for g, m in zip("abc", ("44", "50", "56"), strict=True)
            for row in summaries(g, median=m)
        ),
    ]
    found = check_range_of_parts(registry(*rows, *summaries(median=median)))
    assert [finding.status for finding in found] == ["agrees" if expected else "contradicted"]

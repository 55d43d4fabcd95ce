from math import inf

import pytest
from small_registry import counts, number, registry, statuses, two_groups

from rairlib.checks.counts import (
    check_group_sums,
    check_level_sums,
    check_partition_sums,
    check_parts_in_wholes,
    check_strata_in_wholes,
)

GENDER = {"female": (30, 53), "male": (2, 5)}


@pytest.mark.parametrize(
    ("printed", "expected", "derived"),
    [
        (("32", "58", "90"), {"agrees"}, {"n": (90, 90), "n-cases": (32, 32)}),
        (("Eight", "four", "12"), {"agrees"}, {"n": (12, 12), "n-controls": (4, 4)}),
        # 32 + 53 = 85, not 90: a changed digit contradicts every member.
        (("32", "53", "90"), {"contradicted"}, {"n": (85, 85), "n-controls": (58, 58)}),
        # 90 less at least 30 leaves at most 60.
        (("≥30", "58", "90"), {"agrees", "open"}, {"n": (88, inf), "n-controls": (-inf, 60)}),
        # An approximate whole contradicts nothing.
        (("32", "58", "~100"), {"open"}, {"n": (90, 90)}),
    ],
)
def test_every_member_of_a_sum_is_derived_from_the_others(printed, expected, derived):
    findings = check_partition_sums(registry(*two_groups(*printed)))
    limits = {finding.target: (finding.low, finding.high) for finding in findings}
    assert limits.keys() == {"n", "n-cases", "n-controls"}
    assert limits | derived == limits
    assert set(statuses(findings).values()) == expected


def test_flow_chart_with_three_exclusions():
    # 300 screened = 178 + 32 + 90; with 187 (digits swapped) the sum is 309.
    def chart(incomplete):
        return registry(
            number("all", "n", "300", group="screened"),
            number("a", "n", incomplete, group="incomplete", of="all", partition="flow"),
            number("b", "n", "32", group="untreated", of="all", partition="flow"),
            number("c", "n", "90", group="all", of="all", partition="flow"),
        )

    assert set(statuses(check_partition_sums(chart("178"))).values()) == {"agrees"}
    assert set(statuses(check_partition_sums(chart("187"))).values()) == {"contradicted"}


def test_a_part_that_is_stated_twice_counts_once():
    again = number("again", "n", "32", group="cases", of="n", partition="groups", repeats="n-cases")
    findings = check_partition_sums(registry(*two_groups(), again))
    assert set(statuses(findings).values()) == {"agrees"}


def test_two_prints_of_one_quantity_in_a_partition_leave_it_open():
    twin = number("twin", "n", "32", group="cases", of="n", partition="groups")
    findings = check_partition_sums(registry(*two_groups(), twin))
    assert [finding.status for finding in findings] == ["open"]


def test_groups_without_declared_levels_add_up_to_the_whole_group():
    # 30 + 53 = 83 women; 82 cannot be right beside them.
    whole = counts("gender", {"female": (82,), "male": (7,)}, groups=("all",), partition=False)
    rows = registry(*two_groups(), *counts("gender", GENDER), *whole)
    found = statuses(check_group_sums(rows))
    assert found["gender-female-all"] == "contradicted"
    assert found["gender-male-all"] == "agrees"


def test_levels_that_exhaust_the_whole_exhaust_each_group():
    # all: 83 + 7 = 90 by declaration; cases: 30 + 3 = 33, but only 32 patients.
    whole = counts("gender", {"female": (83,), "male": (7,)}, groups=("all",))
    parts = counts("gender", {"female": (30, 53), "male": (3, 5)}, partition=False)
    found = statuses(check_level_sums(registry(*two_groups(), *whole, *parts)))
    assert found["gender-male-cases"] == found["n-cases"] == "contradicted"
    assert found["gender-male-controls"] == "agrees"


def test_levels_that_exhaust_all_groups_exhaust_the_whole():
    whole = counts("gender", {"female": (83,), "male": (8,)}, groups=("all",), partition=False)
    found = statuses(check_level_sums(registry(*two_groups(), *counts("gender", GENDER), *whole)))
    # 83 + 8 = 91 patients of 90.
    assert found["n"] == "contradicted"


def test_undeclared_levels_that_fall_short_leave_values_missing():
    # 30 + 2 = 32 exhausts the cases; 53 + 4 = 57 leaves one control, perhaps not recorded.
    cells = {"female": (30, 53), "male": (2, 4)}
    findings = check_level_sums(registry(*two_groups(), *counts("gender", cells, partition=False)))
    assert [finding.status for finding in findings] == ["agrees", "open"]


def test_subtypes_of_a_subtype_are_exhaustive_within_it():
    # 25 of 32 cases are papillary; high risk yes 2, no 23 exhaust the 25, not the 32.
    papillary = number(
        "ptc", "count", "25", variable="type", level="ptc", group="cases", of="n-cases"
    )
    subtypes = [
        number(
            f"risk-{level}",
            "count",
            printed,
            variable="high_risk",
            level=level,
            group="cases",
            of="ptc",
            partition="risk",
        )
        for level, printed in {"yes": "2", "no": "23"}.items()
    ]
    rows = registry(*two_groups(), papillary, *subtypes)
    assert statuses(check_partition_sums(rows))["ptc"] == "agrees"
    assert check_level_sums(rows) == []


def test_a_part_larger_than_its_whole_is_contradicted():
    rows = registry(*two_groups(), *counts("metastasis", {"yes": (38, 4)}, partition=False))
    found = statuses(check_parts_in_wholes(rows))
    # 38 of 32 patients.
    assert found == {"metastasis-yes-cases": "contradicted"}


def test_a_level_cannot_be_more_frequent_in_a_part_than_in_the_whole():
    whole = counts("metastasis", {"yes": (17,)}, groups=("all",), partition=False)
    part = counts("metastasis", {"yes": (18,)}, groups=("cases",), partition=False)
    found = statuses(check_parts_in_wholes(registry(*two_groups(), *whole, *part)))
    # 18 cases with metastasis, but 17 patients with metastasis.
    assert found == {"metastasis-yes-cases": "contradicted"}


def strata(sizes, *words, whole="60", inside=()):
    """Return women of two races with ratios of age, parity and weight, and of black in all."""
    rows = [number("n", "n", whole, group="women")]
    for size, word in zip(sizes, ("white", "black"), strict=True):
        group = f"women {word}"
        rows.append(number(f"n-{word}", "n", size, group=group, of="n"))
        for variable in ("age", "parity", "weight", *inside):
            name = f"{variable}-{word}"
            versus = f"{group} ill vs {group} well"
            rows.append(number(name, "odds_ratio", "1.1", variable=variable, group=versus))
    for variable in words:
        versus = "women ill vs women well"
        rows.append(number(f"{variable}-all", "odds_ratio", "1.6", variable=variable, group=versus))
    return registry(*rows)


@pytest.mark.parametrize(
    ("rows", "status", "words"),
    [
        (strata(("30", "25"), "age", "black"), "agrees", "do not exceed"),
        # 40 + 35 = 75, which is 15 more than 60; race is a variable of all and of no stratum.
        (strata(("40", "35"), "age", "black"), "contradicted", "75 are 15 more than the 60"),
        # Nothing says that the strata exclude each other: race is printed within one of them too,
        # or not at all.
        (strata(("40", "35"), "age", "black", inside=("black",)), "suggests", "15 more"),
        (strata(("40", "35"), "age"), "suggests", "if no patient is in both"),
    ],
)
def test_strata_of_one_attribute_do_not_exceed_their_whole(rows, status, words):
    (finding,) = check_strata_in_wholes(rows)
    assert finding.status == status
    assert words in finding.text


def test_events_of_a_rate_may_exceed_the_patients():
    # 130 infections of 50 patients in 400 years.
    place = {"variable": "infection", "group": "all"}
    events = number("events", "count", "130", level="any", of="n", **place)
    rows = [number("n", "n", "50", group="all"), events]
    assert statuses(check_parts_in_wholes(registry(*rows))) == {"events": "contradicted"}
    rate = number("rate", "rate", "32.5", unit="per 100 patient years", **place)
    assert statuses(check_parts_in_wholes(registry(*rows, rate))) == {"events": "suggests"}

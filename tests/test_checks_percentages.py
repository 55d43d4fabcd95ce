import pytest
from small_registry import counts, number, registry, statuses, two_groups

from rairlib.checks.percentages import (
    attainable_counts,
    attainable_share,
    check_percent_is_attainable,
    check_percent_of_count,
    check_percent_sums,
    percent_limits,
)
from rairlib.registry.printed import parse_printed


def share(printed: str, count: str = "17", size: str = "80"):
    return registry(
        number("n", "n", size, group="RAIR"),
        number("count", "count", count, variable="type", level="loss", group="RAIR", of="n"),
        number("percent", "percent", printed, variable="type", level="loss", group="RAIR", of="n"),
    )


def alone(printed: str, size: str):
    return registry(
        number("n", "n", size, group="all"),
        number("percent", "percent", printed, variable="type", level="loss", group="all", of="n"),
    )


def test_percentage_of_known_counts():
    assert percent_limits((17, 17), (80, 80)) == (21.25, 21.25)


@pytest.mark.parametrize("printed", ["21.2", "21.3", "21.25", "21"])
def test_a_tie_may_round_either_way(printed):
    # 17/80 = 21.25 exactly.
    assert statuses(check_percent_of_count(share(printed))) == {"percent": "agrees"}


def test_a_changed_digit_is_contradicted():
    # 119/169 = 70.414…, which prints 70.4.
    findings = check_percent_of_count(share("70.5", "119", "169"))
    assert statuses(findings) == {"percent": "contradicted"}
    assert "119 of 169 is 70.414 %" in findings[0].text


def test_cut_off_digits_only_suggest():
    # 2/3 = 66.66…: 66.7 rounded, 66.6 cut off, 66.5 neither.
    assert statuses(check_percent_of_count(share("66.6", "2", "3"))) == {"percent": "suggests"}
    assert statuses(check_percent_of_count(share("66.5", "2", "3"))) == {"percent": "contradicted"}


def test_the_next_print_is_not_a_cut_off():
    # 30/100 = 30.0: 29.9 is not what remains of 30.0 when digits are cut off.
    assert statuses(check_percent_of_count(share("29.9", "30", "100"))) == {
        "percent": "contradicted"
    }


def test_share_of_a_group_needs_no_count_row():
    # 80/177 = 45.198 %.
    rows = registry(
        number("n", "n", "177", group="all"),
        number("n-rair", "n", "80", group="RAIR", of="n"),
        number("right", "percent", "45.2", group="RAIR", of="n"),
        number("wrong", "percent", "42.5", group="RAIR", of="n"),
    )
    found = statuses(check_percent_of_count(rows))
    assert found == {"right": "agrees", "wrong": "contradicted"}


def shares_of(cells, printed, variable="stage", partition=True):
    """Return a study of 78 and 58 patients with one printed share of the first group."""
    return registry(
        *two_groups("78", "58", "136"),
        *counts(variable, cells, partition=partition),
        number(
            "percent",
            "percent",
            printed,
            variable=variable,
            level=next(iter(cells)),
            group="cases",
            of="n-cases",
        ),
    )


def test_the_size_of_the_other_group_is_named_as_denominator():
    # 11/78 = 14.1 %, 11/58 = 19.0 %; the levels leave no patient of 78 without a stage.
    (finding,) = check_percent_of_count(shares_of({"III": (11, 4), "other": (67, 54)}, "19.0"))
    assert finding.status == "contradicted"
    assert "11 of 58 (controls, Table 1) would be 19.0 %" in finding.text


def test_missing_values_are_a_doubt_and_their_sum_is_named():
    # 33 and 31 of 64 who have a value, 14 of 78 without.
    rows = shares_of({"lo": (33, 13), "hi": (31, 14)}, "51.6", partition=False)
    (finding,) = check_percent_of_count(rows)
    assert finding.status == "suggests"
    assert "33 of 64 (the sum of the levels of stage in cases) would be 51.6 %" in finding.text


def test_a_row_percentage_is_named_and_is_a_proof_where_it_needs_more_than_the_group():
    # 44 and 40 with the level: 44/84 = 52.4 % needs more than the 78 patients of the group.
    rows = shares_of({"male": (44, 40)}, "52.4", partition=False)
    (finding,) = check_percent_of_count(rows)
    assert finding.status == "contradicted"
    assert "44 of 84 (all with stage male) would be 52.4 %" in finding.text


def test_a_share_that_no_number_of_patients_gives_is_a_proof_even_with_gaps():
    # 3/7 = 42.9 and 3/6 = 50.0: nothing prints 3 patients as 46.0 %.
    assert statuses(check_percent_of_count(share("46.0", "3", "7"))) == {"percent": "contradicted"}


def test_row_percentages_take_the_level_as_denominator():
    # 38 of the 115 younger patients: 33.0 %; of the 80 refractory ones: 47.5 %.
    rows = registry(
        number("n", "n", "80", group="RAIR"),
        number("young", "count", "115", variable="age", level="<55", group="all"),
        number("cell", "count", "38", variable="age", level="<55", group="RAIR", of="n"),
        number("row", "percent", "33.0", variable="age", level="<55", group="RAIR", of="young"),
        number("column", "percent", "47.5", variable="age", level="<55", group="RAIR", of="n"),
    )
    assert statuses(check_percent_of_count(rows)) == {"row": "agrees", "column": "agrees"}


def test_attainable_counts_are_found():
    # 57 % of 300: 100 k/300 in [56.5, 57.5] for k = 170, 171, 172 (169.5 and 172.5 are ties).
    assert list(attainable_counts(parse_printed("57"), 300)) == [170, 171, 172]
    assert list(attainable_counts(parse_printed("12.5"), 7)) == []


def test_an_unattainable_percentage_is_contradicted():
    # Of 7 patients one is 14.3 % and none is 0 %: 12.5 % is nobody.
    findings = check_percent_is_attainable(alone("12.5", "7"))
    assert statuses(findings) == {"percent": "contradicted"}
    assert "1 of 7 is 14.29 %" in findings[0].text


def test_the_size_of_which_an_unattainable_percentage_is_whole_is_named():
    # 20 of 97 are 20.6 %; of 80 patients 16 are 20.0 and 17 are 21.3 %.
    rows = registry(
        number("n-other", "n", "97", group="RAIA"),
        number("n", "n", "80", group="RAIR"),
        number("percent", "percent", "20.6", variable="ete", level="yes", group="RAIR", of="n"),
    )
    (finding,) = check_percent_is_attainable(rows)
    assert finding.status == "contradicted"
    assert "20 of 97 (RAIA, Table 1) would be." in finding.text


def test_an_attainable_percentage_names_its_count():
    (finding,) = check_percent_is_attainable(alone("14.3", "7"))
    assert finding.status == "agrees"
    assert "is 1 patients" in finding.text


def test_with_many_patients_the_search_has_no_power():
    assert attainable_share(1000, 1) == 1
    assert attainable_share(7, 1) == 8 / 1001
    (finding,) = check_percent_is_attainable(alone("12.3", "1500"))
    assert finding.status == "open"


def thirds(last: str, size: str = ""):
    whole = number("n", "n", size or "90", group="all")
    return registry(
        whole,
        *(
            number(
                level,
                "percent",
                printed,
                variable="site",
                level=level,
                group="all",
                of="n",
                partition="sites",
            )
            for level, printed in {"a": "33.3", "b": "33.3", "c": last}.items()
        ),
    )


def test_rounded_shares_need_not_add_to_100():
    assert set(statuses(check_percent_sums(thirds("33.3"))).values()) == {"agrees"}


def test_shares_that_leave_a_gap_are_contradicted():
    # 33.3 + 33.3 leaves 33.4 give or take 0.1; 38.3 is out of reach.
    found = statuses(check_percent_sums(thirds("38.3")))
    assert found["c"] == "contradicted"


def test_sevenths_that_were_cut_off_are_not_contradicted():
    # 1/7 = 14.2857 %, cut off to 14.2: seven times 14.2 is 99.4, too little for rounding.
    rows = registry(
        number("n", "n", "7", group="all"),
        *(
            number(
                level,
                "percent",
                "14.2",
                variable="site",
                level=level,
                group="all",
                of="n",
                partition="sites",
            )
            for level in "abcdefg"
        ),
    )
    assert "contradicted" not in statuses(check_percent_sums(rows)).values()


def test_shares_of_counted_parts_are_found_without_a_label_of_their_own():
    # 61.6 % women leave 38.4 % men, not 34.8 %.
    rows = registry(
        *two_groups(),
        *counts("gender", {"female": (109,), "male": (68,)}, groups=("all",)),
        number("f", "percent", "61.6", variable="gender", level="female", group="all", of="n"),
        number("m", "percent", "34.8", variable="gender", level="male", group="all", of="n"),
    )
    assert statuses(check_percent_sums(rows)) == {"f": "contradicted", "m": "contradicted"}


def test_the_whole_that_limits_the_shares_is_named():
    # Of 3 patients 66.7 % are two, so that the rest is a third: 33.4 % needs another whole.
    rows = registry(
        number("n", "n", "3", group="all"),
        *(
            number(level, "percent", printed, level=level, variable="ete", group="all", of="n")
            for level, printed in (("yes", "66.7"), ("no", "33.4"))
        ),
        *counts("ete", {"yes": (2,), "no": (1,)}, groups=("all",)),
    )
    (finding,) = [f for f in check_percent_sums(rows) if f.target == "no"]
    assert finding.status == "contradicted"
    assert set(finding.uses) == {"yes", "n"}


def test_group_without_patients_is_no_other_denominator():
    rows = [*share("10.0"), number("empty", "n", "0", group="RAIA")]
    (finding,) = check_percent_of_count(registry(*rows))
    assert finding.status == "contradicted"
    assert "RAIA" not in finding.text

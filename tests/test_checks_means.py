import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from small_registry import counts, number, registry, statuses, two_groups

from rairlib.checks.means import (
    Sample,
    anova_p_range,
    check_pooled_mean,
    check_pooled_percent,
    check_standard_error,
    check_t_test,
    pooled_sd_limits,
    t_test_p_ranges,
    welch_freedom_range,
)

R_VALUES = json.loads((Path(__file__).parent / "reference" / "checks_on_print.json").read_text())[
    "samples"
]


def exact_samples():
    values = zip(R_VALUES["means"], R_VALUES["sds"], R_VALUES["sizes"], strict=True)
    return [Sample(mean=(mean, mean), sd=(sd, sd), n=n) for mean, sd, n in values]


def age(case_sd: str = "14.128", **sizes: str):
    summaries = {"cases": ("53.06", case_sd), "controls": ("44.43", "13.088")}
    return (
        *two_groups(**sizes),
        *(
            number(f"{name}-{group}", name, printed, variable="age", group=group)
            for group, pair in summaries.items()
            for name, printed in zip(("mean", "sd"), pair, strict=True)
        ),
    )


def p_value(printed: str, **fields: str):
    return number("p", "p_value", printed, variable="age", group="cases vs controls", **fields)


def test_p_values_without_rounding_equal_those_of_r():
    for test, limits in t_test_p_ranges(*exact_samples()).items():
        assert limits == pytest.approx([R_VALUES[test]] * 2, rel=1e-9), test


def test_welch_freedom_equals_that_of_r():
    spreads = [(s.sd[0] ** 2 / s.n, s.sd[0] ** 2 / s.n) for s in exact_samples()]
    freedom = welch_freedom_range(spreads, tuple(R_VALUES["sizes"]))
    assert freedom == pytest.approx([R_VALUES["welch_freedom"]] * 2, rel=1e-9)


def test_overlapping_means_can_be_equal():
    for low, can_be_equal in ((1.5, True), (2.5, False)):
        first, second = (Sample(mean=m, sd=(1.0, 1.0), n=9) for m in ((1.0, 2.0), (low, 3.0)))
        for _, largest in t_test_p_ranges(first, second).values():
            assert (largest == 1) == can_be_equal


boxes = st.tuples(st.floats(-20, 20), st.floats(0, 3), st.floats(0, 20), st.floats(0, 5))


@given(boxes, boxes, st.integers(2, 60), st.integers(2, 60), st.data())
def test_no_point_of_the_box_escapes_the_range(first, second, n1, n2, data):
    samples, points = [], []
    for (mean, wide, sd, spread), n in ((first, n1), (second, n2)):
        samples.append(Sample(mean=(mean, mean + wide), sd=(sd, sd + spread), n=n))
        inside = st.floats(0, 1)
        points.append((mean + wide * data.draw(inside), sd + spread * data.draw(inside), n))
    for test, limits in t_test_p_ranges(*samples).items():
        (m1, s1, _), (m2, s2, _) = points
        if s1**2 + s2**2 < 1e-6:
            continue
        p = stats.ttest_ind_from_stats(m1, s1, n1, m2, s2, n2, equal_var=test == "student").pvalue
        assert limits[0] - 1e-9 <= p <= limits[1] + 1e-9


def test_student_range_is_attained_in_corners():
    first = Sample(mean=(53.055, 53.065), sd=(14.1275, 14.1285), n=32)
    second = Sample(mean=(44.425, 44.435), sd=(13.0875, 13.0885), n=58)
    corners = [
        stats.ttest_ind_from_stats(m1, s1, 32, m2, s2, 58).pvalue
        for m1, s1, m2, s2 in itertools.product(first.mean, first.sd, second.mean, second.sd)
    ]
    limits = t_test_p_ranges(first, second)["student"]
    assert limits == pytest.approx([min(corners), max(corners)], rel=1e-9)


@pytest.mark.parametrize(
    ("printed", "method", "status", "words"),
    [
        # Student 0.0045 to 0.0046, Welch 0.0060 to 0.0061: 0.005 is Student's alone.
        ("0.005", "", "agrees", "Student's t test alone"),
        ("0.006", "student", "suggests", "agrees with Welch's t test, not with Student's"),
        # Fewer values of the same means and SDs have a larger p, never a smaller one.
        ("0.0005", "student", "contradicted", "No means and SDs"),
        ("0.050", "student", "suggests", "Values may be missing"),
        # R: t.test of these summaries gives 0.0046; 0.00455 / 0.0505 and 0.0045 / 0.00055.
        ("0.0005", "", "suggests", "at least 8.2 times the print"),
        ("0.050", "", "suggests", "the print is at least 8.1 times the nearest"),
    ],
)
def test_p_of_two_means_is_recomputed(printed, method, status, words):
    (finding,) = check_t_test(registry(*age(), p_value(printed, method=method)))
    assert (finding.status, finding.target) == (status, "p")
    assert words in finding.text


def measured(variable: str, **sizes: str):
    """Return the numbers of patients who have a value, as printed by group."""
    return tuple(
        number(f"values-{group}", "n", n, variable=variable, group=group, of=f"n-{group}")
        for group, n in sizes.items()
    )


@pytest.mark.parametrize(
    ("printed", "known", "status", "words"),
    [
        # 50 ± 10 and 55 ± 10: R's t.test has p 0.1222 of 20 and 20 values, 0.1271 of 19 and 20.
        ("0.127", {}, "suggests", "With 19 and 20 values it would fit. Values may be missing."),
        ("0.127", {"cases": "20", "controls": "20"}, "contradicted", "No means and SDs"),
        # With 2 and 2 values t is 0.5, and p 0.67; no sizes have more, and none less than 0.12.
        ("0.900", {}, "contradicted", "No means and SDs"),
        ("0.050", {}, "contradicted", "No means and SDs"),
    ],
)
def test_a_p_that_fewer_values_give_is_a_doubt_that_names_them(printed, known, status, words):
    rows = two_means("20", ("50.00", "55.00"), "10.00")
    p = p_value(printed, method="student")
    (finding,) = check_t_test(registry(*rows, *measured("age", **known), p))
    assert (finding.status, finding.target) == (status, "p")
    assert words in finding.text


def test_the_smaller_sizes_are_those_of_an_independent_t_test():
    def p(first, second):
        return stats.ttest_ind_from_stats(50, 10, first, 55, 10, second).pvalue

    assert round(p(19, 20), 3) == 0.127
    assert round(p(20, 20), 3) == 0.122


@pytest.mark.parametrize(
    ("printed", "known", "status", "words"),
    [
        # (28 × 50 + 30 × 60) / 58 = 55.17; (29 × 50 + 30 × 60) / 59 = 55.08.
        ("55.2", {}, "suggests", "With 28 and 30 values it would fit. Values may be missing."),
        ("55.2", {"cases": "30", "controls": "30"}, "contradicted", "should be 55.0"),
        # Whatever the sizes, the mean of all lies between 50 and 60.
        ("60.3", {}, "contradicted", "should be 55.0"),
    ],
)
def test_a_mean_of_all_that_other_weights_give_is_a_doubt(printed, known, status, words):
    rows = two_means("30", ("50.00", "60.00"), "10.00")
    whole = number("whole", "mean", printed, variable="age", group="all")
    findings = check_pooled_mean(registry(*rows, whole, *measured("age", **known)))
    (finding,) = (finding for finding in findings if finding.target == "whole")
    assert finding.status == status
    assert words in finding.text


def test_levels_on_both_sides_of_a_cut_off_say_that_no_value_is_missing():
    rows = two_means("30", ("50.00", "60.00"), "10.00")
    whole = number("whole", "mean", "55.2", variable="age", group="all")
    for cells, status in (
        ({"≥55": (10, 21), "<55": (20, 9)}, "contradicted"),
        ({"≥55": (10, 21), "<55": (18, 9)}, "suggests"),
        # Of 30 cases 2 are of unknown age: 28 values and 30.
        ({"≥55": (10, 21), "<55": (18, 9), "unknown": (2, 0)}, "suggests"),
    ):
        levels = counts("age_55", cells, partition=False)
        findings = check_pooled_mean(registry(*rows, whole, *levels))
        assert statuses(findings)["whole"] == status


def test_p_of_an_unnamed_test_may_be_that_of_printed_categories():
    rows = registry(*age(), p_value("0.050"), *counts("age", {"≥55": (20, 18)}))
    assert statuses(check_t_test(rows)) == {"p": "open"}


def two_means(size: str, means: tuple[str, str], sd: str):
    return [
        *two_groups(size, size, str(2 * int(size))),
        *(
            number(f"{name}-{group}", name, text, variable="age", group=group)
            for group, mean in zip(("cases", "controls"), means, strict=True)
            for name, text in (("mean", mean), ("sd", sd))
        ),
    ]


def test_a_p_of_skewed_values_may_be_that_of_ranks():
    # A mean below twice its SD (Altman and Bland 1996); with an SD of 10 p 0.05 is a doubt.
    for sd, status in (("30.00", "open"), ("10.00", "suggests")):
        rows = two_means("20", ("50.00", "55.00"), sd)
        assert statuses(check_t_test(registry(*rows, p_value("0.950")))) == {"p": status}
    rows = two_means("20", ("50.00", "55.00"), "10.00")
    median = number("median", "median", "52", variable="age", group="cases")
    assert statuses(check_t_test(registry(*rows, median, p_value("0.950")))) == {"p": "open"}


@pytest.mark.parametrize(
    ("printed", "method", "status"),
    [
        # Of 50 ± 10 and 55 ± 10, 20 each, p is 0.1222 (R), z 1.55: half is 0.061; 0.2 has z 1.28.
        ("0.065", "", "open"),
        ("0.200", "", "open"),
        ("0.012", "", "suggests"),
        ("0.320", "", "suggests"),
        ("0.065", "student", "contradicted"),
    ],
)
def test_a_p_near_that_of_a_t_test_may_be_that_of_ranks(printed, method, status):
    rows = two_means("20", ("50.00", "55.00"), "10.00")
    (finding,) = check_t_test(registry(*rows, p_value(printed, method=method)))
    assert finding.status == status
    assert (finding.reading == "a test of ranks") == (status == "open")


def test_weighted_means_are_not_tested():
    rows = [replace(r, method="weighted") for r in two_means("20", ("50.00", "55.00"), "10.00")]
    rows = [replace(r, method="") if r.statistic == "n" else r for r in rows]
    assert check_t_test(registry(*rows, p_value("0.900", method="student"))) == []


def test_a_one_sided_t_test_is_named():
    # t(40) = 1.80 of 10.00 ± 3.60 and 12.00 ± 3.60 in 21 patients each: one-sided p 0.040.
    rows = two_means("21", ("10.00", "12.00"), "3.60")
    (finding,) = check_t_test(registry(*rows, p_value("0.040", method="student")))
    assert finding.status == "suggests"
    assert finding.reading == "a one-sided p value"


@pytest.mark.parametrize("printed", ["0.001", "0.3"])
def test_coarse_means_widen_the_range(printed):
    # 5 ± 2 in 10 and 7 ± 2 in 10: p anywhere from 0.0003 to 0.37.
    rows = registry(*two_means("10", ("5", "7"), "2"), p_value(printed, method="student"))
    assert statuses(check_t_test(rows)) == {"p": "agrees"}


def test_mann_whitney_is_left_alone():
    assert check_t_test(registry(*age(), p_value("0.9", method="mann_whitney"))) == []


def test_pooled_mean_of_all_is_checked_in_every_direction():
    def pooled(printed):
        whole = number("mean-all", "mean", printed, variable="age", group="all")
        return check_pooled_mean(registry(*age(), whole))

    assert set(statuses(pooled("47.50")).values()) == {"agrees"}
    # (32 × 53.06 + 58 × 44.43) / 90 = 47.498…, each mean half a hundredth to either side; 53.50
    # lies above the means of both groups, 49.50 between them.
    assert set(statuses(pooled("49.50")).values()) == {"suggests"}
    assert set(statuses(found := pooled("53.50")).values()) == {"contradicted"}
    assert (found[0].low, found[0].high) == pytest.approx((47.49344, 47.50344), abs=1e-5)


def three_groups(*rows):
    groups = {"A": "10.0", "B": "20.0", "C": "30.0"}
    return registry(
        number("n", "n", "90", group="all"),
        *(number(f"n-{g}", "n", "30", group=g, of="n", partition="groups") for g in groups),
        *(number(f"mean-{g}", "mean", m, variable="x", group=g) for g, m in groups.items()),
        *(number(f"sd-{g}", "sd", "3.0", variable="x", group=g) for g in groups),
        *rows,
    )


def test_anova_from_summaries_equals_that_of_the_values():
    # scipy's one-way analysis of variance of three made-up samples.
    values = [[1.0, 2.0, 4.0], [2.0, 5.0, 6.0, 7.0], [3.0, 3.0, 8.0]]
    samples = [
        Sample(mean=(np.mean(v),) * 2, sd=(np.std(v, ddof=1),) * 2, n=len(v)) for v in values
    ]
    p = stats.f_oneway(*values).pvalue
    assert anova_p_range(samples) == pytest.approx([p, p], rel=1e-5)
    everything = np.std(np.concatenate(values), ddof=1)
    assert pooled_sd_limits(samples) == pytest.approx([everything] * 2, rel=1e-6)


def test_p_of_three_means_is_recomputed():
    for printed, status in (("0.50", "suggests"), ("<0.001", "agrees")):
        p = number("p", "p_value", printed, variable="x", group="A vs B vs C")
        assert statuses(check_t_test(three_groups(p))) == {"p": status}


def test_many_missing_values_excuse_neither_a_mean_nor_a_p_of_three_groups():
    # Of 80 % of the values F is still 11: between 0.8 * (100 * 3.08² + 100 * 1.08² + 60 * 6.92²).
    means = {"a": ("46.0", "100"), "b": ("48.0", "100"), "c": ("56.0", "60")}
    rows = [number("n", "n", "260", group="all")]
    for group, (mean, n) in means.items():
        rows += [
            number(f"n-{group}", "n", n, group=group, of="n", partition="groups"),
            number(f"mean-{group}", "mean", mean, variable="age", group=group),
            number(f"sd-{group}", "sd", "12.0", variable="age", group=group),
        ]
    p = number("p", "p_value", "0.350", variable="age", group="a vs b vs c", method="anova")
    (finding,) = check_t_test(registry(*rows, p))
    assert finding.status == "suggests"
    assert finding.text.endswith("Many values would be missing.")


@pytest.mark.parametrize(
    ("mean", "sd", "ending"),
    [
        # 9 of 20 of the lower, 11 of 20 of the higher: 40 * 0.45 + 60 * 0.55 = 51.
        ("51.00", "10.01", "Values may be missing."),
        # 53 takes 35 % of the lower: 27 of 50 at most.
        ("53.00", "9.60", "Many values would be missing."),
        # Two means 20 apart have an SD of at least 20 * sqrt(0.4 * 0.6) = 9.8 together.
        ("51.00", "5.00", "Other numbers of the same patients would not."),
    ],
)
def test_missing_values_must_fit_mean_and_sd_together(mean, sd, ending):
    rows = [*two_groups("50", "50", "100")]
    for group, numbers in {
        "all": (mean, sd),
        "cases": ("40.0", "1.0"),
        "controls": ("60.0", "1.0"),
    }.items():
        for name, printed in zip(("mean", "sd"), numbers, strict=True):
            rows.append(number(f"{name}-{group}", name, printed, variable="age", group=group))
    found = [f for f in check_pooled_mean(registry(*rows)) if f.target == "mean-all"]
    assert [f.status for f in found] == ["suggests"]
    assert found[0].text.endswith(ending), found[0].text


def test_sd_of_all_follows_from_means_and_sds_of_the_parts():
    # (3 · 29 · 9 + 30 · (100 + 0 + 100)) / 89 = 76.2: 8.73.
    for printed, status in (("8.7", "agrees"), ("3.0", "contradicted")):
        all_rows = (
            number("mean-all", "mean", "20.0", variable="x", group="all"),
            number("sd-all", "sd", printed, variable="x", group="all"),
        )
        assert statuses(check_pooled_mean(three_groups(*all_rows)))["sd-all"] == status


def shares(**printed: str):
    sizes = {"all": "n", "cases": "n-cases", "controls": "n-controls"}
    return registry(
        *two_groups(),
        *(
            number(g, "percent", text, variable="ete", level="yes", group=g, of=sizes[g])
            for g, text in printed.items()
        ),
    )


def test_a_percentage_of_all_lies_between_those_of_the_groups():
    # 62.5 % of 32 and 31.0 % of 58 are 42.2 % of 90; missing values move it, not beyond 62.5.
    for printed, status in (("42.2", "agrees"), ("48.2", "suggests"), ("70.0", "contradicted")):
        rows = shares(all=printed, cases="62.5", controls="31.0")
        assert statuses(check_pooled_percent(rows))["all"] == status


def error_of_mean(printed: str, *own):
    error = number("se", "standard_error", printed, of="mean-cases", variable="age", group="cases")
    return check_standard_error(registry(*age(), error, *own))


def test_standard_error_of_a_mean_by_hand():
    # 14.128 / sqrt(32) = 2.4975; of 26 values 2.771, of 17 3.427, of 22 3.012 and of 23 2.946:
    # none has 3.00.
    (finding,) = error_of_mean("2.50")
    assert finding.status == "agrees"
    assert error_of_mean("3.43")[0].status == "suggests"
    assert (error_of_mean("2.77")[0].status, error_of_mean("2.77")[0].reading) == (
        "open",
        "of 26 values",
    )
    assert error_of_mean("3.00")[0].status == "contradicted"
    assert error_of_mean("2.10")[0].status == "contradicted"
    (finding,) = error_of_mean("14.13")
    assert (finding.status, finding.reading) == ("contradicted", "the standard deviation again")
    known = number("own", "n", "32", variable="age", group="cases", of="n-cases")
    assert error_of_mean("3.01", known)[0].status == "contradicted"


def test_t_test_from_standard_errors_is_that_from_standard_deviations():
    def found(*rows):
        return statuses(check_t_test(registry(*two_groups(), *rows, p_value("0.005"))))

    means = [row for row in age() if row.statistic == "mean"]
    errors = [
        number(f"se-{group}", "standard_error", f"{sd / n**0.5:.3f}", of=f"mean-{group}")
        for group, sd, n in (("cases", 14.128, 32), ("controls", 13.088, 58))
    ]
    assert found(*means, *errors) == found(*age()[3:]) == {"p": "agrees"}


def test_analysis_of_variance_of_two_groups_is_the_t_test():
    for test, expected in (("student", "agrees"), ("anova", "agrees")):
        rows = registry(*age(), p_value("0.005", method=test))
        assert statuses(check_t_test(rows)) == {"p": expected}


def test_three_groups_pool_to_their_whole():
    # (10 × 20 + 20 × 30 + 30 × 40) / 60 = 33.333; with SDs of 5: squares 9·25 + 19·25 + 29·25
    # within and 10·177.8 + 20·11.1 + 30·44.4 between, together 4758.3 / 59 = 8.98².
    rows = [number("n", "n", "60", group="all")]
    for name, n, mean in (("a", "10", "20.0"), ("b", "20", "30.0"), ("c", "30", "40.0")):
        rows += [
            number(f"n-{name}", "n", n, group=name, of="n", partition="g"),
            number(f"own-{name}", "n", n, group=name, variable="x", of=f"n-{name}"),
            number(f"m-{name}", "mean", mean, group=name, variable="x"),
            number(f"s-{name}", "sd", "5.0", group=name, variable="x"),
        ]
    for mean, sd, expected in (("33.3", "9.0", "agrees"), ("31.3", "5.0", "contradicted")):
        whole = number("m", "mean", mean, group="all", variable="x")
        spread = number("s", "sd", sd, group="all", variable="x")
        found = statuses(check_pooled_mean(registry(*rows, whole, spread)))
        assert (found["m"], found["s"]) == (expected, expected)


def test_one_sided_p_is_told_by_its_method_or_named_as_the_reading():
    for method, status, reading in (
        ("student", "suggests", "a one-sided p value"),
        ("student one_sided", "agrees", ""),
    ):
        printed = f"{student_p() / 2:.4f}"
        (finding,) = check_t_test(registry(*age(), p_value(printed, method=method)))
        assert (finding.status, finding.reading) == (status, reading)
    other_side = p_value(f"{1 - student_p() / 2:.4f}", method="student one_sided")
    assert statuses(check_t_test(registry(*age(), other_side))) == {"p": "agrees"}
    assert check_t_test(registry(*age(), p_value("0.9", method="student weighted"))) == []


def student_p() -> float:
    return stats.ttest_ind_from_stats(53.06, 14.128, 32, 44.43, 13.088, 58).pvalue


def test_standard_errors_typed_as_standard_deviations_are_the_reading():
    rows = [
        row
        if row.statistic != "sd"
        else number(row.id, "sd", f"{sd:.3f}", variable="age", group=row.group)
        for row, sd in zip(age()[3:], (0, 14.128 / 32**0.5, 0, 13.088 / 58**0.5), strict=True)
    ]
    (finding,) = check_t_test(registry(*two_groups(), *rows, p_value(f"{student_p():.3f}")))
    assert (finding.status, finding.reading) == ("suggests", "the SDs are standard errors")


def paired_or_skewed(groups, means, sds, p):
    rows = [number(f"n-{name}", "n", "30", group=name) for name in groups]
    for name, mean, sd in zip(groups, means, sds, strict=True):
        rows += [
            number(f"{kind}-{name}", kind, text, variable="tg", group=name)
            for kind, text in (("mean", mean), ("sd", sd))
        ]
    asked = {"variable": "tg", "group": " vs ".join(groups), "method": "student"}
    (finding,) = check_t_test(registry(*rows, number("p", "p_value", p, **asked)))
    return finding.status, finding.reading


@pytest.mark.parametrize(
    ("groups", "means", "expected"),
    [
        # Independent samples of these give p 0.39; a test of pairs any p.
        (("before", "after"), ("49.3", "51.2"), ("suggests", "a paired t test")),
        (("young", "old"), ("49.3", "51.2"), ("contradicted", "")),
        # Below twice its SD a mean is of skewed values.
        (("young", "old"), ("9.3", "11.2"), ("suggests", "a test of logarithms")),
    ],
)
def test_a_test_of_pairs_or_logarithms_may_be_called_students(groups, means, expected):
    assert paired_or_skewed(groups, means, ("8.4", "8.6"), "0.00000001") == expected

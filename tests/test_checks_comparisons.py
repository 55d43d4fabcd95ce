"""p of printed statistics, effects of groups and their limits, beside what R computes."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from small_registry import counts, number, registry, two_groups

from rairlib.checks.catalogue import audit
from rairlib.checks.comparisons import (
    check_limits_of_mean,
    check_limits_of_proportion,
    check_mean_difference,
    check_p_of_statistic,
    check_rate,
    check_rate_ratio,
    check_risk_effects,
    check_standardised_difference,
    check_statistic_of_means,
    p_of_statistic,
    proportion_limits,
    rate_factors,
    risk_limits,
)
from rairlib.checks.means import check_standard_error

CHECKS = (
    check_limits_of_mean,
    check_limits_of_proportion,
    check_mean_difference,
    check_p_of_statistic,
    check_risk_effects,
    check_standard_error,
    check_statistic_of_means,
)
R = json.loads((Path(__file__).parent / "reference" / "comparisons.json").read_text())
SAMPLES, RISKS, RATES, SHARE = R["samples"], R["risks"], R["rates"], R["proportion"]
NAMES = ("first", "second", "third")
TWO, THREE = "first vs second", "first vs second vs third"


def sizes(numbers=(), known: bool = False):
    """Return the sizes of groups; `known`: all of their patients have a value of x."""
    rows = [
        number(f"n-{name}", "n", str(n), group=name)
        for name, n in zip(NAMES, numbers or SAMPLES["sizes"], strict=False)
    ]
    own = [
        number(f"x-{row.id}", "n", row.printed, group=row.group, variable="x", of=row.id)
        for row in rows
    ]
    return rows + own * known


def means(spread: str = "sd", groups: int = 2):
    rows = []
    for name, mean, sd, n in zip(
        NAMES[:groups], *(SAMPLES[key] for key in ("means", "sds", "sizes")), strict=False
    ):
        if spread == "standard_error":
            sd /= n**0.5
        place = {"variable": "x", "group": name}
        rows += [
            number(f"mean-{name}", "mean", f"{mean:.3f}", **place),
            number(f"sd-{name}", spread, f"{sd:.3f}", **place, of=f"mean-{name}"),
        ]
    return rows


def with_limits(statistic: str, value, low, high, of_limits: str = "", **fields: str):
    return [
        number("e", statistic, str(value), **fields),
        number("low", "ci_low", str(low), of="e", method=of_limits),
        number("high", "ci_high", str(high), of="e", method=of_limits),
    ]


def found(check, *rows) -> dict[str, str]:
    return {finding.target: finding.status for finding in check(registry(*rows))}


def readings(check, *rows) -> list[str]:
    return [finding.reading for finding in check(registry(*rows))]


# p of a printed statistic


def printed_test(statistic: str, value: str, p: str, df=(), **method: str):
    place = {"variable": "x", "group": TWO}
    levels = ("between", "within") if len(df) == 2 else ("",)
    return [
        number("s", statistic, value, **place),
        *(
            number(f"df{i}", "degrees_of_freedom", text, of="s", level=level)
            for i, (text, level) in enumerate(zip(df, levels, strict=False))
        ),
        number("p", "p_value", p, of="s", **place, **method),
    ]


@pytest.mark.parametrize(
    ("kind", "key", "freedoms"),
    [
        ("t", ("student", "t"), (23,)),
        ("t", ("welch", "t"), (SAMPLES["welch"]["df"],)),
        ("F", ("anova", "f"), (2, 31)),
        ("H", ("kruskal", "h"), (2,)),
    ],
)
def test_p_of_a_statistic_equals_that_of_r(kind, key, freedoms):
    value = SAMPLES[key[0]][key[1]]
    limits = p_of_statistic(kind, (value, value), *((df, df) for df in freedoms))
    assert limits == pytest.approx([SAMPLES[key[0]]["p"]] * 2, rel=1e-9)


def test_p_of_z_equals_that_of_r_whatever_its_sign():
    for z in (R["z"]["z"], -R["z"]["z"]):
        assert p_of_statistic("z", (z, z)) == pytest.approx([R["z"]["p"]] * 2)


def test_rounded_statistic_around_zero_allows_a_p_of_one():
    assert p_of_statistic("t", (-0.05, 0.05), (20, 20))[1] == 1


@pytest.mark.parametrize(
    ("row", "status"),
    [
        (("t_statistic", "2.01", "0.057", ["23"]), "agrees"),
        (("t_statistic", "-2.01", ".06", ["23"]), "agrees"),
        # Larger: it may be adjusted for several comparisons. Smaller than z gives: by nothing.
        (("t_statistic", "2.01", "0.94", ["23"]), "suggests"),
        (("t_statistic", "2.01", "0.001", ["23"]), "contradicted"),
        (("f_statistic", "2.62", "0.089", ["2", "31"]), "agrees"),
        (("f_statistic", "2.62", "0.009", ["2", "31"]), "suggests"),
        (("h_statistic", "5.10", "0.078", ["2"]), "agrees"),
        (("z_statistic", "2.17", "0.030", []), "agrees"),
        (("z_statistic", "2.17", "0.30", []), "suggests"),
    ],
)
def test_p_without_a_named_method(row, status):
    assert found(check_p_of_statistic, *printed_test(*row)) == {"p": status}


def test_p_of_a_named_test_is_a_proof_unless_one_sided_or_corrected():
    row = "t_statistic", "2.01", "0.94", ["23"]
    assert found(check_p_of_statistic, *printed_test(*row, method="student")) == {
        "p": "contradicted"
    }
    one_sided = "t_statistic", "2.01", "0.028", ["23"]
    assert found(check_p_of_statistic, *printed_test(*one_sided, method="student")) == {
        "p": "suggests"
    }
    assert readings(check_p_of_statistic, *printed_test(*one_sided)) == ["a one-sided p value"]
    assert found(check_p_of_statistic, *printed_test(*one_sided, method="student one_sided")) == {
        "p": "agrees"
    }
    # Three times 0.0563 to 0.0567, as the rounded 2.01 allows, is 0.17.
    corrected = "t_statistic", "2.01", "0.17", ["23"]
    assert readings(check_p_of_statistic, *printed_test(*corrected)) == ["3 times p (Bonferroni)"]
    assert found(check_p_of_statistic, *printed_test(*corrected, method="student corrected")) == {}


def test_p_on_the_other_side_of_005_is_told():
    (finding,) = check_p_of_statistic(
        registry(*printed_test("t_statistic", "2.01", "0.031", ["23"]))
    )
    assert "other side of 0.05" in finding.text


def test_degrees_of_freedom_come_from_sizes_where_none_are_printed():
    row = printed_test("t_statistic", "2.01", "0.057")
    assert found(check_p_of_statistic, *row) == {}
    assert found(check_p_of_statistic, *row, *sizes((12, 13))) == {"p": "agrees"}
    # 3 degrees of freedom give 0.138, the 23 of the sizes 0.056.
    wrong = printed_test("t_statistic", "2.01", "0.056", ["3"])
    assert readings(check_p_of_statistic, *wrong, *sizes((12, 13))) == [
        "degrees of freedom of the sizes, 11 to 23"
    ]


def test_kruskal_wallis_is_a_proof_in_large_groups_alone():
    row = printed_test("h_statistic", "5.10", "0.50", ["1"], method="kruskal_wallis")
    assert found(check_p_of_statistic, *row, *sizes((12, 13))) == {"p": "suggests"}
    assert found(check_p_of_statistic, *row, *sizes((50, 60))) == {"p": "contradicted"}


# t and F from means


def test_t_and_f_of_means_are_those_of_r():
    t, f = (f"{SAMPLES[a][b]:.2f}" for a, b in (("student", "t"), ("anova", "f")))
    place = {"variable": "x", "group": TWO}
    for spread in ("sd", "standard_error"):
        rows = [*sizes(), *means(spread, 3)]
        row = number("t", "t_statistic", t, **place, method="student")
        assert found(check_statistic_of_means, *rows, row) == {"t": "agrees"}
        row = number("f", "f_statistic", f, **place | {"group": THREE}, method="anova")
        assert found(check_statistic_of_means, *rows, row) == {"f": "agrees"}
    row = number("f", "f_statistic", f"{SAMPLES['student']['t'] ** 2:.2f}", **place)
    assert found(check_statistic_of_means, *sizes(), *means(), row) == {"f": "agrees"}


def test_larger_t_than_the_means_give_is_a_proof_and_a_smaller_one_where_no_value_is_missing():
    def status(t, known=False, method="student"):
        row = number("t", "t_statistic", t, variable="x", group=TWO, method=method)
        return found(check_statistic_of_means, *sizes(known=known), *means(), row)["t"]

    assert status("3.01") == "contradicted"
    assert status("3.01", method="") == "suggests"
    assert (status("1.51"), status("1.51", known=True)) == ("suggests", "contradicted")
    assert status("2.03") == "suggests"  # Welch's t, not Student's


def test_standard_errors_called_standard_deviations_are_the_reading():
    rows = means("standard_error")
    rows = [
        row
        if row.statistic == "mean"
        else number(row.id, "sd", row.printed, variable="x", group=row.group)
        for row in rows
    ]
    row = number("t", "t_statistic", "2.01", variable="x", group=TWO)
    assert readings(check_statistic_of_means, *sizes(), *rows, row) == [
        "the SDs are standard errors"
    ]


# Differences of means


def difference(value="10.35", low="-0.33", high="21.02", method="", of_limits=""):
    place = {"variable": "x", "group": TWO, "method": method}
    return [
        *sizes(),
        *means(),
        *with_limits("mean_difference", value, low, high, of_limits, **place),
    ]


@pytest.mark.parametrize("test", ["student", "welch"])
def test_difference_of_means_and_its_limits_are_those_of_r(test):
    low, high = (f"{end:.2f}" for end in SAMPLES[test]["limits"])
    for method in ("", test):
        rows = difference(low=low, high=high, method=method)
        assert set(found(check_mean_difference, *rows).values()) == {"agrees"}, method


def test_difference_in_the_other_direction_is_open():
    rows = difference("-10.35", "-21.02", "0.33")
    assert found(check_mean_difference, *rows) == {"e": "open"}


def test_wrong_difference_is_a_proof_where_a_test_is_named():
    assert found(check_mean_difference, *difference("13.35")) == {"e": "suggests"}
    rows = difference("13.35", method="student")
    assert found(check_mean_difference, *rows) == {"e": "contradicted"}
    assert found(check_mean_difference, *difference("13.35", method="multivariable")) == {}


def test_wrong_limit_alone_is_doubted_and_another_level_is_the_reading():
    statuses = found(check_mean_difference, *difference(high="22.02"))
    assert statuses == {"e": "agrees", "high": "suggests"}
    half = (
        1.713872 * (21.01956979412 + 0.327262101812319) / 2 / 2.068658
    )  # R: qt(.95, 23), qt(.975, 23)
    ninety = [f"{10.346154 + sign * half:.2f}" for sign in (-1, 1)]
    assert "a 90 % interval" in readings(check_mean_difference, *difference("10.35", *ninety))
    rows = difference("10.35", *ninety, of_limits="student 90%")
    assert set(found(check_mean_difference, *rows).values()) == {"agrees"}


def test_limits_of_a_mean_are_those_of_r():
    low, high = (f"{end:.1f}" for end in SAMPLES["mean_limits"])
    limits = [
        number("low", "ci_low", low, of="mean-first"),
        number("high", "ci_high", high, of="mean-first"),
    ]
    rows = [*sizes(known=True), *means()]
    assert found(check_limits_of_mean, *rows, *limits) == {"low": "agrees", "high": "agrees"}
    limits[1] = number("high", "ci_high", "64.3", of="mean-first")
    assert found(check_limits_of_mean, *rows, *limits) == {"high": "suggests"}
    limits[1] = number("high", "ci_high", "64.3", of="mean-first", method="student")
    assert found(check_limits_of_mean, *rows, *limits) == {"high": "contradicted"}


def test_standardised_differences_are_those_of_r():
    place = {"variable": "x", "group": TWO}
    for key, status in (("cohens_d", "agrees"), ("balance_d", "agrees"), (None, "suggests")):
        printed = f"{SAMPLES[key]:.3f}" if key else "0.913"
        row = number("e", "standardised_mean_difference", printed, **place)
        assert found(check_standardised_difference, *sizes(), *means(), row) == {"e": status}
    # Printed without its sign, as tables of balance do; with a wrong one it is left open.
    backwards = place | {"group": "second vs first"}
    for printed, status in (("0.803", "agrees"), ("-0.803", "agrees")):
        row = number("e", "standardised_mean_difference", printed, **backwards)
        assert found(check_standardised_difference, *sizes(), *means(), row) == {"e": status}
    row = number("e", "standardised_mean_difference", "-0.803", **place)
    assert found(check_standardised_difference, *sizes(), *means(), row) == {"e": "open"}
    row = number("e", "standardised_mean_difference", "80.3", **place)
    (finding,) = check_standardised_difference(registry(*sizes(), *means(), row))
    assert (finding.status, finding.reading) == ("open", "in percent")
    row = number("e", "standardised_mean_difference", "0.913", **place, method="weighted")
    assert found(check_standardised_difference, *sizes(), *means(), row) == {}


# Counts


EVENTS = counts("ev", {"yes": (20, 15)})
PLACE = {"variable": "ev", "level": "yes", "group": "cases vs controls"}


def risk(statistic: str, value, ends, method="", **fields: str):
    return [
        *two_groups(),
        *EVENTS,
        *with_limits(statistic, value, *ends, method, **PLACE, **fields),
    ]


def prints(ends, scale: float = 1, decimals: int = 2) -> list[str]:
    return [f"{scale * end:.{decimals}f}" for end in ends]


def test_limits_of_risks_are_those_of_r():
    four = 20, 32, 15, 58
    ways = risk_limits("risk_difference", four, 0.95)
    assert ways["wald"] == pytest.approx(RISKS["wald"], rel=1e-6)
    assert ways["wilson"] == pytest.approx(RISKS["newcombe"], rel=1e-6)
    assert risk_limits("risk_ratio", four, 0.95)["wald"] == pytest.approx(RISKS["katz"], rel=1e-5)


@pytest.mark.parametrize(
    ("statistic", "value", "ends"),
    [
        ("risk_difference", "0.37", prints(RISKS["wald"])),
        ("risk_difference", "36.6", prints(RISKS["newcombe"], 100, 1)),
        ("risk_ratio", "2.42", prints(RISKS["katz"])),
        ("number_needed_to_treat", "3", ("2", "7")),
        ("number_needed_to_treat", "2.7", prints(sorted(1 / end for end in RISKS["wald"]), 1, 1)),
    ],
)
def test_effects_of_counts_agree(statistic, value, ends):
    statuses = found(check_risk_effects, *risk(statistic, value, ends))
    assert statuses == {"e": "agrees", "low": "agrees", "high": "agrees"}


def test_wrong_effects_of_counts():
    # Of 22 controls with a value 15 would be 68 %: a ratio of 0.92.
    assert found(check_risk_effects, *risk("risk_ratio", "0.92", ("0.6", "1.4"))) == {
        "e": "suggests"
    }
    assert found(check_risk_effects, *risk("risk_ratio", "8.42", ("5", "9"))) == {"e": "suggests"}
    # Fewer values among cases only raise their risk, fewer among controls lower the ratio: the
    # largest is (20/20) / (15/58) = 3.87.
    rows = risk("risk_ratio", "8.42", ("5", "9"))
    rows = [
        number(r.id, r.statistic, r.printed, **PLACE, method="univariable") if r.id == "e" else r
        for r in rows
    ]
    assert found(check_risk_effects, *rows) == {"e": "contradicted"}
    statuses = found(check_risk_effects, *risk("risk_ratio", "2.42", ("1.45", "5.03")))
    assert statuses == {"e": "agrees", "high": "suggests"}


def test_inverse_ratio_is_open_and_an_adjusted_one_left_alone():
    ends = prints(1 / np.array(RISKS["katz"])[::-1])
    assert found(check_risk_effects, *risk("risk_ratio", "0.41", ends)) == {"e": "open"}
    rows = [
        *two_groups(),
        *EVENTS,
        number("e", "risk_ratio", "9.9", **PLACE, method="multivariable"),
    ]
    assert found(check_risk_effects, *rows) == {}


def test_ratio_of_two_levels_compares_rows():
    # 20 of 35 with the level have the outcome, 12 of 55 without: 2.619.
    rows = [*two_groups(), *counts("ev", {"yes": (20, 15), "no": (12, 43)})]
    place = {"variable": "ev", "level": "yes vs no", "group": "cases vs controls"}
    row = number("e", "risk_ratio", "2.62", **place)
    assert found(check_risk_effects, *rows, row) == {"e": "agrees"}


def test_ratio_of_a_level_between_groups_of_the_outcome_compares_the_levels():
    # Of 35 with the level 20 are cases, of 55 without it 12: 2.619; between the groups it is 2.417.
    for printed, status in (("2.62", "agrees"), ("2.42", "agrees"), ("4.92", "suggests")):
        row = number("e", "risk_ratio", printed, **PLACE)
        assert found(check_risk_effects, *two_groups(), *EVENTS, row)["e"] == status


def test_limits_of_other_methods_are_left_alone():
    rows = risk("risk_ratio", "2.42", ("1.45", "5.03"), "bootstrap")
    assert found(check_risk_effects, *rows) == {"e": "agrees"}


def test_standardised_difference_of_shares_is_that_of_r():
    row = number("e", "standardised_mean_difference", f"{RISKS['standardised']:.3f}", **PLACE)
    assert found(check_standardised_difference, *two_groups(), *EVENTS, row) == {"e": "agrees"}


# Limits of proportions


def test_limits_of_a_share_are_those_of_r():
    ways = proportion_limits(np.array([20.0]), np.array([32.0]), 0.95)
    names = {"clopper_pearson": "exact", "Agresti-Coull": "agresti_coull"}
    for name in ("wald", "wilson", *names):
        ends = [float(end[0]) for end in ways[name]]
        assert ends == pytest.approx(SHARE[names.get(name, name)], rel=1e-6), name


def percent(ends, method="", printed="62.5", known=False):
    size = {"variable": "ev", "group": "cases", "of": "n-cases"}
    row = {"variable": "ev", "level": "yes", "group": "cases", "of": "n-cases"}
    return [
        *two_groups(),
        *EVENTS,
        *with_limits("percent", printed, *ends, method, **row),
        *([number("own", "n", "32", **size)] if known else []),
    ]


@pytest.mark.parametrize("way", ["wald", "wilson", "exact", "agresti_coull"])
def test_limits_of_a_percentage_agree_with_any_usual_method(way):
    statuses = found(check_limits_of_proportion, *percent(prints(SHARE[way], 100, 1)))
    assert statuses == {"low": "agrees", "high": "agrees"}


def test_wrong_limits_of_a_percentage():
    ends = prints(SHARE["wilson"], 100, 1)
    wrong = ends[0], "79.9"
    assert found(check_limits_of_proportion, *percent(wrong)) == {"high": "suggests"}
    rows = percent(wrong, "wilson", known=True)
    assert found(check_limits_of_proportion, *rows) == {"high": "contradicted"}
    # Named, but by another of the usual methods.
    rows = percent(prints(SHARE["exact"], 100, 1), "wilson", known=True)
    assert found(check_limits_of_proportion, *rows) == {"low": "suggests"}
    rows = percent(prints(SHARE["exact_90"], 100, 1))
    assert readings(check_limits_of_proportion, *rows) == ["a 90 % interval"]


def test_limits_of_fewer_values():
    # 20 of 28 is 71.4 %, exact limits 51.3 to 86.8 (R: binom.test).
    rows = percent(("51.3", "86.8"), printed="71.4")
    assert found(check_limits_of_proportion, *rows) == {"low": "agrees", "high": "agrees"}
    # 62 % may be 19 or 20 of 31 as well; of 31, 19 (61.3 %) is not printed so. 21 of 34 is not
    # possible, 18 of 29 is: exact limits 42.3 to 79.3.
    rows = percent(("42.3", "79.3"), printed="62")
    rows = [row for row in rows if row.statistic != "count"]
    assert readings(check_limits_of_proportion, *rows) == ["of fewer values"]


def test_limits_of_sensitivity_and_ppv_rest_on_the_tables():
    # 20 of 32 and 43 of 58: PPV 20 of 35, exact limits 39.4 to 73.7 (R: binom.test).
    place = {"variable": "ev", "level": "yes", "group": "cases vs controls"}
    rows = [
        *two_groups(),
        number("se", "sensitivity", "62.5", **place, unit="%"),
        number("sp", "specificity", "74.1", **place, unit="%"),
        number("ppv", "ppv", "57.1", **place, unit="%"),
        *(
            number(f"{side}{end}", f"ci_{side}", end, of="ppv")
            for side, end in (("low", "39.4"), ("high", "73.7"))
        ),
    ]
    assert found(check_limits_of_proportion, *rows) == {"low39.4": "agrees", "high73.7": "agrees"}
    rows[-1] = number("high73.7", "ci_high", "78.7", of="ppv")
    assert found(check_limits_of_proportion, *rows) == {"high73.7": "suggests"}


# Rates


def rate_rows(value="5.0", ends=("3.1", "7.7"), time="400"):
    place = {"variable": "ev", "level": "yes", "group": "cases"}
    return [
        *EVENTS,
        number("t", "person_time", time, group="cases", unit="years"),
        *with_limits("rate", value, *ends, **place, unit="per 100 years"),
    ]


def test_rate_and_its_exact_limits_are_those_of_r():
    low, high = rate_factors((20,), 0.95)["clopper_pearson"]
    assert (0.05 * low, 0.05 * high) == pytest.approx(RATES["exact"])
    ends = prints(RATES["exact"], 100, 2)
    statuses = found(check_rate, *rate_rows("5.00", ends, "400.0"))
    assert statuses == {"e": "agrees", "low": "agrees", "high": "agrees"}


def test_wrong_rate_and_wrong_limit():
    assert found(check_rate, *rate_rows("6.0")) == {"e": "contradicted"}
    assert found(check_rate, *rate_rows(ends=("3.1", "9.9"))) == {"e": "agrees", "high": "suggests"}


@pytest.mark.parametrize(
    ("unit", "value", "status"),
    [
        # 20 events in 400 years, or 4800 months: 0.0042 a month.
        ("per 100 person-months", "0.42", "agrees"),
        ("per 100 person-months", "5.0", "suggests"),
        ("per 10^5 years", "5000", "agrees"),
        ("per 10⁵ years", "5000", "agrees"),
        ("per 10^5 years", "50", "contradicted"),
    ],
)
def test_rate_in_other_units_of_time_and_of_a_power_of_ten(unit, value, status):
    *rows, rate, _, _ = rate_rows()
    rate = number("e", "rate", value, variable="ev", level="yes", group="cases", unit=unit)
    assert found(check_rate, *rows, rate) == {"e": status}


def test_limits_of_a_bootstrap_are_left_alone_in_a_mean():
    # Of 10 ± 10 in 40 patients t gives 6.8 to 13.2.
    rows = [
        number("n", "n", "40", group="first"),
        number("s", "sd", "10.0", variable="x", group="first"),
    ]
    fields = {"variable": "x", "group": "first"}
    for method, told in (("bootstrap", ()), ("wald", ("high",))):
        limits = with_limits("mean", "10.0", "6.9", "14.9", **fields)
        limits = [replace(row, method=method if row.of else "") for row in limits]
        assert set(found(check_limits_of_mean, *rows, *limits)) == set(told), method


def test_ratio_of_rates_and_its_limits_are_those_of_r():
    def rows(value, ends):
        rates = [
            number(name, "rate", printed, variable="ev", level="yes", group=name)
            for name, printed in (("cases", "5.000"), ("controls", "1.667"))
        ]
        return [*EVENTS, *rates, *with_limits("rate_ratio", value, *ends, **PLACE)]

    for way in ("ratio_wald", "ratio_exact"):
        statuses = found(check_rate_ratio, *rows("3.00", prints(RATES[way])))
        assert statuses == {"e": "agrees", "low": "agrees", "high": "agrees"}, way
    assert found(check_rate_ratio, *rows("4.00", ("1.5", "5.9"))) == {"e": "suggests"}
    assert found(check_rate_ratio, *rows("0.33", ("0.17", "0.65")))["e"] == "open"


def test_three_groups_are_a_proof_where_the_test_is_named_also_under_the_name_of_all():
    rows = [
        number("n", "n", "34", group="all"),
        *(
            number(f"n-{name}", "n", str(n), group=name, of="n", partition="g")
            for name, n in zip(NAMES, SAMPLES["sizes"], strict=True)
        ),
        *means(groups=3),
    ]
    for group, method, status in (
        (THREE, "anova", "contradicted"),
        ("all", "anova", "contradicted"),
        (THREE, "", "suggests"),
    ):
        row = number("p", "p_value", "0.0001", variable="x", group=group, method=method)
        found = {f.target: f.status for f in audit(registry(*rows, row)) if f.check == "t_test"}
        assert found == {"p": status}, (group, method)
        row = number("p", "p_value", f"{SAMPLES['anova']['p']:.3f}", variable="x", group=group)
        found = {f.target: f.status for f in audit(registry(*rows, row)) if f.check == "t_test"}
        assert found == {"p": "agrees"}


# A truly printed comparison


def true_paper(seed: int, missing: bool):
    """Print two groups and what scipy computes of them; some values may silently be missing."""
    rng = np.random.default_rng(seed)
    numbers, decimals = rng.integers(15, 120, 2), int(rng.integers(1, 4))
    values = [rng.normal(50 + 5 * i, rng.uniform(5, 15), n) for i, n in enumerate(numbers)]
    if missing:
        values = [each[: len(each) - rng.integers(0, len(each) // 6 + 1)] for each in values]
    events = [max(1, int(rng.binomial(n - 1, 0.4))) for n in numbers]
    rows, place = [], {"variable": "x", "group": TWO}
    for name, n, x, k in zip(NAMES, numbers, values, events, strict=False):
        own = {"variable": "x", "group": name}
        rows += [
            number(f"n-{name}", "n", str(n), group=name),
            number(f"m-{name}", "mean", f"{x.mean():.{decimals}f}", **own),
            number(f"s-{name}", "sd", f"{x.std(ddof=1):.{decimals}f}", **own),
            number(f"e-{name}", "standard_error", f"{stats.sem(x):.{decimals}f}", of=f"m-{name}"),
            number(f"k-{name}", "count", str(k), variable="ev", level="yes", group=name),
            number(
                f"p-{name}",
                "percent",
                f"{100 * k / n:.1f}",
                variable="ev",
                level="yes",
                group=name,
                of=f"n-{name}",
            ),
        ]
        exact = stats.binomtest(k, int(n)).proportion_ci(
            method=str(rng.choice(["exact", "wilson"]))
        )
        rows += limits_of(f"p-{name}", [100 * exact.low, 100 * exact.high], 1)
    test = stats.ttest_ind(*values, equal_var=bool(rng.integers(2)))
    rows += [
        number("t", "t_statistic", f"{test.statistic:.2f}", **place),
        number("df", "degrees_of_freedom", f"{test.df:.1f}", of="t"),
        number("p", "p_value", f"{test.pvalue:.3f}", of="t", **place),
        number(
            "d", "mean_difference", f"{values[0].mean() - values[1].mean():.{decimals}f}", **place
        ),
        *limits_of("d", test.confidence_interval(), decimals),
    ]
    place |= {"variable": "ev", "level": "yes"}
    pairs = [n for pair in zip(events, map(int, numbers), strict=True) for n in pair]
    risk = stats.contingency.relative_risk(*pairs)
    rows.append(number("rr", "risk_ratio", f"{risk.relative_risk:.2f}", **place))
    rows += limits_of("rr", risk.confidence_interval(0.95), 2)
    return rows


def limits_of(identifier: str, ends, decimals: int):
    return [
        number(f"{identifier}-{side}", f"ci_{side}", f"{end:.{decimals}f}", of=identifier)
        for side, end in zip(("low", "high"), ends, strict=True)
    ]


@pytest.mark.parametrize("missing", [False, True])
def test_a_true_comparison_is_never_doubted(missing):
    for seed in range(25):
        found = [
            finding for check in CHECKS for finding in check(registry(*true_paper(seed, missing)))
        ]
        assert [
            finding for finding in found if finding.status in ("contradicted", "suggests")
        ] == [], seed
        assert len(found) > 10

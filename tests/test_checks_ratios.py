import json
import math
from dataclasses import replace
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import assume, given
from hypothesis import strategies as st
from printed_cohorts import printed
from small_registry import counts, number, registry, statuses, two_groups

from rairlib.checks.contingency import (
    check_adjusted_interval_width,
    check_crude_odds_ratio,
    crude_odds_ratio,
    woolf_limits,
    woolf_standard_error,
)
from rairlib.checks.regressions import (
    check_coefficient_and_ratio,
    check_cutoff_of_model,
    check_estimate_in_interval,
    check_interval_from_p_value,
    check_interval_symmetry,
    check_significance,
    check_wald_p_value,
    excludes_null,
    from_symmetry,
    is_significant,
    p_from_z,
    wald_region,
    z_from_p,
)

R_USUAL = json.loads((Path(__file__).parent / "reference" / "usual_intervals.json").read_text())
R_VALUES = json.loads(
    (Path(__file__).parent / "reference" / "ratios_roc_survival.json").read_text()
)
HABITS = (ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_DOWN)
AGE = {"≥54": (19, 16), "<54": (13, 42)}
CONTRAST = "≥54 vs <54"
ALL = (
    check_estimate_in_interval,
    check_interval_symmetry,
    check_coefficient_and_ratio,
    check_wald_p_value,
    check_significance,
    check_interval_from_p_value,
    check_crude_odds_ratio,
    check_adjusted_interval_width,
)


def ratio(estimate, low="", high="", p="", statistic="odds_ratio", **fields):
    """Return the rows of one estimate; `limits` and `test` are the methods of limits and p."""
    limits, test = fields.pop("limits", ""), fields.pop("test", "")
    shared = {"variable": "age", "level": CONTRAST, "group": "cases vs controls"}
    shared |= {"method": "multivariable"} | fields
    rows = [number("estimate", statistic, estimate, **shared)]
    for name, text, method in (
        ("ci_low", low, limits),
        ("ci_high", high, limits),
        ("p_value", p, test),
    ):
        if text:
            rows.append(number(name, name, text, of="estimate", **(shared | {"method": method})))
    return rows


def of_one(check, *args, **fields):
    return check(registry(*ratio(*args, **fields)))


@pytest.mark.parametrize("case", R_VALUES["crude"], ids=lambda case: str(case["cells"]))
def test_crude_odds_ratio_and_woolf_limits_equal_those_of_r(case):
    cells = case["cells"]
    assert crude_odds_ratio(cells) == pytest.approx(case["odds_ratio"], rel=1e-9)
    assert woolf_standard_error(cells) == pytest.approx(case["standard_error"], rel=1e-9)
    low, high = woolf_limits(cells)
    assert low[0] <= case["limits"][0] * (1 + 1e-9)
    assert case["limits"][0] <= low[1] * (1 + 1e-9)
    assert high[0] == pytest.approx(case["limits"][1], rel=1e-9)


def test_p_of_a_normal_statistic_equals_that_of_r():
    values = R_VALUES["p_of_z"]
    assert [p_from_z(z) for z in values["z"]] == pytest.approx(values["p"], rel=1e-12)
    assert [z_from_p(p) for p in values["p"]] == pytest.approx(values["z"], rel=1e-9)
    assert z_from_p(0) == math.inf


def test_exact_limits_leave_one_standard_error():
    # 0.5 ± 1.96 · 0.25: 0.01 to 0.99.
    region = wald_region(low=(0.01, 0.01), high=(0.99, 0.99))
    assert region.coefficient() == pytest.approx((0.5, 0.5))
    assert region.standard_error() == pytest.approx((0.25, 0.25), rel=2e-5)
    assert region.p_value() == pytest.approx((p_from_z(2), p_from_z(2)), rel=2e-4)


def test_an_asymmetric_interval_has_no_wald_region():
    assert not wald_region((0.6, 0.6), (0.01, 0.01), (0.99, 0.99))


def test_range_of_p_over_all_roundings_is_attained():
    box = (1.0, 1.1), (0.2, 0.3), (1.8, 1.9)
    low, high = wald_region(*box).p_value()
    grid = np.linspace(0, 1, 41)
    p = []
    for b in 1.0 + 0.1 * grid:
        for s in np.linspace(0.3, 0.6, 301):
            if 0.2 <= b - 1.96 * s <= 0.3 and 1.8 <= b + 1.96 * s <= 1.9:
                p.append(p_from_z(b / s))
    assert low <= min(p) <= 1.1 * low
    assert high / 1.1 <= max(p) <= high


def test_middle_and_mirror_by_hand():
    assert from_symmetry("odds_ratio", (1.9, 2.3), (1.0, 1.2), (3.0, 3.2)) == (2.0, 2.2)
    for name, low, high in (
        ("ci_low", (1.0, 1.2), (3.0, 3.2)),
        ("ci_high", (3.0, 3.2), (5.0, 5.2)),
    ):
        assert from_symmetry(name, (2.0, 2.2), low, high) == pytest.approx((0.8, 1.4))


def test_true_interval_agrees_in_every_direction():
    # Table 2 of the Rabat study: ln 6.502 = 1.8721, (ln 23.080 − ln 1.832) / 3.92 = 0.6463.
    rows = registry(*ratio("6.502", "1.832", "23.080", "0.004"))
    assert statuses(check_interval_symmetry(rows)) == {
        "estimate": "agrees",
        "ci_low": "agrees",
        "ci_high": "agrees",
    }
    # z = 1.8721 / 0.6463 = 2.897, p = 0.003775.
    (finding,) = check_wald_p_value(rows)
    assert (finding.status, finding.target) == ("agrees", "p_value")
    assert finding.low <= 0.003775 <= finding.high


EXP_LIMITS = ("0.196", "1.091", "1.357")
"""A coefficient of Tang 2025 with the limits of its odds ratio."""


@pytest.mark.parametrize(
    ("statistic", "printed", "limits", "status", "text"),
    [
        ("odds_ratio", ("2.650", "3.1", "8.2"), "", "contradicted", "2.650 (3.1 to 8.2)"),
        ("odds_ratio", ("2.0", "3.1", "1.2"), "", "contradicted", "above the upper limit"),
        ("odds_ratio", ("1.0", "1.04", "1.2"), "", "agrees", "inside"),
        ("risk_ratio", ("0.80", "0.90", "1.40"), "", "contradicted", "outside"),
        ("kappa", ("0.35", "0.41", "0.60"), "", "contradicted", "outside"),
        ("concordance", ("0.72", "0.60", "0.70"), "", "contradicted", "outside"),
        ("rate", ("3.1", "2.0", "2.9"), "", "contradicted", "outside"),
        ("mean_difference", ("-2.0", "-1.5", "0.4"), "", "contradicted", "outside"),
        ("median_survival", ("14", "9", "12"), "", "contradicted", "outside"),
        ("coefficient", EXP_LIMITS, "wald exp", "agrees", "inside"),
        ("coefficient", EXP_LIMITS, "", "suggests", "exp(coefficient)"),
        ("mean", ("12.0", "13.0", "14.0"), "", "contradicted", "outside"),
        ("percent", ("60.0", "65", "70"), "", "contradicted", "outside"),
        ("median", ("20", "25", "22"), "", "contradicted", "above the upper limit"),
        ("survival_percent", ("80.0", "85.0", "70.0"), "", "contradicted", "above the upper limit"),
        ("survival_percent", ("80", "80.6", "90"), "", "suggests", "cut off"),
        ("sensitivity", ("80.0", "70.0", "90.0"), "", "agrees", "inside"),
    ],
)
def test_every_estimate_lies_inside_its_interval(statistic, printed, limits, status, text):
    rows = registry(*ratio(*printed, statistic=statistic, limits=limits))
    (finding,) = check_estimate_in_interval(rows)
    assert finding.status == status
    assert text in finding.text
    outside = status != "agrees" and "above" not in text
    assert finding.target == ("estimate" if outside else "")


def test_the_slip_that_would_put_an_estimate_inside_is_named():
    (finding,) = of_one(check_estimate_in_interval, "17", "1.2", "2.3")
    assert (finding.status, finding.reading) == ("contradicted", "decimal mark moved: 1.7")


def test_exchanged_limits_are_named():
    (finding,) = of_one(check_estimate_in_interval, "1.9", "2.3", "1.2")
    assert (finding.status, finding.reading) == ("contradicted", "limits exchanged")


def test_a_number_needed_to_treat_may_lie_outside_limits_of_both_signs():
    # From harm (-50) over infinity to benefit (10): 25 lies inside.
    fields = {"statistic": "number_needed_to_treat"}
    assert of_one(check_estimate_in_interval, "25", "-50", "10", **fields) == []
    (finding,) = of_one(check_estimate_in_interval, "25", "8", "20", **fields)
    assert finding.status == "contradicted"


def test_an_estimate_outside_its_interval_is_not_told_again_as_asymmetry():
    assert of_one(check_interval_symmetry, "17", "1.2", "2.3") == []


def test_asymmetry_is_a_proof_for_wald_intervals_only():
    # √(1.832 · 28.030) = 7.166, not 6.502; √(1.832 · 23.080) = 6.502.
    wrong = ("6.502", "1.832", "28.030")
    (undeclared,) = of_one(check_interval_symmetry, *wrong)
    assert (undeclared.status, undeclared.target) == ("open", "")
    assert undeclared.reading.startswith("a profile-likelihood")
    declared = of_one(check_interval_symmetry, *wrong, limits="wald")
    assert set(statuses(declared).values()) == {"contradicted"}
    assert "7.1649 to 7.1670" in declared[0].text
    # One arm is ln(230.80 / 6.502) = 3.57, the other ln(6.502 / 1.832) = 1.27.
    findings = of_one(check_interval_symmetry, "6.502", "1.832", "230.80")
    assert set(statuses(findings).values()) == {"suggests"}
    assert "profile-likelihood" in findings[0].text
    assert findings[2].reading == "decimal mark moved: 23.080"


@pytest.mark.parametrize("case", R_USUAL["poisson"], ids=lambda case: str(case["events"]))
@pytest.mark.parametrize("kind", ["exact", "profile"])
def test_usual_intervals_of_a_sparse_count_are_no_doubt(case, kind):
    printed = [f"{value:.3f}" for value in (case["events"], *case[kind])]
    findings = of_one(check_interval_symmetry, *printed, statistic="rate_ratio")
    assert {finding.status for finding in findings} == {"open"}


@pytest.mark.parametrize("case", R_USUAL["poisson"], ids=lambda case: str(case["events"]))
def test_p_of_a_likelihood_ratio_beside_a_wald_interval_is_no_doubt(case):
    printed = [f"{value:.4f}" for value in (case["events"], *case["wald"])]
    args = (*printed, f"{case['lr_p']:.5f}")
    (finding,) = of_one(check_wald_p_value, *args, statistic="rate_ratio")
    assert (finding.status, finding.reading[:18]) == ("open", "a likelihood ratio")
    fields = {"statistic": "rate_ratio", "limits": "wald", "test": "wald"}
    (declared,) = of_one(check_wald_p_value, *args, **fields)
    assert declared.status == "contradicted"


@pytest.mark.parametrize("statistic", ["risk_ratio", "rate_ratio"])
def test_all_ratios_are_symmetric_on_the_log_scale(statistic):
    rows = registry(*ratio("6.502", "1.832", "23.080", "0.004", statistic=statistic))
    assert set(statuses(check_interval_symmetry(rows)).values()) == {"agrees"}
    assert set(statuses(check_wald_p_value(rows)).values()) == {"agrees"}


@pytest.mark.parametrize(
    "statistic", ["mean_difference", "risk_difference", "standardised_mean_difference"]
)
def test_differences_are_symmetric_as_printed(statistic):
    # 2.0 ± 1.6; an interval of 0.4 to 7.0 has arms of 1.6 and 5.0.
    fields = {"statistic": statistic}
    found = of_one(check_interval_symmetry, "2.0", "0.4", "3.6", **fields)
    assert set(statuses(found).values()) == {"agrees"}
    wrong = ("2.0", "0.4", "7.0")
    found = of_one(check_interval_symmetry, *wrong, **fields)
    assert set(statuses(found).values()) == {"suggests"}
    found = of_one(check_interval_symmetry, *wrong, limits="wald", **fields)
    assert set(statuses(found).values()) == {"contradicted"}
    # Its p value is that of t or χ²: Wald's is asked for only where the method says so.
    assert of_one(check_wald_p_value, "2.0", "0.4", "3.6", "0.014", **fields) == []
    (finding,) = of_one(check_significance, "2.0", "0.4", "3.6", "0.40", **fields)
    assert finding.status == "suggests"


def test_the_one_limit_that_does_not_fit_estimate_other_limit_and_p_is_named():
    # ln 0.820 = −0.198 with p 0.676 has the error 0.475: 0.820 e^(−1.96 · 0.475) = 0.323.
    (finding,) = of_one(check_interval_symmetry, "0.820", "0.624", "2.076", "0.676")
    assert (finding.status, finding.target) == ("suggests", "ci_low")
    assert "is 0.3234 to 0.3244; printed is 0.624" in finding.text
    assert "The other two fit p 0.676." in finding.text


def test_a_limit_that_p_refutes_is_a_doubt_where_other_intervals_are_symmetric():
    # ln(1.86 / 1.07) = 0.55 and ln(3.55 / 1.86) = 0.65: askew as usual, but p 0.060 needs 0.97.
    askew = ratio("1.86", "1.07", "3.55", "0.060")
    (alone,) = check_interval_symmetry(registry(*askew))
    assert alone.status == "open"
    other = [
        replace(row, id=f"o-{row.id}", of=row.of and "o-estimate", variable="sex")
        for row in ratio("2.0", "1.0", "4.0")
    ]
    rows = registry(*askew, *other)
    (doubt,) = [f for f in check_interval_symmetry(rows) if f.status == "suggests"]
    assert (doubt.target, round(doubt.low, 2)) == ("ci_low", 0.97)
    assert [f.reading for f in check_significance(rows)] == [""]


def test_an_interval_of_another_level_is_named_once_and_proves_nothing():
    # ln(3.64/1.10) / (2 · 1.645) = 0.3637; ln 2 / 0.3637 = 1.906, p = 0.0567.
    fields = {"limits": "wald exp", "test": "wald", "statistic": "hazard_ratio"}
    for check, status in ((check_wald_p_value, "suggests"), (check_significance, "open")):
        (finding,) = of_one(check, "2.00", "1.10", "3.64", "0.056", **fields)
        assert (finding.status, finding.reading) == (status, "a 90 % interval")
        assert "as a 90 % interval it fits p 0.056" in finding.text
        (stated,) = of_one(
            check, "2.00", "1.10", "3.64", "0.056", **(fields | {"limits": "wald exp 90%"})
        )
        assert stated.status == "agrees"
    # At 95 %, p is 0.0232: as 90 % it would contradict.
    fields |= {"limits": "wald exp 90%"}
    (finding,) = of_one(check_wald_p_value, "2.00", "1.10", "3.64", "0.023", **fields)
    assert (finding.status, finding.reading) == ("suggests", "a 95 % interval")


def test_a_one_sided_p_is_half_and_is_named():
    # ln(3.64/1.10) / 3.92 = 0.3053; ln 2 / 0.3053 = 2.270, p = 0.0232, one-sided 0.0116.
    args = ("2.00", "1.10", "3.64", "0.0116")
    (finding,) = of_one(check_wald_p_value, *args, limits="wald", test="wald one_sided")
    assert finding.status == "agrees"
    (finding,) = of_one(check_wald_p_value, *args, limits="wald", test="wald")
    assert (finding.status, finding.reading) == ("suggests", "a one-sided p value")
    # Of the other side it is 1 - 0.0116, and the interval excludes 1 all the same.
    for p in ("0.9884", ">0.05"):
        other = ("2.00", "1.10", "3.64", p)
        for check in (check_wald_p_value, check_significance):
            found = of_one(check, *other, limits="wald", test="wald one_sided")
            assert {finding.status for finding in found} <= {"agrees"}
    # One-sided 0.04 is 0.08 on two sides: the interval may include 1.
    fields = {"limits": "wald", "test": "wald one_sided"}
    (finding,) = of_one(check_significance, "1.80", "0.93", "3.47", "0.04", **fields)
    assert finding.status == "agrees"


def test_corrected_p_values_are_left_alone_and_weighted_ones_never_contradicted():
    args = ("2.00", "1.10", "3.64", "0.70")
    for test in ("bonferroni", "wald corrected"):
        assert of_one(check_wald_p_value, *args, limits="wald", test=test) == []
        assert of_one(check_significance, *args, limits="wald", test=test) == []
    for limits, test in (("wald weighted", "wald"), ("wald", "wald paired"), ("weighted", "")):
        for check in (check_wald_p_value, check_significance):
            (finding,) = of_one(check, *args, limits=limits, test=test)
            assert finding.status == "suggests"
    (finding,) = of_one(check_wald_p_value, *args, limits="wald", test="wald")
    assert finding.status == "contradicted"


@pytest.mark.parametrize(
    ("printed", "limits"),
    # exp(0.196) = 1.2165 and √(1.091 · 1.357) = 1.2167; 0.50 ± 1.96 · 0.25.
    [(EXP_LIMITS, "wald exp"), (("0.50", "0.01", "0.99"), "")],
)
def test_intervals_of_coefficients_are_symmetric(printed, limits):
    rows = registry(*ratio(*printed, statistic="coefficient", limits=limits))
    assert set(statuses(check_interval_symmetry(rows)).values()) == {"agrees"}


# p is 0.0038; 0.04 has lost a zero. 0.50 / 0.25 = 2 has p 0.0455. Tang 2025: z = 0.196 / 0.0557 =
# 3.52, p = 0.0004, which SPSS prints as .000.
WRONG = ("6.502", "1.832", "23.080", "0.040")


@pytest.mark.parametrize(
    ("statistic", "printed", "limits", "test", "status", "text"),
    [
        ("odds_ratio", WRONG, "", "", "suggests", "printed is 0.040"),
        ("odds_ratio", WRONG, "wald", "wald", "contradicted", "printed is 0.040"),
        ("coefficient", ("0.50", "0.01", "0.99", "0.046"), "", "", "agrees", "printed is 0.046"),
        ("coefficient", (*EXP_LIMITS, "0.001"), "wald exp", "wald", "suggests", ".000"),
    ],
)
def test_wald_p_value(statistic, printed, limits, test, status, text):
    fields = {"statistic": statistic, "limits": limits, "test": test}
    (finding,) = of_one(check_wald_p_value, *printed, **fields)
    assert (finding.status, finding.target) == (status, "p_value")
    assert text in finding.text


def test_p_value_of_another_test_is_left_alone():
    assert not of_one(check_wald_p_value, "2.0", "1.1", "3.6", "0.9", test="likelihood_ratio")


@pytest.mark.parametrize(
    ("low", "high", "excluded"),
    [
        ((0.1, 0.2), (1, 1), True),
        ((-1, -1), (-0.2, -0.1), True),
        ((-0.2, -0.1), (1, 1), False),
        ((-0.1, 0.1), (1, 1), None),
    ],
)
def test_interval_and_null(low, high, excluded):
    assert excludes_null(low, high) is excluded


@pytest.mark.parametrize(
    ("text", "significant"),
    [("0.04", True), ("<0.05", True), ("0.050", None), ("0.06", False), (">0.05", False)],
)
def test_significance_of_a_printed_p(text, significant):
    assert is_significant(number("p", "p_value", text)) is significant


def test_significant_p_beside_an_interval_with_one():
    (finding,) = of_one(check_significance, "1.8", "0.9", "3.6", "0.0002")
    assert (finding.status, finding.target) == ("suggests", "p_value")
    (agreeing,) = of_one(check_significance, "1.8", "0.9", "3.6", "0.10")
    assert agreeing.status == "agrees"


def test_interval_from_estimate_and_p():
    # z(0.0455) = 2.000, so SE = ln 2 / 2 = 0.3466; 2 · exp(±0.679) = 1.014 and 3.944.
    (finding,) = of_one(check_interval_from_p_value, "2.000", p="0.0455")
    assert finding.status == "open"
    assert "1.01" in finding.text
    assert "3.94" in finding.text


def test_coefficient_and_ratio_of_one_term():
    # exp(0.693) = 2.000; 0.639 has two digits swapped: exp(0.639) = 1.895.
    for coefficient, status in (("0.693", "agrees"), ("0.639", "contradicted")):
        term = ratio(coefficient, statistic="coefficient")[0]
        rows = registry(*ratio("2.00"), number("b", "coefficient", term.printed, **_fields(term)))
        assert statuses(check_coefficient_and_ratio(rows)) == {"estimate": status, "b": status}


def _fields(row):
    return {name: getattr(row, name) for name in ("variable", "level", "group", "method")}


def crude_study(*args, cells=AGE, **fields):
    rows = ratio(*args, **({"method": "univariable"} | fields))
    return registry(*two_groups(), *counts("age", cells), *rows)


def test_crude_ratio_from_counts():
    # 19 · 42 / (16 · 13) = 3.837; SE = √(1/19 + 1/16 + 1/13 + 1/42) = 0.46461;
    # exp(1.34457 ± 1.96 · 0.46461) = 1.5433 and 9.5371.
    rows = crude_study("3.837", "1.543", "9.537")
    assert set(statuses(check_crude_odds_ratio(rows)).values()) == {"agrees"}


def test_crude_limits_of_another_level():
    # exp(1.34457 ± 1.645 · 0.46461) = 1.787 and 8.239.
    for modifier, status in ((" 90%", "agrees"), ("", "contradicted")):
        rows = crude_study("3.837", "1.787", "8.239", limits=f"wald{modifier}")
        found = statuses(check_crude_odds_ratio(rows))
        assert {found["ci_low"], found["ci_high"]} == {status}


def test_swapped_digits_of_a_crude_ratio_are_contradicted():
    findings = check_crude_odds_ratio(crude_study("3.873", "1.543", "9.573", limits="wald"))
    found = statuses(findings)
    assert found == {"estimate": "contradicted", "ci_low": "agrees", "ci_high": "contradicted"}
    assert "19:16 against 13:42 give 3.8365" in findings[0].text


def test_inverted_crude_ratio_names_the_direction():
    # 1 / 3.8365 = 0.2607.
    findings = check_crude_odds_ratio(crude_study("0.261"))
    assert statuses(findings) == {"estimate": "suggests"}
    assert "other direction" in findings[0].text


def test_conditional_odds_ratio_of_fisher_is_recognised():
    # R: 16.640 conditional, 17.357 from the cross product; exact limits 4.553 and 78.630
    # (scipy.stats.contingency.odds_ratio), Woolf's are 5.048 and 59.7.
    cells = {"≥54": (18, 4), "<54": (14, 54)}
    for limits, status in (("", "agrees"), ("wald", "suggests")):
        rows = crude_study("16.640", "4.553", "78.630", cells=cells, limits=limits)
        found = {f.target: f for f in check_crude_odds_ratio(rows)}
        assert found["estimate"].status == "agrees"
        assert {found[end].status for end in ("ci_low", "ci_high")} == {status}
        assert found["ci_low"].reading == "Fisher's exact interval"


def test_conditional_odds_ratio_with_digits_cut_off_is_suggested():
    # R: fisher.test(rbind(c(16, 5), c(20, 30))) estimates 4.6916; the cross product is 4.8, with
    # half a patient added to each count 4.463.
    cells = {"≥54": (16, 5), "<54": (20, 30)}
    findings = check_crude_odds_ratio(crude_study("4.6", cells=cells))
    assert statuses(findings) == {"estimate": "suggests"}


def test_half_a_patient_added_to_each_count_is_a_reading():
    # 19.5 · 42.5 / (16.5 · 13.5) = 3.7205; SE = √(1/19.5 + 1/16.5 + 1/13.5 + 1/42.5) = 0.45770;
    # exp(1.31386 ± 1.96 · 0.45770) = 1.5171 and 9.1239.
    found = check_crude_odds_ratio(crude_study("3.72", "1.52", "9.12", limits="wald"))
    assert {(f.status, f.reading[:9]) for f in found} == {("open", "0.5 added")}


def test_crude_ratio_with_an_empty_cell_stays_open():
    cells = {"≥54": (3, 0), "<54": (29, 58)}
    (finding,) = check_crude_odds_ratio(crude_study("14.0", cells=cells))
    assert finding.status == "open"


def test_adjusted_interval_narrower_than_the_crude_one():
    # Crude SE 0.4646; limits 3.0 and 9.0 need ln 3 / 3.92 = 0.2803.
    narrow = ("5.196", "3.00", "9.00")
    (undeclared,) = check_adjusted_interval_width(crude_study(*narrow, method="multivariable"))
    assert undeclared.status == "suggests"
    rows = crude_study(*narrow, method="multivariable", limits="wald")
    (declared,) = check_adjusted_interval_width(rows)
    assert declared.status == "contradicted"
    assert "0.4646" in declared.text


def test_adjustment_never_narrows_a_fitted_interval():
    for seed in range(30):
        rng = np.random.default_rng(seed)
        level, other = rng.random(120) < 0.4, rng.normal(size=120)
        risk = 1 / (1 + np.exp(0.5 - level - rng.normal(0.5, 1) * (other + level)))
        event = rng.random(120) < risk
        design = sm.add_constant(np.column_stack([level, other]).astype(float))
        fit = sm.Logit(event.astype(float), design).fit(disp=0)
        cells = [int(np.sum((level == a) & (event == b))) for a in (1, 0) for b in (1, 0)]
        assert fit.bse[1] >= woolf_standard_error(cells) * (1 - 1e-9)


def fitted_study(seed):
    """Print a logistic model with and without adjustment, as statsmodels fits it."""
    rng = np.random.default_rng(seed)
    level, other = rng.random(150) < 0.45, rng.normal(size=150)
    event = rng.random(150) < 1 / (1 + np.exp(0.4 - 0.8 * level - 0.7 * other))
    rows = [*two_groups(str(event.sum()), str((~event).sum()), "150")]
    cells = {
        name: (str((chosen & event).sum()), str((chosen & ~event).sum()))
        for name, chosen in (("≥54", level), ("<54", ~level))
    }
    rows += counts("age", cells)
    designs = {"univariable": [level], "multivariable": [level, other]}
    for method, columns in designs.items():
        design = sm.add_constant(np.column_stack(columns).astype(float))
        fit = sm.Logit(event.astype(float), design).fit(disp=0)
        values = np.exp([fit.params[1], *fit.conf_int()[1]])
        texts = [printed(value, 3, ROUND_HALF_UP) for value in values]
        texts.append(printed(fit.pvalues[1], 3, ROUND_HALF_UP))
        for row in ratio(*texts, method=method, limits="wald", test="wald"):
            of = f"{method}-estimate" if row.of else ""
            rows.append(replace(row, id=f"{method}-{row.id}", of=of))
    return registry(*rows)


@pytest.mark.parametrize("seed", range(20))
def test_a_true_logistic_model_is_never_doubted(seed):
    findings = [finding for check in ALL for finding in check(fitted_study(seed))]
    assert {finding.status for finding in findings} == {"agrees"}
    assert {finding.check for finding in findings} >= {"crude_odds_ratio", "wald_p_value"}


@st.composite
def printed_estimates(draw):
    """Rows of a Wald estimate with 2 to 4 decimals, and how they were rounded or cut off."""
    b, s = draw(st.floats(-3, 3)), draw(st.floats(0.05, 1.5))
    ties = draw(st.sampled_from(HABITS))
    kind = draw(st.sampled_from(["odds_ratio", "hazard_ratio", "coefficient", "exp"]))
    decimals = draw(st.integers(2, 4))
    is_ratio = kind in ("odds_ratio", "hazard_ratio")
    limits = [b - 1.959964 * s, b + 1.959964 * s]
    limits = limits if kind == "coefficient" else [math.exp(limit) for limit in limits]
    p = p_from_z(b / s)
    p_text = "<0.001" if p < 0.001 and draw(st.booleans()) else printed(p, 3, ties)
    texts = [printed(value, decimals, ties) for value in (math.exp(b) if is_ratio else b, *limits)]
    # A print of -0.000 has lost its sign.
    assume(not any(text.startswith("-") and float(text) == 0 for text in texts))
    rows = ratio(
        *texts,
        p_text,
        statistic=kind if is_ratio else "coefficient",
        limits="wald exp" if kind == "exp" else "wald",
        test="wald",
    )
    return rows, ties


@given(printed_estimates())
def test_a_true_wald_estimate_is_never_doubted(estimate):
    rows, ties = estimate
    found = {finding.status for check in ALL for finding in check(registry(*rows))}
    assert found
    assert found <= possible_statuses(ties)


def possible_statuses(ties):
    """Digits that are cut off may be noticed, but they contradict nothing."""
    return {"agrees", "open", "suggests"} if ties == ROUND_DOWN else {"agrees", "open"}


@given(
    st.lists(st.integers(1, 200), min_size=4, max_size=4),
    st.integers(1, 4),
    st.sampled_from(HABITS),
)
def test_a_true_crude_odds_ratio_is_never_doubted(cells, decimals, ties):
    low, high = woolf_limits(cells)
    # Cutting off 1.7 must not meet 1.69999…, which floating numbers make of it.
    exact = crude_odds_ratio(cells) + 1e-12
    texts = [printed(value, decimals, ties) for value in (exact, low[1], high[0])]
    named = {"≥54": cells[:2], "<54": cells[2:]}
    rows = crude_study(*texts, cells=named, limits="wald")
    found = {finding.status for check in ALL for finding in check(rows)}
    assert found <= possible_statuses(ties)


def model(cutoff: str, *coefficients: str, level: str = ""):
    fields = {"group": "cases vs controls", "method": "multivariable"}
    terms = (
        number(f"b{i}", "coefficient", text, variable=f"x{i}", level=level, **fields)
        for i, text in enumerate(coefficients)
    )
    cut = number("cutoff", "cutoff", cutoff, variable="logit_p", group="cases vs controls")
    return registry(number("b", "intercept", "−2.046", **fields), *terms, cut)


def test_a_cutoff_below_the_intercept_of_a_model_of_positive_terms_is_a_doubt():
    # −2.046 + 0.196 nodes + 0.103 Tg is at least −2.046.
    for cutoff, expected in (("−0.585", {}), ("−5.85", {"cutoff": "suggests"})):
        assert statuses(check_cutoff_of_model(model(cutoff, "0.196", "0.103"))) == expected
    assert check_cutoff_of_model(model("−5.85", "0.196", "−0.103")) == []


def test_dummies_bound_the_linear_predictor_on_both_sides():
    # −2.046 − 0.5 to −2.046 + 1.5.
    for cutoff, expected in (("−2.60", 1), ("−2.50", 0), ("−0.50", 1), ("−0.60", 0)):
        rows = model(cutoff, "1.500", "−0.500", level="yes vs no")
        doubts = [f for f in check_cutoff_of_model(rows) if f.status == "suggests"]
        assert len(doubts) == expected

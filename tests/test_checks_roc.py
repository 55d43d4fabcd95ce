import itertools
import json
import math
from decimal import ROUND_DOWN, ROUND_HALF_UP
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from printed_cohorts import printed
from small_registry import number, registry, statuses, two_groups

from rairlib.checks.roc import (
    BinaryScore,
    area_limits,
    binary_delong_error,
    binary_spss_error,
    check_auc_dichotomised,
    check_auc_in_interval,
    check_auc_interval,
    check_auc_like_for_like,
    check_auc_operating_point,
    check_auc_symmetry,
    delong_weights,
    formula_error,
    largest_error,
    smallest_error,
    spss_weights,
)

R_VALUES = json.loads(
    (Path(__file__).parent / "reference" / "ratios_roc_survival.json").read_text()
)
CHECKS = (
    check_auc_in_interval,
    check_auc_symmetry,
    check_auc_interval,
    check_auc_operating_point,
    check_auc_dichotomised,
    check_auc_like_for_like,
)
TRAINING = {"sensitivity": "62.00", "specificity": "90.28"}
VALIDATION = {"sensitivity": "72.22", "specificity": "80.95"}
VALIDATED = (
    number("m", "n", "60", group="second"),
    number("m1", "n", "18", group="tested", of="m", partition="second"),
    number("m0", "n", "42", group="spared", of="m", partition="second"),
)


def roc_rows(area, low="", high="", point=(), group="cases vs controls", prefix="", **fields):
    """Return the rows of an area of `score`, with an operating point of `score_05`."""
    fields = {"variable": "score", "group": group} | fields
    rows = [number(f"{prefix}auc", "auc", area, **fields)]
    for name, text in (("ci_low", low), ("ci_high", high)):
        if text:
            rows.append(number(f"{prefix}{name}", name, text, of=f"{prefix}auc", **fields))
    fields = {"variable": "score_05", "level": "≥0.5", "group": group, "unit": "%"}
    point = dict(point)
    return rows + [number(f"{prefix}{name}", name, point[name], **fields) for name in point]


def study(*args, cases="50", controls="72", **fields):
    sizes = two_groups(cases, controls, str(int(cases) + int(controls)))
    return registry(*sizes, *roc_rows(*args, **fields))


def empirical_errors(positive, negative):
    """Area and errors straight from the definitions: all pairs and triples, ties by halves or
    in random order."""
    x, y = np.asarray(positive, float), np.asarray(negative, float)
    wins = (x[:, None] > y) + 0.5 * (x[:, None] == y)
    area = wins.mean()
    delong = wins.mean(1).var(ddof=1) / len(x) + wins.mean(0).var(ddof=1) / len(y)
    above, tied = (x[:, None] > y).sum(0), (x[:, None] == y).sum(0)
    q1 = np.sum(above**2 + above * tied + tied**2 / 3) / (len(y) * len(x) ** 2)
    below, tied = (y[:, None] < x).sum(0), (y[:, None] == x).sum(0)
    q2 = np.sum(below**2 + below * tied + tied**2 / 3) / (len(x) * len(y) ** 2)
    rest = (len(x) - 1) * (q1 - area**2) + (len(y) - 1) * (q2 - area**2)
    spss = (area * (1 - area) + rest) / (len(x) * len(y))
    return area, math.sqrt(max(spss, 0)), math.sqrt(delong)


@pytest.mark.parametrize("case", R_VALUES["binary"], ids=lambda case: str(case["cells"]))
def test_errors_of_a_dichotomised_score_equal_those_of_r(case):
    score = BinaryScore(*case["cells"])
    assert score.area == pytest.approx(case["area"], rel=1e-12)
    assert binary_delong_error(score) == pytest.approx(case["delong"], rel=1e-9)
    assert binary_spss_error(score) == pytest.approx(case["spss"], rel=1e-9)


def test_formula_of_hanley_and_mcneil_without_discrimination():
    # A = 1/2 is the null hypothesis of Mann-Whitney: (n1 + n0 + 1) / (12 n1 n0).
    assert formula_error(0.5, 40, 129) ** 2 == pytest.approx(170 / (12 * 40 * 129), rel=1e-12)


def test_formula_of_hanley_and_mcneil_holds_for_exponential_scores():
    rng = np.random.default_rng(7)
    area, spss, _ = empirical_errors(rng.exponential(3, 2000), rng.exponential(1, 1000))
    assert area == pytest.approx(0.75, abs=0.02)
    assert formula_error(area, 2000, 1000) == pytest.approx(spss, rel=0.02)


@pytest.mark.parametrize(("cases", "controls"), [(2, 2), (2, 4), (3, 3), (4, 2)])
def test_attainable_errors_hold_for_every_small_sample(cases, controls):
    for values in itertools.product(range(4), repeat=cases + controls):
        positive, negative = values[:cases], values[cases:]
        area, spss, delong = empirical_errors(positive, negative)
        if not 0 < area < 1:
            continue
        weights = spss_weights(cases, controls), delong_weights(cases, controls)
        assert smallest_error(area, weights[0]) - 1e-9 <= spss
        assert spss <= largest_error(area, weights[0]) + 1e-9
        assert delong <= largest_error(area, weights[1]) + 1e-9
        if not set(positive) & set(negative):
            assert smallest_error(area, weights[1]) - 1e-9 <= delong


def test_attainable_errors_are_attained():
    # Half of the positives above all negatives, half below: a = A(1 − A), b = 0.
    positive, negative = [9] * 10 + [0] * 10, list(range(1, 6))
    area, _, delong = empirical_errors(positive, negative)
    spread = math.sqrt(area * (1 - area) * delong_weights(20, 5).alpha)
    assert delong == pytest.approx(spread)
    # The ROC curve 0.2 + 0.8 t in fine steps, equal weights: nearly the smallest error.
    steps = 400
    negative = np.arange(steps, dtype=float)
    positive = np.concatenate([np.full(steps // 5, steps), np.arange(0, steps, 1.25) - 0.5])
    area, spss, _ = empirical_errors(positive, negative)
    bound = smallest_error(area, spss_weights(len(positive), steps))
    assert bound <= spss <= 1.1 * bound


def test_tang_validation_area_is_that_of_the_dichotomised_score():
    # TP 13 of 18, TN 34 of 42: (0.7222 + 0.8095) / 2 = 0.7659; SE 0.0712, 0.6263 to 0.9054.
    rows = study("0.766", "0.626", "0.905", VALIDATION, cases="18", controls="42")
    assert statuses(check_auc_dichotomised(rows)) == {
        "auc": "agrees",
        "ci_low": "agrees",
        "ci_high": "agrees",
    }
    (finding,) = check_auc_interval(rows)
    assert finding.status == "agrees"
    assert "the dichotomised score (TP 13, FN 5, FP 8, TN 34" in finding.text
    assert "0.6263 to 0.9054" in finding.text
    assert "the formula of Hanley and McNeil;" not in finding.text


def test_tang_training_area_is_not():
    # (0.62 + 0.9028) / 2 = 0.7614, printed 0.838.
    rows = study("0.838", "0.759", "0.917", TRAINING)
    (finding,) = check_auc_dichotomised(rows)
    assert finding.status == "open"
    assert "0.7614" in finding.text
    (interval,) = check_auc_interval(rows)
    assert interval.status == "agrees"
    assert "a score with many values" in interval.text


def test_the_two_areas_are_not_like_for_like():
    second = roc_rows("0.766", "0.626", "0.905", VALIDATION, "tested vs spared", "second-")
    rows = [*two_groups("50", "72", "122"), *VALIDATED, *second]
    first = "0.838", "0.759", "0.917"
    (finding,) = check_auc_like_for_like(registry(*rows, *roc_rows(*first, TRAINING)))
    assert finding.status == "suggests"
    assert "0.761" in finding.text
    # Figures that no table shows have no area to compare.
    swapped = {"sensitivity": TRAINING["specificity"], "specificity": TRAINING["sensitivity"]}
    assert check_auc_like_for_like(registry(*rows, *roc_rows(*first, swapped))) == []


def test_area_outside_its_interval_is_contradicted():
    # The middle of 0.852 and 0.935 is 0.8935.
    (exchanged,) = check_auc_in_interval(study("0.849", "0.852", "0.935"))
    assert (exchanged.status, exchanged.reading) == ("contradicted", "digits exchanged: 0.894")
    findings = check_auc_in_interval(study("0.676", "0.759", "0.917"))
    assert statuses(findings) == {"auc": "contradicted"}


def test_asymmetric_limits_are_a_proof_only_if_the_method_is_declared():
    # 0.838 − 0.759 = 0.079, 0.971 − 0.838 = 0.133.
    wrong = ("0.838", "0.759", "0.971")
    assert set(statuses(check_auc_symmetry(study(*wrong))).values()) == {"suggests"}
    declared = check_auc_symmetry(study(*wrong, method="delong"))
    assert set(statuses(declared).values()) == {"contradicted"}
    assert "is 0.8645 to 0.8655" in declared[0].text


def test_an_interval_symmetric_on_the_logit_scale_is_no_doubt():
    # logit 0.900 = 2.197; 2.197 ± 0.980 are the logits of 0.772 and 0.960.
    (finding,) = check_auc_symmetry(study("0.900", "0.772", "0.960"))
    assert (finding.status, finding.reading) == ("open", "a bootstrap, logit or binomial interval")


def test_limits_of_another_level_are_read_at_it():
    # Arms of 0.057 to 0.059, over 1.96 and over 1.645.
    for method, words in (("", "0.0291 to 0.0301"), ("delong 90%", "0.0347 to 0.0359")):
        (finding,) = check_auc_interval(study("0.838", "0.780", "0.896", method=method))
        assert f"standard error of {words}" in finding.text


def test_limit_cut_off_at_one_stays_open():
    (finding,) = check_auc_symmetry(study("0.911", "0.769", "0.999", cases="8", controls="16"))
    assert finding.status == "open"


@pytest.mark.parametrize(
    ("low", "high", "method", "status", "text"),
    [
        # With 50 and 72 and A = 0.838 the error is at most √(0.838 · 0.162 / 49) = 0.0526.
        ("0.700", "0.976", "", "suggests", "No score has so large"),
        ("0.700", "0.976", "delong", "contradicted", "0.0527"),
        ("0.820", "0.856", "delong", "suggests", "no standard error so small"),
    ],
)
def test_interval_of_no_score(low, high, method, status, text):
    (finding,) = check_auc_interval(study("0.838", low, high, method=method))
    assert finding.status == status
    assert text in finding.text


def test_unknown_sizes_are_bounded_by_the_error():
    # SE = 0.142 / 1.96 = 0.0724: n − 1 ≤ 0.911 · 0.089 / 0.0724² = 15.5.
    rows = registry(*roc_rows("0.911", "0.769", "0.999", group="old"))
    (finding,) = check_auc_interval(rows)
    assert finding.status == "open"
    assert "at most 16 patients" in finding.text


def test_operating_point_limits_by_hand():
    # 31/50 and 65/72: 0.62 · 0.9028 = 0.5597; 1 − 0.38 · 0.0972 = 0.9631.
    assert area_limits(BinaryScore(31, 19, 7, 65)) == pytest.approx((0.55972, 0.96306), abs=1e-5)


@pytest.mark.parametrize(
    ("area", "status", "text"),
    # 1 − 0.838 = 0.162: small values call positive.
    [("0.983", "contradicted", "0.5597 to 0.9631"), ("0.162", "open", "small values call")],
)
def test_area_that_no_curve_through_the_point_has(area, status, text):
    found = check_auc_operating_point(study(area, point=TRAINING))
    assert statuses(found) == {"auc": status}
    assert text in found[0].text


def test_point_of_another_score_is_not_used():
    point = [
        number(name, name, text, variable="other_5", group="cases vs controls", unit="%")
        for name, text in TRAINING.items()
    ]
    rows = [*two_groups("50", "72", "122"), *roc_rows("0.983"), *point]
    second = number("b", "auc", "0.9", variable="other", group="cases vs controls")
    found = check_auc_operating_point(registry(*rows, second))
    assert {finding.target or finding.uses[0] for finding in found} == {"b"}


def test_percentages_are_read_as_such():
    rows = study("83.8", "75.9", "91.7", TRAINING, unit="%")
    assert set(statuses(check_auc_symmetry(rows)).values()) == {"agrees"}
    assert {finding.status for finding in check_auc_interval(rows)} == {"agrees"}


@st.composite
def printed_curves(draw):
    """Rows of a score with or without ties, its interval and an operating point on its curve."""
    cases, controls = draw(st.integers(2, 40)), draw(st.integers(2, 40))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    values = draw(st.sampled_from([2, 5, 10**9]))
    positive = np.floor(values * rng.beta(2, draw(st.floats(0.5, 3)), cases))
    negative = np.floor(values * rng.beta(2, 2, controls))
    area, spss, delong = empirical_errors(positive, negative)
    method, error = draw(st.sampled_from([("hanley_mcneil", spss), ("delong", delong)]))
    decimals, ties = draw(st.integers(2, 4)), draw(st.sampled_from([ROUND_HALF_UP, ROUND_DOWN]))
    limits = [area - 1.959964 * error, min(area + 1.959964 * error, 1.0)]
    cut = rng.choice(np.concatenate([positive, negative]))
    point = {
        "sensitivity": printed(100 * np.mean(positive >= cut), 1, ties),
        "specificity": printed(100 * np.mean(negative < cut), 1, ties),
    }
    low, high = (printed(limit, decimals, ties) for limit in limits)
    rows = study(
        printed(area, decimals, ties),
        low,
        high,
        point,
        cases=str(cases),
        controls=str(controls),
        method=method,
    )
    return rows, values == 10**9 and ties == ROUND_HALF_UP


@given(printed_curves())
def test_a_true_curve_is_never_contradicted(curve):
    rows, untied_and_rounded = curve
    findings = [finding for check in CHECKS for finding in check(rows)]
    assert "contradicted" not in {finding.status for finding in findings}
    if untied_and_rounded:
        assert {finding.status for finding in findings} <= {"agrees", "open"}

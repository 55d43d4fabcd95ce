"""The rules of agreement, each with numbers worked by hand."""

import math

import pandas as pd
import pytest
from small_registry import number, registry

from rairlib.registry.agreement import (
    Recomputed,
    agreeing,
    between,
    central_range,
    exact,
    match,
    verdict_of,
)

NAN = math.nan


def judged(printed, low, high, evidence="arithmetic"):
    return verdict_of(number("a", "p_value", printed), between(evidence, low, high, ""))


@pytest.mark.parametrize(
    ("printed", "low", "high", "verdict"),
    [
        # 80 / 177 = 45.198 %, 119 / 169 = 70.414 %.
        ("45.2", 45.197740, 45.197740, "reproduced"),
        ("70.5", 70.414201, 70.414201, "differs"),
        # Both ends of the interval round to the print, or one, or none.
        ("0.082", 0.0816, 0.0824, "reproduced"),
        ("0.082", 0.0814, 0.0818, "compatible"),
        ("0.082", 0.0814, 0.0830, "compatible"),
        ("0.082", 0.0801, 0.0814, "differs"),
        # Half is accepted either way: 0.0815 may be printed as 0.081 or 0.082.
        ("0.081", 0.0815, 0.0815, "reproduced"),
        ("0.082", 0.0815, 0.0815, "reproduced"),
        ("<0.001", 0.0002, 0.0009, "reproduced"),
        ("<0.001", 0.0002, 0.0040, "compatible"),
        ("<0.001", 0.001, 0.001, "differs"),
        ("0.000", 1.8e-7, 1.8e-7, "reproduced"),
        ("0.000", 0.0006, 0.0006, "differs"),
        ("45.2", -math.inf, math.inf, "compatible"),
    ],
)
def test_rules_of_agreement(printed, low, high, verdict):
    assert judged(printed, low, high) == verdict


def test_no_percentage_error_is_accepted():
    # 40.69 is off by five parts in 100,000, and still rounds to another text than 40.688.
    assert judged("40.688", 40.69, 40.69) == "differs"


@pytest.mark.parametrize("evidence", ["arithmetic", "reconstruction", "simulation"])
def test_unknown_limits_give_no_verdict(evidence):
    assert judged("0.5", NAN, NAN, evidence) == "not assessable"


def test_anchor_is_hit_or_missed_and_nothing_between():
    row = number("a", "mean", "54.2")
    assert verdict_of(row, exact("anchored", 54.21875, "")) == "met"
    assert verdict_of(row, exact("anchored", 54.3, "")) == "missed"


def test_value_is_known_only_where_the_limits_coincide():
    assert between("arithmetic", 0.3, 0.1 + 0.2, "").value == pytest.approx(0.3)
    assert math.isnan(between("arithmetic", 0.3, 0.4, "").value)
    assert exact("anchored", 2.5, "why") == Recomputed(
        evidence="anchored", value=2.5, low=2.5, high=2.5, reason="why"
    )


def test_central_range_leaves_out_a_fortieth_on_each_side():
    # Quantiles of 0, 1, …, 40 by linear interpolation: 0.025 · 40 = 1 and 0.975 · 40 = 39.
    assert central_range(range(41)) == (1.0, 39.0)


RESULTS = pd.DataFrame(
    [
        ("p_value", "age_54", "", "A vs B", "pearson", 0.0031),
        ("p_value", "age_54", "", "A vs B", "fisher", 0.0062),
        ("auc", "age", "", "A vs B", "hanley_mcneil", 0.68),
    ],
    columns=["statistic", "variable", "level", "group", "method", "value"],
)


def test_named_method_is_the_only_one_compared():
    row = number("a", "p_value", "0.006", variable="age_54", group="A vs B", method="fisher")
    assert match(registry(row), RESULTS) == {"a": {"fisher": 0.0062}}


def test_open_method_leaves_all_to_compare():
    row = number("a", "p_value", "0.006", variable="age_54", group="A vs B")
    matched = match(registry(row), RESULTS)
    assert matched == {"a": {"pearson": 0.0031, "fisher": 0.0062}}
    assert agreeing(row, matched["a"]) == ("fisher", 0.0062)
    assert agreeing(number("b", "p_value", "0.1"), matched["a"]) == ("pearson", 0.0031)


def test_number_without_a_result_is_left_out():
    row = number("a", "auc", "0.790", variable="tumor_diameter", group="A vs B")
    assert match(registry(row), RESULTS) == {}

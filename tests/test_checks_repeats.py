import pytest
from small_registry import number, registry, statuses

from rairlib.checks.counts import (
    check_joint_statement,
    check_repeats,
    check_same_quantity,
    unit_factor,
)


def twice(first: str, second: str, statistic: str = "median", **fields: str):
    unit, again = fields.pop("unit", ""), fields.pop("again_unit", None)
    shared = {"variable": "age", "group": "all"} | fields
    return registry(
        number("original", statistic, first, unit=unit, **shared),
        number(
            "repeat",
            statistic,
            second,
            locus="Abstract",
            repeats="original",
            unit=unit if again is None else again,
            **shared,
        ),
    )


def verdict(*args: str, **fields: str) -> str:
    return statuses(check_repeats(twice(*args, **fields)))["repeat"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("75.86", "75.86"),
        ("75.86", "75.9"),
        ("75.9", "75.86"),
        ("75.85", "75.8"),
        ("0.000", "<0.001"),
        ("<0.001", "<0.05"),
        ("eight", "8"),
        ("112,880.0", "112880.0"),
        ("0,155", "0.155"),
    ],
)
def test_prints_that_some_value_satisfies(first, second):
    assert verdict(first, second) == "agrees"


@pytest.mark.parametrize(
    ("first", "second"),
    [("75.86", "78.56"), ("47", "74"), ("0.019", "<0.001"), ("8", "nine"), ("75.86", "76.0")],
)
def test_prints_that_no_value_satisfies(first, second):
    assert verdict(first, second) == "contradicted"


@pytest.mark.parametrize(("first", "second"), [("75.86", "75.8"), ("2.4449", "2.45")])
def test_cut_off_and_twice_rounded_prints_are_suggested(first, second):
    # 2.4449 → 2.445 → 2.45.
    assert verdict(first, second) == "suggests"


def test_counts_are_not_rounded():
    assert verdict("62", "63", statistic="count", level="≥55") == "contradicted"


def test_neighbouring_prints_are_suggested():
    # 75.865 would print as both.
    assert verdict("75.86", "75.87") == "suggests"


def test_approximate_prints_are_open():
    assert verdict("301", "~300", statistic="count") == "open"


def test_known_units_are_converted():
    assert unit_factor("cm", "mm") == 10
    assert unit_factor("mm", "cm") == 0.1
    assert verdict("2.9", "29", unit="cm", again_unit="mm") == "agrees"
    # A slipped unit: 29 cm against 29 mm.
    assert verdict("29", "29", unit="mm", again_unit="cm") == "contradicted"
    assert verdict("29", "29", unit="mm", again_unit="ng/mL") == "open"


def test_a_missing_unit_is_not_a_contradiction():
    assert verdict("47", "47", unit="years", again_unit="") == "agrees"
    assert verdict("59.4", "0.594", unit="%", again_unit="") == "agrees"


def test_thresholds_are_compared_by_value_and_sign():
    assert verdict("≥ 54", "54", statistic="definition") == "agrees"
    assert verdict("≥54", "≥55", statistic="definition") == "contradicted"
    assert verdict("≥54", ">54", statistic="definition") == "suggests"


def test_text_shows_both_places():
    (finding,) = check_repeats(twice("75.86", "78.56"))
    assert "78.56" in finding.text
    assert "75.86" in finding.text
    assert "Abstract" in finding.text
    assert "Table 1" in finding.text


def undeclared(first: str, second: str, statistic: str, **fields: str):
    shared = {"variable": "age", "level": "≥55", "group": "all"} | fields
    rows = [
        number("one", statistic, first, **shared),
        number("two", statistic, second, locus="Results", **shared),
    ]
    return [
        finding.status for finding in check_same_quantity(registry(*rows, number("n", "n", "9")))
    ]


def test_the_same_count_in_two_places_must_agree():
    assert undeclared("62", "62", "count") == ["agrees"]
    assert undeclared("62", "26", "count") == ["contradicted"]


def test_percentages_are_the_same_only_with_the_same_denominator():
    assert undeclared("33.0", "47.5", "percent") == []
    assert undeclared("33.0", "47.5", "percent", of="n") == ["contradicted"]


def test_estimates_of_an_unnamed_method_are_not_compared():
    assert undeclared("0.05", "0.01", "p_value") == []


def test_estimates_of_the_same_method_may_stem_from_two_models():
    assert undeclared("2.1", "1.2", "odds_ratio", method="multivariable") == ["suggests"]


def test_wald_limits_of_two_models_are_two_quantities():
    shared = {"variable": "age", "level": "≥55 vs <55", "group": "RAIR vs RAIA"}
    rows = []
    for model, estimate, limit in (("univariable", "2.1", "1.2"), ("multivariable", "1.9", "1.1")):
        rows.append(number(model, "odds_ratio", estimate, method=model, **shared))
        rows.append(number(f"{model}-low", "ci_low", limit, method="wald", of=model, **shared))
    assert check_same_quantity(registry(*rows)) == []


def test_definitions_without_a_subject_are_not_compared():
    assert undeclared("54", "29", "definition") == []


def stated_of_all(printed, *p_values, level=""):
    """State one p of several variables, each with its own, and a p of a model beside the first."""
    fields = {"statistic": "p_value", "group": "A vs B"}
    parts = [
        number(f"p-{name}", printed=value, variable=name, level=level, **fields)
        for name, value in zip("abcdef", p_values, strict=False)
    ]
    model = number("model", printed="0.001", variable="a", level="yes vs no", **fields)
    names = " | ".join("abcdef"[: len(p_values)])
    return registry(*parts, model, number("all", printed=printed, variable=names, **fields))


def test_statement_about_several_numbers_is_compared_with_each():
    # Table 4 of the Qingdao paper: all P > 0.05 of six, the smallest 0.067, the largest 0.694.
    six = ("0.694", "0.508", "0.694", "0.067", "0.674", "0.611")
    (finding,) = check_joint_statement(stated_of_all("> 0.05", *six))
    assert (finding.status, finding.target) == ("agrees", "all")
    assert finding.uses == tuple(f"p-{name}" for name in "abcdef")
    assert (finding.low, finding.high) == pytest.approx((0.0665, 0.6945))
    (wrong,) = check_joint_statement(stated_of_all("> 0.05", "0.694", "0.019"))
    assert wrong.status == "contradicted"
    assert "Not so for b." in wrong.text


def test_statement_about_a_number_that_is_not_printed_says_nothing():
    assert check_joint_statement(stated_of_all("> 0.05", "0.694", "0.5", level="late")) == []
    assert check_joint_statement(stated_of_all("> 0.05", "0.694")) == []

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
    ("first", "second", "status"),
    [
        ("75.86", "75.86", "agrees"),
        ("75.86", "75.9", "agrees"),
        ("75.9", "75.86", "agrees"),
        ("75.85", "75.8", "agrees"),
        ("0.000", "<0.001", "agrees"),
        ("<0.001", "<0.05", "agrees"),
        ("eight", "8", "agrees"),
        ("112,880.0", "112880.0", "agrees"),
        ("0,155", "0.155", "agrees"),
        ("75.86", "78.56", "contradicted"),
        ("47", "74", "contradicted"),
        ("0.019", "<0.001", "contradicted"),
        ("8", "nine", "contradicted"),
        ("75.86", "76.0", "contradicted"),
        # Cut off, and rounded twice: 2.4449 → 2.445 → 2.45.
        ("75.86", "75.8", "suggests"),
        ("2.4449", "2.45", "suggests"),
        # 75.865 would print as both.
        ("75.86", "75.87", "suggests"),
    ],
)
def test_two_prints_of_one_value(first, second, status):
    assert verdict(first, second) == status


@pytest.mark.parametrize(
    ("first", "second", "fields", "status"),
    [
        # Counts are not rounded.
        ("62", "63", {"statistic": "count", "level": "≥55"}, "contradicted"),
        ("301", "~300", {"statistic": "count"}, "open"),
        ("2.9", "29", {"unit": "cm", "again_unit": "mm"}, "agrees"),
        # A slipped unit: 29 cm against 29 mm.
        ("29", "29", {"unit": "mm", "again_unit": "cm"}, "contradicted"),
        ("29", "29", {"unit": "mm", "again_unit": "ng/mL"}, "open"),
        # A unit that is left out contradicts nothing.
        ("47", "47", {"unit": "years", "again_unit": ""}, "agrees"),
        ("59.4", "0.594", {"unit": "%", "again_unit": ""}, "agrees"),
        # Thresholds: value, then sign.
        ("≥ 54", "54", {"statistic": "definition"}, "agrees"),
        ("≥54", "≥55", {"statistic": "definition"}, "contradicted"),
        ("≥54", ">54", {"statistic": "definition"}, "suggests"),
    ],
)
def test_two_prints_of_a_count_a_threshold_or_in_two_units(first, second, fields, status):
    assert verdict(first, second, **fields) == status


def test_known_units_are_converted():
    assert unit_factor("cm", "mm") == 10
    assert unit_factor("mm", "cm") == 0.1


def test_text_shows_both_places():
    (finding,) = check_repeats(twice("75.86", "78.56"))
    for words in ("78.56", "75.86", "Abstract", "Table 1"):
        assert words in finding.text


def undeclared(first: str, second: str, statistic: str, **fields: str):
    shared = {"variable": "age", "level": "≥55", "group": "all"} | fields
    rows = [
        number("one", statistic, first, **shared),
        number("two", statistic, second, locus="Results", **shared),
    ]
    return [
        finding.status for finding in check_same_quantity(registry(*rows, number("n", "n", "9")))
    ]


@pytest.mark.parametrize(
    ("first", "second", "fields", "expected"),
    [
        ("62", "62", {"statistic": "count"}, ["agrees"]),
        ("62", "26", {"statistic": "count"}, ["contradicted"]),
        # Percentages are the same only with the same denominator.
        ("33.0", "47.5", {"statistic": "percent"}, []),
        ("33.0", "47.5", {"statistic": "percent", "of": "n"}, ["contradicted"]),
        # Of an unnamed method they are not compared; of the same, they may be of two models.
        ("0.05", "0.01", {"statistic": "p_value"}, []),
        ("2.1", "1.2", {"statistic": "odds_ratio", "method": "multivariable"}, ["suggests"]),
        # A definition has no subject.
        ("54", "29", {"statistic": "definition"}, []),
    ],
)
def test_the_same_quantity_in_two_places(first, second, fields, expected):
    assert undeclared(first, second, **fields) == expected


def test_wald_limits_of_two_models_are_two_quantities():
    shared = {"variable": "age", "level": "≥55 vs <55", "group": "RAIR vs RAIA"}
    rows = []
    for model, estimate, limit in (("univariable", "2.1", "1.2"), ("multivariable", "1.9", "1.1")):
        rows.append(number(model, "odds_ratio", estimate, method=model, **shared))
        rows.append(number(f"{model}-low", "ci_low", limit, method="wald", of=model, **shared))
    assert check_same_quantity(registry(*rows)) == []


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


@pytest.mark.parametrize(
    ("place", "status"), [("Table 2", "suggests"), ("Abstract", "contradicted")]
)
def test_two_tables_may_be_of_other_patients(place, status):
    cell = {"variable": "age", "group": "all"}
    rows = [
        number("first", "mean", "50.3", locus="Table 1", **cell),
        number("second", "mean", "51.1", locus=place, **cell),
    ]
    assert statuses(check_same_quantity(registry(*rows))) == {"second": status}

import pytest
from small_registry import number, registry, statuses, two_groups

from rairlib.checks.catalogue import audit
from rairlib.checks.domains import check_mistaken_columns, check_possible_values


@pytest.mark.parametrize(
    ("statistic", "printed", "fields"),
    [
        ("p_value", "1.70", {}),
        ("odds_ratio", "−2.776", {}),
        ("sd", "−3", {}),
        ("auc", "1.3", {}),
        ("auc", "130", {"unit": "%"}),
        ("sensitivity", "120", {}),
        ("survival_percent", "130", {}),
        ("percent", "104.0", {}),
        ("n", "50.5", {"group": "new"}),
        ("count", "1.234", {"level": "yes"}),
        ("chi_square", "−1.2", {}),
    ],
)
def test_a_number_that_cannot_be_is_told_once(statistic, printed, fields):
    fields = {"variable": "" if statistic == "n" else "x", "group": "cases vs controls"} | fields
    findings = audit(registry(*two_groups(), number("x", statistic, printed, **fields)))
    objections = [f for f in findings if f.status in ("contradicted", "suggests")]
    assert [(f.check, f.target) for f in objections] == [("possible_values", "x")]


@pytest.mark.parametrize(
    ("statistic", "printed"),
    [
        ("p_value", "1.00"),
        ("odds_ratio", "0.00"),
        ("auc", "0.838"),
        ("auc", "83.8"),
        ("percent", "100.0"),
        ("mean", "−3"),
        ("coefficient", "−0.018"),
        ("n", "~50"),
        ("survival_percent", "0.90"),
    ],
)
def test_what_can_be_is_left_alone(statistic, printed):
    assert check_possible_values(registry(number("x", statistic, printed, variable="x"))) == []


def test_a_negative_limit_is_possible_for_a_mean_and_not_for_a_ratio():
    for parent, expected in (("mean", {}), ("hazard_ratio", {"low": "contradicted"})):
        rows = (number("x", parent, "1.5"), number("low", "ci_low", "−0.3", of="x"))
        assert statuses(check_possible_values(registry(*rows))) == expected


def test_z_among_ratios_is_told_once_for_the_column():
    # 0.468/0.156 = 3.00, −0.018/0.007 = −2.57 (−2.85 to −2.33), 0.243/0.062 = 3.92.
    terms = {
        "sex": ("0.468", "0.156", "2.992"),
        "age": ("−0.018", "0.007", "−2.776"),
        "foci": ("0.243", "0.062", "3.901"),
    }
    fields = {"group": "cases vs controls", "method": "multivariable"}
    rows = [
        number(f"{name}-{statistic}", statistic, text, variable=name, **fields)
        if statistic != "number"
        else number(f"{name}-{statistic}", statistic, text, variable=name, of=f"{name}-coefficient")
        for name, texts in terms.items()
        for statistic, text in zip(("coefficient", "number", "odds_ratio"), texts, strict=True)
    ]
    (finding,) = check_mistaken_columns(registry(*rows))
    assert finding.status == "contradicted"
    assert "1 of them is negative" in finding.text
    assert [f.check for f in audit(registry(*rows))] == ["mistaken_columns"]
    # exp(0.243) = 1.275: with one true ratio it is no such column.
    right = [number("foci-odds_ratio", "odds_ratio", "1.275", variable="foci", **fields)]
    assert check_mistaken_columns(registry(*rows[:-1], *right)) == []

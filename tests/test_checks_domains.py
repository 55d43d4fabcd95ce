import pytest
from small_registry import number, registry, statuses, two_groups

from rairlib.checks.catalogue import audit
from rairlib.checks.domains import check_mistaken_columns, check_possible_values
from rairlib.registry.registry import read_registry


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


NEGATIVE_RATIOS = {"sex": "1.92", "age": "−2.776", "foci": "−0.41"}


def _column(second, texts, ratios=NEGATIVE_RATIOS):
    """Return ratios of three variables, each with a row of another statistic beside it."""
    fields = {"group": "cases vs controls", "method": "multivariable"}
    rows = []
    for (name, ratio), text in zip(ratios.items(), texts, strict=True):
        rows.append(number(f"{name}-or", "odds_ratio", ratio, variable=name, **fields))
        of = f"{name}-or" if second == "p_value" else ""
        rows.append(number(f"{name}-{second}", second, text, variable=name, of=of, **fields))
    return rows


@pytest.mark.parametrize(
    ("second", "texts"),
    # Two-sided p of 1.92, 2.776 and 0.41: 0.0549, 0.0055, 0.6818.
    [("z_statistic", ("1.92", "−2.776", "−0.41")), ("p_value", ("0.055", "0.006", "0.68"))],
)
def test_z_among_ratios_is_seen_by_z_and_by_p(second, texts):
    (finding,) = audit(registry(*_column(second, texts)))
    assert (finding.check, finding.status) == ("mistaken_columns", "contradicted")
    assert finding.reading == "z printed as odds ratio"
    assert {"sex-or", "age-or", "foci-or"} <= set(finding.uses)


def test_standard_error_of_its_own_word_shows_z_too():
    fields = {"group": "cases vs controls", "method": "multivariable"}
    rows = []
    for name, texts in {"a": (".468", ".156", "2.992"), "b": ("1.351", ".148", "9.153")}.items():
        rows.append(number(f"{name}-b", "coefficient", texts[0], variable=name, **fields))
        rows.append(number(f"{name}-se", "standard_error", texts[1], variable=name, of=f"{name}-b"))
        rows.append(number(f"{name}-or", "odds_ratio", texts[2], variable=name, **fields))
    # 0.243/0.062 = 3.92.
    third = (("coefficient", "0.243"), ("odds_ratio", "3.901"))
    rows += [number(f"c-{s}", s, text, variable="c", **fields) for s, text in third]
    rows.append(number("c-se", "standard_error", "0.062", variable="c", of="c-coefficient"))
    (finding,) = audit(registry(*rows))
    assert finding.check == "mistaken_columns"


def test_negative_ratios_without_a_reason_are_one_entry():
    findings = audit(registry(*_column("p_value", ("0.50", "0.50", "0.50"))))
    told = [f for f in findings if f.status == "contradicted"]
    assert [(f.check, f.uses) for f in told] == [("mistaken_columns", ("age-or", "foci-or"))]
    assert "2 of 3 numbers" in told[0].text


@pytest.mark.parametrize(
    ("statistic", "printed", "status"),
    [
        ("kappa", "1.2", "contradicted"),
        ("kappa", "-0.2", None),
        ("concordance", "1.4", "contradicted"),
        ("concordance", "73.1", None),
        ("risk_difference", "130", "contradicted"),
        ("risk_difference", "-30", None),
        ("number_needed_to_treat", "0.4", "contradicted"),
        ("number_needed_to_treat", "-12", None),
        ("likelihood_ratio_negative", "-0.3", "contradicted"),
        ("standard_error", "-0.3", "contradicted"),
        ("person_time", "-10", "contradicted"),
        ("interquartile_range", "-4", "contradicted"),
        ("degrees_of_freedom", "-1", "contradicted"),
        ("pseudo_r2", "1.31", "contradicted"),
        ("risk_ratio", "-1.3", "contradicted"),
        ("mean_difference", "-130", None),
        ("standardised_mean_difference", "-1.7", None),
        ("t_statistic", "-3.2", None),
        ("aic", "-45.2", None),
    ],
)
def test_range_of_every_statistic(statistic, printed, status):
    found = check_possible_values(registry(number("x", statistic, printed, variable="x")))
    assert statuses(found) == ({"x": status} if status else {})


def test_a_limit_beyond_its_range_is_possible_where_nothing_cuts_it_off():
    # 0.95 ± 0.08: Wald's interval ends at 1.03; one that ends at 1.30 is no such interval.
    for high, expected in (("1.03", {}), ("1.30", {"high": "contradicted"})):
        rows = (
            number("x", "auc", "0.95"),
            number("low", "ci_low", "0.87", of="x"),
            number("high", "ci_high", high, of="x"),
        )
        assert statuses(check_possible_values(registry(*rows))) == expected


# --- Shares printed as fractions --------------------------------------------------------------

HEADER = "id,locus,statistic,variable,level,group,printed,unit,of\n"
SIZES = "n1,T,n,,,cases,12,,\nn0,T,n,,,controls,29,,\n"


@pytest.fixture
def read(tmp_path):
    def rows(text):
        path = tmp_path / "paper.csv"
        path.write_text(HEADER + SIZES + text, encoding="utf-8")
        return read_registry(path)

    return rows


def test_shares_of_rules_and_curves_printed_as_fractions_are_read_in_percent(read):
    # 3/12 = 0.250 and 25/29 = 0.862.
    found = read(
        "se,T,sensitivity,k,pos,cases vs controls,0.250,,\n"
        "sp,T,specificity,k,pos,cases vs controls,0.862,,\n"
        "lo,T,ci_low,k,pos,cases vs controls,0.05,,se\n"
        "s1,T,survival_percent,os,12 months,cases,0.9,,\n"
        "s2,T,survival_percent,os,24 months,cases,<0.5,,\n"
    )
    assert {row.id: (row.printed, row.unit) for row in found if row.statistic != "n"} == {
        "se": ("25.0", "%"),
        "sp": ("86.2", "%"),
        "lo": ("5", "%"),
        "s1": ("90", "%"),
        "s2": ("<50", "%"),
    }
    assert (found["se"].number.low, found["se"].number.high) == pytest.approx((24.95, 25.05))
    assert (found["s1"].number.low, found["s1"].number.high) == (85.0, 95.0)
    assert found["se"].number.text == "0.250"
    findings = audit(found)
    assert {f.status for f in findings} == {"agrees", "open"}
    (told,) = [f for f in findings if f.check == "fractions"]
    assert "5 numbers are printed as fractions" in told.text


@pytest.mark.parametrize(
    ("texts", "printed"),
    # 3/12 and 25/29 as fractions; 1/500 and 2/500 in percent.
    [
        (("3", "12", "0.25", "25", "29", "0.862"), ["25", "86.2"]),
        (("1", "500", "0.2", "2", "500", "0.4"), ["0.2", "0.4"]),
    ],
)
def test_percentages_below_one_are_told_from_fractions_by_their_counts(read, texts, printed):
    a, n, share, b, m, other = texts
    found = read(
        f"na,T,n,,,A,{n},,\nnb,T,n,,,B,{m},,\n"
        f"a,T,count,k,pos,A,{a},,na\nb,T,count,k,pos,B,{b},,nb\n"
        f"pa,T,percent,k,pos,A,{share},,na\npb,T,percent,k,pos,B,{other},,nb\n"
    )
    assert [row.printed for row in found if row.statistic == "percent"] == printed
    assert not [f for f in audit(found) if f.status in ("contradicted", "suggests")]


def test_a_share_with_its_sign_stays_as_it_is(read):
    found = read("s,T,survival_percent,os,12 months,cases,0.90,%,\n")
    assert found["s"].printed == "0.90"


def test_a_fraction_among_percentages_is_asked_about_once(read):
    found = read(
        "se,T,sensitivity,k,pos,cases vs controls,25.0,,\n"
        "sp,T,specificity,k,pos,cases vs controls,86.2,,\n"
        "ac,T,accuracy,k,pos,cases vs controls,0.683,,\n"
    )
    doubts = [f for f in audit(found) if f.status in ("contradicted", "suggests")]
    assert [(f.check, f.target, f.reading) for f in doubts] == [
        ("fractions", "ac", "printed as a fraction: 68.3 %")
    ]

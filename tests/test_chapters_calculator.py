"""Expected values: the printed equation by hand, the printed figures, and the page's script.

The script runs in Node.js where that is installed, without a browser;
``tests/browser/check_calculator.py`` drives the built page.
"""

import json
import re
from itertools import product

import numpy as np
import pandas as pd
import pytest
from in_node import STATIC, run_in_node

from rairlib.errors import RairlibError
from rairlib.registry.registry import load_registry
from rairlib.stats.logistic import fit_logistic
from rairlib.studies.tang2025.calculator import (
    MOST_PLAUSIBLE,
    calculator,
    calculator_form,
    estimates,
    one_row,
    page_data,
    threshold_mark,
)
from rairlib.studies.tang2025.unpublished import PREDICTORS

SCRIPT = STATIC / "calculator.js"
GRID = pd.DataFrame(product((0, 1, 3, 11, 40), (0, 0.04, 2.5, 20, 300)), columns=list(PREDICTORS))
NUMBERS = ["logit", "risk", "low", "high", "lowest", "highest", "narrow_low", "narrow_high"]


@pytest.fixture(scope="module")
def registry():
    return load_registry("tang2025")


@pytest.fixture(scope="module")
def cohort():
    """Return made-up patients: the page must not depend on which cohort is kept."""
    rng = np.random.default_rng(3)
    nodes, tg = rng.poisson(3, 182), rng.exponential(8, 182).round(2)
    failed = rng.random(182) < 1 / (1 + np.exp(2 - 0.2 * nodes - 0.1 * tg))
    columns = {"lln_count": nodes, "tg_before": tg, "failure": np.where(failed, "yes", "no")}
    return pd.DataFrame(columns).assign(cohort=["training"] * 122 + ["validation"] * 60)


@pytest.fixture(scope="module")
def model(registry, cohort):
    training = cohort[cohort["cohort"] == "training"]
    design = np.column_stack([np.ones(122), training[list(PREDICTORS)]])
    fit = fit_logistic(training["failure"].eq("yes").to_numpy(float), design)
    one = fit.covariance[np.triu_indices(3)]
    return calculator(registry, cohort, np.array([one, 1.3 * one, 0.9 * one]))


@pytest.fixture(scope="module")
def data(page, model, registry):
    return json.loads(
        json.dumps(page_data(model, page("tang2025/calculator").threshold_tables(registry)))
    )


def test_risk_is_that_of_the_printed_equation(model):
    # logit(p) = -2.046 + 0.196 x 5 + 0.103 x 10 = -0.036
    found = estimates(model, pd.DataFrame({"lln_count": [5], "tg_before": [10]})).iloc[0]
    assert found["logit"] == pytest.approx(-0.036)
    assert found["risk"] == pytest.approx(0.491001, abs=1e-6)
    assert found["positive"]


def test_points_and_risk_go_together(model):
    found = estimates(model, GRID)
    through_points = model.scales.risk_of_total(found["total points"])
    np.testing.assert_allclose(through_points, found["risk"], atol=1e-12)
    parts = found["points lln_count"] + found["points tg_before"]
    np.testing.assert_allclose(parts, found["total points"])


def test_widest_interval_holds_the_others(model):
    found = estimates(model, GRID)
    columns = ["lowest", "low", "narrow_low", "risk", "narrow_high", "high", "highest"]
    assert (np.diff(found[columns], axis=1) >= -1e-15).all()


def test_tables_of_the_threshold_have_the_printed_percentages(page, registry):
    table = page("tang2025/calculator").threshold_tables(registry)
    for name, row in table.iterrows():
        tp, fn, fp, tn = row.iloc[:4]
        shares = (tp / (tp + fn), tn / (tn + fp), tp / (tp + fp), tn / (tn + fn))
        accuracy = (tp + tn) / (tp + fn + fp + tn)
        assert [f"{100 * share:.2f} %" for share in (*shares, accuracy)] == list(row.iloc[4:]), name


def test_threshold_stands_at_its_risk(model):
    total, label = threshold_mark(model)
    assert model.scales.risk_of_total(total) == pytest.approx(1 / (1 + np.exp(0.585)))
    assert label == "threshold −0.585 (risk 0.358)"


def test_axes_of_the_figure_start_at_0_points(page, model):
    axes = page("tang2025/calculator").figure_axes(model)
    assert axes["position"].min() == 0
    assert set(axes["axis"]) == set(page("tang2025/calculator").AXIS_LABELS)


def test_standard_errors_from_the_print_are_half_the_width_of_the_log_limits(page, model, registry):
    table = page("tang2025/calculator").standard_errors(model, registry)
    low, high = map(float, table.loc["standard error, nodes", "from the print"].split(" to "))
    assert low < np.log(1.357 / 1.091) / (2 * 1.959964) < high
    assert table.loc["standard error, intercept", "from the print"] == "not printed"


def test_grid_has_the_risks_of_the_equation(page, model):
    table = page("tang2025/calculator").risk_grid(model)
    assert table.loc[0, "0 nodes"].startswith("11 (")  # expit(-2.046) = 0.1145
    assert table.loc[10, "5 nodes"].startswith("49 (")
    assert not table.astype(str).apply(lambda cells: cells.str.contains("nan")).any(axis=None)


def test_rounding_moves_a_risk_by_less_than_the_largest_slope_times_the_shift(
    page, model, registry
):
    nodes, tg = model.patients.max()
    reach = page("tang2025/calculator").rounding_reach(model, registry)
    # A risk moves by a quarter of the shift on the scale of log odds at most.
    assert 0 < reach <= 0.25 * 0.0005 * (1 + nodes + tg)


def test_number_that_is_absent_or_printed_twice_is_no_coefficient(registry):
    with pytest.raises(RairlibError, match="0 numbers"):
        one_row(registry, statistic="coefficient", variable="age")
    with pytest.raises(RairlibError, match="2 numbers"):
        one_row(registry, statistic="coefficient")


def test_form_holds_the_data_and_labels_every_field(data):
    html = calculator_form(data).markup
    inside = re.search(r'id="calculator-data">(.*)</script>', html, re.DOTALL).group(1)
    assert json.loads(inside) == data
    named = re.findall(r'<input id="([^"]+)"', html)
    assert re.findall(r'<label for="([^"]+)"', html) == named
    described = " ".join(re.findall(r'aria-describedby="([^"]+)"', html)).split()
    assert all(f'id="{target}"' in html for target in described)


def test_data_cannot_end_their_element():
    assert "</b>" not in calculator_form({"text": "a</b>"}).markup


def test_script_has_no_number_of_the_model(registry):
    code = SCRIPT.read_text(encoding="utf-8")
    printed = [row.printed.lstrip("−") for row in registry if row.statistic == "coefficient"]
    printed += ["2.046", "0.585", "0.358", "1.96"]
    assert [number for number in printed if number in code] == []


def run_script(code, given):
    return run_in_node(SCRIPT, code, given)


def test_script_computes_what_rairlib_computes(model, data):
    given = {"data": data, "patients": GRID.to_dict("records")}
    found = run_script("given.patients.map((p) => page.estimate(given.data, p))", given)
    expected = estimates(model, GRID)
    for name in NUMBERS:
        camel = re.sub(r"_(.)", lambda part: part.group(1).upper(), name)
        np.testing.assert_allclose([f[camel] for f in found], expected[name], rtol=0, atol=1e-12)
    for name in PREDICTORS:
        points = [f["points"][name] for f in found]
        np.testing.assert_allclose(points, expected[f"points {name}"], atol=1e-9)
    totals = [f["totalPoints"] for f in found]
    np.testing.assert_allclose(totals, expected["total points"], atol=1e-9)
    assert [f["positive"] for f in found] == expected["positive"].tolist()
    assert [f["asFar"] for f in found] == expected["as far"].tolist()


@pytest.mark.parametrize(
    ("text", "whole", "expected"),
    [
        ("7", True, {"value": 7}),
        (" 7.0 ", True, {"value": 7}),
        ("0", True, {"value": 0}),
        ("1.25", False, {"value": 1.25}),
        (".5", False, {"value": 0.5}),
        ("1,5", False, {"value": 1.5}),
        ("0,123", False, {"value": 0.123}),
        (",5", False, {"value": 0.5}),
        ("<0.04", False, {"value": 0.04, "limit": True}),
        (" < 0,04 ", False, {"value": 0.04, "limit": True}),
        ("100000", False, {"value": 100000}),
        ("", False, {"error": "Enter a number."}),
        ("  ", True, {"error": "Enter a number."}),
        ("<", False, {"error": "Enter a number."}),
        ("many", True, {"error": "Enter one number in digits, without a unit."}),
        ("<1", True, {"error": "Enter one number in digits, without a unit."}),
        ("1,2,3", False, {"error": "Enter one number in digits, without a unit."}),
        ("5 ng/mL", False, {"error": "Enter one number in digits, without a unit."}),
        ("1e3", False, {"error": "Enter one number in digits, without a unit."}),
        ("0x10", False, {"error": "Enter one number in digits, without a unit."}),
        ("Infinity", False, {"error": "Enter one number in digits, without a unit."}),
        ("NaN", False, {"error": "Enter one number in digits, without a unit."}),
        ("9" * 400, False, {"error": "Enter 100000 or less; more is not plausible."}),
        ("9" * 21, True, {"error": "Enter 150 or less; more is not plausible."}),
        ("100000.1", False, {"error": "Enter 100000 or less; more is not plausible."}),
        ("1,234", False, {"error": "Write 1234 or 1.234; 1,234 can mean both."}),
        ("12,345,678", False, {"error": "Write 12345678, without commas."}),
        (">300", False, {"error": "Enter the number itself; above a limit the risk has no end."}),
        ("-1", True, {"error": "Enter 0 or more; a negative value is impossible."}),
        ("−0.5", False, {"error": "Enter 0 or more; a negative value is impossible."}),
        ("2.5", True, {"error": "Enter a whole number."}),
        ("2,5", True, {"error": "Enter a whole number."}),
    ],
)
def test_script_reads_numbers_and_refuses_the_rest(text, whole, expected):
    most = MOST_PLAUSIBLE["lln_count" if whole else "tg_before"]
    given = {"text": text, "whole": whole, "most": most}
    assert run_script("page.readNumber(given.text, given.whole, given.most)", given) == expected


def test_value_below_a_limit_is_the_limit_and_says_what_zero_would_give(data):
    given = {"data": data, "values": {"lln_count": 5, "tg_before": 10}}
    line = run_script("page.limitLine(given.data, given.values, 'tg_before')", given)
    # logit(p) = -2.046 + 0.196 x 5 + 0.103 x 10 = -0.036, and -1.066 without thyroglobulin.
    assert line.endswith("the risk is 49.1 % at most, and 25.6 % if thyroglobulin is 0.")


@pytest.mark.parametrize(
    ("nodes", "tg", "begins"),
    [
        (1, 2, []),
        (4, 9, ["None of the 4 simulated"]),
        (9, 1, ["Only 1 of 4 simulated training patients reach"]),
        (11, 1, ["Outside the assumed range: nodes 11,"]),
        (11, 31, ["Outside the assumed range: nodes 11,", "Outside the assumed range: thyroglob"]),
    ],
)
def test_script_warns_where_simulated_patients_give_little_support(nodes, tg, begins):
    given = {
        "data": {
            "coefficients": {"lln_count": 1, "tg_before": 1},
            "patients": [[3, 30], [3, 2], [2, 3], [10, 1]],
            "few": 2,
        },
        "values": {"lln_count": nodes, "tg_before": tg},
    }
    patients = np.array(given["data"]["patients"])
    found = {"asFar": int((patients >= [nodes, tg]).all(axis=1).sum())}
    lines = run_script(
        "page.warnings(given.data, given.values, given.found)", given | {"found": found}
    )
    assert len(lines) == len(begins)
    assert all(line.startswith(begin) for line, begin in zip(lines, begins, strict=True))


@pytest.mark.parametrize(
    ("risk", "text"),
    [(0.358, "35.8 %"), (0.0004, "below 0.1 %"), (0.9996, "above 99.9 %"), (0.999, "99.9 %")],
)
def test_script_never_shows_a_risk_of_0_or_100(risk, text):
    assert run_script("page.percent(given)", risk) == text


def test_script_names_both_sides_of_the_threshold(data):
    sides = [{"positive": True, "logit": 1.0}, {"positive": False, "logit": -2.0}]
    above, below = run_script(
        "given.sides.map((side) => page.thresholdLine(given.data, side))",
        {"data": data, "sides": sides},
    )
    assert "at or above the paper's threshold of −0.585 (risk 35.8 %)" in above
    assert "31 of 38 failed in the training set and 13 of 21 in the validation set" in above
    assert "below the paper's threshold" in below
    assert "19 of 84 failed in the training set and 5 of 39 in the validation set" in below

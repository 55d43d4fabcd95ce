"""The scripts of pages that move compute what scipy and rairlib compute; they run in Node.js."""

import json

import numpy as np
import pandas as pd
import pytest
from in_node import STATIC, run_in_node
from scipy import stats

from rairlib.figures.cutoffs import draw_cutoffs
from rairlib.figures.surface import draw_surface
from rairlib.stats.roc import cutoff_optimism, roc_coordinates, youden_curve

TABLES = [
    (3, 0, 29, 58),
    (8, 2, 1, 5),
    (19, 13, 14, 44),
    (0, 5, 5, 0),
    (1, 99, 10, 90),
    (5000, 4900, 4800, 5100),
]
EVENT = np.array([0, 0, 0, 1, 0, 1, 1, 0, 1, 1])
SCORE = np.array([1, 2, 3, 3, 4, 5, 6, 6, 7, 8])


def p_values(code, given):
    return run_in_node(STATIC / "p-values.js", code, given)


def moving(code, given):
    return run_in_node(STATIC / "live.js", code, given)


def test_p_of_z_is_that_of_scipy():
    z = [0.0, 0.1, -1.0, 1.959963984540054, 3.4, 3.6, -5.0, 8.0]
    found = p_values("given.map(page.normalP)", z)
    np.testing.assert_allclose(found, 2 * stats.norm.sf(np.abs(z)), rtol=1e-9)


def test_p_of_an_interval_and_of_more_patients():
    given = {"estimate": 2.0, "low": 1.1, "high": 3.6, "ratio": True}
    code = "((f) => [f.p, f.centre, f.at(4), f.needed])(page.fromInterval(given))"
    p, centre, four, needed = p_values(code, given)
    error = np.log(3.6 / 1.1) / (2 * stats.norm.ppf(0.975))
    z = np.log(2) / error
    assert p == pytest.approx(2 * stats.norm.sf(z), rel=1e-9)
    assert centre == pytest.approx(np.sqrt(1.1 * 3.6))
    assert four["p"] == pytest.approx(2 * stats.norm.sf(2 * z), rel=1e-9)
    ends = 2 * np.exp(np.array([-1, 1]) * stats.norm.ppf(0.975) * error / 2)
    assert [four["low"], four["high"]] == pytest.approx(ends)
    assert 2 * stats.norm.sf(z * np.sqrt(needed)) == pytest.approx(0.05)


def test_difference_is_not_taken_on_the_scale_of_logs():
    given = {"estimate": -4.0, "low": -9.0, "high": 1.0, "ratio": False}
    error = 10 / (2 * stats.norm.ppf(0.975))
    found = p_values("page.fromInterval(given).p", given)
    assert found == pytest.approx(2 * stats.norm.sf(4 / error), rel=1e-9)


@pytest.mark.parametrize("table", TABLES)
def test_tests_of_a_table_are_those_of_scipy(table):
    found = p_values("page.fromTable(given)", table)
    square = np.reshape(table, (2, 2))
    assert found["fisher"] == pytest.approx(stats.fisher_exact(square).pvalue, rel=1e-9)
    pearson = stats.chi2_contingency(square, correction=False).pvalue
    assert found["pearson"] == pytest.approx(pearson, rel=1e-9)
    if 0 not in table:
        ratio = stats.contingency.odds_ratio(square, kind="sample")
        limits = ratio.confidence_interval(0.95)
        assert [found["odds"], found["low"], found["high"]] == pytest.approx(
            [ratio.statistic, limits.low, limits.high]
        )


def test_one_patient_may_decide():
    # Fisher: 0.042 with 3 of 3, 0.124 with 2 of 3; none moved back is possible.
    assert p_values("page.tipping(given)", TABLES[0]) == 1
    assert p_values("page.tipping(given)", (1, 1, 1, 1)) is None
    # Of a thousand patients in each group, so many and not one fewer.
    moves = p_values("page.tipping(given)", (500, 500, 500, 501))
    p = [stats.fisher_exact([[500 - k, 500 + k], [500, 501]]).pvalue for k in (moves, moves + 1)]
    assert moves < 0
    assert p[0] < 0.05 <= p[1]


@pytest.mark.parametrize(
    ("text", "value"),
    [("1,5", 1.5), (" 0.25 ", 0.25), ("−3", -3), ("", None), ("1,2,3", None), ("2 %", None)],
)
def test_numbers_are_read_with_comma_or_point(text, value):
    assert p_values("page.readNumber(given)", text) == value  # NaN is null in JSON


# --- Every cut-off ----------------------------------------------------------------------------


def test_curve_has_the_operating_points_and_samples_that_choose_one_each():
    curve = youden_curve(EVENT, SCORE, 200, rng=np.random.default_rng(1))
    known = roc_coordinates(EVENT, SCORE).iloc[:-1]
    np.testing.assert_allclose(curve["youden"], known["youden"], atol=1e-12)
    np.testing.assert_allclose(curve["sensitivity"], known["sensitivity"])
    assert curve["cutoff"].tolist() == sorted(set(SCORE))
    assert curve["chosen"].sum() == pytest.approx(1)
    assert (curve["low"] <= curve["high"]).all()


def test_score_that_separates_leaves_its_cutoff_no_room():
    event, score = np.repeat([0, 1], 20), np.arange(40)
    curve = youden_curve(event, score, 100, rng=np.random.default_rng(2)).set_index("cutoff")
    assert (curve.loc[20, ["youden", "low", "high"]] == 1).all()
    # A sample without the largest healthy patients has lower cut-offs that are as good.
    assert curve.loc[:20, "chosen"].sum() == pytest.approx(1)


@pytest.fixture
def cutoffs():
    rng = np.random.default_rng(3)
    curve = youden_curve(EVENT, SCORE, 100, rng=rng)
    optimism = cutoff_optimism(EVENT, SCORE, 100, rng=rng).set_index("statistic")
    return curve, optimism


def test_slider_tells_what_the_frame_says(cutoffs):
    shown = draw_cutoffs(*cutoffs, label="Age", printed="5", simulated=True)
    code = "((k) => [k.sliders[0].start, k.say(5)])(page.KINDS.cutoffs(given))"
    start, told = moving(code, shown.live)
    assert cutoffs[0]["cutoff"][start] == 5
    assert told.startswith(
        "5 or more counts as positive: sensitivity 80.0 %, specificity 80.0 %, Youden index 0.600"
    )


def test_cutoffs_of_real_patients_do_not_move(cutoffs):
    shown = draw_cutoffs(*cutoffs, label="Age")
    assert (shown.live, shown.data, shown.vector) == (None, None, False)


# --- Ensembles and the map of risks -----------------------------------------------------------


def test_ensemble_begins_at_the_print_and_tells_its_share():
    given = {"kind": "ensemble", "first": 0.6, "step": 0.05, "shares": [0, 0.25, 0.5, 1]}
    given |= {"printed": "0.70", "counted": "cohorts", "label": "Area"}
    code = "((k) => [k.sliders[0].start, k.say(0.7)])(page.KINDS.ensemble(given))"
    assert moving(code, given) == [
        2,
        "50.0 % of the cohorts lie below 0.7, 50.0 % there or above. Printed is 0.70.",
    ]


def test_map_has_the_risk_of_the_equation():
    axes = [{"name": "a", "label": "A", "most": 10.0, "step": 1}]
    axes.append({"name": "b", "label": "B", "most": 20.0, "step": 0.5})
    shown = draw_surface((-2, 0.2, 0.1), axes, threshold=-0.5)
    # -2 + 0.2 x 5 + 0.1 x 5 = -0.5
    told = moving("page.KINDS.surface(given).say(5, 5)", json.loads(json.dumps(shown.live)))
    assert told == "Risk of failure 37.8 %, at or above the threshold."
    corner = shown.data.iloc[-1]
    assert corner.tolist() == pytest.approx([10, 20, 1 / (1 + np.exp(-2))])
    assert isinstance(shown.data, pd.DataFrame)

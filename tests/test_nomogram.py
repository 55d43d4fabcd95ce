"""Expected values: R's pretty() and rms::nomogram (tests/reference/nomogram.R), and by hand."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rairlib.errors import RairlibError
from rairlib.stats.nomogram import nomogram, nomogram_axes, pretty

R = json.loads((Path(__file__).parent / "reference" / "nomogram.json").read_text())
NOMOGRAMS = R["nomograms"]


def laid_out(case):
    coefficients = dict(case["coefficients"])
    intercept = coefficients.pop("intercept")
    return nomogram(intercept, coefficients, case["ranges"], case["logit_range"])


@pytest.fixture
def by_hand():
    # 2 per unit of a (span 20) and 1 per unit of b (span 5): 5 points per unit of log odds.
    return nomogram(-10.0, {"a": 2.0, "b": 1.0}, {"a": (0, 10), "b": (0, 5)})


def test_pretty_values_are_those_of_r():
    columns = zip(*R["pretty"].values(), strict=True)
    for low, high, intervals, first, last, count in columns:
        expected = np.linspace(first, last, count)
        np.testing.assert_allclose(pretty(low, high, intervals), expected, rtol=0, atol=1e-8)


@given(low=st.floats(-1e6, 1e6), width=st.floats(1e-3, 1e6), intervals=st.integers(1, 20))
def test_pretty_values_cover_the_range_and_not_much_more(low, width, intervals):
    ticks = pretty(low, low + width, intervals)
    step = ticks[1] - ticks[0]
    assert ticks[0] <= low + 1e-6 * step
    assert ticks[-1] >= low + width - 1e-6 * step
    assert low - ticks[0] < step * (1 + 1e-6)
    assert ticks[-1] - (low + width) < step * (1 + 1e-6)
    assert len(ticks) - 1 >= intervals // 3


@pytest.mark.parametrize("ends", [(3, 3), (4, 1), (0, np.inf), (np.nan, 1)])
def test_range_without_width_is_refused(ends):
    with pytest.raises(RairlibError, match=r"a range needs|not a finite number"):
        pretty(*ends)


@pytest.mark.parametrize("case", NOMOGRAMS)
def test_axes_and_points_are_those_of_rms(case):
    scales = laid_out(case)
    for name, axis in case["axes"].items():
        np.testing.assert_allclose(scales.ticks[name], axis["value"], rtol=0, atol=1e-8)
        np.testing.assert_allclose(
            scales.points(name, axis["value"]), axis["points"], rtol=0, atol=1e-8
        )
    assert scales.points_per_logit == pytest.approx(case["points_per_logit"], abs=1e-8)
    assert scales.logit_at_zero == pytest.approx(case["logit_at_zero"], abs=1e-8)


@pytest.mark.parametrize("case", NOMOGRAMS)
def test_total_points_and_risks_are_those_of_rms(case):
    scales = laid_out(case)
    np.testing.assert_allclose(scales.total_ticks, case["total_points"], rtol=0, atol=1e-8)
    np.testing.assert_allclose(scales.logit_ticks, case["logit"]["value"], rtol=0, atol=1e-8)
    risks, totals = case["risk"]["value"], case["risk"]["total"]
    np.testing.assert_allclose(scales.total_of_risk(risks), totals, rtol=0, atol=1e-8)
    np.testing.assert_allclose(scales.risk_of_total(totals), risks, rtol=0, atol=1e-8)


@pytest.mark.parametrize("case", NOMOGRAMS)
def test_risks_that_rms_interpolates_differ_by_its_interpolation_alone(case):
    scales = laid_out(case)
    grid = np.linspace(scales.logit_ticks[0], scales.logit_ticks[-1], 1000)
    risks, totals = case["interpolated_risk"]["value"], case["interpolated_risk"]["total"]
    between = np.interp(risks, 1 / (1 + np.exp(-grid)), grid)
    interpolated = (between - scales.logit_at_zero) * scales.points_per_logit
    np.testing.assert_allclose(interpolated, totals, rtol=0, atol=1e-8)
    assert np.abs(scales.total_of_risk(risks) - totals).max() < 1e-3


@pytest.mark.parametrize("case", NOMOGRAMS)
def test_risk_axis_has_the_risks_that_rms_keeps(case):
    axes = nomogram_axes(laid_out(case), case["risks"]).query("axis == 'risk'")
    np.testing.assert_allclose(axes["value"], case["interpolated_risk"]["value"])
    np.testing.assert_allclose(axes["position"], case["interpolated_risk"]["total"], atol=1e-3)


def test_predictor_with_the_widest_range_has_100_points(by_hand):
    assert by_hand.points("a", [0, 10]).tolist() == [0, 100]
    assert by_hand.points("b", [0, 5]).tolist() == [0, 25]
    assert by_hand.total_points({"a": 4, "b": 2}) == 50
    # 50 points are 10 units above -10: even odds.
    assert by_hand.risk_of_total(50) == 0.5
    assert by_hand.total_of_risk(0.5) == 50


def test_falling_predictor_has_0_points_at_its_largest_value():
    scales = nomogram(0.0, {"a": -1.0}, {"a": (0, 10)})
    assert scales.points("a", [0, 10]).tolist() == [100, 0]
    assert scales.logit_at_zero == -10


@given(a=st.floats(-5, 50), b=st.floats(-5, 50), intercept=st.floats(-5, 5))
def test_risk_through_points_is_that_of_the_equation(a, b, intercept):
    scales = nomogram(intercept, {"a": 0.2, "b": -0.1}, {"a": (0, 17), "b": (3, 40)})
    through_points = scales.risk_of_total(scales.total_points({"a": a, "b": b}))
    logit = intercept + 0.2 * a - 0.1 * b
    assert through_points == pytest.approx(1 / (1 + np.exp(-logit)), abs=1e-12)


def test_axes_are_listed_from_points_to_risk(by_hand):
    axes = nomogram_axes(by_hand, [0.2, 0.5])
    assert list(axes["axis"].unique()) == ["points", "a", "b", "total points", "risk"]
    assert set(axes.loc[axes["axis"].isin(["total points", "risk"]), "scale"]) == {"total points"}


def test_faults_are_named():
    with pytest.raises(RairlibError, match="b: no range"):
        nomogram(0, {"a": 1, "b": 1}, {"a": (0, 1)})
    with pytest.raises(RairlibError, match="a: the coefficient is 0"):
        nomogram(0, {"a": 0.0}, {"a": (0, 1)})
    with pytest.raises(RairlibError, match="no value of a"):
        nomogram(0, {"a": 1.0}, {"a": (0, 1)}).total_points({})
    with pytest.raises(RairlibError, match="intervals: 0 is below 1"):
        pretty(0, 1, 0)


def test_points_of_patients_are_matched_by_index():
    scales = nomogram(0, {"a": 1.0, "b": 1.0}, {"a": (0, 10), "b": (0, 10)})
    a, b = pd.Series([1, 2], index=["x", "y"]), pd.Series([20, 10], index=["y", "x"])
    assert scales.total_points({"a": a, "b": b}).tolist() == pytest.approx([110, 220])

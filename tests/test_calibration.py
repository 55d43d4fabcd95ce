"""Expected values: tests/reference/calibration.R (rms's val.prob, glm, lowess) and by hand."""

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from rairlib.errors import RairlibError
from rairlib.stats.calibration import (
    brier_score,
    calibration_band,
    calibration_curve,
    calibration_estimates,
    lowess,
    risk_grid,
)
from rairlib.stats.resampling import bootstrap_rows, percentile_limits

STUDIES = json.loads((Path(__file__).parent / "reference" / "calibration.json").read_text())
EXACT = {"rel": 1e-10, "abs": 1e-10}


@pytest.fixture(params=STUDIES, ids=["n122", "n60", "n100"])
def r(request):
    return request.param


@pytest.fixture
def estimates(r):
    return calibration_estimates(r["y"], r["p"]).set_index("statistic")


def test_calibration_in_the_large_and_slope_are_those_of_glm(r, estimates):
    large, slope = estimates.loc["calibration_in_the_large"], estimates.loc["calibration_slope"]
    assert large["estimate"] == pytest.approx(r["large"], **EXACT)
    assert [large["low"], large["high"]] == pytest.approx(r["large_limits"], **EXACT)
    assert slope["estimate"] == pytest.approx(r["joint"][1], **EXACT)
    assert [slope["low"], slope["high"]] == pytest.approx(r["slope_limits"], **EXACT)
    assert estimates.loc["calibration_intercept", "estimate"] == pytest.approx(
        r["joint"][0], **EXACT
    )


@pytest.mark.parametrize(
    ("statistic", "name"),
    [
        ("calibration_intercept", "Intercept"),
        ("calibration_slope", "Slope"),
        ("brier", "Brier"),
        ("ici", "Eavg"),
        ("e90", "E90"),
        ("e_max", "Emax"),
    ],
)
def test_estimates_are_those_of_val_prob(r, estimates, statistic, name):
    # lrm.fit stops at a tolerance of its own; the rest is arithmetic.
    tolerance = 1e-6 if statistic.startswith("calibration") else 1e-10
    assert estimates.loc[statistic, "estimate"] == pytest.approx(
        r["val_prob"][name], rel=tolerance, abs=tolerance
    )


def test_smooth_curve_is_that_of_lowess_in_r(r):
    x, fitted = lowess(r["p"], r["y"])
    assert x.tolist() == sorted(set(r["p"]))
    assert fitted[np.searchsorted(x, r["smooth_x"])] == pytest.approx(r["smooth_y"], **EXACT)
    curve = calibration_curve(r["y"], r["p"], r["grid"])
    assert curve["observed"].tolist() == pytest.approx(r["at_grid"], **EXACT)
    assert risk_grid(r["p"]) == pytest.approx(r["grid"], **EXACT)


def test_band_is_that_of_r_on_the_same_resamples(r):
    band = calibration_band(r["y"], r["p"], r["grid"], np.array(r["rows"]))
    assert band["low"].tolist() == pytest.approx(r["low"], **EXACT)
    assert band["high"].tolist() == pytest.approx(r["high"], **EXACT)
    assert band["resamples"].tolist() == r["reached"]


def test_brier_score_by_hand():
    # Squared errors 0.09, 0.04, 0.25 and 0.01.
    assert brier_score([1, 0, 1, 0], [0.7, 0.2, 0.5, 0.1]) == pytest.approx(0.39 / 4)


def test_observed_over_expected_by_hand():
    # 4 events, 2 expected among 8; SE² = 1/4 - 1/8.
    found = calibration_estimates(
        [1, 0, 1, 0, 1, 0, 1, 0], [0.2, 0.3, 0.3, 0.2, 0.1, 0.4, 0.3, 0.2]
    ).set_index("statistic")
    row = found.loc["observed_expected"]
    assert row["estimate"] == pytest.approx(2)
    assert row["high"] == pytest.approx(2 * np.exp(1.959963985 * 0.125**0.5))
    assert (row["n"], row["events"]) == (8, 4)


def test_scaled_brier_of_the_prevalence_is_zero():
    event = np.tile([1, 0, 0, 0], 10)
    nearly = np.where(np.arange(40) % 3, 0.25 + 1e-4, 0.25)
    found = calibration_estimates(event, nearly).set_index("statistic")["estimate"]
    assert found["scaled_brier"] == pytest.approx(0, abs=1e-3)


def test_known_miscalibration_is_recovered():
    rng = np.random.default_rng(2)
    linear = rng.normal(size=200_000)
    event = rng.random(200_000) < expit(0.3 + 0.6 * linear)
    found = calibration_estimates(event, expit(linear)).set_index("statistic")
    assert found.loc["calibration_slope", "estimate"] == pytest.approx(0.6, abs=0.02)
    assert found.loc["calibration_intercept", "estimate"] == pytest.approx(0.3, abs=0.02)


@given(st.integers(0, 2**32 - 1))
def test_lowess_gives_back_a_line(seed):
    rng = np.random.default_rng(seed)
    x = np.round(rng.random(30), 2)
    values, fitted = lowess(x, 2 - 3 * x)
    assert fitted == pytest.approx(2 - 3 * values, abs=1e-9)


def test_curve_is_absent_where_there_are_no_risks():
    curve = calibration_curve([1, 0, 1, 0], [0.2, 0.3, 0.6, 0.4], [0.1, 0.3, 0.9])
    assert curve["observed"].isna().tolist() == [True, False, True]


def test_resample_with_one_risk_only_gives_no_curve():
    rows = np.array([[0, 0, 0, 0], [0, 1, 2, 3]])
    band = calibration_band([1, 0, 1, 0], [0.2, 0.3, 0.6, 0.4], [0.2, 0.4], rows)
    assert band["resamples"].tolist() == [1, 1]
    assert band["low"].tolist() == band["high"].tolist() == band["observed"].tolist()


def test_resamples_come_from_the_generator_and_the_first_stay():
    few, many = (bootstrap_rows(20, count, rng=np.random.default_rng(1)) for count in (3, 5))
    assert np.array(few).tolist() == np.array(many[:3]).tolist()
    assert set(np.unique(many)) <= set(range(20))


def test_resamples_are_those_of_one_draw_and_leave_the_generator_where_it_does():
    once, drawn = np.random.default_rng(7), np.random.default_rng(7)
    expected = once.integers(0, 1001, size=(6, 1001))
    rows = bootstrap_rows(1001, 6, rng=drawn)
    assert (np.array(rows) == expected).all()
    assert (np.array(rows[[4, 1]]) == expected[[4, 1]]).all()
    assert once.random() == drawn.random()


def test_resamples_are_not_held_in_memory():
    tracemalloc.start()
    rows = bootstrap_rows(100_000, 50, rng=np.random.default_rng(1))
    sizes = {row.size for row in rows}
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sizes == {100_000}
    # Two resamples of four bytes a patient, not fifty.
    assert most < 3 * 4 * 100_000


def test_limits_leave_out_what_is_missing():
    values = np.column_stack([np.arange(101.0), np.full(101, np.nan)])
    values[0, 0] = np.nan
    low, high = percentile_limits(values, 0.9)
    assert (low[0], high[0]) == (pytest.approx(5.95), pytest.approx(95.05))
    assert np.isnan([low[1], high[1]]).all()


@pytest.mark.parametrize(
    ("event", "risk", "message"),
    [
        ([1, 0], [0.2], "one risk per patient: got 2 events, 1 risks"),
        ([1, 0, 1], [0.2, np.nan, 0.3], "risk: 1 values are missing"),
        (
            [1, np.nan, 0],
            [0.2, 0.1, 0.3],
            "event must be yes/no, true/false or 1/0, without missing",
        ),
        (["ja", "no"], [0.2, 0.1], "got 'ja'"),
        ([1, 0], [-0.2, 1.3], "risk must be a probability; got -0.2 to 1.3"),
        ([0, 0], [0.2, 0.3], "both patients with and patients without"),
        ([1, 0], [0.0, 0.3], "risk: 1 values are 0 or 1, whose log odds are infinite"),
        ([1, 0], [0.3, 0.3], "all patients have the same risk"),
    ],
)
def test_unusable_predictions_are_refused_in_one_line(event, risk, message):
    with pytest.raises(RairlibError, match=message) as told:
        calibration_estimates(event, risk)
    assert "\n" not in str(told.value)


def test_risks_that_separate_the_outcomes_have_no_slope():
    with pytest.raises(RairlibError, match="no finite estimates"):
        calibration_estimates([0, 0, 1, 1], [0.1, 0.2, 0.6, 0.7])


def test_faulty_resamples_and_smoothers_are_refused():
    event, risk = [1, 0, 1, 0], [0.2, 0.3, 0.6, 0.4]
    for rows, message in [
        (np.array([[0, 1]]), "2 per resample, but there are 4"),
        (np.array([[0, 1, 2, 4]]), "numbers go from 0 to 3"),
        (np.array([0, 1, 2, 3]), "one line of row numbers"),
    ]:
        with pytest.raises(RairlibError, match=message):
            calibration_band(event, risk, [0.3], rows)
    with pytest.raises(RairlibError, match="level: 95 is not between"):
        percentile_limits(np.ones((2, 1)), 95)
    with pytest.raises(RairlibError, match="resamples: 0 is below 1"):
        bootstrap_rows(5, 0, rng=np.random.default_rng(1))
    with pytest.raises(RairlibError, match="span: 2"):
        lowess(risk, event, 2)
    with pytest.raises(RairlibError, match="two or more"):
        lowess([1], [1])
    with pytest.raises(RairlibError, match="x: 1 values are missing"):
        lowess([1, np.nan], [1, 2])
    with pytest.raises(RairlibError, match="too few for a grid"):
        risk_grid(risk)


def test_rows_of_the_estimates_are_in_the_common_schema():
    found = calibration_estimates([1, 0, 1, 0], [0.6, 0.7, 0.3, 0.4], term="H")
    assert found.columns.tolist()[:3] == ["term", "statistic", "estimate"]
    assert set(found["term"]) == {"H"}
    assert pd.isna(found.set_index("statistic").loc["brier", "low"])

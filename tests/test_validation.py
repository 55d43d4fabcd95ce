"""Expected values: tests/reference/validation.R (rms's validate and calibrate) and by hand."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rairlib.errors import RairlibError
from rairlib.stats.resampling import bootstrap_rows
from rairlib.stats.selection import fixed_logistic
from rairlib.stats.validation import Developed, corrected_calibration, optimism, repeat_development

R = json.loads((Path(__file__).parent / "reference" / "validation.json").read_text())
COVARIATES = dict.fromkeys(["nodes", "tg", "noise"])
FOUR = pd.DataFrame({"sick": [1, 1, 0, 0], "risk": [0.8, 0.4, 0.6, 0.2]})


@pytest.fixture(scope="module")
def repeated():
    data = pd.DataFrame(R["data"])
    develop = partial(fixed_logistic, outcome="failure", covariates=COVARIATES)
    return repeat_development(data, "failure", develop, np.array(R["rows"]))


def as_given(frame):
    """Develop a model that takes the risk from the frame, whatever the patients."""
    return Developed(variables=("risk",), predict=lambda patients: patients["risk"].to_numpy())


@pytest.mark.parametrize(
    ("name", "statistic"),
    [
        ("Intercept", "calibration_intercept"),
        ("Slope", "calibration_slope"),
        ("B", "brier"),
        ("Dxy", "auc"),
    ],
)
def test_optimism_is_that_of_validate_in_rms(repeated, name, statistic):
    found = optimism(repeated).set_index("statistic").loc[statistic]
    expected = dict(zip(R["columns"], R["validate"][name], strict=True))
    for column, key in [
        ("apparent", "index.orig"),
        ("training", "training"),
        ("test", "test"),
        ("optimism", "optimism"),
        ("corrected", "index.corrected"),
    ]:
        value = found[column]
        if name == "Dxy":  # Somers' D is twice the area beyond one half
            value = 2 * value if key == "optimism" else 2 * value - 1
        assert value == pytest.approx(expected[key], abs=1e-8), column
    assert found["resamples"] == len(R["rows"])


def test_corrected_curve_is_that_of_calibrate_in_rms(repeated):
    curve = corrected_calibration(repeated, R["grid"])
    assert curve["apparent"].tolist() == pytest.approx(R["apparent"], abs=1e-8)
    assert curve["corrected"].tolist() == pytest.approx(R["corrected"], abs=1e-8)
    assert curve["resamples"].tolist() == R["reached"]


def test_threshold_and_calibration_in_the_large_are_those_of_r(repeated):
    found = optimism(repeated).set_index("statistic")
    rows = found.loc[["sensitivity", "specificity", "calibration_in_the_large"]]
    assert rows["training"].tolist() == pytest.approx(R["training"], abs=1e-8)
    assert rows["test"].tolist() == pytest.approx(R["test"], abs=1e-8)
    assert rows["apparent"].tolist()[:2] == pytest.approx(R["threshold_apparent"], abs=1e-12)
    youden = found.loc["youden", ["apparent", "training", "test", "optimism"]].astype(float)
    parts = found.loc[["sensitivity", "specificity"], youden.index].sum()
    assert youden.tolist() == pytest.approx((parts - [1, 1, 1, 0]).tolist())


def test_model_that_learns_nothing_has_no_optimism_when_the_resample_is_everybody():
    found = optimism(repeat_development(FOUR, "sick", as_given, [[3, 1, 2, 0]]))
    assert found["optimism"].dropna().tolist() == pytest.approx([0] * 8)
    # By hand: pairs won are 0.8 twice and 0.4 once of four; squared errors 0.04, 0.36, 0.36, 0.04.
    table = found.set_index("statistic")["apparent"]
    assert table["auc"] == pytest.approx(3 / 4)
    assert table["brier"] == pytest.approx(0.2)


def test_selection_of_noise_looks_good_only_on_its_own_patients():
    rng = np.random.default_rng(9)
    data = pd.DataFrame(rng.normal(size=(100, 8)), columns=list("abcdefgh"))
    data["sick"] = np.tile([0, 1], 50)
    develop = partial(fixed_logistic, outcome="sick", covariates=dict.fromkeys("abcdefgh"))
    rows = bootstrap_rows(100, 60, rng=rng)
    found = optimism(repeat_development(data, "sick", develop, rows)).set_index("statistic")
    assert found.loc["auc", "apparent"] > 0.6
    assert abs(found.loc["auc", "corrected"] - 0.5) < 0.08
    assert found.loc["calibration_slope", "corrected"] < 0.6


def test_resamples_in_which_no_model_can_be_developed_are_told_not_hidden():
    def develop(frame):
        if frame["risk"].nunique() < 3:
            raise RairlibError("risk: too few values")
        return as_given(frame)

    repeated = repeat_development(FOUR, "sick", develop, [[0, 2, 0, 2], [0, 2, 1, 3]])
    assert repeated.failures == ("risk: too few values",)
    assert repeated.rows.tolist() == [[0, 2, 1, 3]]
    with pytest.raises(RairlibError, match="no resample gives a model; the first one says: risk"):
        repeat_development(FOUR, "sick", develop, [[0, 2, 0, 2]])


def test_resample_with_one_outcome_only_is_a_failure_whatever_the_model_does():
    repeated = repeat_development(FOUR, "sick", as_given, [[0, 1, 0, 1], [0, 2, 1, 3]])
    assert len(repeated.failures) == 1
    assert "both outcomes" in repeated.failures[0]


def test_model_without_variables_counts_where_it_can():
    develop = partial(fixed_logistic, outcome="sick", covariates={})
    repeated = repeat_development(FOUR, "sick", develop, [[0, 1, 2, 3], [0, 1, 1, 2]])
    found = optimism(repeated).set_index("statistic")
    assert found.loc["auc", ["apparent", "corrected"]].tolist() == [0.5, 0.5]
    assert found.loc["calibration_slope", "resamples"] == 0
    assert np.isnan(found.loc["calibration_slope", "corrected"])
    assert found.loc["brier", "resamples"] == 2


@pytest.mark.parametrize("risks", [[0.1, 0.2, 1.2, 0.3], [0.1, 0.2, np.nan, 0.3], [0.1]])
def test_model_that_returns_no_risks_is_refused(risks):
    model = Developed(variables=(), predict=lambda frame: risks)
    with pytest.raises(RairlibError, match="one risk from 0 to 1 per patient"):
        model.risks(FOUR)


def test_index_of_the_frame_does_not_matter():
    rows = [[0, 2, 1, 3]]
    first, second = (
        optimism(repeat_development(frame, "sick", as_given, rows))
        for frame in (FOUR, FOUR.set_axis([7, 7, 8, 9]))
    )
    pd.testing.assert_frame_equal(first, second)

"""Covariates of any scale and name, in rows of any index.

Expected values: tests/reference/covariate_scales.R (glm, coxph) and the same data written plainly.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rairlib.errors import RairlibError
from rairlib.reconstruct.logistic import fit_tables
from rairlib.stats.cox import (
    concordance,
    cox,
    firth_cox,
    landmark,
    likelihood_ratio,
    proportional_hazards,
    ridge_cox,
    time_dependent_cox,
)
from rairlib.stats.logistic import firth_logistic, fit_logistic, logistic
from rairlib.stats.selection import (
    backward_lr,
    candidate_columns,
    fixed_logistic,
    forward_lr,
    forward_variables,
)
from rairlib.stats.survival import expected_events, kaplan_meier, log_rank

R = json.loads((Path(__file__).parent / "reference" / "covariate_scales.json").read_text())
SCALES = ("year", "tiny", "offset")
Z = 1.959963984540054
CENTRES = pd.DataFrame(R["centres"])
CENTRES["begins"] = CENTRES["begins"].where(CENTRES["begins"] >= 0)
LOGISTIC = {
    "logistic": lambda frame, covariates: logistic(frame, "outcome", covariates),
    "firth": lambda frame, covariates: firth_logistic(frame, "outcome", covariates),
    "forward": lambda frame, covariates: forward_lr(frame, "outcome", covariates, 1, 1).last_model,
    "backward": lambda frame, covariates: backward_lr(frame, "outcome", covariates, 1, 1).models,
}
COX = {
    "breslow": lambda frame, covariates: cox(frame, "months", "died", covariates),
    "efron": lambda frame, covariates: cox(frame, "months", "died", covariates, "efron"),
    "ridge": lambda frame, covariates: ridge_cox(frame, "months", "died", covariates, 0.1),
    "firth": lambda frame, covariates: firth_cox(frame, "months", "died", covariates),
    "hazards": lambda frame, covariates: proportional_hazards(frame, "months", "died", covariates),
    "varying": lambda frame, covariates: time_dependent_cox(
        frame, "months", "died", "begins", covariates
    ),
}


@pytest.fixture
def data():
    return pd.DataFrame(R["data"])


@pytest.fixture
def patients():
    names = {"t": "months", "e": "died", "x": "age"}
    return CENTRES.rename(columns=names).assign(outcome=CENTRES["e"])


def rows(estimates, statistic):
    found = estimates[estimates["statistic"] == statistic].iloc[0]
    return found["estimate"], (found["high"] - found["low"]) / 2 / Z, found["p_value"]


@pytest.mark.parametrize("name", SCALES)
def test_logistic_takes_covariates_of_any_scale(data, name):
    found, expected = logistic(data, "outcome", {name: None}), R["logistic"][name]
    wanted = [expected["coefficient"], expected["se"], expected["p"]]
    assert rows(found, "coefficient") == pytest.approx(wanted, rel=1e-8)
    intercept = [expected["intercept"], expected["intercept_se"]]
    assert rows(found, "intercept")[:2] == pytest.approx(intercept, rel=1e-8)


@pytest.mark.parametrize("name", SCALES)
def test_fast_fits_and_both_selections_take_covariates_of_any_scale(data, name):
    event, expected = data["outcome"].to_numpy(float), R["logistic"][name]
    fit = fit_logistic(event, np.column_stack([np.ones(len(data)), data[name]]))
    values = [expected["intercept"], expected["coefficient"]]
    assert fit.coefficients == pytest.approx(values, rel=1e-8)
    assert fit.standard_errors[1] == pytest.approx(expected["se"], rel=1e-8)
    slow = forward_lr(data, "outcome", {name: None}, entry=1, removal=1)
    assert rows(slow.last_model, "coefficient")[0] == pytest.approx(values[1], rel=1e-8)
    columns = candidate_columns(data, {name: None})
    assert forward_variables(event, columns, entry=1, removal=1) == slow.selected == (name,)
    risks = fixed_logistic(data, "outcome", {name: None}).risks(data)
    assert risks.sum() == pytest.approx(event.sum(), rel=1e-8)


@pytest.mark.parametrize("name", SCALES)
def test_tables_of_patterns_take_covariates_of_any_scale(data, name):
    counts = data.groupby(name)["outcome"].agg(["size", "sum"])
    design = np.column_stack([np.ones(len(counts)), counts.index])
    fit = fit_tables(counts["size"].to_numpy()[np.newaxis], design, counts["sum"] @ design)
    expected = R["logistic"][name]
    values = [expected["intercept"], expected["coefficient"]]
    assert fit.estimates[0] == pytest.approx(values, rel=1e-8)
    errors = [expected["intercept_se"], expected["se"]]
    assert fit.standard_errors[0] == pytest.approx(errors, rel=1e-8)


@pytest.mark.parametrize("name", SCALES)
def test_penalised_fits_do_not_depend_on_scale_and_mean(data, name):
    mean, scale = data[name].mean(), data[name].std()
    plain = data.assign(plain=(data[name] - mean) / scale)
    found = firth_logistic(data, "outcome", {name: None}).set_index("statistic")
    expected = firth_logistic(plain, "outcome", {"plain": None}).set_index("statistic")
    for column in ("estimate", "low", "high"):
        value = expected[column]["coefficient"] / scale
        assert found[column]["coefficient"] == pytest.approx(value, rel=1e-5)
    assert found["p_value"]["coefficient"] == pytest.approx(expected["p_value"]["coefficient"])
    shifted = expected["estimate"]["intercept"] - expected["estimate"]["coefficient"] * mean / scale
    assert found["estimate"]["intercept"] == pytest.approx(shifted, rel=1e-5)
    assert found["low"]["intercept"] < shifted < found["high"]["intercept"]


@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize("name", SCALES)
def test_cox_takes_covariates_of_any_scale(data, name, ties):
    found = rows(cox(data, "time", "event", {name: None}, ties), "coefficient")
    expected = R[ties][name]
    assert found[:2] == pytest.approx([expected["coefficient"], expected["se"]], rel=1e-7)
    centred = data.assign(**{name: data[name] - data[name].mean()})
    tests = [
        (likelihood_ratio(frame, "time", "event", {name: None}).statistic)
        for frame in (data, centred)
    ]
    assert tests[0] == pytest.approx(tests[1], rel=1e-6)


@pytest.mark.parametrize(
    "name", ["constant", "event", "time", "stop", "start", "entry", "row", "intercept", "status"]
)
@pytest.mark.parametrize(
    "fit", [*LOGISTIC.values(), *COX.values()], ids=[*LOGISTIC, *[f"{name}-cox" for name in COX]]
)
def test_a_covariate_may_have_any_name(patients, fit, name):
    found = fit(patients.rename(columns={"age": name}), {name: None})
    expected = fit(patients, {"age": None})
    assert found["term"].tolist() == expected["term"].replace("age", name).tolist()
    numbers = found.select_dtypes("number")
    pd.testing.assert_frame_equal(numbers, expected.select_dtypes("number"))


def test_time_dependent_cox_of_eight_patients_has_a_finite_maximum():
    nan = np.nan
    data = pd.DataFrame({"t": [2, 3, 3, 5, 6, 7, 8, 9], "e": [1, 1, 0, 1, 1, 0, 1, 1]})
    data["begins"] = [0, 3, nan, 2, 6, nan, 1, nan]
    found = rows(time_dependent_cox(data, "t", "e", "begins"), "coefficient")
    expected = [R["eight"]["coefficient"], R["eight"]["se"]]
    assert found[:2] == pytest.approx(expected, rel=1e-8)
    assert found[0] == pytest.approx(1.131, abs=5e-4)


def test_two_centres_with_the_same_index_are_two_sets_of_patients(patients):
    half = len(patients) // 2
    centres = pd.concat(
        [part.reset_index(drop=True) for part in (patients[:half], patients[half:])]
    )
    found = time_dependent_cox(centres, "months", "died", "begins", {"age": None})
    slopes = found[found["statistic"] == "coefficient"]
    assert slopes["estimate"].tolist() == pytest.approx(R["two"]["coefficient"], rel=1e-7)
    errors = (slopes["high"] - slopes["low"]) / 2 / Z
    assert errors.tolist() == pytest.approx(R["two"]["se"], rel=1e-7)


@pytest.mark.parametrize("fit", [*LOGISTIC.values(), *COX.values()])
def test_no_estimator_depends_on_the_index(patients, fit):
    repeated = patients.set_axis([1] * len(patients))
    pd.testing.assert_frame_equal(fit(repeated, {"age": None}), fit(patients, {"age": None}))
    assert len(landmark(repeated, "months", 5)) == len(landmark(patients, "months", 5))


@pytest.mark.parametrize(
    "estimate",
    [
        lambda data, event, group: kaplan_meier(data["months"], event),
        lambda data, event, group: log_rank(data["months"], event, group).statistic,
        lambda data, event, group: expected_events(data["months"], event, group),
        lambda data, event, group: concordance(data["months"], event, group),
    ],
    ids=["kaplan_meier", "log_rank", "expected_events", "concordance"],
)
def test_series_are_matched_by_their_index(patients, estimate):
    patients = patients.assign(group=(patients["age"] > 0).astype(int))
    event, group = patients["died"], patients["group"]
    found = estimate(patients, event.sort_values(), group.sort_values())
    expected = estimate(patients, event.to_numpy(), group.to_numpy())
    assert np.array_equal(np.asarray(found), np.asarray(expected), equal_nan=True)
    other = patients.index + 1
    with pytest.raises(RairlibError, match="have different indexes"):
        estimate(patients, event.set_axis(other), group.set_axis(other))


def test_concordance_counts_the_order_alone():
    time, event = [1, 2, 3, 4], [1, 1, 0, 1]
    assert concordance(time, event, [1e13, 0.2, 0.3, 0.1]) == 0.8
    assert concordance(time, event, [10, 0.2, 0.3, 0.1]) == 0.8

"""Expected values: tests/reference/survival.R (coxph, cox.zph), hand calculation, known truth."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.hazard_regression import PHReg

from rairlib.errors import RairlibError
from rairlib.stats.cox import (
    concordance,
    cox,
    firth_cox,
    landmark,
    likelihood_ratio,
    linear_predictor,
    proportional_hazards,
    ridge_cox,
    time_dependent_cox,
)
from rairlib.stats.logistic import ESTIMATE_COLUMNS
from rairlib.stats.observation import Z_95

R = json.loads((Path(__file__).parent / "reference" / "survival.json").read_text())
COVARIATES = {
    "age": None,
    "avidity": ("partial", "none", "avid"),
    "gender": ("Female", "Male"),
}
TERMS = ["age", "avidity: partial vs avid", "avidity: none vs avid", "gender: Female vs Male"]


@pytest.fixture
def data():
    table = pd.DataFrame(R["data"]).assign(monotone=R["monotone"])
    return table.assign(start=pd.to_numeric(table["start"].replace("NA", None)))


def on_log_scale(estimates):
    return estimates[estimates["statistic"] == "coefficient"]


def assert_estimates(found, expected, relative):
    for column, name in {
        "estimate": "coefficient",
        "low": "low",
        "high": "high",
        "p_value": "p",
    }.items():
        values = expected[name] if isinstance(expected[name], list) else [expected[name]]
        assert found[column].tolist() == pytest.approx(values, rel=relative, abs=relative)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_cox_is_that_of_coxph_with_many_ties(data, ties):
    found = cox(data, "time", "event", COVARIATES, ties)
    assert list(found.columns) == list(ESTIMATE_COLUMNS)
    assert on_log_scale(found)["term"].tolist() == TERMS
    assert_estimates(on_log_scale(found), R[ties], 1e-8)
    assert set(found["n"]) == {70}
    assert set(found["events"]) == {46}


def test_hazard_ratios_are_the_exponentials_of_the_coefficients(data):
    found = cox(data, "time", "event", COVARIATES)
    ratios = found[found["statistic"] == "hazard_ratio"]
    for column in ("estimate", "low", "high"):
        exponentials = np.exp(on_log_scale(found)[column])
        assert ratios[column].tolist() == pytest.approx(exponentials.tolist())


PLACE = np.arange(60)
AWKWARD = {
    "one event": {"event": PLACE == 11, "level": PLACE * 13 % 17},
    "all at one time": {"time": 5.0},
    "large offset": {"x": 1e6 + PLACE * 7 % 60},
    "nearly separated": {
        "level": (PLACE < 31) * 1.0,
        "event": (PLACE < 30) | (PLACE == 45),
    },
    "one far patient": {"x": np.append(np.arange(59) * 7 % 59, 5000)},
    "last time tied": {"time": np.minimum(PLACE * 11 % 60, 30)},
}


@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_patients_are_fitted_as_statsmodels_does(name, ties):
    plain = {"time": PLACE * 11 % 60, "event": PLACE % 3 > 0, "x": PLACE * 7 % 60}
    data = pd.DataFrame({**plain, "level": (PLACE * 13 % 5 < 2) * 1.0, **AWKWARD[name]})
    columns = data[["x", "level"]].astype(float)
    scale = columns.std().to_numpy()
    model = PHReg(data["time"], (columns - columns.mean()) / scale, data["event"], ties=ties)
    expected = model.fit(maxiter=100, tol=1e-10)
    found = on_log_scale(cox(data, "time", "event", {"x": None, "level": None}, ties))
    errors = (found["high"] - found["low"]).to_numpy() / (2 * Z_95)
    assert found["estimate"].to_numpy() * scale == pytest.approx(expected.params, rel=1e-8)
    assert errors * scale == pytest.approx(expected.bse, rel=1e-8)


def test_hazard_ratio_of_four_patients_by_hand():
    # Events at 1 (exposed) and 2 (not exposed), exposed patient censored at 3, other at 4. With
    # ratio r the partial likelihood is r / (2r + 2) · 1 / (r + 2), largest at r = √2.
    data = pd.DataFrame({"exposed": ["yes", "no", "yes", "no"], "t": [1, 2, 3, 4]})
    data["event"] = [1, 1, 0, 0]
    found = cox(data, "t", "event", {"exposed": ("yes", "no")})
    assert found["estimate"].iloc[1] == pytest.approx(math.sqrt(2), rel=1e-9)


def test_swapping_the_reference_inverts_the_ratio_and_its_limits(data):
    found = cox(data, "time", "event", {"gender": ("Female", "Male")}).iloc[1]
    other = cox(data, "time", "event", {"gender": ("Male", "Female")}).iloc[1]
    assert other["estimate"] == pytest.approx(1 / found["estimate"])
    assert other["low"] == pytest.approx(1 / found["high"])


def test_time_enters_by_its_order_alone(data):
    bent = data.assign(time=data["time"] ** 3 + 1)
    pd.testing.assert_frame_equal(
        cox(bent, "time", "event", COVARIATES), cox(data, "time", "event", COVARIATES), rtol=1e-7
    )


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_known_hazard_ratio_is_recovered(ties):
    rng = np.random.default_rng(17)
    exposed = rng.random(20_000) < 0.4
    time = rng.exponential(1 / np.where(exposed, 2.5, 1.0))
    end = rng.exponential(1.0, time.size)
    data = pd.DataFrame({"time": np.minimum(time, end), "event": time <= end})
    data["exposed"] = np.where(exposed, "yes", "no")
    found = cox(data, "time", "event", {"exposed": ("yes", "no")}, ties).iloc[1]
    assert found["low"] < 2.5 < found["high"]
    assert found["estimate"] == pytest.approx(2.5, rel=0.05)


def test_ridge_is_that_of_coxph(data):
    found = ridge_cox(data, "time", "event", COVARIATES, R["ridge"]["penalty"])
    assert on_log_scale(found)["estimate"].tolist() == pytest.approx(
        R["ridge"]["coefficient"], rel=1e-6
    )


def test_weak_ridge_is_the_plain_fit_and_a_strong_one_draws_to_one(data):
    plain = cox(data, "time", "event", COVARIATES, "efron")["estimate"]
    weak = ridge_cox(data, "time", "event", COVARIATES, 1e-9)["estimate"]
    assert weak.tolist() == pytest.approx(plain.tolist(), rel=1e-6)
    strong = ridge_cox(data, "time", "event", COVARIATES, 1e4)
    assert (on_log_scale(strong)["estimate"].abs() < 1e-3).all()


@pytest.mark.parametrize(
    ("event", "covariates", "name"),
    [
        ("event", COVARIATES, "firth"),
        ("monotone", COVARIATES, "firth_monotone"),
        ("monotone", {"none": ("yes", "no")}, "firth_single"),
    ],
)
def test_firth_maximises_the_penalised_likelihood_and_its_profile(data, event, covariates, name):
    data["none"] = np.where(data["avidity"] == "none", "yes", "no")
    found = firth_cox(data, "time", event, covariates)
    assert_estimates(on_log_scale(found), R[name], 2e-5)


def test_likelihood_ratio_is_that_of_coxph(data):
    found = likelihood_ratio(data, "time", "event", COVARIATES)
    assert found.statistic == pytest.approx(R["likelihood_ratio"]["statistic"], rel=1e-9)
    assert found.p_value == pytest.approx(R["likelihood_ratio"]["p"], rel=1e-8)
    assert found.df == 4


def test_concordance_is_that_of_survival(data):
    estimates = cox(data, "time", "event", COVARIATES)
    risk = linear_predictor(data, COVARIATES, estimates)
    assert concordance(data["time"], data["event"], risk) == pytest.approx(R["concordance"])
    assert concordance(data["time"], data["event"], data["age"]) == pytest.approx(
        R["concordance_age"]
    )


def test_concordance_of_a_perfect_and_a_reversed_score():
    assert concordance([1, 2, 3], [1, 1, 0], [3, 2, 1]) == 1
    assert concordance([1, 2, 3], [1, 1, 0], [1, 2, 3]) == 0
    assert concordance([1, 2, 3], [1, 1, 0], [1, 1, 1]) == 0.5


def test_concordance_ties_scores_that_differ_in_their_last_digit_alone():
    # The first patient ties with the second, and the third has the higher risk.
    assert concordance([1, 2, 3], [1, 0, 1], [0.1 + 0.2, 0.3, 0.5]) == 0.25


@pytest.mark.parametrize("transform", ["km", "rank", "identity", "log"])
def test_proportional_hazards_test_is_that_of_cox_zph(data, transform):
    found = proportional_hazards(data, "time", "event", COVARIATES, transform)
    assert found["term"].tolist() == [*TERMS, "global"]
    assert found["df"].tolist() == R[transform]["df"]
    assert found["statistic"].tolist() == pytest.approx(
        R[transform]["statistic"], rel=1e-6, abs=1e-8
    )
    assert found["p_value"].tolist() == pytest.approx(R[transform]["p"], rel=1e-6)


def test_hazards_that_cross_are_noticed():
    rng = np.random.default_rng(5)
    exposed = rng.random(600) < 0.5
    time = np.where(exposed, rng.weibull(3.0, 600), rng.weibull(0.7, 600))
    data = pd.DataFrame({"time": time, "event": 1, "exposed": np.where(exposed, "yes", "no")})
    found = proportional_hazards(data, "time", "event", {"exposed": ("yes", "no")})
    assert (found["p_value"] < 1e-6).all()


def test_time_dependent_cox_is_that_of_the_counting_process(data):
    found = time_dependent_cox(data, "time", "event", "start", {"age": None})
    assert on_log_scale(found)["term"].tolist() == ["start: begun vs not begun", "age"]
    assert_estimates(on_log_scale(found), R["varying"], 1e-8)
    assert set(found["n"]) == {70}


def test_status_from_the_outset_is_an_ordinary_covariate(data):
    fixed = data.assign(start=np.where(data["gender"] == "Female", 0.0, math.nan))
    varying = time_dependent_cox(fixed, "time", "event", "start")
    plain = cox(data, "time", "event", {"gender": ("Female", "Male")}, "efron")
    assert varying["estimate"].tolist() == pytest.approx(plain["estimate"].tolist(), rel=1e-8)


def test_status_that_begins_at_the_event_does_not_explain_it(data):
    # Events of patients whose status begins then count for the time without the status.
    late = data.assign(start=data["start"].where(data["event"] == 0, data["time"]))
    late.loc[late.index[-1], ["start", "event"]] = [0.0, 1]
    found = time_dependent_cox(late, "time", "event", "start").iloc[1]
    assert found["estimate"] < 1


def test_landmark_keeps_who_is_left_and_counts_from_there(data):
    left = landmark(data, "time", 24)
    assert len(left) == R["landmark"]["n"]
    assert left["time"].min() == data["time"][data["time"] > 24].min() - 24
    found = on_log_scale(cox(left, "time", "event", {"age": None}))
    assert_estimates(found, R["landmark"], 1e-8)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_level_without_events_is_refused_by_name(data, ties):
    with pytest.raises(RairlibError, match="avidity: no patient with level 'none' has the event"):
        cox(data, "time", "monotone", COVARIATES, ties)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_covariates_that_foretell_every_event_are_refused(data, ties):
    # Whoever fails is the oldest of those at risk: the likelihood grows without end.
    order = data.sort_values("time", ignore_index=True)
    order["time"] = np.arange(1, len(order) + 1)
    order["rank"] = -np.arange(len(order), dtype=float)
    with pytest.raises(RairlibError):
        cox(order, "time", "event", {"rank": None}, ties)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"time": -1}, "patient SIM-01: the time is negative"),
        ({"event": 0}, "event: no patient has the event"),
        ({"age": 50}, "age: all patients have the same value"),
    ],
)
def test_unusable_data_are_refused(data, change, message):
    with pytest.raises(RairlibError, match=message):
        cox(data.assign(**change), "time", "event", COVARIATES)


def test_other_faults_are_refused(data):
    with pytest.raises(RairlibError, match="ties are handled by breslow or efron"):
        cox(data, "time", "event", COVARIATES, "exact")
    with pytest.raises(RairlibError, match="time is transformed by km, rank, identity, log"):
        proportional_hazards(data, "time", "event", COVARIATES, "square")
    with pytest.raises(RairlibError, match="nobody is under observation after 500 months"):
        landmark(data, "time", 500)
    with pytest.raises(RairlibError, match="all events fall within one status"):
        time_dependent_cox(data.assign(start=math.nan), "time", "event", "start")
    with pytest.raises(RairlibError, match="time: 70 patients have no follow-up"):
        time_dependent_cox(data.assign(time=0), "time", "event", "start")

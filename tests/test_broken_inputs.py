"""Whatever is broken in the input, an estimator says so in one line of the domain's words."""

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
    linear_predictor,
    proportional_hazards,
    ridge_cox,
    time_dependent_cox,
)
from rairlib.stats.logistic import firth_logistic, fit_logistic, logistic
from rairlib.stats.selection import (
    backward_lr,
    candidate_columns,
    develop_logistic,
    fixed_logistic,
    forward_lr,
    forward_variables,
    screening_p_value,
)
from rairlib.stats.survival import (
    expected_events,
    kaplan_meier,
    log_rank,
    median_follow_up,
    median_survival,
    survival_at,
)

N = 60
RNG = np.random.default_rng(3)
PATIENTS = pd.DataFrame(
    {
        "time": RNG.exponential(10, N).round(1) + 0.1,
        "event": RNG.integers(0, 2, N),
        "begins": RNG.exponential(9, N).round(1),
        "age": RNG.normal(50, 10, N).round(),
        "tg": RNG.normal(size=N),
        "sex": np.where(RNG.random(N) < 0.5, "f", "m"),
        "sick": RNG.integers(0, 2, N),
    }
)
COVARIATES = {"age": None, "sex": ("f", "m")}
OF_TIME = ("time", "event")
COX = {
    "cox": lambda frame, given: cox(frame, *OF_TIME, given),
    "efron": lambda frame, given: cox(frame, *OF_TIME, given, "efron"),
    "ridge_cox": lambda frame, given: ridge_cox(frame, *OF_TIME, given, 0.1),
    "firth_cox": lambda frame, given: firth_cox(frame, *OF_TIME, given),
    "likelihood_ratio": lambda frame, given: likelihood_ratio(frame, *OF_TIME, given),
    "proportional_hazards": lambda frame, given: proportional_hazards(frame, *OF_TIME, given),
    "time_dependent_cox": lambda frame, given: time_dependent_cox(frame, *OF_TIME, "begins", given),
}
LOGISTIC = {
    "logistic": lambda frame, given: logistic(frame, "sick", given),
    "firth_logistic": lambda frame, given: firth_logistic(frame, "sick", given),
    "forward_lr": lambda frame, given: forward_lr(frame, "sick", given),
    "backward_lr": lambda frame, given: backward_lr(frame, "sick", given),
    "develop_logistic": lambda frame, given: develop_logistic(frame, "sick", given, {}),
    "fixed_logistic": lambda frame, given: fixed_logistic(frame, "sick", given),
}
OTHERS = {
    "linear_predictor": lambda frame, given: linear_predictor(
        frame, given, cox(PATIENTS, *OF_TIME, COVARIATES)
    ),
    "candidate_columns": candidate_columns,
}
CURVES = {
    "kaplan_meier": lambda frame: kaplan_meier(frame["time"], frame["event"]),
    "survival_at": lambda frame: survival_at(frame["time"], frame["event"], 5),
    "median_survival": lambda frame: median_survival(frame["time"], frame["event"]),
    "median_follow_up": lambda frame: median_follow_up(frame["time"], frame["event"]),
    "log_rank": lambda frame: log_rank(frame["time"], frame["event"], frame["sex"]),
    "expected_events": lambda frame: expected_events(frame["time"], frame["event"], frame["sex"]),
    "concordance": lambda frame: concordance(frame["time"], frame["event"], frame["age"]),
}
ONLY_TIME = {
    "landmark": lambda frame: landmark(frame, "time", 5),
}
DAYS = pd.date_range("2020-01-01", periods=N)


def refused(call, *given, words):
    with pytest.raises(RairlibError, match=words) as error:
        call(*given)
    assert "\n" not in str(error.value)


def with_first(column, value):
    values = PATIENTS[column].astype(object if isinstance(value, str) else float)
    return PATIENTS.assign(**{column: values.where(PATIENTS.index > 0, value)})


@pytest.mark.parametrize("call", [*COX.values(), *LOGISTIC.values(), *OTHERS.values()])
@pytest.mark.parametrize(
    ("frame", "covariates", "words"),
    [
        (with_first("age", np.inf), COVARIATES, "age: 1 values are infinite"),
        (with_first("age", np.nan), COVARIATES, "age: 1 values are missing"),
        (PATIENTS.assign(age=DAYS), COVARIATES, "age: dates and durations must be given as num"),
        (PATIENTS.assign(age="old"), COVARIATES, "age: not numeric; give its levels"),
        (PATIENTS.drop(columns="age"), COVARIATES, "no column 'age' in the data"),
        (PATIENTS.iloc[:0], COVARIATES, "there are no patients in the data"),
        (pd.concat([PATIENTS, PATIENTS[["age"]]], axis=1), COVARIATES, "age: 2 columns have this"),
        (PATIENTS, ["age"], "covariates: give each column its levels"),
        (PATIENTS, {"sex": ()}, "sex: give two or more different levels"),
        (PATIENTS, {"sex": ("f",)}, "sex: give two or more different levels"),
        (PATIENTS, {"sex": ("f", "f", "m")}, "sex: give two or more different levels"),
        (PATIENTS, {"sex": "fm"}, "sex: give two or more different levels"),
        (PATIENTS, {"sick": (1, 2)}, "sick: 0 is not one of 1, 2"),
    ],
)
def test_unusable_covariates_are_refused(call, frame, covariates, words):
    refused(call, frame, covariates, words=words)


@pytest.mark.parametrize("call", [*COX.values(), LOGISTIC["logistic"], LOGISTIC["firth_logistic"]])
@pytest.mark.parametrize("noise", [0, 1e-12])
def test_terms_that_determine_one_another_are_named(call, noise):
    frame = PATIENTS.assign(copy=2 * PATIENTS["age"] + noise * PATIENTS["tg"])
    given = {"age": None, "tg": None, "copy": None}
    refused(call, frame, given, words="the terms age, copy determine one another")


@pytest.mark.parametrize("name", ["cox", "efron", "firth_cox", "time_dependent_cox", "logistic"])
def test_a_near_duplicate_is_the_reason_for_a_large_error(name):
    frame = PATIENTS.assign(copy=PATIENTS["age"] + 1e-3 * PATIENTS["tg"])
    words = "the terms age, copy nearly determine one another: leave one out"
    refused({**COX, **LOGISTIC}[name], frame, {"age": None, "copy": None}, words=words)


@pytest.mark.parametrize("call", LOGISTIC.values())
@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (PATIENTS.drop(columns="sick"), "no column 'sick' in the data"),
        (with_first("sick", np.nan), "sick: 1 values are missing"),
        (PATIENTS.assign(sick=2), "sick: an outcome must be yes/no, true/false or 1/0"),
        (PATIENTS.assign(sick=1), "sick: all patients have the same outcome"),
    ],
)
def test_unusable_outcomes_are_refused(call, frame, words):
    refused(call, frame, COVARIATES, words=words)


TIMES = [
    (PATIENTS.assign(time=DAYS), "the time must be a number, not a date or a duration"),
    (PATIENTS.assign(time=DAYS - DAYS[0]), "the time must be a number, not a date or a duration"),
    (with_first("time", np.inf), "patient 0: the time is missing or not a finite number"),
    (with_first("time", "late"), r"patient 0: the time is missing .* \(late\)"),
    (with_first("time", -1), "patient 0: the time is negative"),
]
EVENTS = [
    (PATIENTS.assign(event=DAYS), "patient 0: the event must be yes/no, true/false or 1/0"),
    (PATIENTS.assign(event=2), "patient 0: the event must be yes/no, true/false or 1/0"),
    (with_first("event", np.nan), "patient 0: the event must be yes/no, true/false or 1/0"),
]


@pytest.mark.parametrize(("frame", "words"), [*TIMES, *EVENTS])
@pytest.mark.parametrize("call", [*COX.values(), *CURVES.values()])
def test_unusable_times_and_events_are_refused(call, frame, words):
    refused(*((call, frame, COVARIATES) if call in COX.values() else (call, frame)), words=words)


@pytest.mark.parametrize(("frame", "words"), TIMES)
@pytest.mark.parametrize("call", ONLY_TIME.values())
def test_unusable_times_are_refused(call, frame, words):
    refused(call, frame, words=words)


@pytest.mark.parametrize("call", [*CURVES.values(), *ONLY_TIME.values()])
def test_curves_need_patients(call):
    refused(call, PATIENTS.iloc[:0], words="no patients")


@pytest.mark.parametrize("call", COX.values())
@pytest.mark.parametrize("column", ["time", "event", "begins"])
def test_a_missing_column_is_named(call, column):
    if column == "begins":
        call = COX["time_dependent_cox"]
    refused(call, PATIENTS.drop(columns=column), COVARIATES, words=f"no column '{column}' in the")


@pytest.mark.parametrize("call", [c for n, c in COX.items() if n != "time_dependent_cox"])
def test_a_cox_regression_needs_a_covariate(call):
    refused(call, PATIENTS, {}, words="a Cox regression needs a covariate")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (DAYS, "patient 0: the begin of begins must be a number, not a date"),
        ("soon", r"patient 0: the begin of begins is missing or not a finite number \(soon\)"),
        (-1, "patient 0: the begin of begins is negative"),
    ],
)
def test_unusable_begins_of_a_status_are_refused(values, words):
    refused(COX["time_dependent_cox"], PATIENTS.assign(begins=values), {}, words=words)


def test_one_time_of_events_tells_nothing_about_change():
    frame = PATIENTS.assign(time=5.0)
    refused(COX["proportional_hazards"], frame, COVARIATES, words="too few different times")
    frame = PATIENTS.assign(time=5.0, event=1)
    assert log_rank(frame["time"], frame["event"], frame["sex"]).reason == (
        "all patients have the event at one time"
    )
    refused(CURVES["concordance"], frame, words="no event comes before another patient's time")
    # Where all have the event at one time, no order speaks for a coefficient.
    for name in ("cox", "efron"):
        found = COX[name](frame, COVARIATES)
        assert found["estimate"][found["statistic"] == "coefficient"].tolist() == pytest.approx(
            [0, 0], abs=1e-8
        )


@pytest.mark.parametrize("months", [-1, np.nan, "soon", DAYS[0], DAYS[0] - DAYS[1]])
def test_curves_are_read_at_numbers(months):
    time, event = PATIENTS["time"], PATIENTS["event"]
    words = "survival cannot be read at"
    refused(survival_at, time, event, months, words=words)


def test_estimates_of_other_terms_are_refused():
    words = "the estimates are of age, sex: f vs m, the covariates give tg"
    refused(OTHERS["linear_predictor"], PATIENTS, {"tg": None}, words=words)


@pytest.mark.parametrize("limits", [{"entry": 5}, {"removal": 10}, {"entry": np.nan}])
def test_limits_of_p_are_no_percentages(limits):
    words = "a limit of p lies between 0 and 1"
    for method in (forward_lr, backward_lr):
        refused(lambda m=method: m(PATIENTS, "sick", COVARIATES, **limits), words=words)
    event, columns = PATIENTS["sick"].to_numpy(), candidate_columns(PATIENTS, COVARIATES)
    refused(lambda: forward_variables(event, columns, **limits), words=words)
    refused(lambda: develop_logistic(PATIENTS, "sick", COVARIATES, {}, **limits), words=words)
    refused(lambda: develop_logistic(PATIENTS, "sick", COVARIATES, {}, screening=5), words=words)


@pytest.mark.parametrize("penalty", [0, -1, np.inf, np.nan])
def test_a_penalty_is_positive_and_finite(penalty):
    words = "a ridge penalty must be positive and finite"
    refused(ridge_cox, PATIENTS, *OF_TIME, COVARIATES, penalty, words=words)


ONES = np.ones((4, 1))
HALF = np.array([0.0, 1.0, 0.0, 1.0])


@pytest.mark.parametrize(
    ("event", "design", "words"),
    [
        (HALF, np.full((4, 1), np.nan), "a covariate is missing or not a finite number"),
        (HALF[:3], ONES, "one row per patient"),
        (HALF[:0], ONES[:0], "no patients to fit a model to"),
        (2 * HALF, ONES, "an outcome must be 1 or 0"),
    ],
)
def test_unusable_arrays_are_refused(event, design, words):
    refused(fit_logistic, event, design, words=words)
    refused(screening_p_value, event, design, "student", words=words)


def test_arrays_of_which_no_model_can_be_made_say_why():
    refused(fit_logistic, HALF, np.hstack([ONES, ONES]), words="determine one another")
    separated = np.column_stack([ONES, HALF])
    refused(fit_logistic, HALF, separated, words="separate the outcome")
    refused(fit_logistic, HALF, ONES, np.nan, words="an offset is missing")
    assert all(
        np.isnan(screening_p_value(np.ones(4), HALF[:, np.newaxis], test))
        for test in ("student", "mann_whitney", "pearson")
    )


@pytest.mark.parametrize(
    ("tables", "design", "sums", "words"),
    [
        ([[10, -1]], [[1, 0], [1, 1]], [4, 2], "are counted: 0, 1, 2"),
        ([[56.99, 43]], [[1, 0], [1, 1]], [4, 2], "are counted: 0, 1, 2"),
        ([[np.nan, 43]], [[1, 0], [1, 1]], [4, 2], "are counted: 0, 1, 2"),
        ([[10, 9]], [[1, np.inf], [1, 1]], [4, 2], "must be finite numbers"),
        ([[10, 9]], [[1, 0], [1, 1]], [4, np.nan], "must be finite numbers"),
        ([[10, 9, 3]], [[1, 0], [1, 1]], [4, 2], "2 patterns in the design"),
    ],
)
def test_tables_hold_counts(tables, design, sums, words):
    refused(fit_tables, tables, design, sums, words=words)

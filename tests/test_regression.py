"""Expected values: tests/reference/regression.R (glm, brglm2, own profile) and hand calculation."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from firthmodels import detect_separation
from scipy.special import expit

from rairlib.errors import RairlibError
from rairlib.stats.logistic import (
    ESTIMATE_COLUMNS,
    firth_logistic,
    logistic,
)

R = json.loads((Path(__file__).parent / "reference" / "regression.json").read_text())
COVARIATES = {"age": None, "metastasis": ("yes", "no"), "type": ("FTC", "OCA", "PTC")}
TERMS = ["intercept", "age", "metastasis: yes vs no", "type: FTC vs PTC", "type: OCA vs PTC"]


@pytest.fixture
def data():
    table = pd.DataFrame(R["data"]).astype({"age": float, "outcome": int})
    return table.assign(separated=R["separated"])


def on_log_scale(estimates):
    return estimates[estimates["statistic"].isin(["intercept", "coefficient"])]


def two_by_two(exposed_events, exposed_others, other_events, others):
    cells = [("yes", "yes", exposed_events), ("yes", "no", exposed_others)]
    cells += [("no", "yes", other_events), ("no", "no", others)]
    return pd.DataFrame(
        [(exposure, rair) for exposure, rair, n in cells for _ in range(n)],
        columns=["metastasis", "rair"],
    )


def odds_ratio(estimates, term):
    chosen = (estimates["term"] == term) & (estimates["statistic"] == "odds_ratio")
    return estimates[chosen].iloc[0]


def test_logistic_agrees_with_glm(data):
    found = on_log_scale(logistic(data, "outcome", COVARIATES))
    assert found["term"].tolist() == TERMS
    for column, name in {"estimate": "coefficient", "low": "low", "high": "high"}.items():
        assert found[column].tolist() == pytest.approx(R[name], rel=1e-8)
    assert found["p_value"].tolist() == pytest.approx(R["p_value"], rel=1e-7)


def test_firth_agrees_with_brglm2_and_the_profile_of_its_likelihood(data):
    found = on_log_scale(firth_logistic(data, "separated", COVARIATES))
    assert found["estimate"].tolist() == pytest.approx(R["firth_coefficient"], abs=1e-6)
    assert found["low"].tolist() == pytest.approx(R["firth_low"], abs=1e-5)
    assert found["high"].tolist() == pytest.approx(R["firth_high"], abs=1e-5)
    assert found["p_value"].tolist() == pytest.approx(R["firth_p_value"], rel=1e-5)


def test_single_binary_covariate_by_hand():
    # Odds ratio ad / bc, standard error of its logarithm √(1/a + 1/b + 1/c + 1/d).
    found = odds_ratio(
        logistic(two_by_two(18, 4, 14, 54), "rair", {"metastasis": ("yes", "no")}),
        "metastasis: yes vs no",
    )
    log_ratio, error = math.log(18 * 54 / (4 * 14)), math.sqrt(1 / 18 + 1 / 4 + 1 / 14 + 1 / 54)
    limits = [math.exp(log_ratio + sign * 1.959963984540054 * error) for sign in (-1, 1)]
    assert found["estimate"] == pytest.approx(18 * 54 / (4 * 14))
    assert [found["low"], found["high"]] == pytest.approx(limits)
    assert (found["n"], found["events"]) == (90, 32)


def test_firth_of_a_single_binary_covariate_adds_one_half_to_every_cell():
    data = two_by_two(3, 0, 29, 58)
    found = odds_ratio(
        firth_logistic(data, "rair", {"metastasis": ("yes", "no")}), "metastasis: yes vs no"
    )
    assert found["estimate"] == pytest.approx((3.5 * 58.5) / (0.5 * 29.5), rel=1e-9)
    assert found["low"] < found["estimate"] < found["high"] < math.inf


def test_schema_has_an_intercept_and_two_rows_per_term(data):
    found = logistic(data, "outcome", COVARIATES)
    assert tuple(found.columns) == ESTIMATE_COLUMNS
    assert found["statistic"].tolist() == ["intercept"] + ["coefficient", "odds_ratio"] * 4
    ratios, logs = (
        found[found["statistic"] == name].set_index("term")
        for name in ("odds_ratio", "coefficient")
    )
    for column in ("estimate", "low", "high"):
        assert np.log(ratios[column]).tolist() == pytest.approx(logs[column].tolist())


@pytest.mark.parametrize("fit", [logistic, firth_logistic])
def test_swapping_the_reference_inverts_the_odds_ratio(data, fit):
    one = odds_ratio(fit(data, "outcome", COVARIATES), "metastasis: yes vs no")
    swapped = COVARIATES | {"metastasis": ("no", "yes")}
    other = odds_ratio(fit(data, "outcome", swapped), "metastasis: no vs yes")
    assert other["estimate"] == pytest.approx(1 / one["estimate"], rel=1e-8)
    assert [other["low"], other["high"]] == pytest.approx(
        [1 / one["high"], 1 / one["low"]], rel=1e-8
    )
    assert other["p_value"] == pytest.approx(one["p_value"], rel=1e-8)


@pytest.mark.parametrize("fit", [logistic, firth_logistic])
def test_unit_of_a_numeric_covariate_only_rescales_its_coefficient(data, fit):
    years = on_log_scale(fit(data, "outcome", COVARIATES)).set_index("term")
    decades = on_log_scale(fit(data.assign(age=data["age"] / 10), "outcome", COVARIATES))
    decades = decades.set_index("term")
    assert decades.loc["age", "estimate"] == pytest.approx(
        10 * years.loc["age", "estimate"], rel=1e-8
    )
    assert decades["p_value"].tolist() == pytest.approx(years["p_value"].tolist(), rel=1e-8)


@pytest.mark.parametrize("fit", [logistic, firth_logistic])
def test_fit_recovers_a_known_log_odds_ratio(fit):
    rng = np.random.default_rng(11)
    n, truth = 40_000, {"age": 0.05, "metastasis: yes vs no": 1.2}
    age, metastasis = rng.normal(0, 10, n), rng.random(n) < 0.3
    risk = 1 / (1 + np.exp(1 - 0.05 * age - 1.2 * metastasis))
    data = pd.DataFrame(
        {
            "age": age,
            "metastasis": np.where(metastasis, "yes", "no"),
            "rair": rng.random(n) < risk,
        }
    )
    covariates = {"age": None, "metastasis": ("yes", "no")}
    found = on_log_scale(fit(data, "rair", covariates)).set_index("term")
    for term, log_odds_ratio in truth.items():
        row = found.loc[term]
        assert abs(row["estimate"] - log_odds_ratio) < (row["high"] - row["low"]) / 1.96 / 2 * 3
        assert row["estimate"] == pytest.approx(log_odds_ratio, rel=0.05)


def test_outcome_may_be_yes_no_boolean_or_zero_one(data):
    first = logistic(data, "outcome", COVARIATES)
    for other in (data["outcome"] == 1, data["outcome"].map({1: "yes", 0: "no"})):
        pd.testing.assert_frame_equal(
            logistic(data.assign(outcome=other), "outcome", COVARIATES), first
        )


def test_empty_cell_is_named_instead_of_fitted(data):
    with pytest.raises(RairlibError, match="type: every patient with level 'OCA' has the outcome"):
        logistic(data, "separated", COVARIATES)


def test_separation_without_an_empty_cell_is_found():
    # No row and no column is empty, yet age and diameter together tell the groups apart.
    data = pd.DataFrame({"age": [1.0, 2, 3, 4] * 2, "diameter": [1.0, 2, 3, 4, 2, 3, 4, 5]})
    data["rair"] = data["diameter"] > data["age"]
    with pytest.raises(RairlibError, match=r"separate the outcome.*firth_logistic"):
        logistic(data, "rair", {"age": None, "diameter": None})
    assert np.isfinite(firth_logistic(data, "rair", {"age": None, "diameter": None})["high"]).all()


@pytest.mark.parametrize("fit", [logistic, firth_logistic])
def test_level_without_patients_is_refused(data, fit):
    with pytest.raises(RairlibError, match="type: no patient has level 'PDTC'"):
        fit(data, "outcome", {"type": ("FTC", "OCA", "PDTC", "PTC")})


@pytest.mark.parametrize("seed", range(6))
def test_every_separation_that_linear_programming_finds_is_refused(seed):
    rng, told = np.random.default_rng(seed), []
    for _ in range(60):
        patients = int(rng.integers(8, 40))
        data = pd.DataFrame({"level": rng.integers(0, 2, patients).astype(float)})
        data["marker"] = rng.normal(size=patients).round(1)
        risk = expit(3 * data["level"] + 4 * data["marker"] - 1)
        event = (rng.random(patients) < risk).astype(float)
        design = np.column_stack([np.ones(patients), data])
        if np.ptp(event) == 0 or np.linalg.matrix_rank(design) < 3:
            continue
        separated = detect_separation(design, event, fit_intercept=False).separation
        try:
            logistic(data.assign(event=event), "event", {"level": None, "marker": None})
            refused = ""
        except RairlibError as error:
            refused = str(error)
        told.append((separated, "firth_logistic" in refused))
    assert set(told) == {(True, True), (False, False)}


def test_quarter_of_a_million_patients_have_the_estimates_of_their_table():
    # By hand: the odds ratio of a 2 x 2 table, and Woolf's standard error.
    cells = {("yes", 1): 60_000, ("yes", 0): 70_001, ("no", 1): 50_003, ("no", 0): 69_999}
    data = pd.DataFrame(
        [(level, event) for (level, event), n in cells.items() for _ in range(n)],
        columns=["level", "event"],
    )
    found = logistic(data, "event", {"level": ("yes", "no")}).iloc[1]
    assert found["estimate"] == pytest.approx(np.log(60_000 * 69_999 / (70_001 * 50_003)), rel=1e-9)
    woolf = np.sqrt(sum(1 / n for n in cells.values()))
    assert (found["high"] - found["low"]) / (2 * 1.959963984540054) == pytest.approx(
        woolf, rel=1e-9
    )

"""Expected values: tests/reference/selection.R (glm, add1 with Rao's test, drop1) and by hand."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rairlib.errors import RairlibError
from rairlib.stats.logistic import ESTIMATE_COLUMNS, logistic
from rairlib.stats.selection import SEEN_BEFORE, backward_lr, forward_lr

R = json.loads((Path(__file__).parent / "reference" / "selection.json").read_text())
COVARIATES = {
    "age": None,
    "size": None,
    "ete": ("yes", "no"),
    "type": ("FTC", "OCA", "PTC"),
    "tg": None,
    "ratio": None,
}
METHODS = {"forward": forward_lr, "backward": backward_lr}


@pytest.fixture(scope="module")
def data():
    return pd.DataFrame(R["data"]).astype({"age": float})


@pytest.fixture(scope="module")
def selections(data):
    return {name: method(data, "outcome", COVARIATES) for name, method in METHODS.items()}


def patients_of(rows):
    """Patients from (exposed, old, events, others) rows."""
    patients = [
        (exposed, old, event)
        for exposed, old, events, others in rows
        for event, count in ((1, events), (0, others))
        for _ in range(count)
    ]
    return pd.DataFrame(patients, columns=["exposed", "old", "event"])


@pytest.mark.parametrize("method", METHODS)
def test_every_test_of_the_log_is_that_of_glm(selections, method):
    found, expected = selections[method].log, pd.DataFrame(R[method]["log"])
    key = ["step", "action", "term"]
    both = found.merge(expected, on=key, suffixes=("", "_r"))
    assert len(both) == len(found) == len(expected)
    # R's score test uses the weights of the last but one iteration: it is good to six digits.
    assert both["statistic"].to_numpy() == pytest.approx(both["statistic_r"], rel=1e-6, abs=1e-6)
    assert both["p_value"].to_numpy() == pytest.approx(both["p_value_r"], rel=1e-5)
    assert (both["df"] == both["df_r"]).all()


@pytest.mark.parametrize("method", METHODS)
def test_selected_variables_are_those_of_glm(selections, method):
    assert list(selections[method].selected) == R[method]["selected"]


@pytest.mark.parametrize("method", METHODS)
def test_last_model_is_that_of_glm(selections, method):
    last = selections[method].last_model
    on_log_scale = last[last["statistic"] != "odds_ratio"]
    assert on_log_scale["estimate"].to_numpy() == pytest.approx(R[method]["coefficient"], rel=1e-8)


def test_dummies_of_a_factor_move_together(selections):
    tests_of_type = selections["backward"].log.query("term == 'type'")
    assert set(tests_of_type["df"]) == {2}
    terms = selections["backward"].models.groupby("step")["term"].apply(set)
    assert all(("type: OCA vs PTC" in t) == ("type: FTC vs PTC" in t) for t in terms)


def test_forward_takes_out_a_variable_that_later_ones_replace(selections):
    moves = selections["forward"].log.query("decision in ('enters', 'leaves')")
    assert moves["term"].tolist()[0] == moves["term"].tolist()[-1] == "tg"
    assert moves["decision"].tolist()[-1] == "leaves"
    assert "tg" not in selections["forward"].selected


def test_backward_tests_removed_variables_for_entry_once_none_leaves(selections):
    log = selections["backward"].log
    last = log[log["step"] == log["step"].max()]
    assert set(last[last["action"] == "enter"]["term"]) == set(COVARIATES) - {"age", "size"}
    assert (log[log["step"] < log["step"].max()]["action"] == "remove").all()


def test_models_of_all_steps_are_in_the_schema_of_estimates(selections, data):
    models = selections["backward"].models
    assert list(models.columns) == ["step", *ESTIMATE_COLUMNS]
    first = models[models["step"] == 1].drop(columns="step").reset_index(drop=True)
    pd.testing.assert_frame_equal(first, logistic(data, "outcome", COVARIATES))


def test_run_stops_where_a_model_comes_back(data):
    # Whoever leaves above p = 0.10 would be let in again below p = 0.99.
    selection = backward_lr(data, "outcome", COVARIATES, entry=0.99)
    assert selection.log["decision"].tolist().count(SEEN_BEFORE) == 1
    assert SEEN_BEFORE in selection.log[selection.log["action"] == "enter"]["decision"].tolist()


def test_score_test_of_a_two_by_two_table_is_pearsons_chi_squared():
    # 12 of 20 against 6 of 24: 44 (12 × 18 − 8 × 6)² / (20 × 24 × 18 × 26).
    data = patients_of([(1, 0, 12, 8), (0, 0, 6, 18)])
    first = forward_lr(data, "event", {"exposed": None}).log.iloc[0]
    assert first["step"] == 0
    assert first["model"] == "constant"
    expected = 44 * (12 * 18 - 8 * 6) ** 2 / (20 * 24 * 18 * 26)
    assert first["statistic"] == pytest.approx(expected)


def test_likelihood_ratio_of_a_two_by_two_table_is_the_deviance():
    data = patients_of([(1, 0, 12, 8), (0, 0, 6, 18)])
    log = forward_lr(data, "event", {"exposed": None}).log
    observed = np.array([[12, 8], [6, 18]])
    expected = np.outer([20, 24], [18, 26]) / 44
    removal = log[log["action"] == "remove"].iloc[0]
    assert removal["statistic"] == pytest.approx(2 * (observed * np.log(observed / expected)).sum())


def test_nothing_enters_where_nothing_differs():
    data = patients_of([(1, 0, 10, 10), (0, 0, 10, 10)])
    selection = forward_lr(data, "event", {"exposed": None})
    assert selection.selected == ()
    assert selection.last_model["term"].tolist() == ["intercept"]
    assert backward_lr(data, "event", {"exposed": None}).selected == ()


def test_complete_separation_is_refused_in_one_line():
    data = patients_of([(1, 0, 10, 0), (0, 1, 0, 10), (0, 0, 0, 5)])
    for method in METHODS.values():
        with pytest.raises(RairlibError, match="exposed") as error:
            method(data, "event", {"exposed": (1, 0), "old": None})
        assert "\n" not in str(error.value)


def test_missing_values_are_refused(data):
    with_gap = data.assign(age=data["age"].where(data.index > 0))
    with pytest.raises(RairlibError, match="age: 1 values are missing"):
        forward_lr(with_gap, "outcome", COVARIATES)


def test_strong_effects_are_selected_and_noise_is_not():
    rng = np.random.default_rng(20)
    noise, strong = rng.normal(size=4000), rng.normal(size=4000)
    data = pd.DataFrame({"noise": noise, "strong": strong})
    data["event"] = (rng.random(4000) < 1 / (1 + np.exp(-strong))).astype(int)
    for method in METHODS.values():
        selection = method(data, "event", {"noise": None, "strong": None}, entry=0.01, removal=0.02)
        assert selection.selected == ("strong",)
        estimate = selection.last_model.set_index(["term", "statistic"])["estimate"]
        assert estimate["strong", "coefficient"] == pytest.approx(1, abs=0.15)

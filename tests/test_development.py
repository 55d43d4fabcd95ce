"""The fast development step gives what the slow, told ones give, which R has checked."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rairlib.errors import RairlibError
from rairlib.stats.description import crosstab, mann_whitney, pearson, t_test
from rairlib.stats.logistic import fit_logistic
from rairlib.stats.selection import (
    candidate_columns,
    develop_logistic,
    fixed_logistic,
    forward_lr,
    forward_variables,
    screening_p_value,
)

SELECTION = json.loads((Path(__file__).parent / "reference" / "selection.json").read_text())
REGRESSION = json.loads((Path(__file__).parent / "reference" / "regression.json").read_text())
COVARIATES = {
    "age": None,
    "size": None,
    "ete": ("yes", "no"),
    "type": ("FTC", "OCA", "PTC"),
    "tg": None,
    "ratio": None,
}
TESTS = {
    "age": "student",
    "size": "mann_whitney",
    "ete": "pearson",
    "type": "pearson",
    "tg": "mann_whitney",
}


@pytest.fixture(scope="module")
def data():
    return pd.DataFrame(SELECTION["data"]).astype({"age": float})


def resamples(data, count):
    rng = np.random.default_rng(6)
    for _ in range(count):
        yield data.iloc[rng.integers(0, len(data), len(data))].reset_index(drop=True)


def outcome_of(frame):
    return frame["outcome"].to_numpy(dtype=float)


def slowly_screened(frame):
    """P values of the tests of rairlib.stats.description."""
    groups = {name: frame[frame["outcome"] == name] for name in (1, 0)}
    for name, test in TESTS.items():
        if test == "pearson":
            levels = list(COVARIATES[name])
            counts = crosstab(frame[name], frame["outcome"].astype(str), levels, ["1", "0"])
            yield name, pearson(counts).p_value
        else:
            compare = {"student": t_test, "mann_whitney": mann_whitney}[test]
            yield name, compare(groups[1][name], groups[0][name]).p_value


def test_coefficients_and_errors_are_those_of_glm():
    frame = pd.DataFrame(REGRESSION["data"]).astype({"age": float, "outcome": float})
    covariates = {"age": None, "metastasis": ("yes", "no"), "type": ("FTC", "OCA", "PTC")}
    columns = candidate_columns(frame, covariates)
    fit = fit_logistic(
        frame["outcome"].to_numpy(), np.column_stack([np.ones(len(frame)), *columns.values()])
    )
    assert fit.coefficients == pytest.approx(REGRESSION["coefficient"], rel=1e-9)
    widths = np.subtract(REGRESSION["high"], REGRESSION["low"])
    assert fit.standard_errors == pytest.approx(widths / 2 / 1.959963984540054, rel=1e-8)


def test_screening_gives_the_p_values_of_the_description(data):
    for frame in resamples(data, 20):
        columns = candidate_columns(frame, COVARIATES)
        for name, expected in slowly_screened(frame):
            found = screening_p_value(outcome_of(frame), columns[name], TESTS[name])
            assert found == pytest.approx(expected, rel=1e-9), name


def test_forward_selection_is_the_slow_one_in_every_resample(data):
    chosen = set()
    for frame in [data, *resamples(data, 15)]:
        slow = forward_lr(frame, "outcome", COVARIATES).selected
        fast = forward_variables(outcome_of(frame), candidate_columns(frame, COVARIATES))
        assert fast == slow
        chosen.add(fast)
    assert len(chosen) > 5


def test_removal_and_the_model_seen_before_are_those_of_the_slow_selection(data):
    # With a strict removal, what enters leaves at once; the run must end, and end alike.
    for frame in [data, *resamples(data, 3)]:
        for entry, removal in [(0.3, 0.05), (0.5, 0.6), (0.05, 0.001)]:
            slow = forward_lr(frame, "outcome", COVARIATES, entry, removal).selected
            columns = candidate_columns(frame, COVARIATES)
            assert forward_variables(outcome_of(frame), columns, entry, removal) == slow


def test_developed_model_is_that_of_the_steps_one_by_one(data):
    for frame in [data, *resamples(data, 10)]:
        kept = {name for name, p_value in slowly_screened(frame) if p_value < 0.05} | {"ratio"}
        slow = forward_lr(frame, "outcome", {n: COVARIATES[n] for n in COVARIATES if n in kept})
        model = develop_logistic(frame, "outcome", COVARIATES, TESTS)
        assert model.variables == slow.selected
        estimates = slow.last_model
        intercept = estimates.loc[estimates["statistic"] == "intercept", "estimate"].iloc[0]
        reference = pd.DataFrame(
            {"age": [0.0], "size": [0.0], "ete": ["no"], "type": ["PTC"], "tg": [0.0], "ratio": [0]}
        )
        assert model.risks(reference) == pytest.approx([1 / (1 + np.exp(-intercept))])


def test_risks_add_up_to_the_events(data):
    model = fixed_logistic(data, "outcome", COVARIATES)
    assert model.risks(data).sum() == pytest.approx(data["outcome"].sum())
    assert fixed_logistic(data, "outcome", {}).risks(data) == pytest.approx(
        np.full(len(data), data["outcome"].mean())
    )


def test_level_that_a_resample_does_not_hold_is_no_hindrance(data):
    frame = data[data["type"] != "OCA"]
    model = fixed_logistic(frame, "outcome", {"type": COVARIATES["type"]})
    of_type = pd.DataFrame({"type": ["FTC", "OCA", "PTC"]})
    first, absent, reference = model.risks(of_type)
    assert absent == reference != first
    columns = candidate_columns(frame, COVARIATES)
    assert screening_p_value(outcome_of(frame), columns["type"][:, 1:], "pearson") is not None
    alone = frame.assign(ete="no")
    assert "ete" not in develop_logistic(alone, "outcome", COVARIATES, TESTS).variables


def collinear(data):
    """Copies of age in another unit, a sum of two candidates, and a factor that repeats another."""
    return data.assign(
        months=12 * data["age"] + 5,
        sum=data["age"] + data["size"],
        kind=data["type"].map({"PTC": "a", "FTC": "b", "OCA": "c"}),
    )


@pytest.mark.parametrize(
    "names",
    [
        ("age", "months"),
        ("months", "age"),
        ("sum", "age", "size"),
        ("age", "size", "sum", "months"),
        ("type", "kind", "age"),
        ("kind", "ete", "type"),
    ],
)
def test_both_selections_pass_over_what_the_model_determines(data, names):
    coding = {**COVARIATES, "months": None, "sum": None, "kind": ("b", "c", "a")}
    candidates = {name: coding[name] for name in names}
    chosen = set()
    for frame in [data, *resamples(data, 8)]:
        frame = collinear(frame)
        columns = candidate_columns(frame, candidates)
        for entry, removal in [(0.05, 0.10), (0.9, 0.95)]:
            slow = forward_lr(frame, "outcome", candidates, entry, removal)
            fast = forward_variables(outcome_of(frame), columns, entry, removal)
            assert fast == slow.selected
            chosen.add(fast)
            last = slow.log[slow.log["step"] == slow.log["step"].max()].set_index("term")
            out = last[(last["action"] == "enter") & (last["df"] == 0)]
            assert set(out["statistic"]) <= {0}
            assert out["p_value"].isna().all()
    # Of two that say the same, only the first can have come in.
    for first, second in [("age", "months"), ("type", "kind")]:
        if {first, second} <= set(names):
            later = max(first, second, key=names.index)
            assert not any(later in variables for variables in chosen)
            assert any(min(first, second, key=names.index) in variables for variables in chosen)


def test_screening_without_variation_gives_no_p():
    event, same = np.array([1.0, 0.0, 1.0]), np.ones((3, 1))
    for test in ("mann_whitney", "student", "pearson"):
        assert np.isnan(screening_p_value(event, same, test))


def test_separation_and_unknown_tests_are_refused():
    data = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "sick": [0, 0, 1, 1]})
    with pytest.raises(RairlibError, match="no finite estimates"):
        fixed_logistic(data, "sick", {"x": None})
    with pytest.raises(RairlibError, match="one of mann_whitney, student, pearson, not 'welch'"):
        develop_logistic(data, "sick", {"x": None}, {"x": "welch"})
    with pytest.raises(RairlibError, match="compares numbers, not 3 levels"):
        screening_p_value(np.array([1.0, 0.0]), np.eye(2), "student")

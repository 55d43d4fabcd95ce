"""Expected values: tests/reference/decision.py (the package dcurves) and by hand."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rairlib.errors import RairlibError
from rairlib.stats.decision import (
    STRATEGIES,
    decision_curve,
    decision_intervals,
    useful_thresholds,
)
from rairlib.stats.resampling import bootstrap_rows

STUDIES = json.loads((Path(__file__).parent / "reference" / "decision.json").read_text())
EVENT = [1, 1, 1, 0, 0, 0, 0, 0, 0, 0]
RISK = [0.9, 0.5, 0.2, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.1]


def net_benefit(event, risk, thresholds):
    curve = decision_curve(event, risk, thresholds)
    return curve.loc[curve["strategy"] == "model", "net_benefit"].to_numpy()


@pytest.mark.parametrize("study", STUDIES, ids=["n122", "n60"])
def test_curves_are_those_of_dcurves(study):
    expected = pd.DataFrame(study["rows"]).replace({"model": {"risk": "model"}})
    thresholds = expected["threshold"].unique()
    found = decision_curve(study["event"], study["risk"], thresholds)
    both = found.merge(
        expected.rename(columns={"model": "strategy", "net_benefit": "expected"}),
        on=["strategy", "threshold"],
    )
    assert len(both) == len(expected) == 3 * len(thresholds)
    assert both["net_benefit"].tolist() == pytest.approx(both["expected"].tolist(), abs=1e-12)
    # dcurves divides by zero at threshold 0; its infinities are kept as null, ours are NaN.
    above = both[both["threshold"] > 0]
    avoided = above["net_intervention_avoided"].astype(float).tolist()
    assert above["avoided"].tolist() == pytest.approx(avoided, abs=1e-8)
    assert both.loc[both["threshold"] == 0, "avoided"].isna().all()


def test_net_benefit_by_hand():
    # At 0.5: two true and two false positives of 10, a risk of exactly 0.5 being positive.
    # At 0.2: three true and five - one false (0.6, 0.5, 0.4, 0.3, 0.2), weighed by a quarter.
    assert net_benefit(EVENT, RISK, [0.5, 0.2]) == pytest.approx([0, 0.3 - 0.5 / 4])


def test_interventions_avoided_by_hand():
    # At 0.2 treating all brings 0.3 - 0.7/4 = 0.125; the model 0.175: 0.05 · 4 = 20 of 100 spared,
    # which are the two of ten patients below 0.2, neither with the event.
    row = decision_curve(EVENT, RISK, 0.2).iloc[0]
    assert row["avoided"] == pytest.approx(20)


@given(
    st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=2, max_size=30).filter(
        lambda rows: 0 < sum(event for event, _ in rows) < len(rows)
    ),
    st.floats(0.01, 0.99),
)
def test_treating_all_and_none_are_what_the_formula_says(rows, threshold):
    event, risk = map(list, zip(*rows, strict=True))
    curve = decision_curve(event, risk, threshold).set_index("strategy")["net_benefit"]
    prevalence = np.mean(event)
    assert curve["all"] == pytest.approx(
        prevalence - (1 - prevalence) * threshold / (1 - threshold), abs=1e-9
    )
    assert curve["none"] == 0
    assert curve["model"] <= prevalence + 1e-12


def test_perfect_risks_are_worth_the_prevalence_at_every_threshold():
    found = net_benefit([1, 0, 0, 0], [1, 0, 0, 0], [0.1, 0.5, 0.9])
    assert found == pytest.approx([0.25] * 3)


def test_intervals_are_percentiles_over_the_resamples_by_hand():
    rows = np.array([list(range(10)), [0] * 10, [9] * 10])
    found = decision_intervals(EVENT, RISK, [0.5], rows, level=0.5).set_index("strategy")
    # Net benefits of the model 0, 1 and 0; of treating all -0.4, 1 and -1.
    assert found.loc["model", ["low", "high"]].tolist() == pytest.approx([0, 0.5])
    assert found.loc["all", ["low", "high"]].tolist() == pytest.approx([-0.7, 0.3])
    # Beyond the better of the two the model gains nothing in any resample.
    assert found.loc["model", ["gain", "gain_low", "gain_high"]].tolist() == pytest.approx([0] * 3)
    # Avoided against treating all at even odds: 40, 0 and 100 of 100.
    assert found.loc["model", ["avoided_low", "avoided_high"]].tolist() == pytest.approx([20, 70])


def test_intervals_follow_the_generator_and_hold_the_estimate():
    study = STUDIES[0]
    draw = [bootstrap_rows(122, 200, rng=np.random.default_rng(5)) for _ in range(2)]
    first, second = (
        decision_intervals(study["event"], study["risk"], [0.2, 0.5], rows) for rows in draw
    )
    pd.testing.assert_frame_equal(first, second)
    assert (first["low"] <= first["net_benefit"]).all()
    assert (first["high"] >= first["net_benefit"]).all()
    assert first["strategy"].unique().tolist() == list(STRATEGIES)


def test_useful_thresholds_are_unbroken_ranges():
    curve = pd.DataFrame(
        {
            "strategy": np.repeat(STRATEGIES, 5),
            "threshold": [0.1, 0.2, 0.3, 0.4, 0.5] * 3,
            "net_benefit": [0.3, 0.25, 0.1, 0.2, 0.1, 0.3, 0.2, 0.1, 0, -0.1, 0, 0, 0, 0, 0],
        }
    )
    found = useful_thresholds(curve)
    assert found[["low", "high"]].to_numpy().tolist() == [[0.2, 0.2], [0.4, 0.5]]
    assert found["best_gain"].tolist() == pytest.approx([0.05, 0.2])
    assert useful_thresholds(curve.assign(net_benefit=0.0)).empty


@pytest.mark.parametrize(
    ("thresholds", "message"),
    [
        ([1.0], "from 0 to below 1"),
        ([-0.1], "0 to below 1"),
        ([], "one or more"),
        ([np.nan], "are needed"),
    ],
)
def test_unusable_thresholds_are_refused(thresholds, message):
    with pytest.raises(RairlibError, match=message):
        net_benefit(EVENT, RISK, thresholds)


def test_unusable_risks_are_refused():
    with pytest.raises(RairlibError, match="probability; got 0 to 2"):
        decision_curve([1, 0], [0, 2], [0.2])
    with pytest.raises(RairlibError, match="both patients with"):
        decision_curve([0, 0], [0, 0.2], [0.2])


def test_a_risk_reaches_a_threshold_that_it_misses_by_float_noise():
    # Two of four patients reach 0.3, one with and one without the event: 1/4 - 1/4 · 3/7.
    found = net_benefit([1, 0, 1, 0], [0.3, 0.4, 0.2, 0.1], [0.1 + 0.2])
    assert found.tolist() == pytest.approx([1 / 4 - 3 / 28])

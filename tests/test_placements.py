"""Where the patients of a rare level can stand: by hand, and against a direct fit."""

import numpy as np
import pandas as pd
import pytest

from rairlib.pages.common import load_result, ranges_by_mass
from rairlib.reconstruct.joint_tables import (
    OutcomeSplits,
    firth_of_placement,
    outcome_splits,
    placements,
    split_patients,
)
from rairlib.registry.registry import load_registry
from rairlib.stats.logistic import firth_logistic
from rairlib.studies.lakhdar2024.cohort import read_anchors
from rairlib.studies.lakhdar2024.pages import COVARIATES, LEVEL


def test_one_patient_stands_in_a_cell_as_often_as_events_do():
    # Split 1 has both events in the first cell (3 · 1 ways), split 2 one in each (3 · 3 ways):
    # 1/4 · 1 + 3/4 · 1/2 and 3/4 · 1/2.
    splits = OutcomeSplits(table=np.array([3, 3]), event_tables=np.array([[2, 0], [1, 1]]))
    places, probability = placements(splits, 1)
    assert places.tolist() == [[1, 0], [0, 1]]
    assert probability.tolist() == [0.625, 0.375]


def test_places_without_enough_events_are_left_out():
    splits = OutcomeSplits(table=np.array([3, 3]), event_tables=np.array([[2, 1]]))
    places, probability = placements(splits, 2)
    # Two of three events: both of the first cell 1 of 3 ways, one of each 2 of 3.
    assert places.tolist() == [[2, 0], [1, 1]]
    assert probability.tolist() == pytest.approx([1 / 3, 2 / 3])


def test_fit_of_a_placement_is_the_fit_to_such_patients():
    splits = outcome_splits(np.array([6, 3, 4, 5]), 8, [6, 5])
    place = np.array([0, 1, 0, 1])
    found = firth_of_placement(splits, place, ("first", "second"), "rare")
    assert found["term"].tolist() == ["first", "second", "rare"]
    for number in np.flatnonzero((splits.event_tables >= place).all(axis=1)):
        patients = split_patients(splits, number, ("first", "second")).assign(rare=0)
        for first, second in ((0, 1), (1, 1)):
            row = patients.query(f"event == 1 and first == {first} and second == {second}").index[0]
            patients.loc[row, "rare"] = 1
        covariates = dict.fromkeys(["first", "second", "rare"])
        direct = firth_logistic(patients, "event", covariates)
        direct = direct[direct["statistic"] == "odds_ratio"]
        for column in ("estimate", "low", "high", "p_value"):
            assert found[column].to_numpy() == pytest.approx(direct[column].to_numpy(), rel=1e-4)


def test_kept_oncocytic_results_are_those_of_the_code():
    kept = load_result("lakhdar2024", "oncocytic")
    anchors = read_anchors(load_registry("lakhdar2024"))
    places, probability = placements(anchors.splits, 3)
    assert kept["placement"].tolist() == [" ".join(map(str, place)) for place in places]
    assert kept["probability"].to_numpy() == pytest.approx(probability, rel=1e-5)
    assert probability.sum() == pytest.approx(1)
    for number in (0, len(places) // 2):
        found = firth_of_placement(anchors.splits, places[number], COVARIATES, LEVEL)
        fresh = found.set_index("term").loc[LEVEL, ["estimate", "low", "high", "p_value"]]
        row = kept.loc[number, ["estimate", "low", "high", "p_value"]]
        assert row.to_numpy(float) == pytest.approx(fresh.to_numpy(float), rel=1e-4)


def test_quantiles_are_weighted_by_probability():
    kept = pd.DataFrame({"estimate": [9.0, 1.0, 2.0], "probability": [0.04, 0.01, 0.95]})
    found = ranges_by_mass(kept, {"estimate": "odds ratio"}).loc["odds ratio"]
    # At most 1 with probability 0.01, at most 2 with 0.96: the range is 2 to 9 and misses 0.01.
    assert found.tolist() == pytest.approx([1, 2, 2, 9, 9, 0.99])
    found = ranges_by_mass(kept.assign(probability=[0.02, 0.01, 0.97]), {"estimate": "p"})
    assert found.loc["p"].tolist() == pytest.approx([1, 2, 2, 2, 9, 0.97])

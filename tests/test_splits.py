"""Expected values by hand, on a table of four cells with two patients each."""

import numpy as np
import pytest

from rairlib.reconstruct.joint_tables import (
    fitted_risks,
    model_over_splits,
    outcome_splits,
    split_patients,
    split_probabilities,
)
from rairlib.stats.logistic import logistic


@pytest.fixture
def splits():
    # Four of eight with the outcome, two of four at either level of either covariate: k patients
    # with the outcome in the first and last cell, 2 - k in the others, for k from 0 to 2.
    return outcome_splits(np.array([2, 2, 2, 2]), 4, [2, 2])


def test_three_splits(splits):
    found = sorted(map(tuple, splits.event_tables.tolist()))
    assert found == [(0, 2, 2, 0), (1, 1, 1, 1), (2, 0, 0, 2)]


def test_probability_counts_the_ways_to_choose_the_events(splits):
    # 1·1·1·1, 2·2·2·2 and 1·1·1·1 of 18 ways.
    by_first_cell = dict(zip(splits.event_tables[:, 0], split_probabilities(splits), strict=True))
    assert by_first_cell == pytest.approx({0: 1 / 18, 1: 16 / 18, 2: 1 / 18})


def test_probability_of_a_table_with_uneven_cells():
    # 4·1·1·4 ways against 6·1·1·6.
    splits = outcome_splits(np.array([4, 1, 1, 4]), 4, [2, 2])
    by_first_cell = dict(zip(splits.event_tables[:, 0], split_probabilities(splits), strict=True))
    assert by_first_cell == pytest.approx({1: 16 / 52, 2: 36 / 52})


def test_risks_of_an_odds_ratio_of_three_from_even_odds():
    assert fitted_risks(np.log([1, 3])).tolist() == pytest.approx([0.5, 0.75])


def test_model_without_effects_discriminates_nothing_and_fits_the_even_split(splits):
    results = model_over_splits(splits, np.zeros(3))
    assert results["auc"].tolist() == pytest.approx([0.5, 0.5, 0.5])
    # Expected one event per cell with variance one half: (1² / ½) in each of four cells.
    by_first_cell = dict(zip(splits.event_tables[:, 0], results["chi_square"], strict=True))
    assert by_first_cell == pytest.approx({0: 8, 1: 0, 2: 8})
    # One degree of freedom: p of 8 is 0.00468 (table of the chi-squared distribution).
    assert results["p_value"].max() == pytest.approx(1)
    assert results["p_value"].min() == pytest.approx(0.004678, abs=1e-6)


def test_area_of_a_model_that_ranks_the_cells():
    splits = outcome_splits(np.array([2, 2, 2, 2]), 4, [3, 2])
    results = model_over_splits(splits, np.array([-1.0, 2.0, 0.0]))
    # With 3 of 4 events and 1 of 4 others at the high level: (3·3 + ½(3·1 + 1·3)) / 16 = 0.75.
    assert results["auc"].tolist() == pytest.approx([0.75] * len(results))


def test_patients_of_a_split_have_the_table_and_the_margins(splits):
    patients = split_patients(splits, 0, ("first", "second"))
    assert patients.groupby(["first", "second"]).size().tolist() == [2, 2, 2, 2]
    assert patients["event"].sum() == 4
    assert patients.query("event == 1")[["first", "second"]].sum().tolist() == [2, 2]


def test_every_split_has_the_same_estimates():
    splits = outcome_splits(np.array([6, 3, 4, 5]), 8, [6, 5])
    assert splits.count > 1
    fits = [
        logistic(
            split_patients(splits, number, ("first", "second")),
            "event",
            {"first": None, "second": None},
        )
        for number in range(splits.count)
    ]
    for fit in fits[1:]:
        assert fit["estimate"].to_numpy() == pytest.approx(fits[0]["estimate"].to_numpy(), rel=1e-9)
        assert fit["low"].to_numpy() == pytest.approx(fits[0]["low"].to_numpy(), rel=1e-8)

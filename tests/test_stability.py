"""Expected values: by hand, on a development whose resamples are written down."""

import numpy as np
import pytest

from rairlib.errors import RairlibError
from rairlib.stats.validation import (
    Developed,
    Repeated,
    model_frequencies,
    risk_stability,
    stability_summary,
    variable_frequencies,
)

RISKS = np.array([0.2, 0.5, 0.9])
DRAWN = np.array([[0.2, 0.4, 0.8], [0.1, 0.6, 1.0], [0.6, 0.5, 0.9], [0.3, 0.3, 0.7]])


@pytest.fixture
def repeated():
    return Repeated(
        model=Developed(variables=("nodes", "tg"), predict=lambda frame: RISKS),
        event=np.array([0.0, 1.0, 1.0]),
        risks=RISKS,
        rows=np.tile([0, 1, 2], (4, 1)),
        drawn_risks=DRAWN,
        chosen=(("nodes", "tg"), ("tg",), ("nodes", "tg"), ()),
        failures=("tg: separation",),
    )


def test_variables_are_counted_those_never_chosen_included(repeated):
    found = variable_frequencies(repeated, ["age", "nodes", "tg"])
    assert found["variable"].tolist() == ["tg", "nodes", "age"]
    assert found["resamples"].tolist() == [3, 2, 0]
    assert found["share"].tolist() == [0.75, 0.5, 0]
    assert found["chosen"].tolist() == [True, True, False]


def test_sets_are_counted_the_empty_one_included(repeated):
    found = model_frequencies(repeated)
    assert found["variables"].tolist() == ["nodes + tg", "none", "tg"]
    assert found["share"].tolist() == [0.5, 0.25, 0.25]
    assert found["size"].tolist() == [2, 0, 1]
    assert found["chosen"].tolist() == [True, False, False]


def test_errors_and_limits_of_each_patient_by_hand(repeated):
    found = risk_stability(repeated, 0.5, level=0.5)
    # Distances of the first patient: 0, 0.1, 0.4, 0.1; of the second 0.1, 0.1, 0, 0.2.
    assert found["absolute_error"].tolist() == pytest.approx([0.15, 0.1, 0.1])
    # Quartiles of 0.1, 0.2, 0.3, 0.6 by linear interpolation.
    assert found.loc[0, ["low", "high"]].tolist() == pytest.approx([0.175, 0.375])
    # A risk of exactly 0.5 is positive: the second patient falls below it twice.
    assert found["instability"].tolist() == [0.25, 0.5, 0]


def test_summary_by_hand(repeated):
    found = stability_summary(repeated, 0.5).set_index("statistic")["estimate"]
    assert found["mean_absolute_error"] == pytest.approx(0.35 / 3)
    assert found["largest_absolute_error"] == pytest.approx(0.15)
    assert found["instability"] == pytest.approx(0.25)
    assert found["unstable_patients"] == pytest.approx(2 / 3)
    assert (found["same_model"], found["sets"]) == (0.5, 3)
    assert (found["resamples"], found["failures"]) == (4, 1)


def test_threshold_that_is_no_probability_is_refused(repeated):
    with pytest.raises(RairlibError, match="probabilities from 0 to below 1"):
        risk_stability(repeated, -0.585)

"""Random-effects summaries agree with R's metafor, and refuse what cannot be pooled."""

import json
from pathlib import Path

import numpy as np
import pytest

from rairlib.errors import RairlibError
from rairlib.stats.meta_analysis import random_effects

REFERENCE = json.loads(
    (Path(__file__).parent / "reference" / "meta_analysis.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", REFERENCE)
def test_summary_agrees_with_metafor(name):
    expected = dict(REFERENCE[name])
    found = random_effects(expected.pop("y"), expected.pop("se"))._asdict()
    for quantity, value in expected.items():
        assert found[quantity] == pytest.approx(value, rel=1e-5, abs=1e-9), quantity


def test_estimates_that_agree_have_no_variance_between_them():
    found = random_effects(REFERENCE["alike"]["y"], REFERENCE["alike"]["se"])
    assert (found.tau_squared, found.i_squared) == (0, 0)
    assert (found.prediction_low, found.prediction_high) == (found.low, found.high)


def test_order_and_sign_of_the_estimates_do_not_matter():
    y, se = np.array(REFERENCE["far"]["y"]), np.array(REFERENCE["far"]["se"])
    found, mirrored = random_effects(y, se), random_effects(-y[::-1], se[::-1])
    assert mirrored.estimate == pytest.approx(-found.estimate)
    assert mirrored.prediction_high == pytest.approx(-found.prediction_low)


@pytest.mark.parametrize(
    ("estimates", "errors"),
    [([1, 2], [1, 1]), ([1, 2, 3], [1, 1]), ([1, 2, 3], [1, 1, 0]), ([1, 2, np.nan], [1, 1, 1])],
)
def test_what_cannot_be_pooled_is_refused(estimates, errors):
    with pytest.raises(RairlibError):
        random_effects(estimates, errors)

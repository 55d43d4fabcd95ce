"""Survival analyses of 100,000 patients. Expected values: tests/reference/large.R (survival)."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rairlib.stats.cox import (
    concordance,
    cox,
    model_tests,
    proportional_hazards,
    time_dependent_cox,
)
from rairlib.stats.observation import Z_95
from rairlib.stats.survival import log_rank

R = json.loads((Path(__file__).parent / "reference" / "large.json").read_text())
BOTH = {"x": None, "level": None}


@pytest.fixture(scope="module", params=["distinct", "ties"])
def large(request):
    """Return the patients that the script of R draws from whole numbers, and what it found."""
    places = np.arange(1, 100_001)

    def share(by):
        return places * by % 100_003 / 100_003

    data = pd.DataFrame({"x": share(7919), "level": 1.0 * (share(104729) < 0.3)})
    risk = np.exp(0.8 * data["x"] + 0.5 * data["level"])
    times = {"time": -np.log(1 - share(32452843)) / risk, "start": -np.log(1 - share(49979687))}
    if request.param == "ties":
        times = {name: np.ceil(20 * values) for name, values in times.items()}
    return data.assign(event=1 * (share(15485863) < 0.6), **times), R[request.param]


def coefficients(estimates):
    shown = estimates[estimates["statistic"] == "coefficient"]
    errors = (shown["high"] - shown["low"]) / (2 * Z_95)
    return {"coefficient": shown["estimate"].tolist(), "se": errors.tolist()}


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_cox_is_that_of_coxph(large, ties):
    data, expected = large
    found = coefficients(cox(data, "time", "event", BOTH, ties))
    assert found == {name: pytest.approx(values, 1e-8) for name, values in expected[ties].items()}


def test_tests_and_concordance_are_those_of_survival(large):
    data, expected = large
    found = [test.statistic for test in model_tests(data, "time", "event", BOTH)]
    assert found == pytest.approx(expected["tests"], 1e-8)
    hazards = proportional_hazards(data, "time", "event", BOTH)["statistic"]
    assert hazards.tolist() == pytest.approx(expected["hazards"], rel=1e-6)
    found = concordance(data["time"], data["event"], data["x"])
    assert found == pytest.approx(expected["concordance"], 1e-12)
    found = log_rank(data["time"], data["event"], data["level"])
    assert found.statistic == pytest.approx(expected["log_rank"], 1e-8)


def test_status_that_begins_is_that_of_the_counting_process(large):
    data, expected = large
    found = coefficients(time_dependent_cox(data, "time", "event", "start", {"x": None}))
    expected = {name: pytest.approx(values, 1e-8) for name, values in expected["varying"].items()}
    assert found == expected

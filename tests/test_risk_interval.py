"""Expected values: R's glm, vcov and predict (tests/reference/risk_interval.R), and by hand."""

import json
from pathlib import Path

import numpy as np
import pytest

from rairlib.errors import RairlibError
from rairlib.stats.logistic import fit_logistic, from_triangles, risk_intervals

R = json.loads((Path(__file__).parent / "reference" / "risk_interval.json").read_text())
COHORTS = R["cohorts"]
NEW = np.column_stack([np.ones(3), R["new"]["nodes"], R["new"]["tg"]])


@pytest.mark.parametrize("cohort", COHORTS)
def test_covariance_of_the_fit_is_that_of_r(cohort):
    design = np.column_stack([np.ones(122), cohort["nodes"], cohort["tg"]])
    fit = fit_logistic(np.array(cohort["failure"], dtype=float), design)
    np.testing.assert_allclose(fit.covariance, cohort["covariance"], rtol=1e-6)


@pytest.mark.parametrize("cohort", COHORTS)
def test_interval_under_one_covariance_is_that_of_r(cohort):
    found = risk_intervals(cohort["coefficients"], NEW, [cohort["covariance"]])
    np.testing.assert_allclose(found["risk"], cohort["risk"], rtol=1e-8)
    for low, high in (("low", "high"), ("lowest", "highest"), ("narrow_low", "narrow_high")):
        np.testing.assert_allclose(found[low], cohort["low"], rtol=1e-8)
        np.testing.assert_allclose(found[high], cohort["high"], rtol=1e-8)


def test_envelope_has_the_largest_and_smallest_standard_error_of_r():
    errors = np.array([cohort["se"] for cohort in COHORTS])
    beta = COHORTS[0]["coefficients"]
    found = risk_intervals(beta, NEW, [cohort["covariance"] for cohort in COHORTS])
    score = NEW @ beta
    half = {"high": np.sqrt((errors**2).mean(0)), "highest": errors.max(0)}
    half["narrow_high"] = errors.min(0)
    for column, error in half.items():
        expected = 1 / (1 + np.exp(-(score + 1.959963984540054 * error)))
        np.testing.assert_allclose(found[column], expected, rtol=1e-8)


def test_known_coefficients_leave_no_uncertainty():
    found = risk_intervals([0.0, 1.0], [[1, 0]], [np.zeros((2, 2))])
    assert found.iloc[0].tolist() == [0.5] * 7


def test_triangle_is_read_row_by_row():
    assert from_triangles([[4, 1, 2, 5, 3, 6]])[0].tolist() == [[4, 1, 2], [1, 5, 3], [2, 3, 6]]


@pytest.mark.parametrize(
    ("triangles", "message"), [([[1, 2, 1]], "negative variance"), ([], "no covariance")]
)
def test_impossible_covariance_is_refused(triangles, message):
    with pytest.raises(RairlibError, match=message):
        from_triangles(triangles)

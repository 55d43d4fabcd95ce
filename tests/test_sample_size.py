"""Expected values: tests/reference/sample_size.R (integrals), published examples, and by hand.

The published numbers are those of the examples and tests that the authors of the criteria ship
with their packages pmsampsize (0.288, 24 parameters, prevalence 0.174) and pmvalsampsize.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from rairlib.errors import RairlibError
from rairlib.stats.sample_size import (
    cox_snell_from_auc,
    development_sample_size,
    max_cox_snell,
    validation_sample_size,
)

R = json.loads((Path(__file__).parent / "reference" / "sample_size.json").read_text())
NORMAL_QUANTILES = 20_000


def sizes(table):
    return dict(zip(table["criterion"], table["n"], strict=True))


@pytest.mark.parametrize(
    ("prevalence", "parameters", "r_squared", "expected"),
    [
        (0.174, 24, 0.288, [623, 662, 221, 662]),
        (0.174, 24, 0.55, [255, 532, 221, 532]),
    ],
)
def test_published_examples_of_pmsampsize(prevalence, parameters, r_squared, expected):
    found = development_sample_size(prevalence, parameters, r_squared)
    assert found["n"].tolist()[:4] == expected
    assert found["criterion"].tolist()[3] == "all"


def test_published_events_per_parameter():
    found = development_sample_size(0.174, 24, 0.288).set_index("criterion")
    assert found["events_per_parameter"].round(2).tolist()[:4] == [4.52, 4.8, 1.6, 4.8]


def test_published_example_from_the_area():
    # pmsampsize in Python prints 615, 660 and 221 for an area of 0.89, and 227 patients with 6.81
    # events per parameter for 6 parameters at prevalence 0.18.
    found = development_sample_size(0.174, 24, cox_snell_from_auc(0.89, 0.174))
    assert found["n"].tolist()[:4] == [615, 660, 221, 660]
    few = development_sample_size(0.18, 6, cox_snell_from_auc(0.89, 0.18)).set_index("criterion")
    assert few.loc["all", "n"] == 227
    assert round(few.loc["all", "events_per_parameter"], 2) == 6.81


def test_mean_absolute_error_by_hand():
    # (-0.508 + 0.259 ln 0.3 + 0.504 ln 10 - ln 0.05) / 0.544 = 6.1332, e to that 460.9.
    assert sizes(development_sample_size(0.3, 10, 0.2))["mean absolute error"] == 461
    # The rarer outcome counts.
    assert sizes(development_sample_size(0.7, 10, 0.2))["mean absolute error"] == 461


def test_largest_r_squared_by_hand():
    assert max_cox_snell(0.5) == pytest.approx(0.75)
    # As published with the criteria.
    published = {0.5: 0.75, 0.4: 0.74, 0.3: 0.71, 0.2: 0.63, 0.1: 0.48, 0.05: 0.33, 0.01: 0.11}
    assert {p: round(max_cox_snell(p), 2) for p in published} == published


@pytest.mark.parametrize("pair", R["pairs"], ids=lambda pair: f"{pair['auc']}-{pair['prevalence']}")
def test_r_squared_from_the_area_is_the_integral(pair):
    assert cox_snell_from_auc(pair["auc"], pair["prevalence"]) == pytest.approx(
        pair["r2"], rel=1e-8
    )


def test_r_squared_from_the_area_is_that_of_a_simulated_million():
    assert cox_snell_from_auc(0.838, 0.41) == pytest.approx(R["simulated"], abs=2e-3)


def test_published_examples_of_pmvalsampsize():
    # Normal linear predictor, mean -5, SD 2.5: by even quantiles instead of a simulation.
    from scipy.stats import norm

    shares = (np.arange(NORMAL_QUANTILES) + 0.5) / NORMAL_QUANTILES
    linear = norm.ppf(shares, R["normal_mean"], R["normal_sd"])
    found = sizes(validation_sample_size(0.018, 0.8, linear, ratio_width=1))
    assert found["auc"] == 4252
    # The package goes up in steps of 0.0001 until the interval is wide enough, which gives 905.
    assert found["observed/expected"] == 906
    assert found["calibration slope"] == pytest.approx(R["normal_slope_size"], rel=2e-4)
    assert found["all"] == found["calibration slope"]


def test_slope_criterion_of_given_patients_is_that_of_r():
    found = sizes(validation_sample_size(0.4, 0.8, R["lp"], slope_width=0.3))
    assert found["calibration slope"] == int(np.ceil(R["lp_slope_size"]))


def test_wanted_widths_are_reached_at_the_size_given():
    size = sizes(validation_sample_size(0.3, 0.766, R["lp"], ratio_width=0.4))["observed/expected"]
    error = np.sqrt(0.7 / (0.3 * size))
    assert np.exp(1.96 * error) - np.exp(-1.96 * error) == pytest.approx(0.4, abs=1e-3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: development_sample_size(0, 5, 0.2), "prevalence: 0 is not between 0 and 1"),
        (lambda: development_sample_size(0.2, 0, 0.2), "parameters: 0 is below 1"),
        (lambda: development_sample_size(0.01, 5, 0.2), "cox_snell: 0.2 is not between 0 and 0.1"),
        (lambda: development_sample_size(0.2, 5, 0.2, shrinkage=1), "shrinkage: 1 is not between"),
        (lambda: cox_snell_from_auc(0.4, 0.2), "auc: 0.4 is not between 0.5 and 1"),
        (lambda: validation_sample_size(0.2, 0.8, [1, 1]), "log odds that vary"),
        (lambda: validation_sample_size(0.2, 0.8, [1, 2], auc_width=0), "auc_width: 0 is not"),
    ],
)
def test_numbers_out_of_range_are_refused(call, message):
    with pytest.raises(RairlibError, match=message):
        call()

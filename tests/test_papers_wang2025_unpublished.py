"""Expected values: tests/reference/wang2025.R on an arbitrary cohort; no margin is the paper's."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rairlib.errors import RairlibError
from rairlib.studies.wang2025.unpublished import unpublished

REFERENCE = Path(__file__).parent / "reference"
R = json.loads((REFERENCE / "wang2025.json").read_text())["unpublished"]
PUBLISHED = json.loads((REFERENCE / "wang2025.json").read_text())


@pytest.fixture(scope="module")
def cohort():
    return pd.read_csv(REFERENCE / "wang2025_simulated.csv", keep_default_na=False)


@pytest.fixture(scope="module")
def table(cohort):
    return unpublished(cohort, np.random.default_rng(4), resamples=50)


@pytest.fixture(scope="module")
def values(table):
    return table.set_index(["topic", "quantity"])["value"]


def four(values, topic, name):
    endings = ("", ", lower limit", ", upper limit", ", p")
    return [values[topic, name + ending] for ending in endings]


def test_every_quantity_has_one_name_and_a_value_or_a_reason(table):
    assert not table.duplicated(["topic", "quantity"]).any()
    assert (table["value"].isna() == (table["reason"] != "")).all()


def test_proportional_hazards_of_table_5_are_those_of_cox_zph(values):
    assert values["proportional hazards"].tolist() == pytest.approx(R["ph"], rel=1e-5)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("odds ratio, ps-Tg ≥528.5", "crude_tg"),
        ("odds ratio, ps-Tg ≥528.5, adjusted for age and T stage", "tg"),
        ("odds ratio, tenfold ps-Tg, adjusted for age and T stage", "log_tg"),
    ],
)
def test_odds_ratios_of_ps_tg_are_those_of_glm(values, name, expected):
    def first(found):
        return found[0] if isinstance(found, list) else found

    shown = [first(R[expected][column]) for column in ("ratio", "low", "high", "p")]
    assert four(values, "refractory disease", name) == pytest.approx(shown, rel=1e-6)


def test_performance_of_table_5_is_that_of_coxph(values):
    assert values["Table 5", "concordance"] == pytest.approx(R["concordance"])
    assert values["Table 5", "shrinkage"] == pytest.approx(R["shrinkage"])
    name = "median PFS follow-up, months (reverse Kaplan-Meier)"
    assert values["Table 5", name] == R["reverse_median"]


def test_landmark_is_that_of_the_patients_left(values):
    topic = "landmark at 24 months"
    assert values[topic, "patients"] == R["landmark"]["n"]
    assert values[topic, "progressions"] == R["landmark"]["events"]
    assert values[topic, "hazard ratio, avidity"] == pytest.approx(R["landmark"]["ratio"], rel=1e-6)


def test_status_that_begins_is_that_of_the_counting_process(values):
    name = "hazard ratio, refractory status, courses 6 months apart"
    assert values["status that begins", name] == pytest.approx(R["varying"], rel=1e-7)


def test_refractory_disease_has_no_finite_hazard_ratio_because_raia_cannot_progress(table):
    plain = table[table["quantity"] == "hazard ratio, RAIR"].iloc[0]
    assert np.isnan(plain["value"])
    assert "no patient with level 'RAIA' has the event" in plain["reason"]
    firth = table[table["quantity"] == "hazard ratio, RAIR, Firth, upper limit"].iloc[0]
    assert 1 < firth["value"] < np.inf


def test_log_rank_without_criterion_iv_is_that_of_survdiff(values):
    topic = "log-rank of Figure 5A"
    whole = PUBLISHED["rair_raia"]["chisq"]
    assert values[topic, "χ², as published"] == pytest.approx(whole)
    for name, expected in {
        "type iv left out": "left_out",
        "type iv censored at progression": "censored",
        "type iv counted as avid": "as_avid",
    }.items():
        assert values[topic, f"χ², {name}"] == pytest.approx(R[expected], rel=1e-9)
        share = values[topic, f"percent of χ² left, {name}"]
        assert share == pytest.approx(100 * R[expected] / whole, rel=1e-9)


def test_same_resamples_same_optimism_other_resamples_another(cohort, table):
    again = unpublished(cohort, np.random.default_rng(4), resamples=50)
    pd.testing.assert_frame_equal(again, table)
    other = unpublished(cohort, np.random.default_rng(5), resamples=50)
    differ = table["quantity"][~np.isclose(table["value"], other["value"], equal_nan=True)]
    assert differ.str.contains("optimism|corrected").all()
    assert not differ.empty


def test_unusable_cohort_is_refused(cohort):
    with pytest.raises(RairlibError, match="no column ps_tg"):
        unpublished(cohort.drop(columns="ps_tg"), np.random.default_rng(1))

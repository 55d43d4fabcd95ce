"""Expected values: tests/reference/calibration.R (cut, quantile, rank written out) and by hand."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rairlib.errors import RairlibError
from rairlib.stats.calibration import RULES, hosmer_lemeshow, hosmer_lemeshow_spread, risk_groups

STUDIES = json.loads((Path(__file__).parent / "reference" / "calibration.json").read_text())


@pytest.mark.parametrize("r", STUDIES, ids=["n122", "n60", "n100"])
def test_every_rule_and_number_of_groups_is_that_of_r(r):
    found = hosmer_lemeshow_spread(r["y"], r["p"])
    assert len(found) == len(r["tests"]) == len(RULES) * 7
    for row, expected in zip(found.itertuples(), r["tests"], strict=True):
        assert (row.rule, row.wanted, row.groups) == (
            expected["rule"],
            expected["wanted"],
            expected["groups"],
        )
        assert row.statistic == pytest.approx(expected["statistic"], rel=1e-10)
        assert row.p_value == pytest.approx(expected["p_fitted"], rel=1e-8)
        table = risk_groups(r["y"], r["p"], row.wanted, row.rule)
        assert table["n"].tolist() == expected["n"]
        assert table["events"].tolist() == expected["events"]


@pytest.mark.parametrize("r", STUDIES, ids=["n122", "n60", "n100"])
def test_validation_has_as_many_degrees_of_freedom_as_groups(r):
    found = hosmer_lemeshow_spread(r["y"], r["p"], validation=True)
    assert (found["df"] == found["groups"]).all()
    assert found["p_value"].tolist() == pytest.approx(
        [expected["p_validation"] for expected in r["tests"]], rel=1e-8
    )


def test_statistic_by_hand():
    # Three groups of four at risks 1/4, 1/2, 3/4 with 2, 2 and 3 events: only the first differs,
    # by 1 event where its variance is 4 · 1/4 · 3/4.
    risk = np.repeat([0.25, 0.5, 0.75], 4)
    event = [1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 1, 0]
    for rule in RULES:
        found = hosmer_lemeshow(event, risk, 3, rule).iloc[0]
        assert found["statistic"] == pytest.approx(4 / 3), rule
        assert (found["groups"], found["df"]) == (3, 1)


@given(st.lists(st.integers(1, 9), min_size=12, max_size=80), st.sampled_from(sorted(RULES)))
def test_no_rule_separates_equal_risks_or_loses_a_patient(tenths, rule):
    risk = np.array(tenths) / 10
    event = np.arange(len(risk)) % 2
    table = risk_groups(event, risk, 6, rule)
    assert table["n"].sum() == len(risk)
    assert len(table) <= 6 or rule == "SAS"
    assert (table["risk_low"].to_numpy()[1:] > table["risk_high"].to_numpy()[:-1]).all()


def test_groups_that_cannot_be_tested_give_no_p():
    found = hosmer_lemeshow([1, 0, 1, 0], [0.5, 0.5, 0.2, 0.2], 5).iloc[0]
    assert found["groups"] == 2
    assert np.isnan(found["p_value"])
    sure = hosmer_lemeshow([0, 0, 1, 0, 1, 1], [0, 0, 0.5, 0.5, 1, 1], 3).iloc[0]
    assert np.isnan(sure["p_value"])


def test_unknown_rule_and_too_few_groups_are_refused():
    with pytest.raises(RairlibError, match="cutting rule is one of nearest size"):
        hosmer_lemeshow([1, 0], [0.2, 0.3], 10, "deciles")
    with pytest.raises(RairlibError, match="groups: 2 is below 3"):
        hosmer_lemeshow([1, 0], [0.2, 0.3], 2)
    with pytest.raises(RairlibError, match="probability"):
        hosmer_lemeshow_spread([1, 0], [0.2, 3])


def test_where_over_a_tenth_share_the_lowest_risk_r_joins_them_with_the_next():
    # R's cut(p, unique(quantile(p, 0:10 / 10)), include.lowest = TRUE): 8 groups, 30 in the first.
    y, p = STUDIES[2]["y"], STUDIES[2]["p"]
    assert risk_groups(y, p, 10, "quantile, R type 7")["n"].tolist() == [30] + [10] * 7


def test_groups_of_sas_by_hand():
    # 20 patients, so 2 per group: a block of 3 joins 1 (1 + ⌊3/2⌋ = 2), one of 4 does not; the
    # last group of 1, half the size, joins the one before.
    risk = np.repeat([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], [1, 3, 1, 4, 5, 2, 3, 1])
    table = risk_groups(np.arange(20) % 2, risk, 10, "SAS")
    assert table["n"].tolist() == [4, 1, 4, 5, 2, 4]


def test_risks_that_float_noise_keeps_apart_stay_together():
    risk = np.repeat([0.3, 0.1 + 0.2, 0.4, 0.5], 3)
    assert risk_groups(np.arange(12) % 2, risk, 3)["n"].tolist() == [6, 3, 3]
    assert len(risk_groups(np.arange(6) % 2, risk[:6], 3)) == 1

"""Odds ratios after patients are moved: by hand; Fisher's p from R's fisher.test."""

import math

import pytest

from rairlib.errors import RairlibError
from rairlib.pages.common import reclassified


def test_crude_odds_ratio_of_three_to_one_against_one_to_three():
    first = reclassified(3, 4, 1, 4).iloc[0]
    assert first["odds_ratio"] == pytest.approx(9)
    # exp(log 9 ± 1.959964 · sqrt(1/3 + 1 + 1 + 1/3))
    assert first["low"] == pytest.approx(0.36663, rel=1e-4)
    assert first["high"] == pytest.approx(220.93, rel=1e-4)
    # fisher.test(matrix(c(3, 1, 1, 3), 2))$p.value
    assert first["p_value"] == pytest.approx(0.4857143, abs=1e-7)


def test_moved_patients_change_group_and_keep_their_exposure():
    table = reclassified(3, 4, 1, 4)
    assert table["moved"].tolist() == [0, 1, 2]
    assert table["exposed_cases"].tolist() == [3, 2, 1]
    assert table["cases"].tolist() == [4, 3, 2]
    assert table["exposed_controls"].tolist() == [1, 2, 3]
    assert table["controls"].tolist() == [4, 5, 6]


def test_odds_ratios_fall_with_each_patient():
    table = reclassified(18, 32, 4, 58)
    assert table["odds_ratio"].is_monotonic_decreasing
    # 18·54 / (14·4)
    assert table.loc[0, "odds_ratio"] == pytest.approx(18 * 54 / (14 * 4))


def test_level_of_cases_alone_has_an_infinite_odds_ratio_and_a_p_value():
    first = reclassified(3, 32, 0, 58).iloc[0]
    assert math.isinf(first["odds_ratio"])
    assert math.isnan(first["low"])
    # fisher.test(matrix(c(3, 29, 0, 58), 2))$p.value; the paper prints 0.042.
    assert first["p_value"] == pytest.approx(0.0422, abs=5e-5)


@pytest.mark.parametrize("counts", [(5, 4, 1, 4), (0, 4, 1, 4), (3, 4, 4, 4), (3, 4, 5, 4)])
def test_impossible_counts_are_one_clear_line(counts):
    with pytest.raises(RairlibError, match="some case must be exposed"):
        reclassified(*counts)

"""Answers to the exercises on Hunan, from hand calculation and from theory."""

import math
from itertools import product

import numpy as np
import pytest
from scipy import integrate, stats

from rairlib.studies.exercises import check
from rairlib.studies.tang2025.pages import EXERCISES


def answer(name):
    return EXERCISES[f"hunan: {name}"].expected()


def test_four_counts_give_the_printed_percentages():
    # 13/18, 34/42, 13/21, 34/39 and 47/60 are the printed 72.22, 80.95, 61.90, 87.18, 78.33 %.
    assert answer("four counts") == [13, 5, 8, 34]


def test_a_predictive_value_alone_leaves_one_table():
    def shown(tp, tn):
        fp, fn = 42 - tn, 18 - tp
        pairs = [(tp, 18), (tn, 42), (tp, tp + fp), (tn, tn + fn), (tp + tn, 60)]
        return [f"{100 * part / whole:.2f}" if whole else "" for part, whole in pairs]

    printed = ["72.22", "80.95", "61.90", "87.18", "78.33"]
    tables = [shown(tp, tn) for tp, tn in product(range(19), range(43))]
    assert answer("how many tables") == [
        sum(table[place] == text for table in tables) for place, text in enumerate(printed)
    ]
    assert answer("how many tables")[2:4] == [1, 1]


def test_area_and_interval_round_to_the_print():
    assert [round(value, 3) for value in answer("an area")] == [0.766, 0.626, 0.905]


def test_threshold_is_a_risk_of_36_percent_and_needs_8_nodes():
    # 1 / (1 + e^0.585); (2.046 − 0.585) / 0.196 = 7.45.
    assert answer("a threshold") == [pytest.approx(0.35778, abs=1e-5), 8]


def test_p_value_of_the_interval():
    # ln 1.091 = 0.08709, ln 1.357 = 0.30528: z = 0.19619 / 0.05566 = 3.525.
    assert answer("a p value") == pytest.approx(0.000424, abs=1e-6)


def test_area_of_the_uncut_score_lies_between_two_corners():
    # 13/18 · 34/42 and 1 − 5/18 · 8/42.
    assert answer("limits of an area") == pytest.approx([442 / 756, 716 / 756])


def test_men_and_women_have_the_printed_areas():
    men = answer("the men")
    women = [whole - part for whole, part in zip((44, 24, 15, 99), men, strict=True)]
    areas = [(tp / (tp + fn) + tn / (tn + fp)) / 2 for tp, fn, fp, tn in (men, women)]
    assert [round(area, 3) for area in areas] == [0.777, 0.745]


def test_net_benefits_by_hand():
    # Odds e^−0.585 = 0.557106: (13 − 8 · 0.557106) / 60 and (18 − 42 · 0.557106) / 60.
    assert answer("net benefit") == pytest.approx([0.142386, -0.089974], abs=1e-6)


def test_best_of_noise_is_what_the_largest_of_15_normal_variables_lets_expect():
    def above(x):
        return 1 - (2 * stats.norm.cdf(x) - 1) ** 15

    largest, _ = integrate.quad(above, 0, 10)
    error = math.sqrt(123 / (12 * 50 * 72))
    assert answer("best of noise") == pytest.approx(0.5 + largest * error, abs=0.002)


@pytest.mark.parametrize("name", EXERCISES)
def test_hints_are_given_and_answers_accepted(name):
    assert check(name, EXERCISES[name].expected()) == "Right."
    wrong = np.zeros_like(EXERCISES[name].expected(), dtype=float)
    assert check(name, wrong) == f"Not yet. {EXERCISES[name].hint}"

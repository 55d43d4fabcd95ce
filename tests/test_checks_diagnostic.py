import itertools
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from printed_cohorts import printed
from small_registry import counts, number, registry, statuses, two_groups

from rairlib.checks.classification import (
    check_classification_figures,
    check_classification_table,
    check_likelihood_ratios,
    check_predictive_values,
    check_rule_counts,
    classification_tables,
    npv_limits,
)
from rairlib.registry.vocabulary import PERFORMANCE

CHECKS = (check_classification_table, check_classification_figures, check_rule_counts)
TANG = {
    "sensitivity": "62.00",
    "specificity": "90.28",
    "ppv": "81.58",
    "npv": "77.38",
    "accuracy": "78.69",
}


def figures(printed_figures, variable="age_54", level="≥54", unit="%"):
    fields = {"variable": variable, "level": level, "group": "cases vs controls", "unit": unit}
    return [number(name, name, text, **fields) for name, text in printed_figures.items()]


def study(printed_figures, cases="50", controls="72", cells=None, **fields):
    rows = [*two_groups(cases, controls, str(int(cases) + int(controls)))]
    if cells:
        rows += counts("age_54", cells)
    return registry(*rows, *figures(printed_figures, **fields))


def rabat(specificity="75.9", level="≥54", controls_at_or_above=16):
    cells = {level: (19, controls_at_or_above), "other": (13, 58 - controls_at_or_above)}
    shown = {"sensitivity": "59.4", "specificity": specificity}
    return study(shown, "32", "58", cells, level=level)


def test_formulas_by_hand():
    # 31 of 50 and 65 of 72: PPV 31/38, NPV 65/84, accuracy 96/122.
    tables = classification_tables(50, 72)
    values = [tables.percentages(name)[31, 65] / 100 for name in PERFORMANCE]
    assert values == pytest.approx([31 / 50, 65 / 72, 31 / 38, 65 / 84, 96 / 122], rel=1e-12)


def values_known(variable, **sizes):
    """Return the numbers of patients with a value, as printed by group."""
    return [
        number(f"values-{group}", "n", n, variable=variable, group=group, of=f"n-{group}")
        for group, n in sizes.items()
    ]


@pytest.mark.parametrize(
    ("shown", "cells", "status", "words"),
    [
        # Of 32 and of 31, 22 are 68.8 and 71.0 %; 21 of 30 are 70.0 %, and 38 of 58 65.5 %.
        (("70.0", "65.5"), None, "suggests", "In 30 patients with and 58 without the outcome"),
        # Both sides of the cut-off exhaust both groups: no value is missing.
        (("70.0", "65.5"), {"≥54": (21, 20), "<54": (11, 38)}, "contradicted", "No table"),
        # 1 of 1 is above 99.9 %, and of 32 fewer than all are at most 31, 96.9 %.
        (("99.5", "65.5"), None, "contradicted", "No table"),
    ],
)
def test_figures_that_fewer_patients_give_are_a_doubt(shown, cells, status, words):
    rows = study(dict(zip(("sensitivity", "specificity"), shown, strict=True)), "32", "58", cells)
    (finding,) = check_classification_table(rows)
    assert finding.status == status
    assert words in finding.text


def test_figures_of_patients_who_all_have_a_value_are_a_proof():
    rows = study({"sensitivity": "70.0", "specificity": "65.5"}, "32", "58")
    rows = registry(*rows, *values_known("age_54", cases="32", controls="58"))
    assert [finding.status for finding in check_classification_table(rows)] == ["contradicted"]
    rows = study({"sensitivity": "70.0", "specificity": "65.5"}, "32", "58")
    rows = registry(*rows, *values_known("age_54", cases="30", controls="58"))
    assert [finding.status for finding in check_classification_table(rows)] == ["agrees"]


@pytest.mark.parametrize(
    ("positives", "status"),
    [
        # 68.8 % are 22 of 32 or 11 of 16; 24 would be of 35 patients, and there are 32.
        ("11", "suggests"),
        ("24", "contradicted"),
    ],
)
def test_counts_that_need_fewer_patients_are_a_doubt_and_more_a_proof(positives, status):
    rows = study({"sensitivity": "68.8", "specificity": "65.5"}, "32", "58", level="high")
    count = number("tp", "count", positives, variable="age_54", level="high", group="cases")
    found = check_rule_counts(registry(*rows, count))
    assert [finding.status for finding in found if finding.target == "sensitivity"] == [status]


def test_predictive_value_without_positives_does_not_exist():
    tables = classification_tables(3, 4)
    assert np.isnan(tables.percentages("ppv")[0, 4])
    assert np.isnan(tables.percentages("npv")[3, 0])


def test_five_figures_have_one_table():
    (finding,) = check_classification_table(study(TANG))
    assert finding.status == "agrees"
    assert "Exactly one table agrees: TP 31, FN 19, FP 7, TN 65" in finding.text


def test_each_figure_follows_from_the_others():
    findings = check_classification_figures(study(TANG))
    assert statuses(findings) == dict.fromkeys(PERFORMANCE, "agrees")
    by_target = {finding.target: finding for finding in findings}
    assert by_target["ppv"].uses == ("sensitivity", "specificity", "n-cases", "n-controls")
    assert by_target["ppv"].low == pytest.approx(100 * 31 / 38)


def test_a_changed_digit_is_contradicted_and_only_it():
    # 96/122 = 78.69; 76.89 has two digits swapped.
    rows = study(TANG | {"accuracy": "76.89"})
    (existence,) = check_classification_table(rows)
    assert existence.status == "contradicted"
    # 93/122 = 76.23, 94/122 = 77.05: 76.89 is no share of 122 patients at all.
    assert "accuracy could be 76.230 or 77.049" in existence.text
    found = statuses(check_classification_figures(rows))
    assert found.pop("accuracy") == "contradicted"
    assert set(found.values()) <= {"agrees"}


@pytest.mark.parametrize(
    ("shown", "cells"),
    [
        # 4 of 17 with a value are 23.5 %, and 22 of 22 are 100.0 %.
        ({"sensitivity": "23.5", "specificity": "100.0"}, {"≥54": (4, 0), "<54": (13, 22)}),
        # 0 of 19 are 0.0 %, and 13 of 17 are 76.5 %.
        ({"sensitivity": "0.0", "specificity": "76.5"}, {"≥54": (0, 4), "<54": (19, 13)}),
    ],
)
def test_all_or_none_of_fewer_patients_is_no_proof(shown, cells):
    counted = counts("age_54", cells, partition=False)
    rows = registry(*two_groups("19", "22", "41"), *counted, *figures(shown))
    found = [finding.status for check in CHECKS for finding in check(rows)]
    assert "contradicted" not in found
    assert "suggests" in found


def test_predictive_values_at_a_stated_prevalence_are_a_reading():
    # 80 % and 90 % at a prevalence of 10 %: PPV 0.08 / 0.17 = 47.1, NPV 0.81 / 0.83 = 97.6.
    shown = {"sensitivity": "80.0", "specificity": "90.0", "ppv": "47.1", "npv": "97.6"}
    found = check_classification_table(study(shown, "50", "50"))
    assert {finding.status for finding in found} <= {"agrees", "open"}
    assert "at a prevalence of 10.0 %" in {finding.reading for finding in found}
    # 57.1 is at no prevalence that 97.6 is at.
    wrong = check_classification_table(study(shown | {"ppv": "57.1"}, "50", "50"))
    assert [finding.status for finding in wrong] == ["contradicted"]


def test_possible_figures_that_cannot_hold_together():
    # 30/38 = 78.95 is possible, but 31 of 50 and 65 of 72 have PPV 31/38.
    rows = study(TANG | {"ppv": "78.95"})
    (existence,) = check_classification_table(rows)
    assert existence.status == "contradicted"
    assert set(existence.uses) < {*PERFORMANCE, "n-cases", "n-controls"}
    found = {f.target: f for f in check_classification_figures(rows)}
    assert found["ppv"].status == "contradicted"
    assert "81.579; printed is 78.95" in found["ppv"].text


def test_exhaustive_search_agrees_about_existence():
    # Every pair of sensitivity and PPV in whole percent, 7 with and 5 without the outcome.
    reachable = {
        (round(100 * tp / 7), round(100 * tp / (tp + fp)))
        for tp, fp in itertools.product(range(8), range(6))
        if tp + fp
    }
    for sensitivity, ppv in itertools.product(range(0, 101, 7), range(0, 101, 5)):
        shown = {"sensitivity": str(sensitivity), "ppv": str(ppv)}
        (finding,) = check_classification_table(study(shown, "7", "5"))
        assert (finding.status == "agrees") == ((sensitivity, ppv) in reachable)


def test_cut_off_digits_only_suggest():
    # 38/42 = 90.476…: 90.4 cut off.
    (finding,) = check_classification_table(study({"specificity": "90.4"}, "18", "42"))
    assert finding.status == "suggests"


def test_proportions_are_read_as_such():
    shown = {"sensitivity": "0.62", "specificity": "0.903", "ppv": "0.816"}
    findings = check_classification_figures(study(shown, unit=""))
    assert set(statuses(findings).values()) == {"agrees"}


def test_coarse_single_figure_has_no_power():
    (finding,) = check_classification_table(study({"sensitivity": "62"}, "500", "72"))
    assert finding.status == "open"


def test_unknown_group_sizes_are_skipped():
    rows = registry(*figures(TANG))
    assert [finding for check in CHECKS for finding in check(rows)] == []


def test_counts_and_figures_of_one_rule_agree():
    # 44/58 = 75.86.
    findings = check_rule_counts(rabat(controls_at_or_above=14))
    assert set(statuses(findings).values()) == {"agrees"}
    assert {finding.target for finding in findings} == {
        "sensitivity",
        "specificity",
        "age_54-≥54-cases",
        "age_54-≥54-controls",
    }


def test_patients_on_the_cut_off_could_explain_the_rabat_specificity():
    # Counted: 42/58 = 72.4; printed 75.9 is 44/58, two patients fewer.
    found = {finding.target: finding for finding in check_rule_counts(rabat())}
    assert found["sensitivity"].status == "agrees"
    assert found["specificity"].status == "suggests"
    assert "72.41" in found["specificity"].text
    assert "controls 14 (printed 16)" in found["specificity"].text
    assert found["age_54-≥54-controls"].low == 14


def test_a_named_level_has_no_cut_off_to_blame():
    found = statuses(check_rule_counts(rabat(level="yes")))
    assert found["specificity"] == "contradicted"


def test_shifts_in_both_directions_are_contradicted():
    # 20/32 = 62.5 needs one case more, 44/58 two controls fewer.
    cells = {"≥54": (19, 16), "<54": (13, 42)}
    rows = study({"sensitivity": "62.5", "specificity": "75.9"}, "32", "58", cells)
    (finding,) = check_rule_counts(rows)
    assert finding.status == "contradicted"


def test_positives_of_both_groups_together():
    # Wang 2025: 57.5 % of 40 and 86.8 % of 129 leave 23 + 17 = 40 at or above the cut-off.
    rows = [*two_groups("40", "129", "169"), *figures({"sensitivity": "57.5"})]
    rows += figures({"specificity": "86.8"})
    rows.append(number("total", "count", "40", variable="age_54", level="≥54", group="all", of="n"))
    found = statuses(check_rule_counts(registry(*rows)))
    assert found == {"sensitivity": "agrees", "specificity": "agrees", "total": "agrees"}


def written(value, decimals, ties):
    if ties != ROUND_DOWN:
        return printed(value, decimals, ties)
    return f"{Decimal(int(value * 10**decimals)).scaleb(-decimals):f}"


@st.composite
def printed_rules(draw):
    cases, controls = draw(st.integers(1, 60)), draw(st.integers(1, 60))
    tp, tn = draw(st.integers(0, cases)), draw(st.integers(0, controls))
    fp, fn = controls - tn, cases - tp
    shares = {
        "sensitivity": (tp, cases),
        "specificity": (tn, controls),
        "ppv": (tp, tp + fp),
        "npv": (tn, tn + fn),
        "accuracy": (tp + tn, cases + controls),
    }
    chosen = draw(st.lists(st.sampled_from(PERFORMANCE), unique=True, min_size=1))
    ties = draw(st.sampled_from([ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_DOWN]))
    decimals = draw(st.integers(0, 2))
    shown = {
        name: written(Fraction(100 * shares[name][0], shares[name][1]), decimals, ties)
        for name in chosen
        if shares[name][1]
    }
    cells = {"≥54": (tp, fp), "<54": (fn, tn)} if draw(st.booleans()) else None
    assume(shown)
    return study(shown, str(cases), str(controls), cells), ties


@given(printed_rules())
def test_a_true_rule_is_never_doubted(rule):
    rows, ties = rule
    found = {finding.status for check in CHECKS for finding in check(rows)}
    # Digits that are cut off may be noticed, but they contradict nothing.
    assert found <= {"agrees", "open"} | ({"suggests"} if ties == ROUND_DOWN else set())


def test_exchanged_figures_are_named_and_no_area_is_made_of_them():
    swapped = TANG | {"sensitivity": TANG["specificity"], "specificity": TANG["sensitivity"]}
    (finding,) = check_classification_table(study(swapped))
    assert finding.status == "contradicted"
    assert "With sensitivity and specificity exchanged, they fit." in finding.text


def test_exchanged_figures_are_named_beside_counts():
    # 19 of 32 and 44 of 58 are 59.4 and 75.9; 80.0 and 60.0 of 10 have tables either way.
    cells = {"≥54": (8, 4), "other": (2, 6)}
    rows = study({"sensitivity": "60.0", "specificity": "80.0"}, "10", "10", cells)
    texts = [finding.text for finding in check_rule_counts(rows) if finding.status != "agrees"]
    assert texts
    assert all("sensitivity and specificity exchanged, they fit" in text for text in texts)


def test_a_figure_divided_by_another_size_names_it():
    # 20 of 32 are 62.5 %; 20 of 97 would be 20.6 %.
    cells = {"≥54": (20, 16), "other": (12, 49)}
    shown = {"sensitivity": "20.6", "specificity": "75.4"}
    rows = study(shown, "32", "65", cells)
    wrong = check_classification_table(rows)
    assert any("20 of 97 (all) would be 20.6" in finding.text for finding in wrong)


def test_npv_follows_from_the_other_three_without_any_size():
    # 100 with and 100 · odds without: odds = 0.812 · 0.273 / (0.188 · 0.966) = 1.2206, and
    # 72.7 / (72.7 + 3.4 · 1.2206) = 94.6 %.
    shown = {"sensitivity": "96.6", "specificity": "72.7", "ppv": "81.2"}
    for npv, status in (("94.6", "agrees"), ("16.1", "contradicted")):
        rows = registry(*figures(shown | {"npv": npv}))
        assert statuses(check_predictive_values(rows)) == {"npv": status}


@given(*[st.integers(1, 400)] * 4)
def test_npv_of_every_table_lies_in_its_limits(tp, fn, fp, tn):
    values = tp / (tp + fn), tn / (tn + fp), tp / (tp + fp)
    low, high = npv_limits(*((value, value) for value in values))
    assert low == pytest.approx(tn / (tn + fn)) == high
    wide = npv_limits(*((value * 0.999, value + (1 - value) / 1000) for value in values))
    assert wide[0] <= tn / (tn + fn) <= wide[1]


@pytest.mark.parametrize(
    ("statistic", "printed", "status"),
    # 0.966 / 0.273 = 3.54 and 0.034 / 0.727 = 0.047.
    [
        ("likelihood_ratio_positive", "3.54", "agrees"),
        ("likelihood_ratio_positive", "3.45", "contradicted"),
        ("likelihood_ratio_negative", "0.047", "agrees"),
        ("likelihood_ratio_negative", "0.47", "contradicted"),
    ],
)
def test_likelihood_ratios_by_hand(statistic, printed, status):
    rule = {"variable": "ft4", "level": ">20", "group": "A vs B"}
    rows = registry(
        number("se", "sensitivity", "96.6", **rule),
        number("sp", "specificity", "72.7", **rule),
        number("lr", statistic, printed, **rule),
    )
    assert statuses(check_likelihood_ratios(rows)) == {"lr": status}


def test_likelihood_ratio_beside_a_specificity_of_all_has_no_upper_end():
    rule = {"variable": "ft4", "level": ">20", "group": "A vs B"}
    rows = registry(
        number("se", "sensitivity", "50", **rule),
        number("sp", "specificity", "100", **rule),
        number("lr", "likelihood_ratio_positive", "200", **rule),
    )
    assert statuses(check_likelihood_ratios(rows)) == {"lr": "open"}

"""Known cohorts print the truth, planted errors do not, and the audit tells them apart."""

import json
from dataclasses import replace
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_registry import number, registry

from benchmarks.planting import estimates
from benchmarks.planting.bench import ANY, PLANTED, run_bench
from benchmarks.planting.cohorts import SMALLEST_GROUP, pair_up, simulate_cohort, weigh
from benchmarks.planting.detectable import is_detectable, relations_of
from benchmarks.planting.errors import KINDS, is_wrong, plant_error
from benchmarks.planting.paper import KnownPaper
from benchmarks.planting.papers import CUT_OFF, HABITS, ROUNDED, known_paper
from benchmarks.planting.printing import draw_conventions
from benchmarks.planting.rates import FIRST_COHORTS, rates_of
from benchmarks.planting.slips import (
    Draw,
    change_digit,
    copy_from_above,
    invert_estimate,
    lose_decimal_sign,
    print_error_as_sd,
    reverse_direction,
    slip_unit,
    swap_digits,
    swap_groups,
    swap_labels,
    take_other_denominator,
)
from rairlib.checks.catalogue import audit
from rairlib.pages.planted import read_rates
from rairlib.registry.kept_files import data_folder
from rairlib.registry.registry import read_registry
from rairlib.registry.vocabulary import STATISTICS

R = json.loads((Path(__file__).parent / "reference" / "planting.json").read_text())
SEED = 1


@pytest.fixture(scope="module")
def papers():
    return [known_paper(np.random.default_rng([7, cohort])) for cohort in range(9)]


@pytest.fixture(scope="module")
def first_outcomes():
    """Outcomes of the first cohorts of the committed bench."""
    return run_bench(SEED, range(FIRST_COHORTS))


# The programs behind the prints


def test_tests_of_tables_equal_those_of_r():
    three, two = np.array(R["three"]), np.array(R["two"])
    assert estimates.freeman_halton(three) == pytest.approx(R["fisher_three"], rel=1e-9)
    assert estimates.table_test(two, "fisher")[2] == pytest.approx(R["fisher_two"], rel=1e-9)
    assert estimates.table_test(two, "pearson")[1] == pytest.approx(R["pearson_two"], rel=1e-12)
    assert estimates.table_test(two, "yates")[1] == pytest.approx(R["yates_two"], rel=1e-12)


def test_exact_odds_ratio_equals_that_of_r():
    assert estimates.exact_odds_ratio(np.array(R["two"])) == pytest.approx(
        R["exact_odds_ratio"], rel=1e-3
    )


def covariates():
    return pd.DataFrame({"score": R["score"], "female": R["female"]})


def as_row(fit):
    values = [fit[name] for name in ("score", "female")]
    errors = [(v.high - v.low) / 2 / estimates.Z_95 for v in values]
    return [*(v.coefficient for v in values), *errors]


def test_logistic_regression_equals_that_of_r():
    fit = estimates.logistic(R["outcome"], covariates(), "likelihood_ratio")
    assert as_row(fit) == pytest.approx(R["logistic"], rel=1e-7)
    assert fit["score"].p_value == pytest.approx(R["likelihood_ratio_p"], rel=1e-7)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_cox_regression_equals_that_of_r(ties):
    fit = estimates.cox(R["months"], R["event"], covariates(), ties)
    assert as_row(fit) == pytest.approx(R[ties], rel=1e-6)


def test_separated_outcome_has_no_estimate():
    design = pd.DataFrame({"x": [0, 0, 0, 0, 1, 1, 1, 1]})
    assert estimates.logistic([0, 0, 0, 0, 1, 1, 1, 1], design, "wald") == {}
    assert estimates.cox([5, 6, 7, 8, 1, 2, 3, 4], [0, 0, 0, 0, 1, 1, 1, 1], design, "efron") == {}


def test_survival_equals_that_of_r():
    rates = estimates.survival_at(R["months"], R["event"], [6, 12])
    assert rates == pytest.approx(R["survival"], rel=1e-10)
    assert estimates.logrank(R["months"], R["event"], R["female"]) == pytest.approx(R["logrank"])


def test_delong_interval_equals_that_of_r():
    score, outcome = np.array(R["score"]), np.array(R["outcome"], bool)
    area, low, high, _ = estimates.roc_area(score[outcome], score[~outcome], "delong")
    assert [low, area, high] == pytest.approx(R["delong"], rel=1e-9)


def test_hanley_mcneil_error_by_hand():
    # 2 and 4 against 1 and 3: area 3/4. Two draws of the first beat one of the second with chance
    # (1 + 1/4) / 2, one beats two with the same: (3/16 + 2 (5/8 - 9/16)) / 4 is 5/64.
    area, low, _, _ = estimates.roc_area([2, 4], [1, 3], "hanley_mcneil")
    assert area == 0.75
    assert (area - low) / estimates.Z_95 == pytest.approx(np.sqrt(5) / 8)


# Known cohorts and their papers


@pytest.mark.parametrize("gaps", [False, True])
def test_cohort_has_both_outcomes_and_clinical_size(gaps):
    for seed in range(10):
        cohort = simulate_cohort(np.random.default_rng(seed), gaps)
        assert 40 <= len(cohort.patients) <= 300
        assert all(len(cohort.members(group)) >= SMALLEST_GROUP for group in cohort.groups)
        for variable in cohort.factors:
            assert set(variable.levels) <= set(cohort.patients[variable.name])


def test_every_print_agrees_with_the_truth(papers):
    for paper in papers:
        for row in paper.registry:
            assert row.id not in paper.truth or row.number.agrees(paper.truth[row.id]), row


def test_cut_off_digits_are_never_rounded_up():
    paper = known_paper(np.random.default_rng([7, 0]), CUT_OFF)
    for row in paper.registry:
        if row.id in paper.truth and row.number.operator == "=":
            assert abs(row.number.value) <= abs(paper.truth[row.id]) + 1e-9


@pytest.mark.parametrize(
    ("cohort", "habit"),
    # The paper of cohort 23 prints decimal commas.
    [*((1, habit) for habit in HABITS), (23, ROUNDED)],
)
def test_known_paper_is_a_valid_registry_file(cohort, habit, tmp_path):
    paper = known_paper(np.random.default_rng([7, cohort]), habit)
    path = tmp_path / "known_cohort.csv"
    paper.registry.frame().to_csv(path, index=False)
    read = read_registry(path)
    # Shares printed as fractions are read in percent.
    rows = [pair for pair in zip(read, paper.registry, strict=True) if pair[0] != pair[1]]
    assert all(first.unit == "%" and not second.unit for first, second in rows)


def test_all_sections_occur(papers):
    statistics = {row.statistic for paper in papers for row in paper.registry}
    others = {"intercept", "definition", "date", "number", "deviance", "aic", "bic", "pseudo_r2"}
    others |= {"concordance", "expected_events", "logrank_term", "log_likelihood", "kappa"}
    assert statistics == set(STATISTICS) - others - {"interquartile_range"}


def test_pairs_stand_at_the_same_place_and_are_of_similar_age():
    cohort = pair_up(simulate_cohort(np.random.default_rng(3)))
    first, second = (cohort.members(group)["age"].to_numpy() for group in cohort.groups)
    assert len(first) == len(second)
    assert np.corrcoef(first, second)[0, 1] > 0.9


def test_weights_balance_the_age_by_which_they_were_made():
    cohort = weigh(simulate_cohort(np.random.default_rng(3)))
    plain, weighted = [
        [np.average(m["age"], weights=w(m)) for m in map(cohort.members, cohort.groups)]
        for w in (lambda m: np.ones(len(m)), lambda m: m["weight"])
    ]
    assert abs(np.diff(weighted)) < abs(np.diff(plain)) / 2


@pytest.mark.parametrize(
    ("rounding", "printed"),
    [(ROUND_HALF_UP, "2.5"), (ROUND_HALF_EVEN, "2.4"), (ROUND_DOWN, "2.4")],
)
def test_ties_are_rounded_as_the_paper_does(rounding, printed):
    style = plain_style(rounding=rounding)
    assert style.number(2.45, 1) == printed


def plain_style(**habits):
    plain = {"thousands": False, "decimal_comma": False, "minus": "-", "hides_large_p": False}
    plain |= {"p_decimals": 3, "leading_zero": True, "small_p": "less"}
    return replace(draw_conventions(np.random.default_rng(0)), **plain | habits)


@pytest.mark.parametrize(
    ("habits", "value", "printed"),
    [
        ({}, 0.0004, "<0.001"),
        ({"small_p": "zero"}, 0.0004, "0.000"),
        ({"small_p": "zero", "leading_zero": False}, 0.0004, ".000"),
        ({"small_p": "digits"}, 0.00042, "0.0004"),
        ({"leading_zero": False}, 0.0341, ".034"),
        ({"decimal_comma": True}, 0.0341, "0,034"),
        ({"hides_large_p": True}, 0.341, ">0.05"),
    ],
)
def test_p_values_are_printed_as_papers_do(habits, value, printed):
    assert plain_style(**habits).p_value(value) == printed


# Kinds of errors


def small_paper(*rows):
    return KnownPaper(registry=registry(*rows), truth={row.id: row.number.value for row in rows})


def drawn(*rows, seed=0):
    return Draw(paper=small_paper(*rows), row=rows[0], rng=np.random.default_rng(seed))


def test_one_digit_changes_and_never_the_leading_zero():
    for seed in range(30):
        (text,) = change_digit(drawn(number("p", "p_value", "0.034"), seed=seed)).values()
        assert text.startswith("0.")
        assert sum(a != b for a, b in zip(text, "0.034", strict=True)) == 1


def test_neighbouring_digits_swap_across_the_point():
    texts = {swap_digits(drawn(number("m", "mean", "53.06"), seed=seed))["m"] for seed in range(30)}
    assert texts == {"35.06", "50.36", "53.60"}


@pytest.mark.parametrize(
    ("printed", "wrong"), [("40.688", "40688"), ("<0.001", "<1"), (".034", "34"), ("-2.04", "-204")]
)
def test_decimal_sign_is_lost(printed, wrong):
    assert lose_decimal_sign(drawn(number("x", "mean", printed))) == {"x": wrong}


def test_percentage_is_printed_as_a_proportion():
    row = number("x", "percent", "45.2", unit="%")
    assert slip_unit(drawn(row)) == {"x": "0.452"}


def test_limit_of_the_line_above_is_copied():
    rows = (number("b", "ci_low", "1.20"), number("a", "ci_low", "0.80"))
    paper = small_paper(rows[1], rows[0])
    assert copy_from_above(Draw(paper=paper, row=rows[0], rng=None)) == {"b": "0.80"}
    assert copy_from_above(Draw(paper=paper, row=rows[1], rng=None)) == {}


def test_standard_error_is_printed_as_sd():
    rows = (number("s", "sd", "12.0", group="A"), number("n", "n", "36", group="A"))
    assert print_error_as_sd(drawn(*rows)) == {"s": "2.0"}


def test_estimate_is_inverted_alone():
    assert invert_estimate(drawn(number("x", "odds_ratio", "4.00"))) == {"x": "0.25"}
    assert invert_estimate(drawn(number("x", "auc", "0.681"))) == {"x": "0.319"}
    assert invert_estimate(drawn(number("x", "coefficient", "1.386"))) == {"x": "-1.386"}


def test_ratio_is_inverted_with_its_limits():
    rows = (
        number("x", "odds_ratio", "4.00"),
        number("low", "ci_low", "2.00", of="x"),
        number("high", "ci_high", "8.00", of="x"),
    )
    assert reverse_direction(drawn(*rows)) == {"x": "0.25", "low": "0.13", "high": "0.50"}


def table_row(identifier, value, level, group):
    return number(identifier, "count", value, variable="ete", level=level, group=group)


TABLE = (
    table_row("a", "9", "yes", "A"),
    table_row("b", "4", "yes", "B"),
    table_row("c", "23", "no", "A"),
    table_row("d", "54", "no", "B"),
    number("p", "p_value", "0.012", variable="ete", group="A vs B"),
)


def test_labels_of_levels_are_swapped_in_all_groups():
    assert swap_labels(drawn(*TABLE)) == {"a": "23", "b": "54", "c": "9", "d": "4"}


def test_groups_are_swapped_in_one_row():
    assert swap_groups(drawn(*TABLE)) == {"a": "4", "b": "9"}


def test_percentage_of_another_whole():
    rows = (
        number("x", "percent", "25.0", of="n-a", unit="%", variable="ete", level="yes", group="A"),
        number("n-a", "n", "32", group="A"),
        number("n-b", "n", "58", group="B"),
    )
    texts = {take_other_denominator(drawn(*rows, seed=seed))["x"] for seed in range(20)}
    # 8 of 32 and of 58; a draw that leaves the number right is drawn again later.
    assert texts == {"25.0", "13.8"}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_planted_text_never_agrees_with_the_truth(kind, papers):
    planted = [plant_error(paper, kind, np.random.default_rng(3)) for paper in papers]
    assert any(planted)
    for paper, error in zip(papers, planted, strict=True):
        for identifier, text in error.texts.items() if error else ():
            assert is_wrong(paper, identifier, text)
            assert error.registry[identifier].printed == text
        if error:
            changed = [
                row.id
                for row, other in zip(paper.registry, error.registry, strict=True)
                if row != other
            ]
            assert set(changed) == set(error.texts)


# What can be seen at all


def seen(paper, **texts):
    changed = paper.with_texts(texts)
    return is_detectable({name: changed[name].number for name in texts}, relations_of(paper))


def test_sums_shares_and_intervals_can_be_seen_to_break():
    paper = small_paper(
        number("all", "n", "60", group="all"),
        number("a", "n", "24", group="A", of="all", partition="groups"),
        number("b", "n", "36", group="B", of="all", partition="groups"),
        number("x", "percent", "40.0", group="A", of="all"),
        number("or", "odds_ratio", "2.00"),
        number("low", "ci_low", "1.00", of="or"),
        number("high", "ci_high", "4.00", of="or"),
        number("cut", "cutoff", "55"),
    )
    assert seen(paper, b="35")
    assert seen(paper, x="42.0")
    assert not seen(paper, x="40")
    # 2.02 is sqrt(1.00 × 4.00) for no digits behind 1.00 and 4.00; 2.00 to 2.01 are.
    assert seen(paper, **{"or": "2.02"})
    assert not seen(paper, **{"or": "2.01"})
    assert seen(paper, low="2.50")
    assert not seen(paper, cut="65")


def test_a_table_is_read_by_any_usual_test():
    counts = ("13", "11", "9", "27")
    levels = (("yes", "A"), ("no", "A"), ("yes", "B"), ("no", "B"))
    rows = [
        number(f"c{place}", "count", count, variable="m", level=level, group=group)
        for place, (count, (level, group)) in enumerate(zip(counts, levels, strict=True))
    ]
    p = number("p", "p_value", "0.022", variable="m", group="A vs B")
    paper = small_paper(*rows, p)
    # R: chisq.test(matrix(c(13, 11, 9, 27), 2), correct = FALSE)$p.value; with correction 0.04304,
    # Fisher 0.02987.
    paper.truth["p"] = 0.0216323
    assert not seen(paper, p="0.043")
    assert seen(paper, p="0.034")
    assert seen(paper, c0="17")


def test_relations_hold_in_papers_without_an_error(papers):
    for paper in papers[:4]:
        relations = relations_of(paper)
        assert len(relations) > len(paper.registry) / 2
        broken = [r for r in relations if not r.of({})]
        assert len(broken) <= len(relations) / 100


# What the audit finds


def test_no_contradiction_without_an_error(papers):
    for paper in papers:
        assert [finding for finding in audit(paper.registry) if is_contradiction(finding)] == []


def is_contradiction(finding):
    return finding.status == "contradicted"


def first_row(paper, statistic):
    return next(
        row
        for row in paper.registry
        if row.statistic == statistic and not row.repeats and row.id in paper.truth
    )


@pytest.mark.parametrize(
    ("statistic", "text"),
    [
        ("n", "9999"),
        ("count", "9999"),
        ("percent", "123.4"),
        ("sensitivity", "123.4"),
        ("auc", "1.234"),
        ("ci_low", "99999.9"),
        ("odds_ratio", "99999.9"),
    ],
)
def test_impossible_number_is_found_and_named(statistic, text, papers):
    for paper in papers[:4]:
        if statistic not in {row.statistic for row in paper.registry if row.id in paper.truth}:
            continue
        row = first_row(paper, statistic)
        findings = audit(paper.with_texts({row.id: text}))
        contradictions = [finding for finding in findings if is_contradiction(finding)]
        assert contradictions
        for finding in contradictions:
            assert row.id in (finding.target, *finding.uses), finding


def test_committed_rates_of_the_first_cohorts_are_computed_again(first_outcomes):
    committed = pd.read_csv(data_folder() / "results" / "planted_errors.csv", keep_default_na=False)
    first = committed[committed["cohorts"] == f"0-{FIRST_COHORTS - 1}"].reset_index(drop=True)
    pd.testing.assert_frame_equal(rates_of(first_outcomes), first, rtol=1e-4)


def test_result_does_not_depend_on_the_number_of_processes(first_outcomes):
    split = run_bench(SEED, range(2), jobs=2, block=1)
    expected = first_outcomes[first_outcomes["cohort"] < 2].reset_index(drop=True)
    pd.testing.assert_frame_equal(split, expected)


def test_committed_bench_is_large_and_without_false_alarm():
    clean, planted = read_rates("false alarms"), read_rates("found")
    assert clean["registries"].max() >= 300
    assert clean["found"].sum() == 0
    assert planted["registries"].max() >= 3000
    assert read_rates("not named")["found"].sum() == 0


def test_rates_by_hand():
    shared = {"check": ANY, "looked": True, "suggested": False, "unnamed": False}
    shared |= {"detectable": True, "source": "simulated"}
    outcomes = pd.DataFrame(
        [
            {
                "cohort": place,
                "registry": PLANTED,
                "kind": KINDS[0].name,
                "statistic": "mean",
                "contradicted": place < 8,
                **shared,
            }
            for place in range(10)
        ]
        + [
            {
                "cohort": place,
                "registry": "rounded",
                "kind": "",
                "statistic": "",
                "contradicted": False,
                **shared,
            }
            for place in range(10)
        ]
    )
    rates = rates_of(outcomes).set_index(["table", "kind", "statistic"])
    # Wilson's interval of 8 of 10 (Newcombe 1998 gives the method); rule of three: 3 of 10.
    found = rates.loc[("found", "any", "any")]
    assert (found["registries"], found["found"], found["rate"]) == (10, 8, 0.8)
    assert (found["low"], found["high"]) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert rates.loc[("false alarms", "any", "any"), "high"] == 0.3


def test_kept_rates_name_the_kinds_in_the_order_in_which_they_are_planted():
    kinds = dict.fromkeys(read_rates("found")["kind"])
    assert [kind for kind in kinds if kind != ANY] == [kind.name for kind in KINDS]

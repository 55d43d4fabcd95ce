"""The search for patients with a printed logistic model, against R, scipy and statsmodels."""

import json
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from rairlib.cohorts.two_predictors import (
    MEASURES,
    Population,
    Walk,
    draw_added,
    log_chance,
    log_density,
    measure,
    misfit,
    walk,
)
from rairlib.registry.studies import load_witness
from rairlib.stats.calibration import hosmer_lemeshow
from rairlib.stats.roc import auc_estimate, roc_coordinates

PRINTED = np.array([-2.0, 0.2, 0.1])
CUTOFF = -0.6
POPULATION = Population(
    share=0.5,
    mean=3.0,
    shape=1.2,
    median=3.0,
    log_sd=1.2,
    largest_count=30,
    largest_measurement=200.0,
)


@pytest.fixture(scope="module")
def patients():
    rng = np.random.default_rng(8)
    covariates = POPULATION.draw(150, rng)
    risk = 1 / (1 + np.exp(-PRINTED[0] - PRINTED[1:] @ covariates))
    event = (rng.random(150) < risk).astype(float)
    # Equal patients, so that ties are met.
    covariates[:, 1] = covariates[:, 0]
    return event, covariates


def measured(event, covariates, cutoff=CUTOFF):
    design = np.vstack([np.ones(len(event)), covariates])
    orders, found = np.tile(np.arange(len(event)), (3, 1)), np.zeros(len(MEASURES))
    assert measure(event, design, PRINTED, cutoff, PRINTED.copy(), orders, found)
    return dict(zip(MEASURES, found, strict=True))


def p_value(deviate):
    return 2 * stats.norm.sf(deviate)


@pytest.fixture(scope="module")
def found(patients):
    return measured(*patients)


@pytest.fixture(scope="module")
def fitted(patients):
    event, covariates = patients
    return sm.Logit(event, sm.add_constant(covariates.T)).fit(disp=0, tol=1e-12)


def test_estimates_and_limits_are_those_of_statsmodels(found, fitted):
    limits = np.exp(fitted.conf_int())
    expected = [*fitted.params, *limits[1], *limits[2]]
    assert [found[name] for name in MEASURES[:7]] == pytest.approx(expected, abs=1e-8)


def test_area_and_cutoff_are_those_of_the_score(patients, found, fitted):
    event = patients[0]
    score = np.log(fitted.predict() / (1 - fitted.predict())).round(10)
    u = stats.mannwhitneyu(score[event == 1], score[event == 0]).statistic
    assert found["auc"] == pytest.approx(u / (event.sum() * (1 - event).sum()), abs=1e-12)
    estimate = auc_estimate(event, score).iloc[0]
    assert found["auc_low"] == pytest.approx(estimate["low"], abs=1e-9)
    table = roc_coordinates(event, score)
    assert (table["cutoff"] - found["cutoff"]).abs().min() < 1e-8
    assert found["true_positives"] == event[score >= CUTOFF].sum()
    assert found["true_negatives"] == (1 - event)[score < CUTOFF].sum()


def test_measures_of_the_kept_hunan_cohort_are_those_of_r():
    """tests/reference/tang2025_kept.R: glm, pROC, all triples, wilcox.test, anova by Rao's test."""
    path = Path(__file__).parent / "reference" / "tang2025_kept.json"
    by_r = json.loads(path.read_text(encoding="utf-8"))["printed"]
    training = load_witness("tang2025").query("cohort == 'training'")
    event = (training["failure"] == "yes").to_numpy(float)
    found = measured(event, training[["lln_count", "tg_before"]].to_numpy(float).T.copy(), -0.585)
    numbers = {
        name: f"results-predictors-{n}" for name, n in zip(MEASURES, (15, 16, 17), strict=False)
    }
    limits = zip(MEASURES[3:7], ("10", "11", "13", "14"), strict=True)
    numbers |= {name: f"results-predictors-{n}" for name, n in limits}
    fitted = ("auc", "auc_low", "auc_high", "cutoff", "hosmer_lemeshow_p")
    places = zip(fitted, ("02", "03", "04", "08", "01"), strict=True)
    numbers |= {name: f"results-performance-{n}" for name, n in places}
    for name, number in numbers.items():
        assert found[name] == pytest.approx(by_r[number], abs=1e-8), name
    tests = ("first_present_chi_square", "first_mann_whitney", "second_mann_whitney")
    for name, n in zip((*tests, "first_present_score"), (1, 2, 5, 6), strict=True):
        assert p_value(found[f"{name}_z"]) == pytest.approx(by_r[f"results-predictors-0{n}"], 1e-8)
    rates = by_r["results-performance-10"], by_r["results-performance-11"]
    ours = 100 * found["true_positives"] / 50, 100 * found["true_negatives"] / 72
    assert ours == pytest.approx(rates, abs=1e-8)
    assert found["youden_excess"] == 0


def test_youden_excess_counts_patients_without_the_outcome(patients, found, fitted):
    event = patients[0]
    score = np.log(fitted.predict() / (1 - fitted.predict()))
    best = roc_coordinates(event, score.round(10))["youden"].max()
    here = found["true_positives"] / event.sum() + found["true_negatives"] / (1 - event).sum() - 1
    assert found["youden_excess"] == pytest.approx((best - here) * event.sum(), abs=1e-8)


def test_p_values_are_those_of_scipy_and_statsmodels(patients, found, fitted):
    event, (first, second) = patients
    present = (first > 0).astype(float)
    table = [[(event * present).sum(), (event * (1 - present)).sum()]]
    table += [[present.sum() - table[0][0], (1 - present).sum() - table[0][1]]]
    pearson = stats.chi2_contingency(table, correction=False).pvalue
    assert p_value(found["first_present_chi_square_z"]) == pytest.approx(pearson, rel=1e-9)
    for name, values in (("first", first), ("second", second)):
        test = stats.mannwhitneyu(
            values[event == 1], values[event == 0], method="asymptotic", use_continuity=False
        )
        assert p_value(found[f"{name}_mann_whitney_z"]) == pytest.approx(test.pvalue, rel=1e-9)
    design = sm.add_constant(np.column_stack([first, second]))
    score = sm.GLM(event, design, sm.families.Binomial()).fit(tol=1e-14)
    expected = score.score_test(exog_extra=present[:, None])[1]
    assert p_value(found["first_present_score_z"]) == pytest.approx(
        float(np.squeeze(expected)), rel=1e-6
    )
    goodness = hosmer_lemeshow(event, fitted.predict()).iloc[0]
    assert found["hosmer_lemeshow_p"] == pytest.approx(goodness["p_value"], rel=1e-7)


def test_measures_do_not_depend_on_the_order_of_the_patients(patients, found):
    event, covariates = patients
    order = np.random.default_rng(1).permutation(len(event))
    shuffled = measured(event[order], covariates[:, order])
    assert list(shuffled.values()) == pytest.approx(list(found.values()), rel=1e-9)


@pytest.mark.parametrize(("first", "second", "event"), [(0, 0.5, 0), (1, 3.0, 1), (7, 40.0, 0)])
def test_density_is_that_of_scipy(first, second, event):
    linear = PRINTED[0] + PRINTED[1] * first + PRINTED[2] * second
    chance = 1 / (1 + np.exp(-linear))
    count = np.log(0.5)
    if first:
        count += stats.nbinom(1.2, 1.2 / 4.2).logpmf(first - 1)
    expected = count + stats.norm(np.log(3), 1.2).logpdf(np.log(second))
    expected += np.log(chance if event else 1 - chance)
    constant = stats.norm(0, 1.2).logpdf(0)
    ours = log_chance(float(first), second, float(event), PRINTED)
    ours += log_density(float(first), second, POPULATION)
    assert ours == pytest.approx(expected - constant, abs=1e-10)


def test_draws_have_the_moments_of_their_population():
    first, second = POPULATION.draw(200_000, np.random.default_rng(3))
    assert (first > 0).mean() == pytest.approx(0.5, abs=0.005)
    assert first[first > 0].mean() == pytest.approx(4.0, abs=0.05)
    assert np.median(second) == pytest.approx(3.0, abs=0.05)
    assert first.max() <= 30
    assert second.max() <= 200


def test_walk_finds_a_cohort_inside_limits_that_one_is_known_to_meet(patients, found):
    event, _ = patients
    values = np.array([found[name] for name in MEASURES])
    width = np.full(len(MEASURES), 5e-4)
    unit = np.where(np.arange(len(MEASURES)) < 10, width, 0.0)
    targets = np.vstack([values - width, values + width, unit])
    rng = np.random.default_rng(2)
    pool = POPULATION.draw(20_000, rng)
    risk = 1 / (1 + np.exp(-PRINTED[0] - PRINTED[1:] @ pool))
    failed = rng.random(pool.shape[1]) < risk
    start = np.empty((2, len(event)))
    for outcome in (0, 1):
        rows = np.flatnonzero(event == outcome)
        start[:, rows] = pool[:, rng.choice(np.flatnonzero(failed == outcome), len(rows))]
    plan = Walk(steps=600_000)
    cohort, distance = walk(event, start, pool, PRINTED, CUTOFF, targets, POPULATION, plan, rng)
    assert distance == 0
    again = measured(event, cohort)
    assert misfit(np.array(list(again.values())), targets) == 0


def test_added_variable_gets_both_p_values(patients):
    event, covariates = patients
    rng = np.random.default_rng(4)
    draws = rng.normal(size=(50, len(event))).round(1)
    values, distance = draw_added(event, covariates, draws, [[0.03, 0.04], [0.2, 0.21]], rng)
    assert distance == 0
    rank = stats.mannwhitneyu(
        values[event == 1], values[event == 0], method="asymptotic", use_continuity=False
    ).pvalue
    assert 0.03 <= rank <= 0.04
    model = sm.GLM(event, sm.add_constant(covariates.T), sm.families.Binomial()).fit(tol=1e-14)
    score = float(np.squeeze(model.score_test(exog_extra=values[:, None])[1]))
    assert 0.2 - 1e-6 <= score <= 0.21 + 1e-6

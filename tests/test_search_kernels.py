"""Sums behind the Cox models against statsmodels, and changes of the sums against fresh ones."""

import numpy as np
import pytest
from numba import njit
from search_toy import COVARIATES, phreg, printed_rows, rate_at, toy_arrays, toy_cohort, toy_study

from rairlib.search.arrays import alone, design_of, timing_of
from rairlib.search.cooling import Cooling
from rairlib.search.covariates import _change_columns, _commit, _workspace, anneal, cumulative
from rairlib.search.cox_fit import fit_rows
from rairlib.search.cox_terms import NORMAL_QUANTILE
from rairlib.search.declaration import event_range, ratio_centre
from rairlib.search.distances import distances, timeline_values
from rairlib.search.exchanges import effects_of
from rairlib.search.moves import propose
from rairlib.search.polish import list_moves, polish_once
from rairlib.search.risk_sums import (
    change_model,
    fill_sums,
    fresh_residuals,
    fresh_sums,
    last_event,
)
from rairlib.search.schedule import Schedule
from rairlib.search.start import start_rows, start_timeline
from rairlib.simulation.declared import load_declared


@njit
def seed_compiled(seed):
    np.random.seed(seed)  # noqa: NPY002 - seeds the compiled generator


@pytest.fixture(scope="module")
def cohort():
    return toy_cohort()


@pytest.fixture(scope="module")
def qingdao():
    study, _ = load_declared("wang2025")
    rng = np.random.default_rng(3)
    classes, events, _ = start_timeline(study, rng)
    rows, outside = start_rows(study, classes, rng)
    return study, classes, design_of(study, classes, events), rows, outside


@pytest.mark.parametrize("columns", [["older"], ["spread"], list(COVARIATES)])
def test_fit_is_that_of_statsmodels(cohort, columns):
    classes, events, _, _ = toy_arrays(cohort)
    design = design_of(toy_study(cohort), classes, events)
    estimates, errors = fit_rows(cohort[columns].to_numpy(), design.at_risk, design.event)
    expected = phreg(cohort, columns)
    assert estimates == pytest.approx(expected.params, abs=1e-8)
    assert errors == pytest.approx(expected.bse, abs=1e-8)


def test_newton_step_from_the_maximum_stays_there(cohort):
    classes, events, _, rows = toy_arrays(cohort)
    design = design_of(toy_study(cohort), classes, events)
    fits = [phreg(cohort, [name]) for name in COVARIATES]
    whole = phreg(cohort, list(COVARIATES))
    zeros, ones = np.zeros((3, 3)), np.ones((3, 3))
    design = design._replace(
        beta=np.array([fit.params[0] for fit in fits]), target=zeros, half=ones,
        model_beta=np.array(whole.params), model_target=zeros, model_half=ones,
    )  # fmt: skip
    estimates = np.concatenate([*(fit.params for fit in fits), whole.params])
    errors = np.concatenate([*(fit.bse for fit in fits), whole.bse])
    sides = NORMAL_QUANTILE * np.array([0, -1, 1])
    expected = np.exp(estimates[:, None] + errors[:, None] * sides)
    assert fresh_residuals(rows, design) == pytest.approx(expected.ravel(), rel=1e-8)


def test_changed_sums_are_those_summed_afresh(qingdao):
    _, _, design, start, _ = qingdao
    rows, weights = start.copy(), np.ones(start.shape[1])
    work = _workspace(rows, design)
    fill_sums(rows, design, work.sums)
    cooling = Cooling(0, 1, 1, 1.0, 1.0, 0.9, 300.0, 1, 1)
    seed_compiled(11)
    taken = np.zeros(9, int)
    for number in range(18_000):
        kind = number % 9
        many = propose(kind, rows, design, work.slots, work.proposed, work.changed)
        if many == 0:
            continue
        last = last_event(design, work.slots, many)
        _, in_model = _change_columns(rows, design, weights, cooling, many, last, work)
        if in_model:
            change_model(
                design, work.sums, work.new, work.slots, work.proposed, many, last, work.step
            )
        _commit(rows, many, last, in_model, work)
        taken[kind] += 1
    assert taken.sum() > 2_000
    assert (taken > 0).all()
    fresh = fresh_sums(rows, design)
    for name in ("weights", "means", "total", "terms", "ones", "share", "score", "information"):
        assert getattr(work.sums, name) == pytest.approx(getattr(fresh, name), abs=1e-9), name
    assert (work.sums.events == fresh.events).all()


def test_moves_keep_counts_and_the_joint_table(qingdao):
    study, classes, design, start, outside = qingdao
    rows, best = start.copy(), start.copy()
    cooling = Cooling(0, 60_000, 60_000, 1e9, 1e9, 0.9, 300.0, 50_000, 5)
    mix = cumulative(Schedule().covariate_moves, design)
    weights = np.ones(len(design.beta))
    anneal(rows, best, np.inf, design, weights, np.ones(len(design.model)), mix, cooling)
    assert (rows != start).any(axis=0)[design.free].all()
    assert (rows.sum(0) == start.sum(0)).all()
    strata = np.array([entry.stratum for entry in study.classes], dtype=object)[classes]
    by_stratum = design.stratified
    for name in study.strata:
        there = strata == name
        assert (rows[there].sum(0) == start[there].sum(0))[by_stratum].all()
    everyone = np.vstack([rows, outside])
    names = [covariate.variable for covariate in study.covariates]
    joint = everyone[:, [names.index(name) for name in study.joint.variables]]
    assert sorted(joint.tolist()) == sorted(study.joint.rows.tolist())
    lower_t, no_extension = rows[:, names.index("t_stage")], rows[:, names.index("ete")]
    assert not ((lower_t == 0) & (no_extension == 1)).any()


def test_exchange_between_two_events_leaves_univariable_rows_alone(qingdao):
    _, _, design, start, _ = qingdao
    rows, best = start.copy(), start.copy()
    cooling = Cooling(0, 20_000, 20_000, 1e9, 1e9, 0.9, 300.0, 50_000, 5)
    mix = cumulative((0, 0, 0, 0, 0, 0, 0, 0, 1), design)
    weights = np.ones(len(design.beta))
    anneal(rows, best, np.inf, design, weights, np.ones(len(design.model)), mix, cooling)
    columns = 3 * len(weights)
    before, after = fresh_residuals(start, design), fresh_residuals(rows, design)
    assert (rows != start).sum() > 20
    assert after[:columns] == pytest.approx(before[:columns], abs=1e-9)
    assert np.abs(after[columns:] - before[columns:]).max() > 1


def test_timeline_statistics_are_those_of_lifelines(cohort):
    study = toy_study(cohort)
    classes, events, marks, _ = toy_arrays(cohort)
    rate, logrank = timeline_values(study, classes, events, marks)
    assert rate == pytest.approx(rate_at(cohort, 20), abs=1e-9)
    assert logrank == pytest.approx(study.logranks[0].target.value, abs=0.005)


def test_cohort_that_was_printed_is_at_no_distance(cohort):
    classes, events, marks, rows = toy_arrays(cohort)
    report = distances(toy_study(cohort), classes, events, marks, rows)
    assert len(report) == 14
    assert (report["hit"] == "yes").all()
    assert (report["digits"].abs() <= 0.5 + 1e-6).all()


def test_effects_of_moves_are_those_of_fresh_sums(qingdao):
    _, _, design, rows, _ = qingdao
    moves = list_moves(rows, design, np.random.default_rng(1))
    moves = moves.take(np.random.default_rng(2).choice(moves.many, 60, replace=False))
    base, effects = effects_of(rows, design, moves)
    alone = (moves.first[:, 0], moves.second[:, 0], moves.masks[:, 0])
    for first, second, mask, effect in zip(*alone, effects, strict=True):
        changed = rows.copy()
        changed[first, mask], changed[second, mask] = rows[second, mask], rows[first, mask]
        assert base + effect == pytest.approx(fresh_residuals(changed, design), abs=1e-6)


def test_polish_lowers_the_energy(qingdao):
    _, _, design, rows, _ = qingdao
    schedule = Schedule(polish_moves=300, polish_refits=20)
    _, first, better = polish_once(rows, design, schedule, 1)
    assert better
    assert first < ((np.maximum(np.abs(fresh_residuals(rows, design)) - 0.9, 0)) ** 2).sum()


def test_single_column_has_no_model(qingdao):
    _, _, design, rows, _ = qingdao
    one = alone(design, 3)
    whole, single = fresh_sums(rows, design), fresh_sums(rows[:, [3]], one)
    assert single.total.size == 0
    assert single.score[0] == pytest.approx(whole.score[3])


def test_centre_of_a_printed_row_is_what_was_printed(cohort):
    for name in COVARIATES:
        fit = phreg(cohort, [name])
        estimate, error, slack = ratio_centre(printed_rows(cohort, [name], 5)[name])
        assert slack >= 0
        assert estimate == pytest.approx(fit.params[0], abs=1e-4)
        assert error == pytest.approx(fit.bse[0], abs=1e-4)


def test_range_of_events_by_hand():
    # sqrt(1/10 + 1/30) = 0.3651: fewer than 10 of 40 on either side have a larger error.
    assert event_range(0.3652, 40) == (10, 30)
    assert event_range(0.1, 40) == (0, 40)


def test_timing_reads_classes(qingdao):
    timing = timing_of(qingdao[0])
    assert timing.logrank_groups.tolist() == [[0, 1, 1, 1, 1], [-1, 0, 1, 2, 1]]
    assert timing.cox_levels.tolist() == [[0, 1, 1, 0, 0]]

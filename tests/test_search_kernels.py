"""Sums behind the Cox models against statsmodels, and changes of the sums against fresh ones."""

import numpy as np
import pytest
from numba import njit
from search_toy import COVARIATES, phreg, printed_rows, rate_at, toy_arrays, toy_cohort, toy_study

from rairlib.search.all_residuals import all_effects
from rairlib.search.arrays import alone, design_of, timing_of
from rairlib.search.cooling import Cooling
from rairlib.search.covariates import _change_columns, _commit, _workspace, anneal, cumulative
from rairlib.search.cox_fit import fit_rows
from rairlib.search.cox_terms import NORMAL_QUANTILE
from rairlib.search.declaration import event_range, ratio_centre
from rairlib.search.distances import distances, timeline_values
from rairlib.search.moves import propose
from rairlib.search.polish import (
    Cohort,
    Print,
    counting_energy,
    in_order,
    mark_ranges,
    polish_once,
)
from rairlib.search.risk_sums import (
    change_model,
    fill_sums,
    fresh_residuals,
    fresh_sums,
    last_event,
)
from rairlib.search.schedule import Schedule
from rairlib.search.small_moves import SHIFT, list_small_moves, make_move
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


def qingdao_timeline(study):
    """Return the order in time of the fixture: classes, events, marks."""
    return start_timeline(study, np.random.default_rng(3))


def polished(qingdao):
    study, _, design, rows, _ = qingdao
    classes, events, marks = qingdao_timeline(study)
    until = np.append(np.cumsum(events)[marks - 1], events.sum())
    return Cohort(rows, classes, design.at_risk), Print(design, timing_of(study), until), events


def test_all_residuals_are_those_of_the_sums_and_of_the_timeline(qingdao):
    study, _, design, rows, _ = qingdao
    classes, events, marks = qingdao_timeline(study)
    cohort, printed, _ = polished(qingdao)
    residuals = printed.residuals(cohort)
    rows_only = fresh_residuals(rows, design)
    assert residuals[: len(rows_only)] == pytest.approx(rows_only, abs=1e-6)
    timing = timing_of(study)
    values = timeline_values(study, classes, events, marks)
    many = len(timing.rate_marks) + len(timing.logrank_groups)
    expected = (values[:many] - timing.target[:many]) / timing.half[:many]
    assert residuals[len(rows_only) :] == pytest.approx(expected, abs=1e-6)


def test_effects_of_small_moves_are_those_of_the_cohorts_they_make(qingdao):
    cohort, printed, _ = polished(qingdao)
    rng = np.random.default_rng(2)
    moves = list_small_moves(cohort.rows, cohort.classes, cohort.at_risk, printed.design, rng)
    kinds = [moves.masks[:, 0] == SHIFT, moves.masks[:, 0] > 0]
    some = np.concatenate([rng.choice(np.flatnonzero(kind), 40, replace=False) for kind in kinds])
    moves = moves.take(some)
    parts = (cohort.rows, cohort.classes, cohort.at_risk, printed.design, printed.timing)
    base, effects = all_effects(*parts, printed.until, moves)
    for move, effect in enumerate(effects):
        rows, at_risk = cohort.rows.copy(), cohort.at_risk.copy()
        make_move(move, 1, moves, rows, at_risk)
        changed = printed.residuals(Cohort(rows, cohort.classes, at_risk))
        assert base + effect == pytest.approx(changed, abs=1e-6)
        make_move(move, -1, moves, rows, at_risk)
        assert np.array_equal(rows, cohort.rows)
        assert np.array_equal(at_risk, cohort.at_risk)


def test_small_moves_keep_counts_and_the_joint_table(qingdao):
    cohort, printed, _ = polished(qingdao)
    rng = np.random.default_rng(3)
    design = printed.design
    moves = list_small_moves(cohort.rows, cohort.classes, cohort.at_risk, design, rng)
    joint = design.joint
    before = sorted(cohort.rows[:, joint].tolist())
    for move in rng.choice(len(moves.first), 200, replace=False):
        rows, at_risk = cohort.rows.copy(), cohort.at_risk.copy()
        make_move(move, 1, moves, rows, at_risk)
        assert sorted(rows[:, joint].tolist()) == before
        for column in range(rows.shape[1]):
            stratum = design.stratum if design.stratified[column] else 0 * design.stratum
            counts = np.bincount(stratum, rows[:, column])
            assert np.array_equal(counts, np.bincount(stratum, cohort.rows[:, column]))
        assert ((at_risk == cohort.at_risk) | (design.event == 0)).all()


def test_polish_lowers_the_energy_and_reorders_in_time(qingdao):
    study = qingdao[0]
    cohort, printed, events = polished(qingdao)
    schedule = Schedule(polish_moves=400, polish_random=5, polish_refits=40)
    energy = counting_energy(printed.residuals(cohort), printed.weights(), schedule)
    better_cohort, lower, better = polish_once(cohort, printed, schedule, 1)
    assert better
    assert lower < energy
    marks = qingdao_timeline(study)[2]
    rows, classes, events, marks = in_order(better_cohort, events, marks, printed)
    assert sorted(np.cumsum(events)) == sorted(better_cohort.at_risk)
    assert np.array_equal(np.cumsum(events)[marks - 1], printed.until[:-1])
    design = design_of(study, classes, events)
    again = Print(design, printed.timing, printed.until)
    assert counting_energy(
        again.residuals(Cohort(rows, classes, design.at_risk)), printed.weights(), schedule
    ) == pytest.approx(
        counting_energy(printed.residuals(better_cohort), printed.weights(), schedule)
    )


def test_marks_lie_between_the_events_by_hand():
    # In order: event 1, censored, event 2, censored, censored, event 3.
    at_risk, until = np.array([1, 1, 2, 2, 2, 3]), np.array([0, 1, 2, 3])
    low, high = mark_ranges(at_risk, until)
    assert low.tolist() == [0, 1, 3]
    assert high.tolist() == [0, 2, 5]


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
    assert timing.logrank_groups.tolist() == [[0, 1, 1, 1, 1]]
    assert timing.cox_levels.tolist() == [[0, 1, 1, 0, 0]]

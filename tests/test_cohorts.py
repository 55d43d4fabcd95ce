"""A made-up study is declared, searched for and met; its parts against other libraries."""

from dataclasses import replace

import numpy as np
import pytest
from cohorts_toy import COVARIATES, QUICK, phreg, rate_at, toy_cohort, toy_order, toy_study
from joblib import Parallel, delayed

from rairlib.cohorts import covariates, order
from rairlib.cohorts.annealing import anneal, excess
from rairlib.cohorts.breslow import fitted_ratios
from rairlib.cohorts.declared import load_declared
from rairlib.cohorts.order import order_of, start_order, statistics
from rairlib.cohorts.search import Cohort, Cooling, find_cohort
from rairlib.cohorts.study import Target
from rairlib.registry.toml_file import DeclarationError
from rairlib.stats.logistic import Z_95

SHORT = Cooling(restarts=2, steps=2_000, hot=1e4, cold=1.0)


@pytest.fixture(scope="module")
def cohort():
    return toy_cohort()


@pytest.fixture(scope="module")
def study(cohort):
    return toy_study(cohort)


@pytest.fixture(params=["", "B"])
def qingdao(request):
    study, rng = load_declared("wang2025", request.param), np.random.default_rng(3)
    found = start_order(study, rng)
    levels, outside = covariates.deal(study, found, rng)
    return study, found, covariates.start_rows(study, found, levels), outside, rng


def searched(study, seed: int, cooling: Cooling = SHORT) -> Cohort:
    return find_cohort(study, np.random.default_rng(seed), cooling, cooling)


def test_cohort_rounds_to_every_printed_number(study):
    report = searched(study, 1, QUICK).report()
    assert len(report) == 14
    assert report.loc[report["met"] == "no", ["variable", "printed", "attained"]].empty


def test_cohort_has_the_declared_counts(study):
    frame = searched(study, 2).skeleton()
    assert len(frame) == 40
    assert frame["event"].sum() == study.events
    for covariate in study.covariates:
        counts = frame[frame[covariate.variable] == "yes"]["class"].value_counts()
        assert counts.to_dict() == {k: n for k, n in covariate.counts.items() if n}


def test_seed_alone_determines_the_cohort_whatever_the_workers(study):
    tasks = [delayed(searched)(study, seed) for seed in (4, 5)]
    first, second = (found.skeleton() for found in Parallel(n_jobs=2)(tasks))
    assert searched(study, 4).skeleton().equals(first)
    assert not second.equals(first)


def test_declaration_that_contradicts_itself_is_refused(study):
    first, second = study.classes
    without = first.model_copy(update={"events": (0, 0)})
    with_few = second.model_copy(update={"events": (0, 2)})
    with pytest.raises(DeclarationError, match="but the classes allow 0 to 2"):
        replace(study, classes=(without, with_few))
    crowded = replace(study.covariates[0], counts={"group 0": 21, "group 1": 1})
    with pytest.raises(DeclarationError, match="21 patients with 'yes' do not fit"):
        replace(study, covariates=(crowded,))


def test_cohort_that_was_printed_meets_every_number(cohort, study):
    levels = cohort[list(COVARIATES)].to_numpy(np.int64)
    found = Cohort(study=study, order=toy_order(cohort), levels=levels, outside=levels[:0])
    assert (found.report()["met"] == "yes").all()


@pytest.mark.parametrize("columns", [["older"], ["spread"], list(COVARIATES)])
def test_fit_is_that_of_statsmodels(cohort, columns):
    expected = phreg(cohort, columns)
    sides = Z_95 * np.array([0, -1, 1])
    ratios = np.exp(expected.params[:, None] + expected.bse[:, None] * sides)
    assert fitted_ratios(cohort[columns].to_numpy(), cohort["event"]) == pytest.approx(
        ratios, rel=1e-8
    )


def test_fit_without_a_maximum_has_no_numbers():
    # Whoever has level 1 has the event first: the likelihood grows without end.
    assert np.isnan(fitted_ratios(np.array([[1], [1], [0], [0]]), np.array([1, 1, 0, 0]))).all()


def test_statistics_of_an_order_are_those_of_lifelines(cohort, study):
    rate, logrank = statistics(toy_order(cohort))
    assert rate == pytest.approx(rate_at(cohort, 20), abs=1e-9)
    assert logrank == pytest.approx(study.logranks[0].target.value, abs=0.005)


def test_excess_is_squared_beyond_nine_tenths_of_the_interval():
    # 1.23 ± 0.005: 1.2345 is inside; 1.24 is 2 half units away, 1.1 beyond 0.9.
    values, half = np.array([1.2345, 1.24]), np.full(2, 0.005)
    assert excess(values, np.full(2, 1.23), half) == pytest.approx(1.1**2)


def test_energy_after_exchanges_is_that_summed_afresh(qingdao):
    study, found, rows, _, rng = qingdao
    last = anneal(
        rows, covariates.propose, covariates.energy, covariates.settle, rng, 4_000, 1e5, 1e3
    )
    fresh = covariates.start_rows(study, found, rows.levels)
    assert covariates.energy(fresh, np.inf) == pytest.approx(last, rel=1e-9)
    assert rows.sums == pytest.approx(fresh.sums, abs=1e-12)


def test_energy_at_the_maximum_is_that_of_whole_fits(cohort, study):
    # Targets are the cohort's own ratios and limits, moved by four half units.
    levels = cohort[list(COVARIATES)].to_numpy(np.int64)
    rows = covariates.start_rows(study, toy_order(cohort), levels)
    own = np.vstack([*(fitted_ratios(levels[:, [k]], cohort["event"]) for k in range(3)),
                     fitted_ratios(levels, cohort["event"])])  # fmt: skip
    half = np.full_like(own, 5e-4)
    rows = rows._replace(target=own + 2e-3, half=half, beta=np.log(own[:, 0]))
    for segment in range(len(rows.sums)):
        covariates.renew(rows, segment)
    # Each is 3.1 beyond 0.9 of the interval, 18 times.
    assert covariates.energy(rows, np.inf) == pytest.approx(18 * 3.1**2, rel=1e-6)


def test_exchanges_keep_counts_events_and_the_joint_table(qingdao):
    study, found, rows, outside, rng = qingdao
    start = rows.levels.copy()
    anneal(rows, covariates.propose, covariates.energy, covariates.settle, rng, 20_000, 1e9, 1e9)
    names = [covariate.variable for covariate in study.covariates]
    free = [k for k, covariate in enumerate(study.covariates) if not covariate.classes]
    assert (rows.levels != start).any(axis=0)[free].all()
    strata = np.array([entry.stratum for entry in study.classes], dtype=object)[found.classes]
    left_out = np.array(
        [entry.stratum for entry in study.classes for _ in range(study.outside.get(entry.name, 0))]
    )
    assert left_out.tolist().count("RAIR") == (study.outside != {"RAIA": 8})
    for covariate, column, out in zip(study.covariates, rows.levels.T, outside.T, strict=True):
        for name, count in covariate.counts.items():
            at_risk = column[(strata == name) | (name == "")].sum()
            assert at_risk + out[left_out == name].sum() == count
        if covariate.outside >= 0:
            assert out.sum() == covariate.outside
    assert rows.levels[found.events == 1, names.index("ps_tg_528")].sum() == 23
    joint = np.vstack([rows.levels, outside])[:, study.joint_columns]
    assert sorted(joint.tolist()) == sorted(study.joint.rows.tolist())


def test_exchanged_positions_keep_sizes_and_bounds(qingdao):
    study, found, _, _, rng = qingdao
    anneal(found, order.propose, order.energy, order.settle, rng, 5_000, 1e9, 1e9)
    sizes = np.bincount(found.classes, minlength=len(study.classes))
    assert sizes.tolist() == [entry.size for entry in study.classes]
    assert found.events.sum() == study.events
    events = np.bincount(found.classes[found.events == 1], minlength=len(study.classes))
    assert events.tolist() == found.counts.tolist()
    for entry, many in zip(study.classes, events, strict=True):
        assert entry.events[0] <= many <= entry.events[1]
    for mark, position in zip(study.marks, found.marks, strict=True):
        assert mark.positions[0] <= position <= mark.positions[1]


def test_a_change_that_is_taken_back_leaves_everything_as_it_was(qingdao):
    _, found, rows, _, rng = qingdao
    for kind, state in ((order, found), (covariates, rows)):
        kind.energy(state, np.inf)
        kind.settle(state, True)
        before = [array.copy() for array in state]
        for _ in range(300):
            if kind.propose(state, rng):
                kind.energy(state, np.inf)
                kind.settle(state, False)
        scratch = {"move", "changed", "saved", "parts"}
        for name, array, was in zip(state._fields, state, before, strict=True):
            assert name in scratch or np.array_equal(array, was), name


def test_range_of_events_by_hand():
    # sqrt(1/10 + 1/30) = 0.3651: fewer than 10 of 40 on either side have a larger error.
    width = 2 * Z_95 * 0.3652
    row = tuple(
        Target(id="", text="", low=value, high=value) for value in (1.0, 1.0, np.exp(width))
    )
    assert covariates.event_range(row, 40) == (10, 30)
    assert covariates.event_range((), 40) == (0, 40)


def test_groups_of_classes_are_read(qingdao):
    study, found = qingdao[:2]
    known = order_of(study, found.classes, found.events, found.marks)
    assert known.groups.tolist() == [[0, 1, 1, 1, 1], [-1, 0, 1, 2, 1]]
    assert known.levels.tolist() == [[0, 1, 1, 0, 0]]

"""The last stages of a search: walks of one column, neutral exchanges, sums of effects."""

from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter
from search_toy import (
    COVARIATES,
    LINEAR_STEP,
    QUICK,
    printed_rows,
    toy_arrays,
    toy_cohort,
    toy_study,
)

from rairlib.search.arrays import design_of
from rairlib.search.column_walk import Model, Walk, walk_column
from rairlib.search.cox_fit import fitted_rows
from rairlib.search.cox_terms import NORMAL_QUANTILE
from rairlib.search.declaration import Covariate, DeclaredStudy, JointTable, ratio_centre
from rairlib.search.exact_column import printed_column
from rairlib.search.exchanges import effects_of, exchanged, joined
from rairlib.search.linear import exact_residuals, linear_step, missed, searched_numbers
from rairlib.search.linear_sums import SumEnergy, anneal_sums, small_pairs, sum_energy
from rairlib.search.neutral import cancelling_pairs, walked_sets, within_intervals
from rairlib.search.refits import refitted_effects
from rairlib.search.search import Search
from rairlib.search.start import start_rows, start_timeline
from rairlib.search.walks import model_around, walk_order, walked
from rairlib.simulation.declared import load_declared

SEEDS = (1, 2)
NO_MODEL = Model(np.empty(0), np.empty((0, 0)))
LONGER = replace(
    QUICK,
    walk_steps=100_000,
    walk_pulls=(0.5, 0.1),
    walk_temperatures=(1.0, 30.0),
    walk_ends=(0.1, 30.0),
)


@pytest.fixture(scope="module")
def cohort():
    return toy_cohort()


def shuffled(cohort: pd.DataFrame, seed: int) -> np.ndarray:
    """Return the rows with each column exchanged at random within the groups."""
    rng = np.random.default_rng(seed)
    rows = toy_arrays(cohort)[3]
    for members in (cohort["group"] == 0, cohort["group"] == 1):
        place = np.flatnonzero(members)
        for column in range(rows.shape[1]):
            rows[place, column] = rows[rng.permutation(place), column]
    return rows


def univariable_study(cohort: pd.DataFrame, digits: int) -> DeclaredStudy:
    """Declare the toy study with a univariable row of each covariate and no model."""
    study = toy_study(cohort)
    return DeclaredStudy(
        study="univariable",
        events=study.events,
        classes=study.classes,
        covariates=tuple(
            Covariate(
                variable=entry.variable,
                levels=entry.levels,
                counts=entry.counts,
                univariable=printed_rows(cohort, [entry.variable], digits)[entry.variable],
            )
            for entry in study.covariates
        ),
    )


def joint_study(cohort: pd.DataFrame) -> DeclaredStudy:
    """Declare the toy study with a kept joint table of two covariates."""
    study = toy_study(cohort)
    variables = COVARIATES[:2]
    table = JointTable(variables=variables, rows=cohort[list(variables)].to_numpy(np.int64))
    return DeclaredStudy(
        study="joint",
        events=study.events,
        classes=study.classes,
        covariates=tuple(replace(entry, outside=0) for entry in study.covariates),
        joint=table,
    )


@pytest.fixture(scope="module")
def qingdao():
    study, _ = load_declared("wang2025")
    rng = np.random.default_rng(3)
    classes, events, _ = start_timeline(study, rng)
    rows, _ = start_rows(study, classes, rng)
    return study, design_of(study, classes, events), rows


def joint_counts(rows: np.ndarray, design) -> list:
    return sorted(rows[:, design.joint].tolist())


def stratum_counts(rows: np.ndarray, design) -> list:
    return [rows[design.stratum == s][:, design.stratified].sum(0).tolist() for s in (0, 1)]


def lifelines_row(cohort: pd.DataFrame, levels: np.ndarray) -> np.ndarray:
    frame = pd.DataFrame({"time": cohort["time"], "event": cohort["event"], "x": levels})
    table = CoxPHFitter().fit(frame, "time", "event").summary
    names = ["exp(coef)", "exp(coef) lower 95%", "exp(coef) upper 95%"]
    return table.loc["x", names].to_numpy(float)


@pytest.mark.parametrize("seed", SEEDS)
def test_walk_reaches_the_printed_row_by_lifelines(cohort, seed):
    study = univariable_study(cohort, 2)
    classes, events, _, _ = toy_arrays(cohort)
    design = design_of(study, classes, events)
    start = shuffled(cohort, seed)
    rows = start
    order = walk_order(study, rows, design)
    assert sorted(order) == [0, 1, 2]
    for column in order:
        error = ratio_centre(study.covariates[column].univariable)[1]
        rows = walked(rows, design, column, error, LONGER, seed)
    assert (rows != start).any()
    assert stratum_counts(rows, design) == stratum_counts(start, design)
    for k, covariate in enumerate(study.covariates):
        found = lifelines_row(cohort, rows[:, k])
        for target, value in zip(covariate.univariable, found, strict=True):
            assert f"{value:.2f}" == target.text


def test_row_that_is_there_already_is_not_walked(cohort):
    study = univariable_study(cohort, 1)
    classes, events, _, rows = toy_arrays(cohort)
    design = design_of(study, classes, events)
    wide = design._replace(target=fitted_rows(rows, design)[0])
    assert walked(rows, wide, 0, 1.0, QUICK, 1) is rows


def test_walk_keeps_strata_joint_table_and_forbidden_pairs(qingdao):
    # The printed row is that of the start, give or take 0.2: walks end soon, in another cohort.
    study, design, start = qingdao
    names = [covariate.variable for covariate in study.covariates]
    t_stage, ete = names.index("t_stage"), names.index("ete")
    design = design._replace(
        beta=np.log(fitted_rows(start, design)[0][:, 0]),
        target=fitted_rows(start, design)[0],
        half=np.full_like(design.half, 0.2),
        events_low=np.zeros(len(names)),
        events_high=np.full(len(names), float(study.events)),
    )
    for column in (names.index("tumor_size_4"), ete, names.index("gender")):
        rows = start.copy()
        error = np.diff(np.log(design.target[column, 1:]))[0] / (2 * NORMAL_QUANTILE)
        for seed in range(20):
            levels = rows[:, column].copy()
            walk = Walk(100_000, 3.0, 3.0, 0.5, 0.0, 0.9, error**-2, seed)
            assert walk_column(levels, printed_column(rows, design, column), walk, NO_MODEL)
            rows[:, column] = levels
        assert (rows != start).sum() > 10
        assert joint_counts(rows, design) == joint_counts(start, design)
        assert stratum_counts(rows, design) == stratum_counts(start, design)
        assert not ((rows[:, t_stage] == 0) & (rows[:, ete] == 1)).any()
        away = fitted_rows(rows, design)[0][column] - design.target[column]
        assert np.abs(away).max() <= 0.2


def test_model_around_a_column_agrees_with_refits(qingdao):
    study, design, rows = qingdao
    column = [covariate.variable for covariate in study.covariates].index("gender")
    model = model_around(rows, design, column, 25.0)

    def residuals(cohort):
        away = fitted_rows(cohort, design)[1] - design.model_target
        return (away / design.model_half).ravel()

    there = residuals(rows)
    np.testing.assert_allclose(25.0 * model.left, there, rtol=1e-6, atol=1e-5)
    for patient in range(0, len(rows), 20):
        changed = rows.copy()
        changed[patient, column] = 1 - rows[patient, column]
        gain = residuals(changed) - there
        np.testing.assert_allclose(25.0 * model.flips[patient], gain, rtol=1e-5, atol=1e-4)


def test_exchanges_within_intervals_are_neutral(qingdao):
    _, design, rows = qingdao
    library = joined(
        [
            within_intervals(rows, design),
            cancelling_pairs(rows, design, 300, np.random.default_rng(1)),
        ]
    )
    assert library.first.shape[1] == 2
    assert (library.first[:, 1] >= 0).sum() > 50
    _, effects = effects_of(rows, design, library)
    possible = effects[:, 0] < 1e5
    assert possible.mean() > 0.5
    assert effects[possible][:, : 3 * rows.shape[1]] == pytest.approx(0, abs=1e-7)
    before = fitted_rows(rows, design)[0]
    for move in np.flatnonzero(possible)[::199]:
        changed = exchanged(rows, library.take(np.array([move])))
        assert joint_counts(changed, design) == joint_counts(rows, design)
        assert stratum_counts(changed, design) == stratum_counts(rows, design)
        assert fitted_rows(changed, design)[0] == pytest.approx(before, abs=1e-9)


def test_walked_sets_keep_the_printed_row(cohort):
    study = toy_study(cohort)
    classes, events, _, rows = toy_arrays(cohort)
    design = design_of(study, classes, events)
    wide = design._replace(half=np.full_like(design.half, 0.05))
    sets = walked_sets(rows, wide, 0, steps=100_000, most=200, size=1e4, seed=1)
    assert sets.many > 20
    assert len(np.unique((sets.first >= 0).sum(1))) > 1
    for move in range(0, sets.many, 5):
        changed = exchanged(rows, sets.take(np.array([move])))
        assert (changed[:, 0] != rows[:, 0]).sum() == 2 * (sets.first[move] >= 0).sum()
        assert (changed[:, 1:] == rows[:, 1:]).all()
        assert stratum_counts(changed, design) == stratum_counts(rows, design)
        row = lifelines_row(cohort, changed[:, 0])
        assert np.abs(row - design.target[0]).max() <= 0.05


def test_walked_sets_of_a_joint_column_keep_the_table(qingdao):
    study, design, rows = qingdao
    column = [covariate.variable for covariate in study.covariates].index("age_55")
    wide = design._replace(
        target=fitted_rows(rows, design)[0], half=np.full_like(design.half, 0.05)
    )
    sets = walked_sets(rows, wide, column, steps=100_000, most=60, size=1e4, seed=1)
    assert (sets.first >= 0).sum(1).max() >= 4
    for move in range(0, sets.many, 7):
        changed = exchanged(rows, sets.take(np.array([move])))
        assert joint_counts(changed, design) == joint_counts(rows, design)
        assert stratum_counts(changed, design) == stratum_counts(rows, design)
        away = fitted_rows(changed, design)[0][column] - wide.target[column]
        assert np.abs(away).max() <= 0.05


def test_column_outside_the_model_or_without_a_row_has_no_sets(cohort):
    classes, events, _, rows = toy_arrays(cohort)
    design = design_of(univariable_study(cohort, 1), classes, events)
    sets = walked_sets(rows, design, 0, steps=20_000, most=10, size=1e4, seed=1)
    assert sets.many == 0


def test_refitted_effects_are_those_of_fits_and_nearly_add_up(qingdao):
    # The sum of two effects differs from that of both sets together by their product, a small
    # part of the effects themselves.
    _, design, rows = qingdao
    library = cancelling_pairs(rows, design, 200, np.random.default_rng(2))
    base, effects = refitted_effects(rows, design, library)
    assert base == pytest.approx(exact_residuals(rows, design), rel=1e-6, abs=1e-5)
    for move in np.flatnonzero(effects[:, 0] < 1e5)[::20]:
        after = exact_residuals(exchanged(rows, library.take(np.array([move]))), design)
        assert base + effects[move] == pytest.approx(after, rel=1e-6, abs=1e-5)
    size = np.sqrt((effects**2).mean(1))
    small = np.flatnonzero((size > 1e-3) & (size < np.quantile(size, 0.5)))
    patients, checked = library.patients(), []
    for one, other in pairwise(small):
        if set(patients[one]) & set(patients[other]):
            continue
        changed = exchanged(rows, library.take(np.array([one, other])))
        added = base + effects[one] + effects[other]
        off = np.abs(exact_residuals(changed, design) - added).max()
        checked.append(off / max(np.abs(effects[one]).max(), np.abs(effects[other]).max()))
    assert len(checked) > 20
    assert np.median(checked) < 0.25


def test_small_pairs_are_those_of_all_pairs():
    rng = np.random.default_rng(4)
    effects = rng.normal(size=(60, 5))
    patients = np.sort(rng.integers(0, 40, (60, 2)), axis=1)[:, ::-1]
    one, other = small_pairs(effects, patients, 1.2, 10_000)
    expected = {
        (a, b)
        for a, b in combinations(range(60), 2)
        if not set(patients[a]) & set(patients[b])
        and np.sqrt(((effects[a] + effects[b]) ** 2).mean()) < 1.2
    }
    assert set(zip(one.tolist(), other.tolist(), strict=True)) == expected
    fewer = small_pairs(effects, patients, 1.2, 10)
    sizes = {p: ((effects[p[0]] + effects[p[1]]) ** 2).sum() for p in expected}
    assert {(int(a), int(b)) for a, b in zip(*fewer, strict=True)} == set(
        sorted(sizes, key=sizes.get)[:10]
    )


def judge(univariable: int, numbers: int, **changed) -> SumEnergy:
    settings = {
        "univariable": univariable,
        "inside": np.full(univariable, 0.9),
        "model_inside": 0.85,
        "limits": np.full(numbers, 10.0),
        "reward": 60.0,
        "width": 10.0,
    }
    return SumEnergy(**settings | changed)


def test_energy_of_sums_by_hand():
    # 20 (1.9 - 0.9)^2 = 20; 3.85 - 0.85 = 3: 60 * 9 / 19 + 0.018; 12.85: 60 * 144 / 154 + 0.288
    # and 2.5 * 2.85^2 beyond the limit.
    residuals = np.array([1.9, 0.5, 3.85, -12.85])
    expected = 20 + 60 * 9 / 19 + 0.018 + 60 * 144 / 154 + 0.288 + 2.5 * 2.85**2
    assert sum_energy(residuals, judge(2, 4)) == pytest.approx(expected)


def test_annealing_of_sums_finds_the_best_subset():
    rng = np.random.default_rng(6)
    effects = rng.normal(scale=4, size=(12, 3))
    patients = np.array([[2 * (m // 2), 2 * (m // 2) + 1] for m in range(12)])  # one of each two
    residuals = rng.normal(scale=8, size=3)
    weigh = judge(1, 3)
    best = min(
        sum_energy(residuals + effects[list(subset)].sum(0), weigh)
        for many in range(7)
        for subset in combinations(range(12), many)
        if len({m // 2 for m in subset}) == many
    )
    energy, chosen = anneal_sums(effects, residuals, patients, 12, weigh, 100_000, 100.0, 0.5, 1)
    assert energy == pytest.approx(best)
    assert sum_energy(residuals + effects[chosen].sum(0), weigh) == pytest.approx(best)
    assert len({m // 2 for m in chosen}) == len(chosen)


def test_linear_step_takes_only_what_is_better(qingdao):
    _, design, rows = qingdao
    changed = linear_step(rows, design, LINEAR_STEP, QUICK, 3)
    assert joint_counts(changed, design) == joint_counts(rows, design)
    assert stratum_counts(changed, design) == stratum_counts(rows, design)
    positions, many = searched_numbers(design)
    assert (many, len(positions)) == (24, 51)
    away = np.abs(exact_residuals(rows, design)[positions])
    assert missed(rows, design, 1e9) == (away > 1).sum()


@pytest.mark.parametrize("declare", [joint_study, lambda cohort: univariable_study(cohort, 1)])
def test_search_with_joint_table_or_without_model(cohort, declare):
    study = declare(cohort)
    search = Search(study, QUICK, 2)
    state = search.run()
    report = search.report(state)
    assert state.stage == "done"
    assert (report["hit"] == "yes").mean() >= 0.8
    if study.joint:
        design = search._design(state.arrays)
        kept = joint_counts(state.arrays["rows"][state.best_chain()], design)
        assert kept == sorted(study.joint.rows.tolist())

"""Compiled estimators on 2,000 awkward cohorts, each against an established implementation.

Cox regressions and log-rank tests are those of R's survival, printed by
reference/awkward_cohorts.R. Which models have a finite estimate is decided by linear programming,
not by what the references do when theirs runs away.
"""

from collections import Counter
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from awkward_cohorts import COHORTS, awkward
from firthmodels import FirthLogisticRegression
from scipy import stats
from scipy.optimize import linprog
from scipy.special import expit
from sklearn.exceptions import ConvergenceWarning
from statsmodels.duration.survfunc import SurvfuncRight

from rairlib.stats import kernels

R = pd.read_csv(Path(__file__).parent / "reference" / "awkward_cohorts.csv", dtype=str)
NUMBERS = range(COHORTS)
FUNCTIONS = {
    "logistic": ("event", "design", "used"),
    "breslow": ("time", "event", "columns", "covariates", "breslow"),
    "efron": ("time", "event", "columns", "covariates", "efron"),
    "logistic_tests": ("event", "design", "used"),
    "firth": ("event", "design", "used"),
    "log_rank": ("time", "event", "group"),
    "survival_at": ("time", "event", "months"),
    "auc": ("event", "score"),
    "best_cutoff": ("event", "score"),
    "mann_whitney": ("event", "score"),
    "student": ("event", "score"),
    "pearson": ("event", "level"),
    "fisher": ("event", "level"),
}


def kernel(name):
    return getattr(kernels, {"breslow": "cox", "efron": "cox"}.get(name, name))


@cache
def arguments(number):
    """Return what the functions take of one cohort."""
    cohort = awkward(number)
    seen = cohort.time[~np.isnan(cohort.event)]
    months = np.quantile(seen, [0, 0.25, 0.5, 1], method="lower") if seen.size else np.zeros(4)
    derived = {"months": np.append(months, cohort.time.max() + 1), "covariates": cohort.used[1:]}
    return vars(cohort) | derived | {"breslow": 0.0, "efron": 1.0}


@cache
def single(name):
    """Return the results of one call per cohort."""
    return [kernel(name)(*map(arguments(number).get, FUNCTIONS[name])) for number in NUMBERS]


def padded(name, argument):
    """Return an argument of all cohorts: the patients that others have more of are not analysed."""
    values = [np.asarray(arguments(number)[argument]) for number in NUMBERS]
    shape = np.max([value.shape for value in values], axis=0)
    filled = np.full((COHORTS, *shape), np.nan if argument == "event" else 0.0)
    for place, value in enumerate(values):
        filled[(place, *map(slice, value.shape))] = value
    return filled


@pytest.mark.parametrize("name", FUNCTIONS)
def test_many_cohorts_at_once_are_bit_for_bit_those_of_single_calls(name):
    given = [padded(name, argument) for argument in FUNCTIONS[name]]
    before = [values.copy() for values in given]
    together = kernel(name)(*given)
    together = together if isinstance(together, tuple) else (together,)
    for number, alone in enumerate(single(name)):
        alone = alone if isinstance(alone, tuple) else (alone,)
        for many, one in zip(together, alone, strict=True):
            own = many[number][tuple(map(slice, np.shape(one)))]
            np.testing.assert_array_equal(own, one, err_msg=str(number))
    for values, kept in zip(given, before, strict=True):
        np.testing.assert_array_equal(values, kept)


def independent(columns):
    """Tell whether no column follows from the others, to seven digits."""
    sizes = np.linalg.svd(columns, compute_uv=False)
    return len(columns) >= columns.shape[1] and sizes.min() > 1e-7 * sizes.max()


def finite_maximum(directions):
    """Tell whether a concave likelihood has one maximum, from where it does not fall.

    It stays or rises for ever along b if no row of `directions` times b is negative.
    """
    spread = np.abs(directions).max(axis=0, initial=0.0)
    if not spread.all():
        return False
    rows = np.unique(directions / spread, axis=0)
    if not independent(rows):
        return False
    found = linprog(-rows.sum(axis=0), A_ub=-rows, b_ub=np.zeros(len(rows)), bounds=(-1, 1))
    assert found.status == 0
    return -found.fun < 1e-6


@cache
def logistic_case(number):
    """Return outcomes, design on one scale, the way back to its units, and if a fit exists."""
    cohort = awkward(number)
    kept, used = ~np.isnan(cohort.event), cohort.used == 1
    event, columns = cohort.event[kept], cohort.design[kept][:, used][:, 1:]
    mean, spread = columns.mean(axis=0), columns.std(axis=0)
    columns = (columns - mean) / np.where(spread > 0, spread, 1.0)
    design = np.column_stack([np.ones(event.size), columns])
    finite = finite_maximum((2 * event - 1)[:, np.newaxis] * design)
    # The intercept is that of patients with zeros throughout.
    back = np.diag(np.append(1.0, 1 / np.where(spread > 0, spread, 1.0)))
    back[0, 1:] = -mean / np.where(spread > 0, spread, 1.0)
    return event, design, back, finite


@cache
def cox_is_finite(number):
    """Tell whether a Cox regression has a finite estimate."""
    cohort = awkward(number)
    kept = ~np.isnan(cohort.event)
    order = np.argsort(cohort.time[kept], kind="stable")
    time, event = cohort.time[kept][order], cohort.event[kept][order]
    columns = cohort.columns[kept][order][:, cohort.used[1:] == 1]
    columns = columns - columns.mean(axis=0)
    # Along b, nobody at risk may have more than those with the event at this time; for those of
    # the times before the same was asked, so that one event stands for all.
    rows, last = [np.empty((0, columns.shape[1]))], None
    for moment in np.unique(time):
        here = columns[(time == moment) & (event == 1)]
        if len(here):
            rows += [here[1:] - here[0], here[0] - here[1:]]
            rows += [] if last is None else [(last - here[0])[np.newaxis]]
            last = here[0]
        if last is not None:
            rows.append(last - columns[(time == moment) & (event == 0)])
    return columns.shape[1] > 0 and finite_maximum(np.concatenate(rows))


def apart(found, expected, unit):
    """Return the largest difference, as a share of the value or of its unit if that is larger."""
    return np.max(np.abs(found - expected) / np.maximum(np.abs(expected), unit))


def check_fits(fits, finite, expected):
    """Compare estimates with those expected; count those that should not or should be there."""
    given = [not np.isnan(fit[2]) for fit in fits]
    missing = [number for number in NUMBERS if finite[number] and not given[number]]
    invented = [number for number in NUMBERS if given[number] and not finite[number]]
    assert not missing, f"{len(missing)} of {sum(finite)} finite estimates are not found: {missing}"
    assert not invented, f"{len(invented)} of {sum(given)} estimates are infinite: {invented}"
    assert 300 < sum(finite) < COHORTS - 300
    worst = {}
    for number in np.flatnonzero(finite):
        (b, errors, value), (r_b, r_errors, r_value) = fits[number], expected(number)
        used = ~np.isnan(b)
        off = apart(b[used], r_b, r_errors), apart(errors[used], r_errors, 0)
        worst[number] = max(*off, apart(value, r_value, 1.0))
    wrong = {number: off for number, off in worst.items() if not off <= 1e-8}
    assert not wrong, f"{len(wrong)} of {len(worst)} estimates differ: {wrong}"


def fitted(event, design):
    return sm.Logit(event, design).fit(disp=0, maxiter=100, tol=1e-13, warn_convergence=False)


def test_logistic_regression_is_that_of_statsmodels():
    def expected(number):
        event, design, back, _ = logistic_case(number)
        fit = fitted(event, design)
        covariance = np.linalg.inv(-fit.model.hessian(fit.params))
        return back @ fit.params, np.sqrt(np.diag(back @ covariance @ back.T)), fit.llf

    check_fits(single("logistic"), [logistic_case(number)[3] for number in NUMBERS], expected)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_cox_regression_is_that_of_r(ties):
    def expected(number):
        *values, log_likelihood = map(float, R[ties][number].split())
        return *np.split(np.array(values), 2), log_likelihood

    check_fits(single(ties), list(map(cox_is_finite, NUMBERS)), expected)


def compare(found, expected):
    """Compare results of all cohorts, one row each; those missing must be missing on both sides."""
    found, expected = np.array(list(found), float), np.array(list(expected), float)
    missing, invented = (
        np.flatnonzero(np.reshape(np.isnan(one) & ~np.isnan(other), (COHORTS, -1)).any(axis=1))
        for one, other in ((found, expected), (expected, found))
    )
    assert not missing.size, f"{missing.size} results are missing: {missing}"
    assert not invented.size, f"{invented.size} results should be missing: {invented}"
    given = ~np.isnan(expected)
    assert given.any()
    off = np.abs(found - expected)[given] / np.maximum(np.abs(expected[given]), 1e-3)
    assert off.max() <= 1e-8, f"{(off > 1e-8).sum()} of {given.sum()} differ, by up to {off.max()}"


def test_tests_of_columns_follow_from_fits_of_statsmodels():
    for number in NUMBERS[::5]:
        z, likelihood_ratio, score = single("logistic_tests")[number]
        event, design, _, finite = logistic_case(number)
        used = awkward(number).used == 1
        if not finite:
            assert np.isnan([z, likelihood_ratio, score]).all(), number
            continue
        fit = fitted(event, design)
        expected = [
            2 * (fit.llf - fitted(event, np.delete(design, j, axis=1)).llf)
            for j in range(1, design.shape[1])
        ]
        np.testing.assert_allclose(likelihood_ratio[used][1:], expected, rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(z[used][1:], fit.tvalues[1:], rtol=1e-8, atol=1e-8)
        assert np.isnan([z[~used], likelihood_ratio[~used]]).all()
        assert np.isnan(score[used]).all()
        for j in np.flatnonzero(~used):
            new = awkward(number).design[awkward(number).event >= 0, j]
            expected = score_statistic(event, design, fit.predict(), new)
            if np.isnan(expected):
                # Of a calendar year that the model holds twice over, rounding leaves a trace.
                assert not score[j] > 1e-9
            else:
                assert score[j] == pytest.approx(expected, rel=1e-8, abs=1e-8)


def score_statistic(event, design, risk, new):
    """Return χ² of letting a column into a model; NaN if the model determines the column."""
    new = (new - new.mean()) / (new.std() or 1.0)
    root = np.sqrt(risk * (1 - risk))
    explained = np.linalg.lstsq(design * root[:, np.newaxis], new * root, rcond=None)[0]
    rest = (new - design @ explained) * root
    if rest @ rest <= 1e-9 * np.sum((new * root) ** 2):
        return np.nan
    return (new @ (event - risk)) ** 2 / (rest @ rest)


def stepwise(event, design, variables, backward):
    """Select columns by the rules of SPSS, on fits of statsmodels; None if one is infinite."""

    def fit(model):
        columns = design[:, sorted([0, *model])]
        return (
            fitted(event, columns) if finite_maximum((2 * event - 1)[:, None] * columns) else None
        )

    current, entering = frozenset(variables if backward else ()), not backward
    seen = {current}
    while True:
        here = fit(current)
        others = {j: fit(current - {j}) for j in current} if not entering else {}
        if here is None or None in others.values():
            return None
        if entering:
            present = design[:, sorted([0, *current])]
            tests = {
                j: stats.chi2.sf(score_statistic(event, present, here.predict(), design[:, j]), 1)
                for j in variables
                if j not in current
            }
            tests = {j: p for j, p in tests.items() if p < 0.05}
            moved = min(tests, key=tests.get, default=None)
        else:
            tests = {j: stats.chi2.sf(2 * (here.llf - less.llf), 1) for j, less in others.items()}
            tests = {j: p for j, p in tests.items() if p > 0.10}
            moved = max(tests, key=tests.get, default=None)
        if moved is None and entering:
            return current
        entering = moved is None
        if moved is not None:
            current ^= {moved}
            if current in seen:
                return current ^ {moved}
            seen.add(current)


@pytest.mark.parametrize("name", ["forward", "backward"])
def test_selected_variables_are_those_by_fits_of_statsmodels(name):
    sizes = Counter()
    for number in NUMBERS[::24]:
        cohort, kept = awkward(number), awkward(number).event >= 0
        event, columns = cohort.event[kept], cohort.design[kept]
        if not 0 < event.sum() < event.size:
            continue
        varied = [j for j in range(1, columns.shape[1]) if np.ptp(columns[:, j]) > 0]
        spread = np.where(columns.std(axis=0) > 0, columns.std(axis=0), 1.0)
        design = (columns - columns.mean(axis=0)) / spread
        design[:, 0] = 1.0
        expected = stepwise(event, design, varied, name == "backward")
        variable = np.arange(float(columns.shape[1]))
        found = kernel(name)(cohort.event, cohort.design, variable, 0.05, 0.10)
        assert np.isnan(found).all() == (expected is None), number
        if expected is not None:
            assert set(np.flatnonzero(found)) == {0, *expected}, number
        sizes[None if expected is None else len(expected)] += 1
    assert sizes[None] > 5
    assert min(sizes[0], sizes[1], sizes[2]) > 5


def firth_step(event, design, coefficients):
    """Return the Newton step of the penalised likelihood by its definition, and standard errors."""
    risk = expit(design @ coefficients)
    weight = risk * (1 - risk)
    covariance = np.linalg.inv((design.T * weight) @ design)
    leverage = weight * np.einsum("ij,jk,ik->i", design, covariance, design)
    score = design.T @ (event - risk + leverage * (0.5 - risk))
    return covariance @ score, np.sqrt(np.diag(covariance))


def test_penalised_estimates_are_where_the_penalised_score_is_zero():
    missing = []
    for number in NUMBERS:
        coefficients, _, _, value = single("firth")[number]
        event, design, back, _ = logistic_case(number)
        full_rank = independent(design)
        if full_rank and np.isnan(value):
            missing.append(number)
            continue
        assert np.isnan(value) != full_rank, number
        if full_rank:
            found = np.linalg.solve(back, coefficients[awkward(number).used == 1])
            step, errors = firth_step(event, design, found)
            assert np.max(np.abs(step) / errors) < 1e-8, number
    # Some that separate the outcome by calendar years or days are not found, unless they are given
    # as times since a start.
    far = [awkward(number).columns.max(axis=0) > 1000 for number in missing]
    assert len(missing) <= 7, missing
    assert all(map(any, far)), missing


def test_penalised_fits_are_those_of_firthmodels():
    compared, without = 0, []
    for number in NUMBERS[::20]:
        coefficients, errors, p_values, value = single("firth")[number]
        event, design, back, _ = logistic_case(number)
        if np.isnan(value) or design.shape[1] == 1 or np.ptp(event) == 0:
            continue  # it refuses a constant alone, and an outcome that does not vary
        model = FirthLogisticRegression(gtol=1e-8, xtol=1e-6, max_iter=500, backend="numpy")
        try:
            model.fit(design[:, 1:], event).lrt()
        except ConvergenceWarning:
            without.append(number)
            continue
        used, expected = awkward(number).used == 1, np.append(model.intercept_, model.coef_)
        found = np.linalg.solve(back, coefficients[used])
        _, expected_errors = firth_step(event, design, expected)
        # It stops where the score is 1e-8: a tighter limit it often does not reach.
        assert np.max(np.abs(found - expected) / expected_errors) < 1e-6, number
        spread = 1 / np.diag(back)[1:]
        np.testing.assert_allclose(errors[used][1:] * spread, expected_errors[1:], rtol=1e-6)
        np.testing.assert_allclose(
            p_values[used][1:], model.lrt_pvalues_[:-1], 1e-5, err_msg=str(number)
        )
        compared += 1
    assert compared > 50
    assert len(without) < 5, f"no reference for {without}"


def test_log_rank_test_is_that_of_r():
    expected = [np.nan if pd.isna(value) else float(value) for value in R["log_rank"]]
    compare([statistic for statistic, _ in single("log_rank")], expected)
    for number, (_, df) in enumerate(single("log_rank")):
        cohort, kept = awkward(number), awkward(number).event >= 0
        if not np.isnan(df):
            first = cohort.time[cohort.event == 1].min()
            assert df == np.unique(cohort.group[kept & (cohort.time >= first)]).size - 1


def test_survival_is_that_of_statsmodels():
    def expected(number):
        cohort, months = awkward(number), arguments(number)["months"]
        kept = cohort.event >= 0
        time, event = cohort.time[kept], cohort.event[kept]
        if not event.any():  # statsmodels has no curve without events
            return np.where(months <= time.max(), [[1.0], [0.0]], np.nan)
        curve = SurvfuncRight(time, event)
        place = np.searchsorted(curve.surv_times, months, "right")
        read = np.append([[1.0], [0.0]], [curve.surv_prob, curve.surv_prob_se], axis=1)[:, place]
        read[:, (months > time.max()) & (read[0] > 0)] = np.nan
        read[1, read[0] == 0] = np.nan
        return read

    compare(single("survival_at"), map(expected, NUMBERS))


def groups(number, values):
    """Return values of the patients with and without the event."""
    cohort = awkward(number)
    return getattr(cohort, values)[cohort.event == 1], getattr(cohort, values)[cohort.event == 0]


def test_areas_and_both_errors_follow_from_all_pairs():
    def expected(number):
        ones, zeros = groups(number, "score")
        if not (ones.size and zeros.size):
            return [np.nan] * 3
        above, ties = ones[:, None] > zeros, ones[:, None] == zeros
        wins = above + ties / 2
        area, variance = wins.mean(), wins.mean() * (1 - wins.mean())
        for axis, size in ((0, ones.size), (1, zeros.size)):
            count, tied = above.sum(axis), ties.sum(axis)
            both = ((count**2 + count * tied + tied**2 / 3) / size**2).mean()
            variance += (size - 1) * (both - area**2)
        delong = np.nan
        if min(wins.shape) > 1:
            shares = wins.mean(axis=1), wins.mean(axis=0)
            delong = np.sqrt(sum(np.var(share, ddof=1) / share.size for share in shares))
        return area, np.sqrt(max(variance, 0.0) / wins.size), delong

    compare(single("auc"), map(expected, NUMBERS))


def test_best_cutoff_is_the_first_of_the_best_of_all():
    def expected(number):
        ones, zeros = groups(number, "score")
        if not (ones.size and zeros.size):
            return [np.nan] * 3
        values = np.unique(np.concatenate([ones, zeros]))
        between = [max((a + b) / 2, np.nextafter(a, b)) for a, b in pairwise(values)]
        tried = [values[0] - 1, *between, values[-1] + 1]
        rates = [((ones >= cutoff).sum(), (zeros < cutoff).sum()) for cutoff in tried]
        best = np.argmax([hits * zeros.size + spared * ones.size for hits, spared in rates])
        return tried[best], rates[best][0] / ones.size, rates[best][1] / zeros.size

    found = single("best_cutoff")
    assert np.array_equal(found, list(map(expected, NUMBERS)), equal_nan=True)


# Of a group in which all values are equal.
@pytest.mark.filterwarnings("ignore:Precision loss occurred:RuntimeWarning")
def test_tests_of_two_groups_are_those_of_scipy():
    def ranks(number):
        ones, zeros = groups(number, "score")
        if not (ones.size and zeros.size) or np.ptp(np.append(ones, zeros)) == 0:
            return np.nan, np.nan
        both = {"use_continuity": False, "method": "asymptotic"}
        u, p = stats.mannwhitneyu(ones, zeros, **both)
        return (
            stats.norm.isf(p / 2) if u * 2 > ones.size * zeros.size else stats.norm.ppf(p / 2)
        ), p

    def means(number):
        ones, zeros = groups(number, "score")
        if min(ones.size, zeros.size) == 0 or ones.size + zeros.size < 3:
            return np.nan, np.nan
        # Deviations of the size of rounding errors are none; the squares of the smallest are 0.
        if max(map(np.ptp, (ones, zeros))) <= max(1e-12 * np.abs([*ones, *zeros]).max(), 1e-150):
            return np.nan, np.nan
        return stats.ttest_ind(ones, zeros)

    compare(single("mann_whitney"), map(ranks, NUMBERS))
    compare(single("student"), map(means, NUMBERS))


def test_tests_of_tables_are_those_of_scipy():
    def table(number):
        found = [np.bincount(one.astype(int), minlength=4) for one in groups(number, "level")]
        return np.array(found)[:, np.sum(found, axis=0) > 0]

    def square(number):
        counts = table(number)
        if min(counts.shape) < 2 or not counts.sum(axis=1).all():
            return [np.nan] * 3
        statistic, p, df, _ = stats.chi2_contingency(counts, correction=False)
        return statistic, df, p

    def exact(number):
        counts = table(number)
        if (
            counts.shape != (2, 2)
            or not counts.sum(axis=1).all()
            or awkward(number).level.max() > 1
        ):
            return np.nan
        return stats.fisher_exact(counts).pvalue

    compare(single("pearson"), map(square, NUMBERS))
    compare(single("fisher"), map(exact, NUMBERS))


def test_normal_tail_is_that_of_scipy():
    z = np.array([0.0, -0.0, 1.96, -5.0, 8.0, np.inf, np.nan])
    np.testing.assert_allclose(kernels.wald_p(z), 2 * stats.norm.sf(np.abs(z)), rtol=1e-13)


def test_leading_axes_broadcast():
    cohort, used = arguments(42), np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
    both = kernels.logistic(cohort["event"], cohort["design"], used)
    for row, choice in enumerate(used):
        alone = kernels.logistic(cohort["event"], cohort["design"], choice)
        for many, one in zip(both, alone, strict=True):
            np.testing.assert_array_equal(many[row], one)


IMPOSSIBLE = {
    "auc": ([0, 1, 0, 1], [1, np.nan, 2, 3]),
    "best_cutoff": ([0, 1, 0, 1], [1, np.nan, 2, 3]),
    "mann_whitney": ([0, 1, 0, 1], [1, np.nan, 2, 3]),
    "student": ([0, 1, 2, -1e6], [1, 2, 3, 4]),
    "survival_at": ([1, np.nan, 2, 3], [1, 0, 1, 1], [1.0]),
    "log_rank": ([1, np.nan, 2, 3], [1, 0, 1, 1], [0, 1, 0, 1]),
    "cox": ([1, np.nan, 2, 3], [1, 0, 1, 1], [[0], [1], [2], [1]], [1], 0),
    "logistic": ([0, 1, 0, 2], np.ones((4, 1)), [1]),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_impossible_values_have_no_estimate(name):
    results = getattr(kernels, name)(*IMPOSSIBLE[name])
    assert np.isnan(np.concatenate([np.ravel(result) for result in results])).all()


@pytest.mark.parametrize("level", [-1, -1e9, 0.5, 1e3, 1e12, 1e300, np.inf, np.nan])
def test_impossible_levels_have_no_estimate(level):
    event, levels = np.arange(90) % 2, np.tile([0.0, 1.0, level], 30)
    assert np.isnan(kernels.pearson(event, levels)).all()
    assert np.isnan(kernels.fisher(event, levels))
    assert np.isnan(kernels.log_rank(np.arange(90), event, levels)).all()
    design = np.column_stack([np.ones(90), np.arange(90) % 7])
    for select in (kernels.forward, kernels.backward):
        assert np.isnan(select(event, design, [0, level], 0.05, 0.10)).all()


def test_variables_that_do_not_vary_are_not_selected_without_a_constant_either():
    selected = kernels.forward(np.arange(60) % 2, np.ones((60, 2)), [1, 2], 0.05, 0.10)
    assert selected.tolist() == [0, 0]


def test_order_of_values_that_differ_in_their_last_digits():
    rng = np.random.default_rng(1)
    for n in (2, 4, 50, 177):
        for start in rng.uniform(0.1, 1e6, 200):
            values = start + np.spacing(start) * rng.integers(0, 5, n)
            places = kernels.order_of(values)
            assert sorted(places) == list(range(n))
            assert (np.diff(values[places]) >= 0).all()

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.optimize import linprog

from rairlib.reconstruct.joint_tables import cell_levels, joint_tables, tables_with_split
from rairlib.reconstruct.logistic import fit_tables

# Printed by logistic_patterns.R beside it.
R_VALUES = pd.read_csv(Path(__file__).parent / "reference" / "logistic_patterns.csv")


def design_of(covariates):
    return np.column_stack([np.ones(2**covariates), cell_levels(covariates)])


@pytest.mark.parametrize("case", R_VALUES["case"].unique())
def test_fit_equals_glm_of_r(case):
    rows = R_VALUES[R_VALUES["case"] == case]
    table, events = (np.array(rows[name].iloc[0].split(), int) for name in ("patients", "events"))
    design = design_of(len(rows) - 1)
    fit = fit_tables(table[np.newaxis], design, events @ design)
    np.testing.assert_allclose(fit.estimates[0], rows["estimate"], rtol=0, atol=1e-10)
    np.testing.assert_allclose(fit.standard_errors[0], rows["standard_error"], rtol=1e-10)
    np.testing.assert_allclose(fit.log_likelihoods[0], rows["log_likelihood"].iloc[0], rtol=1e-12)


@pytest.mark.parametrize("seed", range(25))
def test_fit_equals_statsmodels_on_single_patients(seed):
    rng = np.random.default_rng(seed)
    covariates = 2 + seed % 2
    design = design_of(covariates)
    table = rng.integers(3, 15, size=2**covariates)
    events = rng.integers(1, table)
    X = np.repeat(design, table, axis=0)
    y = np.concatenate([np.arange(n) < d for n, d in zip(table, events, strict=True)]).astype(float)
    expected = sm.Logit(y, X).fit(disp=0, maxiter=100, tol=1e-14)
    fit = fit_tables(table[np.newaxis], design, events @ design)
    np.testing.assert_allclose(fit.estimates[0], expected.params, rtol=0, atol=1e-10)
    np.testing.assert_allclose(fit.standard_errors[0], expected.bse, rtol=1e-10)
    np.testing.assert_allclose(fit.log_likelihoods[0], expected.llf, rtol=1e-12)


def test_one_covariate_gives_the_cross_product_ratio():
    # 19 of 35 with and 13 of 55 without the level have the outcome.
    fit = fit_tables([[55, 35]], design_of(1), np.array([32, 19]))
    assert np.exp(fit.estimates[0, 1]) == pytest.approx((19 * 42) / (13 * 16), rel=1e-12)
    woolf = (1 / 19 + 1 / 16 + 1 / 13 + 1 / 42) ** 0.5
    assert fit.standard_errors[0, 1] == pytest.approx(woolf, rel=1e-12)


def has_finite_maximum(table, design, sums):
    """Whether risks strictly between 0 and 1 can meet the event sums, by linear programming."""
    filled = table > 0
    if np.linalg.matrix_rank(design[filled]) < design.shape[1]:
        return False
    unit, one = np.eye(filled.sum()), np.ones((filled.sum(), 1))
    solution = linprog(
        np.append(np.zeros(filled.sum()), -1),
        A_ub=np.block([[-unit, one], [unit, one]]),
        b_ub=np.append(np.zeros(filled.sum()), table[filled]),
        A_eq=np.column_stack([design[filled].T, np.zeros(design.shape[1])]),
        b_eq=sums,
    )
    return solution.status == 0 and solution.x[-1] > 1e-9


def test_missing_fits_are_exactly_those_without_a_finite_maximum():
    design, sums = design_of(3), np.array([6, 4, 3, 2])
    tables = joint_tables(14, [7, 5, 3])
    tables = tables[tables_with_split(tables, 6, [4, 3, 2])][::4]
    missing = np.isnan(fit_tables(tables, design, sums).log_likelihoods)
    expected = [not has_finite_maximum(table, design, sums) for table in tables]
    assert 0 < sum(expected) < len(tables)
    assert missing.tolist() == expected


def test_all_parts_of_a_missing_fit_are_missing():
    # Every patient with the covariate has the outcome.
    fit = fit_tables([[20, 5]], design_of(1), np.array([10, 5]))
    assert np.isnan(fit.estimates).all()
    assert np.isnan(fit.standard_errors).all()
    assert np.isnan(fit.log_likelihoods).all()


def test_fits_do_not_depend_on_how_tables_are_grouped():
    design, sums = design_of(3), np.array([8, 5, 5, 4])
    tables = joint_tables(22, [9, 8, 6])[::11]
    together = fit_tables(tables, design, sums)
    blocks = [fit_tables(part, design, sums) for part in np.array_split(tables, 7)]
    for name in ("estimates", "standard_errors", "log_likelihoods"):
        parts = np.concatenate([getattr(block, name) for block in blocks])
        np.testing.assert_array_equal(getattr(together, name), parts)


def test_each_table_may_have_its_own_event_sums():
    design = design_of(2)
    tables = np.array([[10, 8, 9, 7], [12, 6, 5, 11]])
    sums = np.array([[15, 9, 8], [14, 7, 10]])
    both = fit_tables(tables, design, sums)
    for row in range(2):
        alone = fit_tables(tables[row : row + 1], design, sums[row])
        np.testing.assert_array_equal(both.estimates[row], alone.estimates[0])

"""Time the search for Hunan's cohorts and the repeated development against libraries, in one run.

    python benchmarks/bench_prediction.py

One candidate cohort is measured whole: the model with its limits, the area with its interval, the
2×2 tables, the goodness of fit and four tests. One development is screening and Forward: LR.
"""

import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats

from rairlib.cohorts.two_predictors import MEASURES, measure
from rairlib.registry.studies import load_witness
from rairlib.stats.calibration import hosmer_lemeshow
from rairlib.stats.roc import auc_estimate, roc_coordinates
from rairlib.studies.tang2025.analysis import develop, one_set, select

PRINTED, CUTOFF = np.array([-2.046, 0.196, 0.103]), -0.585


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Return the seconds that one call takes, of several after one that is not timed."""
    work()
    start = time.perf_counter()
    for _ in range(repeats):
        work()
    return (time.perf_counter() - start) / repeats


def by_libraries(event: np.ndarray, covariates: np.ndarray) -> None:
    """Measure a cohort with statsmodels, scipy and the functions for one cohort."""
    design = sm.add_constant(covariates.T)
    fit = sm.Logit(event, design).fit(disp=0)
    score = design @ fit.params
    fit.conf_int()
    auc_estimate(event, score)
    roc_coordinates(event, score)
    hosmer_lemeshow(event, fit.predict())
    present = (covariates[0] > 0).astype(float)
    stats.chi2_contingency(pd.crosstab(event, present), correction=False)
    for values in covariates:
        stats.mannwhitneyu(values[event == 1], values[event == 0], method="asymptotic")
    model = sm.GLM(event, design, sm.families.Binomial()).fit()
    model.score_test(exog_extra=present[:, None])


def main() -> None:
    """Print times and ratios on the kept cohort."""
    cohort = load_witness("tang2025")
    training = one_set(cohort, "training")
    event = (training["failure"] == "yes").to_numpy(float)
    covariates = training[["lln_count", "tg_before"]].to_numpy(float).T.copy()
    design = np.vstack([np.ones(len(event)), covariates])
    orders, found = np.tile(np.arange(len(event)), (3, 1)), np.zeros(len(MEASURES))
    start = PRINTED.copy()
    ours = seconds(lambda: measure(event, design, PRINTED, CUTOFF, start, orders, found), 20_000)
    theirs = seconds(lambda: by_libraries(event, covariates), 20)
    print(
        f"a candidate measured: {1e6 * ours:.1f} µs; by libraries {1e6 * theirs:,.0f} µs;", end=""
    )
    print(f" {theirs / ours:,.0f} times faster")
    once, told = seconds(lambda: develop(training), 20), seconds(lambda: select(cohort), 5)
    print(f"a development: {1e3 * once:.1f} ms; with its log {1e3 * told:,.0f} ms, ", end="")
    print(f"{told / once:,.0f} times slower")


if __name__ == "__main__":
    main()

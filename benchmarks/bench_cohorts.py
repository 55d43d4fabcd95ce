"""Search for cohorts of the Qingdao study: how near the print they come, and in what time.

    python benchmarks/bench_cohorts.py [COHORTS [FIRST_SEED]]

Beside them the published ensemble. Ratios are compared as on the page *How far would it move?*:
absolute distance of each hazard ratio from the printed one, in percent. Seconds are those of the
processor, of one core, for the search and the measured values. At the end, steps of the annealing
(each a proposal with the energy of all rows that it changes) beside whole fits of the multivariable
model.
"""

import sys
import time

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter
from statsmodels.duration.hazard_regression import PHReg

from rairlib.cohorts import covariates
from rairlib.cohorts.annealing import anneal
from rairlib.cohorts.breslow import fitted_ratios
from rairlib.cohorts.search import Cohort
from rairlib.pages.common import load_result
from rairlib.registry.registry import load_registry
from rairlib.studies.wang2025 import analysis as wang2025
from rairlib.studies.wang2025.cohort import searched_cohort
from rairlib.studies.wang2025.pages import far_from_print

STEPS = 200_000
FITS = 20


def seconds(work, repeats: int = 1) -> float:
    """Return the seconds that one call takes, of several after one that is not timed."""
    work()
    start = time.process_time()
    for _ in range(repeats):
        work()
    return (time.process_time() - start) / repeats


def compare_speed(cohort: Cohort) -> None:
    """Print how many steps the annealing does while other programs fit the model once."""
    levels, events = cohort.levels[:, cohort.study.model].astype(float), cohort.order.events
    times = np.arange(1.0, len(levels) + 1)
    frame = pd.DataFrame(levels).assign(time=times, event=events)
    rows = covariates.start_rows(cohort.study, cohort.order, cohort.levels.copy())
    kernels, rng = (
        (covariates.propose, covariates.energy, covariates.settle),
        np.random.default_rng(1),
    )
    step = seconds(lambda: anneal(rows, *kernels, rng, STEPS, 1e4, 1e3)) / STEPS
    print(f"\nannealing: {step * 1e6:.1f} µs a step")
    for name, fit in (
        ("fit of the search", lambda: fitted_ratios(levels, events)),
        ("statsmodels PHReg", lambda: PHReg(times, levels, events).fit()),
        ("lifelines", lambda: CoxPHFitter().fit(frame, "time", "event")),
    ):
        one = seconds(fit, FITS)
        print(f"{name}: {one * 1e3:.2f} ms, {one / step:,.0f} steps")


def main(cohorts: int = 10, first: int = 1) -> None:
    """Print seconds, distances and numbers met, and the distances of the published ensemble."""
    registry, found = load_registry("wang2025"), []
    searched_cohort(registry, 0)  # compiles
    for seed in range(first, first + cohorts):
        start = time.process_time()
        frame, cohort = searched_cohort(registry, seed)
        spent, report = time.process_time() - start, cohort.report()
        results = wang2025.analyse(frame)
        found.append(results[results["statistic"] == "hazard_ratio"].assign(cohort=seed))
        far = far_from_print(registry, found[-1])["median, %"]
        met = (report["met"] == "yes").groupby(report["model"], sort=False).agg(["sum", "size"])
        told = ", ".join(f"{model} {one} of {of}" for model, (one, of) in met.T.items())
        print(
            f"seed {seed}: {spent:4.1f} s; median {far['univariable']:.3f} % and "
            f"{far['multivariable']:.2f} %; met: {told}",
            flush=True,
        )
    searched = far_from_print(registry, pd.concat(found))
    print(f"\n{cohorts} cohorts\n{searched.round(3)}")
    published = far_from_print(registry, load_result("wang2025", "accuracy"))
    print(f"\npublished ensemble\n{published.round(3)}")
    compare_speed(cohort)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

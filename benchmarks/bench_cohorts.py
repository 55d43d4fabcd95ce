"""Time the search's kernel against whole fits by statsmodels and lifelines, in one run.

    python benchmarks/bench_cox_search.py [STEPS]

One evaluation of the search is the change of every univariable and of the multivariable row that
one exchange brings; one fit is the multivariable model alone.
"""

import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter
from statsmodels.duration.hazard_regression import PHReg

from rairlib.search.arrays import design_of
from rairlib.search.cooling import Cooling
from rairlib.search.covariates import anneal, cumulative
from rairlib.search.schedule import Schedule
from rairlib.search.start import start_rows, start_timeline
from rairlib.simulation.declared import load_declared

FITS = 20


def seconds(work: Callable[[], object], repeats: int = 1) -> float:
    """Return the seconds that one call takes, of several after one that is not timed."""
    work()
    start = time.perf_counter()
    for _ in range(repeats):
        work()
    return (time.perf_counter() - start) / repeats


def main(steps: int) -> None:
    """Print evaluations and fits per second on a cohort with the counts of Qingdao."""
    study, schedule = load_declared("wang2025")
    rng = np.random.default_rng(1)
    classes, events, _ = start_timeline(study, rng)
    rows, _ = start_rows(study, classes, rng)
    design = design_of(study, classes, events)
    mix = cumulative(schedule.covariate_moves, design)
    weights, model_weights = np.ones(len(design.beta)), np.ones(len(design.model))
    # A moderate temperature, at which about as many proposals reach the model as in a search.
    cooling = Cooling(0, steps, steps, 1e4, 1e3, 0.9, 300.0, Schedule().rebuild_steps, 1)
    counts = np.zeros((len(mix), 3))

    def search() -> None:
        counts[:] = anneal(
            rows.copy(), rows.copy(), np.inf, design, weights, model_weights, mix, cooling
        )[2]

    spent = seconds(search)
    proposed, fitted, accepted = counts.sum(0)
    cohort = pd.DataFrame(rows[:, design.model].astype(float)).add_prefix("x")
    time_, event = np.arange(1.0, len(rows) + 1), design.event
    by_phreg = 1 / seconds(lambda: PHReg(time_, cohort, event).fit(disp=0), FITS)
    frame = cohort.assign(time=time_, event=event)
    by_lifelines = 1 / seconds(lambda: CoxPHFitter().fit(frame, "time", "event"), FITS)
    print(f"search: {steps / spent:,.0f} steps/s, {proposed / spent:,.0f} proposals/s")
    print(f"        {fitted / spent:,.0f} evaluations of the model/s, {accepted:,.0f} accepted")
    for name, fits in (("statsmodels PHReg", by_phreg), ("lifelines", by_lifelines)):
        print(
            f"{name}: {fits:,.1f} fits/s; the search does {fitted / spent / fits:,.0f} times that"
        )


if __name__ == "__main__":
    main(int(float(sys.argv[1])) if len(sys.argv) > 1 else 200_000)

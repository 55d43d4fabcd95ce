"""Every follow-up of a few patients, for tests by enumeration."""

from itertools import product

import numpy as np

from rairlib.cohorts.breslow import write_binary
from rairlib.stats.observation import Z_95


def cox_of_two(fails, at_risk):
    """Return the log hazard ratio of group 1 and its error; NaN without a finite maximum."""
    ones, size = np.asarray(at_risk, float)[:, 1], np.sum(at_risk, axis=1).astype(float)
    beta, limits = 0.0, np.empty(3)
    for _ in range(60):
        last, beta = beta, write_binary(ones, size, int(np.sum(fails)), beta, limits)
        if abs(beta - last) < 1e-10:
            return beta, np.log(limits[2] / limits[1]) / (2 * Z_95)
    return np.nan, np.nan


def every_sequence(patients):
    """Yield failing groups and risk sets of all follow-ups of so many patients, distinct times."""
    # Each patient, in order of time: group 0 or 1, censored or failing.
    for course in product([(0, 0), (0, 1), (1, 0), (1, 1)], repeat=patients):
        groups = np.array([group for group, _ in course])
        later = np.cumsum(groups[::-1])[::-1]
        left = np.arange(patients, 0, -1)
        fails = np.array([event for _, event in course], dtype=bool)
        yield groups[fails], np.column_stack([left - later, later])[fails]

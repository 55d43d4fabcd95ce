"""Every follow-up of a few patients, for tests by enumeration."""

from itertools import product

import numpy as np

from rairlib.cohorts.breslow import fit


def cox_of_two(fails, at_risk):
    """Return the log hazard ratio of group 1 and its error; NaN without a finite maximum."""
    beta, error = np.zeros(1), np.zeros(1)
    fit(np.asarray(at_risk, float), np.asarray(fails), np.array([[0.0], [1.0]]), beta, error)
    return beta[0], error[0]


def every_sequence(patients):
    """Yield failing groups and risk sets of all follow-ups of so many patients, distinct times."""
    # Each patient, in order of time: group 0 or 1, censored or failing.
    for course in product([(0, 0), (0, 1), (1, 0), (1, 1)], repeat=patients):
        groups = np.array([group for group, _ in course])
        later = np.cumsum(groups[::-1])[::-1]
        left = np.arange(patients, 0, -1)
        fails = np.array([event for _, event in course], dtype=bool)
        yield groups[fails], np.column_stack([left - later, later])[fails]

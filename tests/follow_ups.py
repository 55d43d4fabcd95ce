"""Every follow-up of a few patients, for tests by enumeration."""

from itertools import product

import numpy as np


def every_sequence(patients):
    """Yield failing groups and risk sets of all follow-ups of so many patients, distinct times."""
    # Each patient, in order of time: group 0 or 1, censored or failing.
    for course in product([(0, 0), (0, 1), (1, 0), (1, 1)], repeat=patients):
        groups = np.array([group for group, _ in course])
        later = np.cumsum(groups[::-1])[::-1]
        left = np.arange(patients, 0, -1)
        fails = np.array([event for _, event in course], dtype=bool)
        yield groups[fails], np.column_stack([left - later, later])[fails]

"""Time the audit and its checks on registries of known cohorts.

Run ``python benchmarks/bench_audit.py``. Each check runs once before it is timed, so that compiled
and cached parts are ready; the rates of errors found are another matter, see ``rairlib``.
"""

import time
from collections import Counter

import numpy as np

from benchmarks.planting.papers import known_paper
from rairlib.checks.catalogue import CHECKS

REGISTRIES = 20
SLOWEST = 8


def seconds(check, registry):
    """Return the time that a check takes."""
    start = time.perf_counter()
    check.function(registry)
    return time.perf_counter() - start


def main():
    """Print the milliseconds per registry of printing, auditing and the slowest checks."""
    start = time.perf_counter()
    papers = [known_paper(np.random.default_rng([1, cohort])) for cohort in range(REGISTRIES)]
    printing = (time.perf_counter() - start) / REGISTRIES
    rows = np.mean([len(paper.registry) for paper in papers])
    times = Counter()
    for paper in papers:
        for check in CHECKS:
            check.function(paper.registry)
            times[check.name] += seconds(check, paper.registry) / REGISTRIES
    print(f"{REGISTRIES} registries of {rows:.0f} numbers on average")
    print(f"cohort and its print  {1000 * printing:7.1f} ms")
    print(f"all {len(CHECKS)} checks         {1000 * times.total():7.1f} ms")
    for name, spent in times.most_common(SLOWEST):
        print(f"  {name:<28}{1000 * spent:7.1f} ms")


if __name__ == "__main__":
    main()

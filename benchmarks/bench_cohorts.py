"""Search for cohorts of the Qingdao study: how near the print they come, and in what time.

    python benchmarks/bench_cohorts.py [COHORTS [FIRST_SEED]]

Beside them the published ensemble. Ratios are compared as on the page *How far would it move?*:
absolute distance of each hazard ratio from the printed one, in percent. Seconds are those of the
processor, of one core, for the search and the measured values.
"""

import sys
import time

import pandas as pd

from rairlib.chapters.wang2025_open import ensemble_accuracy, far_from_print
from rairlib.papers import wang2025
from rairlib.reported import load_registry
from rairlib.simulation.wang2025 import searched_cohort


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
    print(f"\npublished ensemble\n{ensemble_accuracy(registry).round(3)}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

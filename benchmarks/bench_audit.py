"""Time the audit: whether it grows with the rows alone, and how it stands beside statcheck.

Run ``python -m benchmarks.bench_audit``. Times of one run on one machine are compared with each
other only: 1,000, 10,000 and 100,000 rows, a register of a million patients, and 10,000 test
results read by statcheck (left out where R or the package is missing).
"""

import subprocess
import time
from collections import Counter

import numpy as np
from scipy import stats

from benchmarks.beside import registry_of, run_statcheck
from rairlib.checks.catalogue import CHECKS
from rairlib.registry.registry import Registry

SLOWEST = 6
VARIABLES_PER_TABLE = 20


def large_registry(rows: int, size: int = 400, seed: int = 1) -> Registry:
    """Write a paper of two groups with as many variables as fill the rows, all without an error."""
    rng, sizes = np.random.default_rng(seed), {"A": size, "B": size + size // 2}
    written = [{"id": "all", "statistic": "n", "group": "all", "printed": str(sum(sizes.values()))}]
    for group, n in sizes.items():
        share = {"of": "all", "partition": "groups"}
        written.append({"id": group, "statistic": "n", "group": group, "printed": str(n), **share})
    place = 0
    while len(written) < rows:
        place += 1
        shared = {"locus": f"Table {place // VARIABLES_PER_TABLE}", "variable": f"v{place}"}
        add = _add_factor if place % 2 else _add_measurement
        for row in add(rng, sizes):
            if row["statistic"] == "count":
                row["partition"] = f"{place} {row['group']}"
            written.append({"id": f"r{len(written)}", **shared, **row})
    return registry_of(*written[:rows])


def _add_factor(rng, sizes):
    has = {group: int(rng.integers(n // 10, n - n // 10)) for group, n in sizes.items()}
    for group, n in sizes.items():
        for level, count in (("yes", has[group]), ("no", n - has[group])):
            place = {"level": level, "group": group, "of": group}
            yield {"statistic": "count", "printed": str(count), **place}
            yield {
                "statistic": "percent",
                "printed": f"{100 * count / n:.1f}",
                "unit": "%",
                **place,
            }
    table = [[has[group], n - has[group]] for group, n in sizes.items()]
    p = stats.chi2_contingency(table, correction=False).pvalue
    printed = f"{p:.3f}" if p >= 0.001 else "<0.001"
    yield {"statistic": "p_value", "group": "A vs B", "printed": printed}


def _add_measurement(rng, sizes):
    moments = [
        (round(rng.normal(50, 2), 1), round(rng.uniform(9, 11), 1), n) for n in sizes.values()
    ]
    for group, (mean, sd, _) in zip(sizes, moments, strict=True):
        yield {"statistic": "mean", "group": group, "printed": f"{mean:.1f}"}
        yield {"statistic": "sd", "group": group, "printed": f"{sd:.1f}"}
    p = stats.ttest_ind_from_stats(*moments[0], *moments[1]).pvalue
    printed = f"{p:.2f}" if p >= 0.01 else "<0.01"
    yield {"statistic": "p_value", "group": "A vs B", "printed": printed, "method": "student"}


def check_times(registry: Registry) -> Counter:
    """Return the seconds that each check takes."""
    times = Counter()
    for check in CHECKS:
        start = time.perf_counter()
        check.function(registry)
        times[check.name] = time.perf_counter() - start
    return times


def statcheck_seconds(results: int) -> float:
    """Return how long statcheck takes for so many results, without the start of R."""
    sentences = [
        f"t({30 + place % 50}) = 2.{place % 90 + 10}, p = .021" for place in range(results)
    ]
    seconds = []
    for texts in (sentences[:1], sentences):
        start = time.perf_counter()
        run_statcheck(["Results: " + text for text in texts])
        seconds.append(time.perf_counter() - start)
    return seconds[1] - seconds[0]


def main() -> None:
    """Print times, what they are for ten times the rows, and the slowest checks."""
    check_times(large_registry(1000))  # compiled and cached parts are ready
    before = None
    for rows, size in ((1000, 400), (10_000, 400), (100_000, 400), (1000, 1_000_000)):
        times = check_times(large_registry(rows, size))
        total = times.total()
        growth = f", {total / before:.1f} times the line above" if before else ""
        print(f"{rows:>7,} rows, {size:>9,} patients: {total:7.2f} s{growth}", flush=True)
        slowest = ", ".join(f"{name} {s:.2f}" for name, s in times.most_common(SLOWEST))
        print(f"        slowest: {slowest}")
        before = total
        if rows == 10_000:
            ten_thousand = total
    try:
        seconds = statcheck_seconds(10_000)
    except (OSError, subprocess.CalledProcessError):
        print("statcheck: not installed")
        return
    print(f"statcheck, 10,000 results: {seconds:.2f} s; audit, 10,000 rows: {ten_thousand:.2f} s")
    print(f"the audit takes {ten_thousand / seconds:.2f} times as long")


if __name__ == "__main__":
    main()

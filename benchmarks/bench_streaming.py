"""Time the streaming search for joint tables at n = 383 with three covariates.

Run ``python benchmarks/bench_streaming.py``. The cohort is simulated with a fixed seed.
"""

import time

import numpy as np

from rairlib.reconstruct.logistic import LogisticTarget, fit_known_tables
from rairlib.reconstruct.streaming import stream_logistic
from rairlib.registry.printed import format_value, parse_printed

PATIENTS = 383
SHARES = {"as in a thyroid cohort": (0.28, 0.18, 0.24), "balanced": (0.5, 0.5, 0.5)}
RATIOS = (2.0, 3.8, 3.5)
PRINTED = {"odds_ratio": "odds_ratio", "low": "ci_low", "high": "ci_high"}


def printed_paper(shares, decimals):
    """Return sizes, margins and the printed model of simulated patients."""
    rng = np.random.default_rng(1)
    levels = rng.random((PATIENTS, 3)) < shares
    event = rng.random(PATIENTS) < 1 / (1 + np.exp(2 - levels @ np.log(RATIOS)))
    event_margins, margins = (
        dict(zip("abc", rows.sum(axis=0).tolist(), strict=True)) for rows in (levels[event], levels)
    )
    table = np.bincount(levels @ np.array([4, 2, 1]), minlength=8)
    fitted = fit_known_tables(table[np.newaxis], int(event.sum()), event_margins)
    targets = [
        LogisticTarget(
            covariate=name,
            **{
                field: parse_printed(format_value(fitted.values(name, statistic)[0], decimals))
                for field, statistic in PRINTED.items()
            },
        )
        for name in "abc"
    ]
    return int(event.sum()), PATIENTS, event_margins, margins, targets


def main():
    """Print one line per paper."""
    stream_logistic(*printed_paper(SHARES["balanced"], 3))
    for kind, shares in SHARES.items():
        for decimals in (3, 2):
            paper = printed_paper(shares, decimals)
            start = time.perf_counter()
            found = stream_logistic(*paper)
            seconds = time.perf_counter() - start
            tables = found.solutions.joint_tables
            print(
                f"{kind}, {decimals} decimals: {tables:,} tables, {found.fitted} fitted, "
                f"{found.agreeing} agree, {seconds:.1f} s, {1e6 * seconds / tables:.3f} µs a table"
            )


if __name__ == "__main__":
    main()

"""Run the bench: ``python -m benchmarks.planting --out FILE``."""

import argparse
import sys
from pathlib import Path

from benchmarks.planting.bench import ANY, PLANTED, run_bench
from benchmarks.planting.rates import bench_table


def main(arguments: list[str] | None = None) -> int:
    """Run the bench and write its rates.

    Parameters
    ----------
    arguments : list of str or None
        Of the command line.

    Returns
    -------
    int
        0; 1 if the audit contradicts a number of a registry without an error.
    """
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.planting",
        description="Plant errors in registries of known cohorts and count what the audit finds.",
    )
    parser.add_argument("--out", type=Path, required=True, help="CSV file of the rates")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--registries", type=int, default=400, help="known cohorts")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    options = parser.parse_args(arguments)
    outcomes = run_bench(options.seed, range(options.registries), options.jobs)
    rates = bench_table(outcomes)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    rates.to_csv(options.out, index=False, lineterminator="\n")
    together = outcomes[outcomes["check"] == ANY]
    planted = together[together["registry"] == PLANTED]
    false = together[together["contradicted"] & (together["registry"] != PLANTED)]
    print(
        f"{options.registries} cohorts, {len(planted)} planted errors, "
        f"{planted['contradicted'].sum()} found: {options.out}"
    )
    if len(false):
        places = zip(false["cohort"][:20], false["registry"][:20], strict=True)
        papers = ", ".join(f"{cohort} ({habit})" for cohort, habit in places)
        print(f"false alarms in {len(false)} papers: {papers}", file=sys.stderr)
    return 1 if len(false) else 0


if __name__ == "__main__":
    sys.exit(main())

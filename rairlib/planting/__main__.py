"""Run the bench: ``python -m rairlib.planting --out FILE --seed 1 --registries 1000``."""

import argparse
import sys
from pathlib import Path

from rairlib.planting.bench import PLANTED, run_bench
from rairlib.planting.rates import bench_table


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
        prog="python -m rairlib.planting",
        description="Plant errors in registries of known cohorts and count what the audit finds.",
    )
    parser.add_argument("--out", type=Path, required=True, help="CSV file of the rates")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--registries", type=int, default=1000, help="known cohorts")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    options = parser.parse_args(arguments)
    outcomes = run_bench(options.seed, range(options.registries), options.jobs)
    rates = bench_table(outcomes)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    rates.to_csv(options.out, index=False, lineterminator="\n")
    errors = (outcomes["registry"] == PLANTED) & (outcomes["check"] == "any")
    false = outcomes["contradicted"] & (outcomes["registry"] != PLANTED)
    cohorts = sorted(set(outcomes.loc[false, "cohort"]))
    print(f"{options.registries} cohorts, {errors.sum()} planted errors: {options.out}")
    if cohorts:
        print(f"False alarms in cohorts {', '.join(map(str, cohorts[:20]))}", file=sys.stderr)
    return 1 if cohorts else 0


if __name__ == "__main__":
    sys.exit(main())

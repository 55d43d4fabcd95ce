"""Run the trial: ``python -m benchmarks.open_records --seed 2 --papers 700 --workers 2``."""

import argparse
from pathlib import Path

import pandas as pd

from benchmarks.open_records.trial import PARTS, run_trial
from rairlib.cohorts.public import COHORTS


def main(arguments: list[str] | None = None) -> int:
    """Print papers, have them read without the records, score, and write the tables."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.open_records",
        description="Print papers from open records, read them without the records, then score.",
    )
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--papers", type=int, help=f"papers per part; left out: {_listed(PARTS)}")
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--workers", type=int, default=2, help="processes; changes no result")
    parser.add_argument("--out", type=Path, default=Path("data/results"), help="folder of tables")
    parser.add_argument(
        "--work", type=Path, default=Path("build/open_records"), help="folder of the papers"
    )
    options = parser.parse_args(arguments)
    for part in options.parts:
        cohort = PARTS[part].cohort
        if cohort and not all(file.path for file in COHORTS[cohort].files.values()):
            print(f"{part}: left out, its tables stay: it needs `rairlib cohort fetch {cohort}`")
            continue
        papers = options.papers or PARTS[part].papers
        tables = run_trial(part, options.seed, papers, options.workers, options.work)
        options.out.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            path = options.out / f"open_records_{name}.csv"
            if name == "registries" and path.is_file():  # one row per part
                kept = pd.read_csv(path)
                table = pd.concat([kept[kept["part"] != part], table])
                table = table.sort_values("part", key=lambda parts: parts.map(list(PARTS).index))
            table.round(6).to_csv(path, index=False, lineterminator="\n")
            print(path)
    return 0


def _listed(parts) -> str:
    return ", ".join(f"{part.papers} {name}" for name, part in parts.items())


if __name__ == "__main__":
    raise SystemExit(main())

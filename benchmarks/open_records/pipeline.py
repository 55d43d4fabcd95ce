"""Read registries alone: ``python -m benchmarks.open_records.pipeline FOLDER``.

The process may open no data but the folder's: see :mod:`benchmarks.open_records.guard`.
"""

import argparse
import json
from importlib import import_module
from pathlib import Path

from benchmarks.open_records.guard import prove_refusal, refuse_records

# What reads the papers of each part.
READERS = {
    "reconstruction": "benchmarks.open_records.reconstruction",
    "thyroid": "benchmarks.open_records.reconstruction",
    "audit": "benchmarks.open_records.audits",
    "ensembles": "benchmarks.open_records.ensembles",
    "verdicts": "benchmarks.open_records.verdicts",
}
PAPERS, READ = "papers", "read"


def main(arguments: list[str] | None = None) -> int:
    """Read the papers of a part and write what was found beside them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.open_records.pipeline")
    parser.add_argument("folder", type=Path, help="papers of one part: papers/PART")
    parser.add_argument("--share", default="0/1", help="which papers: 0/2 are every second")
    options = parser.parse_args(arguments)
    part = options.folder.name
    results = options.folder.parents[1] / READ / part
    results.mkdir(parents=True, exist_ok=True)
    refuse_records(options.folder, results)
    prove_refusal()
    read = import_module(READERS[part]).read
    first, of = map(int, options.share.split("/"))
    for folder in sorted(path for path in options.folder.iterdir() if path.is_dir())[first::of]:
        text = json.dumps(read(folder))
        (results / f"{folder.name}.json").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

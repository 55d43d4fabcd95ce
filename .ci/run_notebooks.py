"""Run the book's notebooks and store their outputs in place, one notebook per core."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient

BOOK = Path(__file__).parents[1] / "book"


def run(path):
    """Run one notebook and store it; times of day are left out so that diffs show results."""
    notebook = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=300, record_timing=False, resources=where).execute()
    # The interpreter's exact version would change with every machine.
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.write(notebook, path)
    return f"ran {path.relative_to(BOOK.parent)}"


def main():
    """Run the notebooks named on the command line, or all of them."""
    paths = [Path(name).resolve() for name in sys.argv[1:]] or sorted(BOOK.rglob("*.ipynb"))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for line in pool.map(run, paths):
            print(line, flush=True)


if __name__ == "__main__":
    main()

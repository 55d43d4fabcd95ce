"""Print a paper: a folder with its registry, as somebody would have registered it."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from rairlib.registry.printed import format_value
from rairlib.registry.vocabulary import COLUMNS

# What is sealed of a paper: no fault, a planted one, or a model without finite estimates.
TRUE = "none"
FAULTS = (
    "margin off by one",
    "odds ratio off by 5 %",
    "profile limits",
    "interaction left out",
    "one patient missing from the model",
)
SEPARATED = "separated"


class Press:
    """The rows of one paper, in the order in which they are printed.

    A number is rounded half away from zero; a p value below half of the last digit is ``.000``,
    as SPSS prints it.
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, str]] = []

    def add(self, locus: str, statistic: str, value: float, decimals: int, **fields: str) -> str:
        """Print one number and return its identifier."""
        identifier = f"{locus.lower().replace(' ', '-')}-{len(self.rows) + 1:03d}"
        text = format_value(value, decimals)
        if statistic == "p_value":
            text = text.removeprefix("0")
        row = dict.fromkeys(COLUMNS, "") | {"role": "anchor"} | fields
        row |= {"id": identifier, "locus": locus, "statistic": statistic, "printed": text}
        self.rows.append(row)
        return identifier

    def table(self) -> pd.DataFrame:
        """Return the registry as texts."""
        return pd.DataFrame(self.rows, columns=list(COLUMNS))

    def write(self, folder: Path, **files: str) -> None:
        """Write the registry and, by name, other files of the study."""
        write_registry(folder, self.table())
        for name, text in files.items():
            (folder / f"{name}.toml").write_text(text, encoding="utf-8")


def write_registry(folder: Path, table: pd.DataFrame) -> None:
    """Write a registry of texts with an empty reference into a folder of its own."""
    folder.mkdir(parents=True)
    table.to_csv(folder / "reported.csv", index=False, lineterminator="\n")
    (folder / "study.toml").write_text('citation = "printed from open records"\n', "utf-8")


def seal(path: Path, truth: dict) -> None:
    """Write what is true of a paper where the pipeline cannot read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(truth), encoding="utf-8")


def hash_of(folders: Iterable[Path]) -> str:
    """Return one SHA-256 over all files of the papers, names included."""
    digest = hashlib.sha256()
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{path.parent.name}/{path.name}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()

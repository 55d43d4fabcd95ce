"""The studies of the book and where their data stand."""

from dataclasses import dataclass, fields
from pathlib import Path

import pandas as pd

from rairlib.errors import RairlibError, unknown
from rairlib.kept_files import data_folder, kept_file

WITNESS = "simulated_cohort.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """One published study.

    Attributes
    ----------
    key, citation, doi : str
        Short name, reference and digital object identifier.
    design, n, outcome, software : str
        What the paper says of its design, its patients, its outcome and its software.
    """

    key: str
    citation: str
    doi: str
    design: str
    n: str
    outcome: str
    software: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One variable of a study, with its levels in the paper's order.

    Attributes
    ----------
    name, label, unit, kind : str
        Short name, label for readers, unit, and ``continuous``, ``integer``, ``binary``,
        ``categorical`` or ``time``.
    levels : tuple of str
        Levels in the paper's order.
    reference : str
        Reference level of the paper's model, or empty.
    """

    name: str
    label: str
    unit: str
    kind: str
    levels: tuple[str, ...]
    reference: str


def read_texts(path: Path) -> pd.DataFrame:
    """Read all fields of a CSV file as texts."""
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")


def load_studies() -> dict[str, Study]:
    """Load the studies of the book, by key."""
    table = read_texts(kept_file("studies.csv"))
    columns = [field.name for field in fields(Study)]
    return {row["key"]: Study(**row) for row in table[columns].to_dict("records")}


def study_folder(study: str) -> Path:
    """Return the data folder of a study.

    Parameters
    ----------
    study : str
        Key of the study.

    Returns
    -------
    Path
        An existing folder.

    Raises
    ------
    RairlibError
        If no study has this key.
    """
    known = load_studies()
    if study not in known:
        raise RairlibError(unknown(study, "study", known))
    return data_folder() / study


def study_file(study: str, name: str) -> Path:
    """Return the path of a kept file of a study, checked as by :func:`kept_file`."""
    study_folder(study)
    return kept_file(f"{study}/{name}")


def load_variables(study: str) -> dict[str, Variable]:
    """Load the variables of a study, by name.

    Parameters
    ----------
    study : str
        Key of the study.

    Returns
    -------
    dict of str to Variable
        In the paper's order.
    """
    table = read_texts(study_file(study, "variables.csv"))
    records = table.to_dict("records")
    for record in records:
        record["levels"] = tuple(filter(None, record["levels"].split(" | ")))
    return {record["name"]: Variable(**record) for record in records}


def load_witness(study: str) -> pd.DataFrame:
    """Load the simulated cohort that is kept with a study.

    Parameters
    ----------
    study : str
        Key of the study.

    Returns
    -------
    DataFrame
        One row per simulated patient; empty fields are empty texts.

    Raises
    ------
    RairlibError
        If the study has none.
    """
    return pd.read_csv(study_file(study, WITNESS), keep_default_na=False, encoding="utf-8")


def load_ensemble(study: str) -> pd.DataFrame:
    """Load the held-out results of a study over many consistent cohorts.

    Parameters
    ----------
    study : str
        Key of the study.

    Returns
    -------
    DataFrame
        Columns ``cohort, statistic, variable, level, group, method, value``.
    """
    path = kept_file(f"results/{study}_ensemble.csv")
    return pd.read_csv(path, keep_default_na=False, encoding="utf-8")

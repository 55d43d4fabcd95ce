"""The studies of the book and where their data stand."""

import csv
from contextlib import suppress
from dataclasses import dataclass, fields
from itertools import zip_longest
from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import BeforeValidator, Field, Strict

from rairlib.errors import RairlibError, unknown
from rairlib.registry.kept_files import STUDY_FILE, data_folder, is_kept, kept_file
from rairlib.registry.toml_file import Several, Table, read_toml

WITNESS = "simulated_cohort.csv"
Pair = Annotated[tuple[str, str], Strict(False)]


class Implied(Table):
    """A level of one covariate that a level of another brings with it."""

    inner: Pair
    outer: Pair


class CohortNotes(Table):
    """What kind of cohorts a study's are, and of which compositions, by name, where of several."""

    kind: str = "consistent cohorts"
    compositions: dict[str, str] = Field(default_factory=dict)


class DeclaredModel(Table):
    """A printed logistic model: its place, the comparison ``A vs B``, its covariates."""

    locus: str
    group: str
    covariates: Annotated[Several[str], Field(min_length=1)]


class StudyFile(Table):
    """What stands in ``study.toml``; all but the reference may be left out."""

    citation: str
    place: int = 0
    doi: str = ""
    design: str = ""
    n: Annotated[str, BeforeValidator(str)] = ""
    outcome: str = ""
    software: str = ""
    models: Several[DeclaredModel] = ()
    implied: Implied | None = None
    cohorts: CohortNotes = Field(default_factory=CohortNotes)
    records: dict[str, str] = Field(default_factory=dict)


class Study(StudyFile):
    """One published study.

    Attributes
    ----------
    key, citation, doi : str
        Short name (that of its folder), reference and digital object identifier.
    place : int
        Where it stands among the studies of the book.
    design, n, outcome, software : str
        What the paper says of its design, its patients, its outcome and its software.
    models : tuple of DeclaredModel
        Logistic models of binary covariates; empty to read them from the registry.
    implied : Implied or None
        What is taken for granted beside the print.
    cohorts : CohortNotes
        What is said of its simulated cohorts.
    records : dict of str to str
        Where the patients' open records come from, by the name that the analysis gives them; see
        :func:`rairlib.cohorts.public.load_records`. Empty for a paper whose records are closed.
    """

    key: str


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


def load_studies(*, records: bool | None = None) -> dict[str, Study]:
    """Load the studies of the book by key: every folder of the data that has a ``study.toml``.

    Parameters
    ----------
    records : bool, optional
        Those with open records alone, or those without; left out, all.

    Returns
    -------
    dict of str to Study
        In the order of their places.
    """
    names = [path.parent.name for path in data_folder().glob(f"*/{STUDY_FILE}")]
    studies = [_read_study(kept_file(f"{name}/{STUDY_FILE}"), name) for name in sorted(names)]
    return {
        study.key: study
        for study in sorted(studies, key=lambda study: study.place)
        if records is None or bool(study.records) == records
    }


def _read_study(path: Path, key: str) -> Study:
    return Study(key=key, **dict(read_toml(path, StudyFile)))


def load_study(study: str) -> Study:
    """Load one study; without a ``study.toml`` in its folder, no more than its key is known."""
    folder = study_folder(study)
    if not is_own_folder(study):
        return load_studies()[study]
    path = folder / STUDY_FILE
    return _read_study(path, folder.name) if path.is_file() else Study(key=folder.name, citation="")


def is_own_folder(word: str) -> bool:
    """Whether a word names a folder of one's own and not one of the book's studies by its key."""
    path = Path(word)
    if path.name != str(word):
        return path.is_dir()
    with suppress(RairlibError):
        return path.is_dir() and word not in load_studies()
    return path.is_dir()


def study_folder(study: str) -> Path:
    """Return the data folder of a study.

    Parameters
    ----------
    study : str
        Key of the study, or a folder of one's own that is laid out like ``data/KEY``.

    Returns
    -------
    Path
        An existing folder.

    Raises
    ------
    RairlibError
        If no study has this key and there is no such folder.
    """
    if is_own_folder(study):
        return Path(study).resolve()
    known = load_studies()
    if study not in known:
        raise RairlibError(unknown(str(study), "study", known))
    return data_folder() / study


def study_file(study: str, name: str) -> Path:
    """Return the path of a file of a study: a kept one is checked as by :func:`kept_file`."""
    folder = study_folder(study)
    if not is_own_folder(study):
        return kept_file(f"{study}/{name}")
    if not (folder / name).is_file():
        raise RairlibError(f"{study}: no file {name}: put it there")
    return folder / name


def has_file(study: str, name: str) -> bool:
    """Whether a study has a file; a kept one that is lost counts, so that its reader tells."""
    folder = study_folder(study)
    return (folder / name).is_file() or (not is_own_folder(study) and is_kept(f"{study}/{name}"))


def result_file(study: str, name: str) -> Path:
    """Return the path of a study's result file, in the folder ``results`` beside its own."""
    folder = study_folder(study)
    if not is_own_folder(study):
        return kept_file(f"results/{study}_{name}.csv")
    return folder.parent / "results" / f"{folder.name}_{name}.csv"


def has_result(study: str, name: str) -> bool:
    """Whether a study has a result file; a kept one that is lost counts."""
    folder = study_folder(study)
    file = f"results/{folder.name}_{name}.csv"
    return (folder.parent / file).is_file() or (not is_own_folder(study) and is_kept(file))


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
        Columns ``cohort, statistic, variable, level, group, method, value``; ``composition`` too
        where the study declares several.
    """
    return pd.read_csv(result_file(study, "ensemble"), keep_default_na=False, encoding="utf-8")


# --- A reporting checklist of a paper, item by item: read and validate the judgements ---------
# The checklist is TRIPOD+AI, 27 items with 52 subitems (Collins et al. 2024, BMJ 385:e078378).
# Topics
# and comments are in this project's words; each judgement that something is said quotes where.


STATUSES = {
    "reported": "the text gives what is asked for",
    "partly": "the text gives part of it",
    "not reported": "the sections where it belongs say nothing",
    "not applicable": "asked for under a condition that the paper does not meet",
    "cannot be judged": "stands in a table, a figure or the end matter, which we do not have",
}
APPLIES = ("development", "evaluation", "both")
SUBITEMS = {
    "Title": ("1",),
    "Abstract": ("2",),
    "Introduction": ("3a", "3b", "3c", "4"),
    "Methods": (
        *("5a", "5b", "6a", "6b", "6c", "7", "8a", "8b", "8c", "9a", "9b", "9c", "10", "11"),
        *("12a", "12b", "12c", "12d", "12e", "12f", "12g", "13", "14", "15", "16", "17"),
    ),
    "Open science": ("18a", "18b", "18c", "18d", "18e", "18f"),
    "Patient and public involvement": ("19",),
    "Results": ("20a", "20b", "20c", "21", "22", "23a", "23b", "24"),
    "Discussion": ("25", "26", "27a", "27b", "27c"),
}
SECTION_OF = {item: section for section, items in SUBITEMS.items() for item in items}
NEEDS_QUOTE = ("reported", "partly")
PLACES = (("locus", "quote"), ("locus_b", "quote_b"))


class ChecklistError(RairlibError):
    """A checklist file has faults: one line each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistItem:
    """One subitem of a reporting checklist and what a paper says about it.

    Attributes
    ----------
    item, section, topic : str
        Number in the checklist, such as ``12b``; its section; what it asks for, in short.
    applies : str
        ``development``, ``evaluation`` or ``both``.
    status : str
        One of :data:`STATUSES`.
    locus, quote, locus_b, quote_b : str
        One or two places of the paper and a few words of each; empty where nothing is said.
    comment : str
        What is there and what is missing.
    """

    item: str
    section: str
    topic: str
    applies: str
    status: str
    locus: str
    quote: str
    locus_b: str
    quote_b: str
    comment: str

    @property
    def places(self) -> tuple[tuple[str, str], ...]:
        """Places that are quoted, each with its words."""
        pairs = (self.locus, self.quote), (self.locus_b, self.quote_b)
        return tuple((locus, quote) for locus, quote in pairs if quote)


COLUMNS = tuple(field.name for field in fields(ChecklistItem))


def load_checklist(study: str) -> list[ChecklistItem]:
    """Load the checklist of a study.

    Parameters
    ----------
    study : str
        Key of the study.

    Returns
    -------
    list of ChecklistItem
        One per subitem, in the checklist's order.

    Raises
    ------
    ChecklistError
        As for :func:`read_checklist`.
    """
    return read_checklist(study_file(study, "tripod_ai.csv"))


def read_checklist(path: Path) -> list[ChecklistItem]:
    """Read a checklist file and check it.

    Parameters
    ----------
    path : Path
        A CSV file in UTF-8 with the fields of :class:`ChecklistItem` as columns.

    Returns
    -------
    list of ChecklistItem
        One per subitem, in the checklist's order.

    Raises
    ------
    ChecklistError
        One line per fault, with file, row and column; the header is row 1.
    """
    if not path.is_file():
        raise ChecklistError(f"{path}: no such file")
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream, restkey="", restval="")
        if tuple(reader.fieldnames or ()) != COLUMNS:
            header = ",".join(COLUMNS)
            raise ChecklistError(f"{path.name}: row 1 is not the header; write {header}")
        records = list(reader)
    faults = _order_faults(records)
    for row, record in enumerate(records, start=2):
        faults += [(row, column, text) for column, text in _record_faults(record)]
    if faults:
        lines = [f"{path.name}: row {row}, column {name}: {text}" for row, name, text in faults]
        raise ChecklistError("\n".join(lines))
    return [ChecklistItem(**record) for record in records]


def _order_faults(records: list[dict]) -> list[tuple[int, str, str]]:
    """Find the first row that breaks the order, a subitem that stands twice or is missing."""
    found = [record["item"] for record in records]
    for row, (item, wanted) in enumerate(zip_longest(found, SECTION_OF), start=2):
        if item is None:
            return [(row, "item", f"the file ends before {wanted!r}")]
        if wanted is None:
            return [(row, "item", f"{item!r} is one row too many")]
        if item != wanted:
            return [(row, "item", f"{item!r} stands where {wanted!r} belongs")]
    return []


def _record_faults(record: dict) -> list[tuple[str, str]]:
    """Find words outside the closed lists, gaps, and quotes that do not fit place or status."""
    if "" in record:
        return [("comment", "is followed by more fields: put texts with a comma in double quotes")]
    applies, status, quote = record["applies"], record["status"], record["quote"]
    section = SECTION_OF.get(record["item"], record["section"])
    # Column, what must hold, what is said where it does not.
    rules = [
        ("applies", applies in APPLIES, unknown(applies, "applies", APPLIES)),
        ("status", status in STATUSES, unknown(status, "status", STATUSES)),
        ("section", record["section"] == section, f"{record['section']!r} should be {section!r}"),
    ]
    for place, words in PLACES:
        empty = "is empty: name the place of the quote"
        rules.append((place, record[place] or not record[words], empty))
        empty = "is empty: quote a few words of the place"
        rules.append((words, record[words] or not record[place], empty))
    shown = f"is empty: {status!r} needs the words that show it"
    said = "is empty: say what is there and what is missing"
    rules += [
        ("quote", quote or status not in NEEDS_QUOTE, shown),
        ("quote", not quote or status != "not reported", f"{status!r} has nothing to quote"),
        ("topic", record["topic"], "is empty: say what the subitem asks for"),
        ("comment", record["comment"] or status == "reported", said),
    ]
    return [(column, told) for column, right, told in rules if not right]

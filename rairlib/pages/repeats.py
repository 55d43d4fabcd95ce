"""Frames and words for the chapters on repeats: the kept results of 10,000 repeats each."""

from collections.abc import Iterable

import pandas as pd

from rairlib.registry.kept_files import kept_file
from rairlib.studies.repeats import repeats_of


def load_repeats(study: str = "", kind: str = "") -> pd.DataFrame:
    """Load the kept results of repeats.

    Parameters
    ----------
    study : str
        Key of a study; empty for all that are kept.
    kind : str
        ``conclusion`` or ``quantity``; empty for both.

    Returns
    -------
    DataFrame
        As :func:`rairlib.studies.repeats.kept_repeats`.
    """
    path = kept_file("results/repeats.csv")
    # A truth is called null, which pandas would take for a missing one.
    table = pd.read_csv(path, keep_default_na=False, na_values=[""], encoding="utf-8")
    chosen = table["study"].eq(study) if study else table["study"].notna()
    chosen &= table["kind"].eq(kind) if kind else True
    return table[chosen].reset_index(drop=True)


def held(study: str, truth: str, ids: Iterable[str] = ()) -> pd.DataFrame:
    """Return in which share of the kept repeats the conclusions of a study hold.

    Parameters
    ----------
    study, truth : str
        Key of the study, and what the patients were drawn from.
    ids : iterable of str
        Of these conclusions, in this order; empty for all.

    Returns
    -------
    DataFrame
        Columns ``id, text, number, size, patients, share``, a row per conclusion and size.
    """
    conclusions = {conclusion.id: conclusion for conclusion in repeats_of(study).conclusions}
    kept = load_repeats(study, "conclusion")
    kept = kept[kept["truth"] == truth].set_index("id")
    rows = kept.loc[list(ids) or list(conclusions), ["size", "patients", "share"]].reset_index()
    rows.insert(1, "text", [conclusions[name].text for name in rows["id"]])
    rows.insert(2, "number", [conclusions[name].number for name in rows["id"]])
    return rows


def of_100(share: float) -> str:
    """Return a share as so many of 100, in whole numbers; between 0 and 1, or 99 and 100, so."""
    number = 100 * share
    if 0 < number < 1:
        return "fewer than 1"
    if 99 < number < 100:
        return "more than 99"
    return f"{number:.0f}"


def table_of_100(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a table of :func:`held`: a row per conclusion, a column per number of patients."""
    order = list(dict.fromkeys(rows["text"]))
    table = rows.pivot_table(index="text", columns="patients", values="share").loc[order]
    table = table.map(of_100).rename_axis("of 100 repeats it holds in", axis=0)
    return table.rename_axis("patients", axis=1)


def quantities(study: str, truth: str, ids: Iterable[str]) -> pd.DataFrame:
    """Return the kept rows of some quantities, indexed by quantity and number of patients."""
    kept = load_repeats(study, "quantity")
    kept = kept[(kept["truth"] == truth) & kept["id"].isin(list(ids))]
    return kept.set_index(["id", "patients"]).sort_index()


def concluded(kind: str) -> pd.DataFrame:
    """Return how often the studies' own conclusions come out again, of all that are kept.

    Parameters
    ----------
    kind : str
        The first truth of the studies wanted: ``model`` or ``cohort``.

    Returns
    -------
    DataFrame
        As :func:`held`, with ``study`` first; of the papers those conclusions alone that a
        reported number states.
    """
    parts = []
    for study in dict.fromkeys(load_repeats()["study"]):
        if repeats_of(study).truths[0] == kind:
            rows = held(study, kind)
            parts.append(rows.assign(study=study)[["study", *rows.columns]])
    found = pd.concat(parts, ignore_index=True)
    return found[found["number"] != ""] if kind == "model" else found

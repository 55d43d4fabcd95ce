"""Hunan: Tables 4 and 5 and the ROC curves of Figures 2 and 3, print beside a cohort."""

import pandas as pd

from rairlib.chapters.hunan_print import COUNTS, reconstructed_tables, with_performance
from rairlib.chapters.tang2025 import p_text
from rairlib.checks.roc_areas import CUT_OFF_LIMIT
from rairlib.discrimination import area_difference, roc_coordinates
from rairlib.hosmer_lemeshow import hosmer_lemeshow_spread
from rairlib.papers.tang2025_performance import (
    CELLS,
    POSITIVE,
    READINGS,
    VERSUS,
    area,
    classified,
    groups_of,
)
from rairlib.reported import Registry, ReportedNumber

SETS = tuple(VERSUS)
ERROR_WORDS = {"hanley_mcneil": "Hanley-McNeil", "delong": "DeLong"}
READING_WORDS = {"continuous": "the score", "dichotomised": "cut in two"}


def groups_by_word(data: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the patients of both sets and of the subgroups, by short names.

    Parameters
    ----------
    data : DataFrame
        See :func:`rairlib.papers.tang2025.scored`.

    Returns
    -------
    dict of str to DataFrame
        ``training``, ``validation``, then the subgroups of all patients.
    """
    short = {versus: name for name, versus in VERSUS.items()}
    return {short.get(name, name): part for name, part in groups_of(data).items()}


def performance_beside(
    registry: Registry, data: pd.DataFrame, names: tuple[str, ...]
) -> pd.DataFrame:
    """Set the predictions at the paper's threshold beside those on a cohort.

    Parameters
    ----------
    registry : Registry
        The Hunan registry.
    data : DataFrame
        See :func:`rairlib.papers.tang2025.scored`.
    names : tuple of str
        Groups, as :func:`groups_by_word` names them.

    Returns
    -------
    DataFrame
        Indexed by group and source (``print`` for what the printed numbers determine, or
        ``cohort``): ``n``, ``TP, FN, FP, TN`` and five rates in percent.
    """
    parts = groups_by_word(data)
    counts = {name: classified(parts[name])[list(CELLS)].to_numpy(int) for name in names}
    cohort = pd.DataFrame.from_dict(counts, orient="index", columns=COUNTS)
    cohort.insert(0, "n", cohort.sum(axis=1))
    tables = {"print": reconstructed_tables(registry).loc[list(names)], "cohort": cohort}
    shown = {source: with_performance(table) for source, table in tables.items()}
    both = pd.concat(shown, names=["source", "patients"]).swaplevel()
    return both.reindex(list(names), level="patients").sort_index(
        level="patients",
        key=lambda keys: keys.map({n: i for i, n in enumerate(names)}),
        sort_remaining=False,
    )


def _printed_area(registry: Registry, name: str) -> list[ReportedNumber]:
    """Return the printed area of a group with both its limits."""
    (row,) = registry.where("auc", group=VERSUS.get(name, name), repeats="")
    limits = (registry.belonging_to(row.id, end) for end in ("ci_low", "ci_high"))
    return [row, *(next(r for r in found if not r.repeats) for found in limits)]


def areas_beside(registry: Registry, data: pd.DataFrame) -> pd.DataFrame:
    """Set the printed areas beside every reading of them on a cohort.

    Parameters
    ----------
    registry : Registry
        The Hunan registry.
    data : DataFrame
        See :func:`rairlib.papers.tang2025.scored`.

    Returns
    -------
    DataFrame
        Indexed by group: ``printed``, one column per score and standard error, each an area with
        its limits, and ``rounds to all three`` (the readings that do; an upper limit above 1
        counts for a print just below 1).
    """
    rows = {}
    for name, part in groups_by_word(data).items():
        printed = _printed_area(registry, name)
        row = {"printed": _with_limits([number.printed for number in printed])}
        hits = []
        for reading in READINGS:
            for error, word in ERROR_WORDS.items():
                found = area(part, reading, error)[["estimate", "low", "high"]]
                label = f"{READING_WORDS[reading]}, {word}"
                row[label] = _with_limits([f"{value:.3f}" for value in found])
                if all(_agrees(n, v) for n, v in zip(printed, found, strict=True)):
                    hits.append(label)
        rows[name] = {**row, "rounds to all three": "; ".join(hits) or "none"}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("patients")


def _with_limits(texts: list[str]) -> str:
    return f"{texts[0]} ({texts[1]} to {texts[2]})"


def _agrees(row: ReportedNumber, value: float) -> bool:
    cut = row.statistic == "ci_high" and row.number.value >= CUT_OFF_LIMIT and value > 1
    return cut or row.number.agrees(value)


def roc_panels(registry: Registry, data: pd.DataFrame, names: tuple[str, ...]) -> dict[str, dict]:
    """Return what a figure of ROC curves needs, one panel per group.

    Parameters
    ----------
    registry : Registry
        The Hunan registry.
    data : DataFrame
        See :func:`rairlib.papers.tang2025.scored`.
    names : tuple of str
        Groups, as :func:`groups_by_word` names them.

    Returns
    -------
    dict of str to dict
        By group: ``coordinates`` of the score, ``point`` (sensitivity and specificity at the
        threshold, proportions), ``areas`` (by what they are of, on the cohort) and ``printed``
        (the printed area).
    """
    parts, panels = groups_by_word(data), {}
    for name in names:
        part, rates = parts[name], classified(parts[name]) / 100
        panels[name] = {
            "coordinates": roc_coordinates(part["failed"], part["logit_p"]),
            "point": (rates["sensitivity"], rates["specificity"]),
            "areas": {
                READING_WORDS[reading]: area(part, reading, "delong")["estimate"]
                for reading in READINGS
            },
            "printed": _printed_area(registry, name)[0].printed,
        }
    return panels


PAIRS = (("training", "validation"), ("male", "female"), ("age ≥55", "age <55"))


def area_differences(data: pd.DataFrame) -> pd.DataFrame:
    """Compare the areas of different patients, like with like.

    Parameters
    ----------
    data : DataFrame
        See :func:`rairlib.papers.tang2025.scored`.

    Returns
    -------
    DataFrame
        Indexed by pair of groups and what the area is of: both areas, their difference with 95 %
        limits, and p of the unpaired DeLong test.
    """
    parts, rows = groups_by_word(data), {}
    for pair in PAIRS:
        for reading in READINGS:
            found = area_difference(*(_event_and_score(parts[name], reading) for name in pair))
            one = found.iloc[0]
            limits = f"{one['low']:.3f} to {one['high']:.3f}".replace("-", "−")
            rows[" less ".join(pair), READING_WORDS[reading]] = {
                "first": f"{one['first']:.3f}",
                "second": f"{one['second']:.3f}",
                "difference": f"{one['difference']:.3f}".replace("-", "−"),
                "95 % limits": limits,
                "p": p_text(one["p_value"]),
            }
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.set_axis(pd.MultiIndex.from_tuples(rows, names=["patients", "area of"]))


def _event_and_score(part: pd.DataFrame, reading: str) -> tuple[pd.Series, pd.Series]:
    positive = (part["logit_p_0585"] == POSITIVE).astype(float)
    return part["failed"], part["logit_p"] if reading == "continuous" else positive


def hosmer_table(data: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the p value of the Hosmer-Lemeshow test over cutting rules and numbers of groups.

    Parameters
    ----------
    data : DataFrame
        See :func:`rairlib.papers.tang2025.scored`.
    name : str
        ``training`` or ``validation``; the latter has as many degrees of freedom as groups.

    Returns
    -------
    DataFrame
        One row per rule, one column per number of groups wanted.
    """
    part = groups_by_word(data)[name]
    tests = hosmer_lemeshow_spread(part["failed"], part["risk"], validation=name == "validation")
    table = tests.pivot_table(index="rule", columns="wanted", values="p_value", sort=False)
    return table.rename_axis(index="cutting rule", columns="groups wanted")

"""Tables for the book: tidy frames with readable headings, rounded for display. Format only."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import pandas as pd

from rairlib.checks.catalogue import CHECKS
from rairlib.registry.printed import format_value, parse_printed
from rairlib.registry.registry import Registry
from rairlib.registry.studies import (
    STATUSES,
    SUBITEMS,
    ChecklistItem,
    Variable,
    has_file,
    load_studies,
    load_variables,
)
from rairlib.registry.vocabulary import ROLES

RANGE_DASH = " to "
EXTRA_DECIMALS = 2
SMALLEST_SHOWN = 1e-3
# What readers call the statistics whose short names do not say it.
SPOKEN = {
    "n": "number of patients",
    "count": "patients with",
    "percent": "share with",
    "sd": "standard deviation",
    "q1": "lower quartile",
    "q3": "upper quartile",
    "ci_low": "lower limit of the confidence interval",
    "ci_high": "upper limit of the confidence interval",
    "auc": "area under the ROC curve",
    "ppv": "positive predictive value",
    "npv": "negative predictive value",
    "u_statistic": "Mann-Whitney U",
    "chi_square": "χ²",
    "logrank_chi_square": "log-rank χ²",
    "survival_percent": "Kaplan-Meier rate",
}
IN_GROUPS = (" in two groups", " (dichotomised)")


def what(row: dict) -> str:
    """Say in words what a reported number is.

    Parameters
    ----------
    row : dict
        With ``statistic, variable, level, group``.

    Returns
    -------
    str
        For example ``odds ratio, metastasis yes vs no, RAIR vs non-RAIR``.
    """
    subject = " ".join(part for part in (row["variable"], row["level"]) if part)
    parts = [row["statistic"], subject, row["group"]]
    return ", ".join(part.replace("_", " ") for part in parts if part)


def in_plain_words(row: dict, variables: dict[str, Variable]) -> str:
    """Say to a reader what a reported number is, without the names of the program.

    Parameters
    ----------
    row : dict
        With ``statistic, variable, level, group, unit``.
    variables : dict of str to Variable
        Of its study, see :func:`rairlib.registry.studies.load_variables`; a name that is not
        there is spelt out.

    Returns
    -------
    str
        For example ``median: Stimulated thyroglobulin (ps-Tg) ≥528.5 ng/mL, RAIR``.
    """
    statistic = SPOKEN.get(row["statistic"], row["statistic"].replace("_", " "))
    names = filter(None, row["variable"].split(" | "))
    subject = ", ".join(_label(name, variables) for name in names)
    unit = variables[row["variable"]].unit if row["variable"] in variables else ""
    level = row["level"]
    if unit and unit not in level and any(sign.isdigit() for sign in level):
        level += f" {unit}"
    named = " ".join(filter(None, (subject, level)))
    about = ", ".join(filter(None, (named, row["group"])))
    return ": ".join(filter(None, (statistic if named else statistic.removesuffix(" with"), about)))


def _label(name: str, variables: dict[str, Variable]) -> str:
    label = variables[name].label if name in variables else name.replace("_", " ")
    for ending in IN_GROUPS:
        label = label.removesuffix(ending)
    return label


def variables_of(study: str) -> dict[str, Variable]:
    """Return the variables of a study, none where it is not of the book or does not list them."""
    listed = study in load_studies() and has_file(study, "variables.csv")
    return load_variables(study) if listed else {}


def recomputed_text(row: dict) -> str:
    """Write a recomputed value, or its limits, with two decimals more than the print.

    Parameters
    ----------
    row : dict
        With ``printed, reproduced, low, high``.

    Returns
    -------
    str
        Empty if nothing was recomputed.
    """
    if pd.isna(row["low"]):
        return ""
    decimals = parse_printed(row["printed"]).decimals + EXTRA_DECIMALS
    ends = [with_decimals(end, decimals) for end in (row["low"], row["high"])]
    return ends[0] if ends[0] == ends[1] else RANGE_DASH.join(ends)


def with_decimals(value: float, decimals: int) -> str:
    """Write a number with so many decimals; whole ones without, very small ones with two digits."""
    if math.isnan(value):
        return ""
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == round(value):
        return f"{value:.0f}"
    if 0 < abs(value) < SMALLEST_SHOWN:
        return f"{value:.2g}"
    return format_value(value, decimals)


def beside(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Set reported numbers beside recomputed ones.

    Parameters
    ----------
    verdicts : DataFrame
        Rows of :func:`rairlib.verdicts.verdicts.study_verdicts`.

    Returns
    -------
    DataFrame
        Columns ``place, number, printed, recomputed, evidence, verdict``, indexed by identifier.
    """
    records = verdicts.to_dict("records")
    variables = {study: variables_of(study) for study in verdicts["study"].unique()}
    table = verdicts.set_index("id").rename(columns={"locus": "place"})
    table["printed"] += table["unit"].map({"%": " %"}).fillna("")
    table["number"] = [in_plain_words(record, variables[record["study"]]) for record in records]
    table["recomputed"] = [recomputed_text(record) for record in records]
    return table[["place", "number", "printed", "recomputed", "evidence", "verdict"]]


def scope(registry: Registry) -> pd.DataFrame:
    """Count a paper's numbers by place and role.

    Parameters
    ----------
    registry : Registry
        Any paper.

    Returns
    -------
    DataFrame
        One row per place in order of appearance and one of totals, one column per role, `total`
        and `repeats`.
    """
    table = registry.frame()
    order = list(dict.fromkeys(table["locus"]))
    counts = pd.crosstab(table["locus"], table["role"])
    counts = counts.reindex(index=order, columns=list(ROLES), fill_value=0)
    counts.columns = [name.replace("_", " ") for name in counts.columns]
    counts["total"] = counts.sum(axis=1)
    repeats = (table["repeats"] != "").groupby(table["locus"]).sum()
    counts["repeats"] = repeats.reindex(order)
    counts.loc["whole paper"] = counts.sum()
    return counts.rename_axis("place")


def objections(findings: pd.DataFrame) -> pd.DataFrame:
    """Return the findings that do not agree, proofs first.

    Parameters
    ----------
    findings : DataFrame
        See :func:`rairlib.checks.findings.findings_frame`.

    Returns
    -------
    DataFrame
        Columns ``status, number, check, what was found``.
    """
    chosen = findings[findings["status"].isin(["contradicted", "suggests"])]
    table = chosen.sort_values("status", kind="stable")[["status", "target", "check", "text"]]
    table = table.set_axis(["status", "number", "check", "what was found"], axis=1)
    return table.assign(check=table["check"].str.replace("_", " ")).reset_index(drop=True)


# --- Tables of findings for the book: the catalogue, the wording, and findings set out by check ---


# The module of a check says what kind of number it looks at.
def catalogue() -> pd.DataFrame:
    """List the checks in the order in which the audit makes them.

    Returns
    -------
    DataFrame
        Columns ``about, what it does, agreement``, indexed by check; the last says whether
        agreement gives the number or only says that it is possible.
    """
    records = {
        check.name.replace("_", " "): {
            "about": check.about,
            "what it does": check.compares.replace("`", ""),
            "agreement": "possible" if check.kind == "possibility" else "recomputed",
        }
        for check in CHECKS
    }
    return pd.DataFrame.from_dict(records, orient="index").rename_axis("check")


def findings_of(findings: pd.DataFrame, check: str) -> pd.DataFrame:
    """Return what one check found, in words.

    Parameters
    ----------
    findings : DataFrame
        See :func:`rairlib.checks.findings.findings_frame`.
    check : str
        Name of the check.

    Returns
    -------
    DataFrame
        Columns ``status, what was found``, indexed by the number recomputed; column ``what was
        found``, indexed by status, if the check recomputes none.
    """
    chosen = findings[findings["check"] == check]
    table = chosen[["status", "text"]].set_axis(["status", "what was found"], axis=1)
    if not chosen["target"].any():
        return table.set_index("status")
    return table.set_index(chosen["target"].rename("number"))


# --- Frames for the page of a reporting checklist ---------------------------------------------


def checklist_frame(items: Sequence[ChecklistItem]) -> pd.DataFrame:
    """Set out a checklist for readers.

    Parameters
    ----------
    items : sequence of ChecklistItem
        See :func:`rairlib.registry.studies.load_checklist`.

    Returns
    -------
    DataFrame
        Columns ``section, asks for, asked of, status, what the paper says, comment``, indexed by
        item.
    """
    return pd.DataFrame(
        {
            "section": [item.section for item in items],
            "asks for": [item.topic for item in items],
            "asked of": [item.applies for item in items],
            "status": [item.status for item in items],
            "what the paper says": [_quoted(item) for item in items],
            "comment": [item.comment for item in items],
        },
        index=pd.Index([item.item for item in items], name="item"),
    )


def _quoted(item: ChecklistItem) -> str:
    return "; ".join(f"{locus}: “{quote}”" for locus, quote in item.places)


def status_counts(items: Sequence[ChecklistItem]) -> pd.DataFrame:
    """Count the subitems of each section by status.

    Parameters
    ----------
    items : sequence of ChecklistItem
        See :func:`rairlib.registry.studies.load_checklist`.

    Returns
    -------
    DataFrame
        One row per section and ``all``, one column per status and ``all``.
    """
    table = checklist_frame(items)
    counts = pd.crosstab(table["section"], table["status"], margins=True, margins_name="all")
    order = {"index": [*SUBITEMS, "all"], "columns": [*STATUSES, "all"]}
    return counts.reindex(**order, fill_value=0).rename_axis(columns=None)


# --- The full table of verdicts for the book: HTML in which every row has an address ----------


REPEATS = "repeats "
# fmt: off
COLUMNS_SHOWN = (
    "number", "what it is", "printed", "recomputed", "verdict", "study", "place", "evidence",
    "test", "role", "reason",
)
# fmt: on
FILTERS = "study place role evidence test verdict"  # what a reader can choose by


@dataclass(frozen=True, slots=True, repr=False)
class MarkedUp:
    """A table or form that a notebook shows as HTML and a terminal as one line.

    Attributes
    ----------
    markup : str
        The HTML.
    text : str
        What stands in its place where HTML is not shown.
    """

    markup: str
    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.markup


def folded(table: pd.DataFrame | MarkedUp, title: str) -> MarkedUp:
    """Fold a long table under a line that says what is in it.

    Parameters
    ----------
    table : DataFrame or MarkedUp
        What a reader opens.
    title : str
        For example ``All numbers of Table 1, printed and recomputed``.

    Returns
    -------
    MarkedUp
        Closed on the screen, open on paper; the line tells how many rows a frame has.
    """
    length = f" ({len(table)} rows)" if isinstance(table, pd.DataFrame) else ""
    line = f"<summary>{escape(title + length)}</summary>"
    markup = f'<details class="long-table">{line}\n{table._repr_html_()}\n</details>'
    return MarkedUp(markup, f"{title}{length}\n{table}")


def verdict_table(verdicts: pd.DataFrame) -> MarkedUp:
    """Return the table of all verdicts, with its own address for each number.

    Parameters
    ----------
    verdicts : DataFrame
        See :func:`rairlib.verdicts.verdicts.all_verdicts`.

    Returns
    -------
    MarkedUp
        Columns ``number, what it is, printed, recomputed, verdict, study, place, evidence, test,
        role, reason``; book.css sets the second five and the last below the first.
    """
    cells = beside(verdicts).rename(columns={"number": "what it is"})
    more = {name: verdicts[name].to_list() for name in ("study", "test", "variable", "reason")}
    cells = cells.assign(**more, role=verdicts["role"].str.replace("_", " ").to_list())
    # The names of the fields where book.css shows each number as a card, without a head.
    names = "\n".join(
        f'.verdicts td:nth-child({place}) {{ --name: "{name}: "; }}'
        for place, name in enumerate(COLUMNS_SHOWN, start=1)
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in COLUMNS_SHOWN)
    rows = "\n".join(_row(row) for row in cells.reset_index(names="number").to_dict("records"))
    markup = (
        f'<style>\n{names}\n</style>\n<table class="dataframe verdicts" '
        f'data-filters="{FILTERS}">\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>"
    )
    return MarkedUp(markup, f"Table of {len(cells)} verdicts")


def _row(row: dict) -> str:
    address = escape(f"{row['study']}-{row['number']}")
    shown = {name: escape(row[name]) for name in COLUMNS_SHOWN}
    if row["variable"]:
        shown["what it is"] += f" <code>{escape(row['variable'])}</code>"
    shown["reason"] = _reason(row["study"], row["reason"])
    link = f'<th scope="row"><a href="#{address}">{shown.pop("number")}</a></th>'
    reason = f'<td class="reason">{shown.pop("reason")}</td>'
    data = "".join(f"<td>{text}</td>" for text in shown.values())
    again = " data-repeats" if row["reason"].startswith(REPEATS) else ""
    return f'<tr id="{address}"{again}>{link}{data}{reason}</tr>'


def _reason(study: str, reason: str) -> str:
    """Return a reason as HTML; a repeated number leads to the row of its original."""
    original = reason.removeprefix(REPEATS)
    if original == reason:
        return escape(reason)
    return f'{REPEATS}<a href="#{escape(f"{study}-{original}")}">{escape(original)}</a>'

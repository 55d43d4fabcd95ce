"""Tables for the book: tidy frames with readable headings, rounded for display. Format only."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import pandas as pd

from rairlib.checks.catalogue import CHECKS
from rairlib.registry.printed import format_value, parse_printed
from rairlib.registry.registry import Registry
from rairlib.registry.studies import STATUSES, SUBITEMS, ChecklistItem
from rairlib.registry.vocabulary import ROLES

RANGE_DASH = " to "
EXTRA_DECIMALS = 2
SMALLEST_SHOWN = 1e-3


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
    table = verdicts.set_index("id").rename(columns={"locus": "place"})
    table["printed"] += table["unit"].map({"%": " %"}).fillna("")
    table["number"] = [what(record) for record in records]
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
        Columns ``number, study, place, what it is, printed, recomputed, verdict, evidence, test,
        role``; the second row has the reason, if there is one.
    """
    cells = beside(verdicts).rename(columns={"number": "what it is"})
    more = {name: verdicts[name].to_list() for name in ("study", "test")}
    cells = cells.assign(**more, role=verdicts["role"].str.replace("_", " ").to_list())
    order = ["study", "place", "what it is", "printed", "recomputed", "verdict", "evidence"]
    cells = cells[[*order, "test", "role"]]
    columns = ["number", *cells.columns]
    # The names of the fields where book.css shows each number as a card, without a head.
    names = "\n".join(
        f'.verdicts td:nth-child({place}) {{ --name: "{name}: "; }}'
        for place, name in enumerate(columns, start=1)
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in columns)
    keys = zip(verdicts["study"], verdicts["id"], verdicts["reason"], strict=True)
    rows = zip(keys, cells.itertuples(index=False), strict=True)
    bodies = "\n".join(_body(*key, texts) for key, texts in rows)
    markup = (
        f'<style>\n{names}\n</style>\n<table class="dataframe verdicts">\n'
        f"<thead><tr>{head}</tr></thead>\n{bodies}\n</table>"
    )
    return MarkedUp(markup, f"Table of {len(cells)} verdicts")


def _body(study: str, identifier: str, reason: str, texts: tuple[str, ...]) -> str:
    anchor = escape(f"{study}-{identifier}")
    link = f'<a href="#{anchor}">{escape(identifier)}</a>'
    data = "".join(f"<td>{escape(text)}</td>" for text in texts)
    row = f'<tr><th scope="row">{link}</th>{data}</tr>'
    if reason:
        why = f'<td class="reason" colspan="{len(texts) + 1}">{_reason(study, reason)}</td>'
        row += f'<tr class="reason">{why}</tr>'
    return f'<tbody id="{anchor}">{row}</tbody>'


def _reason(study: str, reason: str) -> str:
    """Return a reason as HTML; a repeated number leads to the row of its original."""
    original = reason.removeprefix(REPEATS)
    if original == reason:
        return escape(reason)
    return f'{REPEATS}<a href="#{escape(f"{study}-{original}")}">{escape(original)}</a>'

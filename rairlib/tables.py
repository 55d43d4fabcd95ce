"""Tables for the book: tidy frames with readable headings, rounded for display. Format only."""

import math

import pandas as pd

from rairlib.printed import format_value, parse_printed
from rairlib.reported import Registry
from rairlib.vocabulary import ROLES

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
    ends = [_with_decimals(end, decimals) for end in (row["low"], row["high"])]
    return ends[0] if ends[0] == ends[1] else RANGE_DASH.join(ends)


def _with_decimals(value: float, decimals: int) -> str:
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
        Rows of :func:`rairlib.verdicts.study_verdicts`.

    Returns
    -------
    DataFrame
        Columns ``place, number, printed, recomputed, evidence, verdict``, indexed by identifier.
    """
    records = verdicts.to_dict("records")
    return pd.DataFrame(
        {
            "place": verdicts["locus"].to_list(),
            "number": [what(record) for record in records],
            "printed": (
                verdicts["printed"] + verdicts["unit"].map({"%": " %"}).fillna("")
            ).to_list(),
            "recomputed": [recomputed_text(record) for record in records],
            "evidence": verdicts["evidence"].to_list(),
            "verdict": verdicts["verdict"].to_list(),
        },
        index=pd.Index(verdicts["id"], name="id"),
    )


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


def finding_counts(findings: pd.DataFrame) -> pd.DataFrame:
    """Count findings by check and status.

    Parameters
    ----------
    findings : DataFrame
        See :func:`rairlib.findings.findings_frame`.

    Returns
    -------
    DataFrame
        One row per check in the order of the findings, one column per status that occurs.
    """
    order = list(dict.fromkeys(findings["check"]))
    counts = pd.crosstab(findings["check"], findings["status"])
    statuses = [
        name for name in ("agrees", "contradicted", "suggests", "open") if name in counts.columns
    ]
    counts = counts.reindex(index=order, columns=statuses, fill_value=0)
    counts.index = counts.index.str.replace("_", " ")
    return counts.rename_axis(index="check", columns=None)


def objections(findings: pd.DataFrame) -> pd.DataFrame:
    """Return the findings that do not agree, proofs first.

    Parameters
    ----------
    findings : DataFrame
        See :func:`rairlib.findings.findings_frame`.

    Returns
    -------
    DataFrame
        Columns ``status, number, check, what was found``.
    """
    chosen = findings[findings["status"].isin(["contradicted", "suggests"])]
    chosen = chosen.sort_values("status", kind="stable")
    return pd.DataFrame(
        {
            "status": chosen["status"].to_list(),
            "number": chosen["target"].to_list(),
            "check": chosen["check"].str.replace("_", " ").to_list(),
            "what was found": chosen["text"].to_list(),
        }
    )

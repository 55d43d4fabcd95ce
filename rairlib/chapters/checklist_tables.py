"""Frames for the page of a reporting checklist."""

from collections.abc import Sequence

import pandas as pd

from rairlib.checklist import STATUSES, SUBITEMS, ChecklistItem


def checklist_frame(items: Sequence[ChecklistItem]) -> pd.DataFrame:
    """Set out a checklist for readers.

    Parameters
    ----------
    items : sequence of ChecklistItem
        See :func:`rairlib.checklist.load_checklist`.

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


def chosen_items(items: Sequence[ChecklistItem], numbers: Sequence[str]) -> pd.DataFrame:
    """Set out some items of a checklist without places and quotes.

    Parameters
    ----------
    items : sequence of ChecklistItem
        See :func:`rairlib.checklist.load_checklist`.
    numbers : sequence of str
        The items wanted, in their order.

    Returns
    -------
    DataFrame
        Columns ``asks for, status, comment``, indexed by item.
    """
    return checklist_frame(items).loc[list(numbers), ["asks for", "status", "comment"]]


def _quoted(item: ChecklistItem) -> str:
    return "; ".join(f"{locus}: “{quote}”" for locus, quote in item.places)


def status_counts(items: Sequence[ChecklistItem]) -> pd.DataFrame:
    """Count the subitems of each section by status.

    Parameters
    ----------
    items : sequence of ChecklistItem
        See :func:`rairlib.checklist.load_checklist`.

    Returns
    -------
    DataFrame
        One row per section and ``all``, one column per status and ``all``.
    """
    counts = pd.crosstab(
        pd.Series([item.section for item in items], name="section"),
        pd.Series([item.status for item in items], name="status"),
    )
    counts = counts.reindex(index=list(SUBITEMS), columns=list(STATUSES), fill_value=0)
    counts["all"] = counts.sum(axis=1)
    counts.loc["all"] = counts.sum()
    return counts.rename_axis(index="section", columns=None)


def status_meanings() -> pd.DataFrame:
    """Return what each status means, indexed by status."""
    return pd.DataFrame({"meaning": STATUSES}).rename_axis("status")

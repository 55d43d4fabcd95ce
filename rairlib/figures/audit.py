"""Findings by check and by status."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from rairlib.figures.style import (
    BLUE,
    FONT_SIZE,
    ORANGE,
    VERMILION,
    finish,
    legend,
    listed,
    stack_bars,
)

STATUS_STYLES = {
    "contradicted": {"color": VERMILION, "hatch": "///"},
    "suggests": {"color": ORANGE, "hatch": "..."},
    "open": {"color": "#D9D9D9", "hatch": ""},
    "agrees": {"color": BLUE, "hatch": ""},
}
# A single objection is too thin to be seen in a long bar.
SIGNS = {"contradicted": "✗", "suggests": "?"}


def finding_counts(findings: pd.DataFrame) -> pd.DataFrame:
    """Count findings by check and status.

    Parameters
    ----------
    findings : DataFrame
        One row per finding; columns ``check, status``.

    Returns
    -------
    DataFrame
        One row per check in order of appearance, one integer column per status.
    """
    counts = pd.crosstab(findings["check"], findings["status"])
    order = list(dict.fromkeys(findings["check"]))
    return counts.reindex(index=order, columns=list(STATUS_STYLES), fill_value=0)


def draw_audit(
    findings: pd.DataFrame, ax: Axes, *, labels: dict[str, str] | None = None, title: str = ""
) -> Axes:
    """Draw the number of findings of each check, split by status; objections as numbers too.

    Parameters
    ----------
    findings : DataFrame
        One row per finding; columns ``check, status``.
    ax : Axes
        Where to draw.
    labels : dict of str to str, optional
        Check → label for readers.
    title : str
        Title of the axes.

    Returns
    -------
    Axes
        The same axes.
    """
    counts = finding_counts(findings)
    names = [(labels or {}).get(check, check) for check in counts.index]
    parts = [
        (f"{SIGNS.get(status, '')} {status}".strip(), counts[status], look)
        for status, look in STATUS_STYLES.items()
        if counts[status].any()
    ]
    left = stack_bars(ax, names, parts, height=0.7, edgecolor="white", linewidth=0.8)
    for y, (check, total) in enumerate(left.items()):
        numbers = counts.loc[check]
        signs = [f"{sign}{numbers[status]}" for status, sign in SIGNS.items() if numbers[status]]
        text = "  ".join([str(total), *signs])
        ax.text(total + left.max() * 0.015, y, text, va="center", fontsize=FONT_SIZE - 1)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlim(0, left.max() * 1.25)
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.set_xlabel("Findings")
    place = {"loc": "lower left", "bbox_to_anchor": (-0.3, 1.0), "ncols": 4}
    legend(ax, 2, **place, handlelength=1.1, handletextpad=0.3, columnspacing=0.9)
    return finish(ax, title, space_above=18)


def audit_alt(findings: pd.DataFrame, *, labels: dict[str, str] | None = None) -> str:
    """Return the alternative text of :func:`draw_audit`.

    Parameters
    ----------
    findings : DataFrame
        One row per finding; columns ``check, status``.
    labels : dict of str to str, optional
        Check → label for readers.

    Returns
    -------
    str
        The totals by status, and where contradictions and suspicions were found.
    """
    counts = finding_counts(findings)
    totals = [f"{n} {status}" for status, n in counts.sum().items() if n]
    text = f"Bar chart of {len(findings)} findings of {len(counts)} checks: {listed(totals)}."
    for status in ("contradicted", "suggests"):
        hits = counts[status][counts[status] > 0]
        if not hits.empty:
            where = [f"{(labels or {}).get(check, check)} ({n})" for check, n in hits.items()]
            text += f" {status.capitalize()}: {listed(where)}."
    return text

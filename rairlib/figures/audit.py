"""Findings by check and by status."""

import pandas as pd
from matplotlib.ticker import MaxNLocator

from rairlib.figures.show import ShownFigure, show
from rairlib.figures.style import (
    BLUE,
    FONT_SIZE,
    ORANGE,
    VERMILION,
    canvas,
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


def draw_audit(
    findings: pd.DataFrame,
    *,
    labels: dict[str, str] | None = None,
    title: str = "",
    height: float = 6.4,
) -> ShownFigure:
    """Draw the number of findings of each check, split by status; objections as numbers too.

    Parameters
    ----------
    findings : DataFrame
        One row per finding; columns ``check, status``.
    labels : dict of str to str, optional
        Check → label for readers.
    title : str
        Title of the axes.
    height : float
        Height in inches.

    Returns
    -------
    ShownFigure
        Its text tells the totals by status, and where contradictions and suspicions were found.
    """
    _, ax = canvas(height)
    counts = pd.crosstab(findings["check"], findings["status"])
    order = list(dict.fromkeys(findings["check"]))
    counts = counts.reindex(index=order, columns=list(STATUS_STYLES), fill_value=0)
    counts = counts.rename(index=labels or {})
    parts = [
        (f"{SIGNS.get(status, '')} {status}".strip(), counts[status], look)
        for status, look in STATUS_STYLES.items()
        if counts[status].any()
    ]
    look = {"height": 0.7, "edgecolor": "white", "linewidth": 0.8}
    ends = stack_bars(ax, list(counts.index), parts, **look)
    for y, (check, total) in enumerate(ends.items()):
        numbers = counts.loc[check]
        signs = [f"{sign}{numbers[status]}" for status, sign in SIGNS.items() if numbers[status]]
        text = "  ".join([str(total), *signs])
        ax.text(total + ends.max() * 0.015, y, text, va="center", fontsize=FONT_SIZE - 1)
    ax.set(ylim=(len(counts) - 0.4, -0.6), xlim=(0, ends.max() * 1.25), xlabel="Findings")
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    place = {"loc": "lower left", "bbox_to_anchor": (-0.3, 1.0), "ncols": 4}
    legend(ax, 2, **place, handlelength=1.1, handletextpad=0.3, columnspacing=0.9)
    totals = [f"{n} {status}" for status, n in counts.sum().items() if n]
    told = f"Bar chart of {len(findings)} findings of {len(counts)} checks: {listed(totals)}."
    for status in SIGNS:
        hits = counts[status][counts[status] > 0]
        where = listed([f"{check} ({n})" for check, n in hits.items()])
        told += f" {status.capitalize()}: {where}." if where else ""
    return show(finish(ax, title, space_above=18), told)

"""Planted errors: which share of the detectable the audit proves, and which it at least doubts."""

from textwrap import fill

import pandas as pd

from rairlib.figures.show import ShownFigure, show
from rairlib.figures.style import BLUE, ORANGE, canvas, finish, legend

MARKS = {
    "proved": {"marker": "o", "color": BLUE, "markersize": 7},
    "proved or doubted": {"marker": "D", "color": ORANGE, "markersize": 6, "mfc": "white"},
}
LINE = 18
OFFSETS = {"proved": -0.15, "proved or doubted": 0.15}


def draw_detection(rates: pd.DataFrame, *, title: str = "") -> ShownFigure:
    """Draw the share of detectable errors that is found, one line per kind of error.

    Parameters
    ----------
    rates : DataFrame
        Columns ``kind, outcome, rate, low, high``; outcome is ``proved`` or ``proved or
        doubted``; rates between 0 and 1.
    title : str
        Title of the axes.

    Returns
    -------
    ShownFigure
        Its text tells the share of each kind that is noticed, the largest first.
    """
    (_, ax), kinds = canvas(height=6.2), list(dict.fromkeys(rates["kind"]))
    for outcome, rows in rates.groupby("outcome", sort=True):
        y = [kinds.index(kind) + OFFSETS[outcome] for kind in rows["kind"]]
        style = MARKS[outcome]
        ax.hlines(y, 100 * rows["low"], 100 * rows["high"], color=style["color"], linewidth=1.6)
        ax.plot(100 * rows["rate"], y, linestyle="none", label=outcome, **style)
    ax.set_yticks(range(len(kinds)), [fill(kind, LINE) for kind in kinds])
    ax.set(ylim=(len(kinds) - 0.5, -0.5), xlim=(0, 104))
    ax.grid(axis="x", color="#D9D9D9", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.set_xlabel("Of detectable errors, % (95 % interval)")
    place = {"loc": "upper left", "bbox_to_anchor": (-0.3, -0.11), "ncols": 2}
    legend(ax, 2, **place, handletextpad=0.1, columnspacing=0.9)
    noticed = rates[rates["outcome"] != "proved"].sort_values("rate", ascending=False)
    shares = [f"{row.kind} {100 * row.rate:.0f} %" for row in noticed.itertuples()]
    text = "Share of the detectable errors planted in papers that the audit proves or doubts, from "
    text += f"most to least often: {', '.join(shares)}."
    return show(finish(ax, title, simulated=True), text, rates)

"""Ranges over many cohorts, one line per number, with the printed numbers among them."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from rairlib.figures.style import BLUE, FONT_SIZE, GREY, SOURCES, finish

MARGIN = 0.04


def draw_ranges(
    ranges: pd.DataFrame,
    ax: Axes,
    *,
    quantity: str,
    reference: float | None = None,
    log_ticks: list[float] | None = None,
    title: str = "",
    simulated: bool = True,
) -> Axes:
    """Draw a bar from the lower to the upper end of each range, its median, and the print.

    Parameters
    ----------
    ranges : DataFrame
        Columns ``label, low, median, high, printed, inside``: NaN where nothing is printed, and
        whether the range holds a value that rounds to the print.
    ax : Axes
        Where to draw.
    quantity : str
        Label of the axis, with the unit.
    reference : float, optional
        A value to mark by a thin line, such as a ratio of 1.
    log_ticks : list of float, optional
        Ticks of a logarithmic axis; the axis is linear if not given.
    title : str
        Title of the axes.
    simulated : bool
        Whether the values come from simulated patients.

    Returns
    -------
    Axes
        The same axes.
    """
    y = range(len(ranges))
    if reference is not None:
        ax.axvline(reference, color=GREY, linewidth=1, linestyle=":")
    ax.hlines(y, ranges["low"], ranges["high"], color=BLUE, linewidth=5, alpha=0.45)
    ax.plot(ranges["median"], y, linestyle="none", marker="|", markersize=11, color=BLUE, mew=2)
    ax.plot([], [], color=BLUE, linewidth=5, alpha=0.45, label="range over cohorts")
    if ranges["printed"].notna().any():
        ax.plot(ranges["printed"], y, linestyle="none", label="printed", **SOURCES["reported"])
    ax.set_yticks(y, ranges["label"])
    ax.set_ylim(len(ranges) - 0.5, -0.5)
    if log_ticks is not None:
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(FixedLocator(log_ticks))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_major_formatter("{x:g}")
    ax.margins(x=MARGIN)
    ax.set_xlabel(quantity)
    handles, _ = ax.get_legend_handles_labels()
    ax.figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=2,
        frameon=False,
        fontsize=FONT_SIZE - 1,
        handletextpad=0.4,
    )
    return finish(ax, title, simulated)


def ranges_alt(
    ranges: pd.DataFrame, *, quantity: str, over: str = "simulated cohorts", digits: int = 3
) -> str:
    """Return the alternative text of :func:`draw_ranges`.

    Parameters
    ----------
    ranges : DataFrame
        As for :func:`draw_ranges`.
    quantity : str
        What is plotted.
    over : str
        Over what the ranges run.
    digits : int
        Significant digits.

    Returns
    -------
    str
        How many printed numbers lie within their range, then every range.
    """
    given = ranges[ranges["printed"].notna()]
    inside = int(given["inside"].sum())
    counted = f" {inside} of {len(given)} printed numbers lie within." if len(given) else ""
    parts = []
    for row in ranges.itertuples():
        label = " ".join(row.label.split())
        text = f"{label} {row.low:.{digits}g} to {row.high:.{digits}g}"
        text += f", median {row.median:.{digits}g}"
        parts.append(text if pd.isna(row.printed) else f"{text}, printed {row.printed:g}")
    return f"Ranges of {quantity} over {over}.{counted} {'; '.join(parts)}."

"""A number over many cohorts, with the printed one among them."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rairlib.figures.style import BLACK, BLUE, GREY, SKY, SOURCES, finish, legend, logarithmic, note

BINS = 30


def draw_ensemble(
    values: pd.Series,
    ax: Axes,
    *,
    label: str,
    limits: tuple[float, float],
    bin_width: float | None = None,
    printed: str = "",
    counted: str = "Cohorts",
    **heading: str | bool,
) -> Axes:
    """Draw a histogram, the central range as a band below it and the printed number as a line.

    Parameters
    ----------
    values : Series of float
        One value per cohort, resample or split.
    ax : Axes
        Where to draw.
    label : str
        Label of the axis, with the unit.
    limits : tuple of float
        Ends of the range that is marked.
    bin_width : float, optional
        In the unit of the values; a thirtieth of their range if not given.
    printed : str
        The number that the paper prints, as printed; empty for none.
    counted : str
        Label of the other axis.
    **heading : str or bool
        ``title`` and ``simulated`` (true), see :func:`rairlib.figures.style.finish`.

    Returns
    -------
    Axes
        The same axes.
    """
    bin_width = bin_width or (values.max() - values.min()) / BINS
    first = np.floor(values.min() / bin_width) * bin_width
    edges = np.arange(first, values.max() + 1.5 * bin_width, bin_width)
    ax.hist(values, bins=edges, color=SKY, edgecolor="white", linewidth=0.5)
    top = ax.get_ylim()[1]
    ax.hlines(-0.045 * top, *limits, color=BLACK, linewidth=4)
    ax.set_ylim(-0.09 * top, top * 1.1)
    ax.set_yticks([tick for tick in ax.get_yticks() if 0 <= tick <= top])
    if printed:
        ax.axvline(float(printed), color=BLACK, linestyle="--", linewidth=1.4)
        note(ax, f"printed: {printed}", (float(printed), top * 1.1), (4, -2), va="top")
    ax.set_xlabel(label)
    ax.set_ylabel(counted)
    return finish(ax, **({"simulated": True} | heading))


def ensemble_alt(
    values: pd.Series,
    *,
    label: str,
    limits: tuple[float, float],
    printed: str = "",
    counted: str = "cohorts",
    simulated: bool = True,
) -> str:
    """Return the alternative text of :func:`draw_ensemble`.

    Parameters
    ----------
    values, label, limits, printed, counted, simulated
        As for :func:`draw_ensemble`.

    Returns
    -------
    str
        Median, marked range, extremes, and where the printed number lies.
    """
    low, high = limits
    who = f"simulated {counted}" if simulated else counted
    text = (
        f"Histogram of {label} over {len(values)} {who}: median {values.median():.4g}, marked "
        f"range {low:.4g} to {high:.4g}, extremes {values.min():.4g} and {values.max():.4g}."
    )
    if not printed:
        return text
    where = "inside" if low <= float(printed) <= high else "outside"
    return f"{text} The printed {printed} lies {where} the marked range."


# --- Ranges over many cohorts, one line per number, with the printed numbers among them -------


MARGIN = 0.04


def draw_ranges(
    ranges: pd.DataFrame,
    ax: Axes,
    *,
    quantity: str,
    reference: float | None = None,
    log_ticks: list[float] | None = None,
    **heading: str | bool,
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
    **heading : str or bool
        ``title`` and ``simulated`` (true), see :func:`rairlib.figures.style.finish`.

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
        logarithmic(ax, log_ticks)
    ax.margins(x=MARGIN)
    ax.set_xlabel(quantity)
    handles, _ = ax.get_legend_handles_labels()
    place = {"loc": "outside lower center", "ncols": 2, "handletextpad": 0.4}
    legend(ax.figure, handles=handles, **place)
    return finish(ax, **({"simulated": True} | heading))


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

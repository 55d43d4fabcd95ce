"""A number over many cohorts, with the printed one among them."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rairlib.figures.style import BLACK, FONT_SIZE, SKY, finish

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
    title: str = "",
    simulated: bool = True,
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
    title : str
        Title of the axes.
    simulated : bool
        Whether the values come from simulated patients.

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
        ax.annotate(
            f"printed: {printed}",
            (float(printed), top * 1.1),
            (4, -2),
            textcoords="offset points",
            va="top",
            fontsize=FONT_SIZE - 1,
        )
    ax.set_xlabel(label)
    ax.set_ylabel(counted)
    return finish(ax, title, simulated)


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

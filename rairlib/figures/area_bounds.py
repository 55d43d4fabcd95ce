"""What a 2×2 table leaves open of the area under the ROC curve of the score behind it."""

import pandas as pd
from matplotlib.axes import Axes

from rairlib.figures.style import BLUE, FONT_SIZE, GREY, SOURCES, finish, legend

CUT = "cut in two"


def draw_area_bounds(bounds: pd.DataFrame, ax: Axes, *, title: str = "") -> Axes:
    """Draw one bar per set of patients, the printed area and that of the score cut in two.

    Parameters
    ----------
    bounds : DataFrame
        Indexed by patients; columns ``low, high``, ``high, best cut-off`` (NaN where the cut-off
        was not chosen on these patients), ``cut in two`` and ``printed``.
    ax : Axes
        Where to draw.
    title : str
        Title of the axes.

    Returns
    -------
    Axes
        The same axes.
    """
    y = range(len(bounds))
    top = bounds["high, best cut-off"].fillna(bounds["high"])
    ax.axvline(0.5, color=GREY, linewidth=1, linestyle=":")
    ax.hlines(y, bounds["low"], bounds["high"], color=BLUE, linewidth=9, alpha=0.2)
    ax.hlines(y, bounds["low"], top, color=BLUE, linewidth=9, alpha=0.45)
    ax.plot([], [], color=BLUE, linewidth=9, alpha=0.45, label="possible for the score")
    ax.plot(bounds[CUT], y, linestyle="none", label=CUT, **SOURCES["reproduced"])
    ax.plot(bounds["printed"], y, linestyle="none", label="printed", **SOURCES["reported"])
    for place, row in enumerate(bounds.itertuples()):
        for value in (row.low, row.high):
            ax.text(value, place - 0.2, f"{value:.3f}", ha="center", fontsize=FONT_SIZE - 1)
    ax.set_yticks(y, bounds.index)
    ax.set_ylim(len(bounds) - 0.5, -0.5)
    ax.set_xlim(0.45, 1.02)
    ax.set_xlabel("Area under the ROC curve")
    legend(ax.figure, loc="outside lower center", ncols=3, columnspacing=1)
    return finish(ax, title)


def area_bounds_alt(bounds: pd.DataFrame) -> str:
    """Return the alternative text of :func:`draw_area_bounds`.

    Parameters
    ----------
    bounds : DataFrame
        As drawn.

    Returns
    -------
    str
        The range of each set of patients, and where the printed area and that of the score cut in
        two lie.
    """
    sentences = []
    for patients, row in bounds.iterrows():
        best = row["high, best cut-off"]
        chosen = "" if pd.isna(best) else f", to {best:.3f} if the cut-off is the best one"
        sentences.append(
            f"{patients}: {row['low']:.3f} to {row['high']:.3f} is possible{chosen}; printed "
            f"{row['printed']:.3f}, cut in two {row[CUT]:.3f}."
        )
    return "Range of areas that a 2×2 table allows. " + " ".join(sentences)

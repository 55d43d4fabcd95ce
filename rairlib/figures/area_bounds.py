"""What a 2×2 table leaves open of the area under the ROC curve of the score behind it."""

import pandas as pd

from rairlib.figures.show import ShownFigure, show
from rairlib.figures.style import BLUE, FONT_SIZE, GREY, SOURCES, canvas, finish, legend

CUT = "cut in two"


def draw_area_bounds(bounds: pd.DataFrame, *, title: str = "") -> ShownFigure:
    """Draw one bar per set of patients, the printed area and that of the score cut in two.

    Parameters
    ----------
    bounds : DataFrame
        Indexed by patients; columns ``low, high``, ``high, best cut-off`` (NaN where the cut-off
        was not chosen on these patients), ``cut in two`` and ``printed``.
    title : str
        Title of the axes.

    Returns
    -------
    ShownFigure
        Its text tells the range of each set, and where the two areas lie.
    """
    (_, ax), y = canvas(height=2.8), range(len(bounds))
    bar = {"color": BLUE, "linewidth": 9}
    top = bounds["high, best cut-off"].fillna(bounds["high"])
    ax.axvline(0.5, color=GREY, linewidth=1, linestyle=":")
    ax.hlines(y, bounds["low"], bounds["high"], alpha=0.2, **bar)
    ax.hlines(y, bounds["low"], top, alpha=0.45, **bar)
    ax.plot([], [], alpha=0.45, label="possible for the score", **bar)
    ax.plot(bounds[CUT], y, linestyle="none", label=CUT, **SOURCES["reproduced"])
    ax.plot(bounds["printed"], y, linestyle="none", label="printed", **SOURCES["reported"])
    text = "Range of areas that a 2×2 table allows."
    for place, (patients, row) in enumerate(bounds.iterrows()):
        low, high, best = row[["low", "high", "high, best cut-off"]]
        for value in (low, high):
            ax.text(value, place - 0.2, f"{value:.3f}", ha="center", fontsize=FONT_SIZE - 1)
        chosen = "" if pd.isna(best) else f", to {best:.3f} if the cut-off is the best one"
        text += f" {patients}: {low:.3f} to {high:.3f} is possible{chosen}; printed "
        text += f"{row['printed']:.3f}, cut in two {row[CUT]:.3f}."
    ax.set_yticks(y, bounds.index)
    ax.set(xlim=(0.45, 1.02), ylim=(len(bounds) - 0.5, -0.5), xlabel="Area under the ROC curve")
    legend(ax.figure, loc="outside lower center", ncols=3, columnspacing=1)
    return show(finish(ax, title), text, bounds.reset_index())

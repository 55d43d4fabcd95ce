"""The look that all figures share: legible at 390 pixels, safe for colour-blind readers."""

import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Five inches shown on a phone leave text at about one pixel per point.
WIDTH = 4.8
FONT_SIZE = 11
TITLE_SIZE = 12

# Okabe and Ito's colours; sources and groups also differ in marker or in place.
BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILION, PURPLE = (
    "#000000",
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#F0E442",
    "#0072B2",
    "#D55E00",
    "#CC79A7",
)
GREY = "#595959"
SOURCES = {
    "reported": {"color": BLACK, "marker": "D", "markerfacecolor": "white", "markersize": 8},
    "reproduced": {"color": BLUE, "marker": "o", "markerfacecolor": BLUE, "markersize": 7},
}


def canvas(height: float = 3.6) -> tuple[Figure, Axes]:
    """Return a figure of the book's width with one pair of axes.

    Parameters
    ----------
    height : float
        Height in inches; the width is that of all figures.

    Returns
    -------
    Figure, Axes
        Empty.
    """
    with sns.axes_style("ticks"):
        return plt.subplots(figsize=(WIDTH, height), layout="constrained")


def finish(ax: Axes, title: str = "", simulated: bool = False, space_above: float = 0) -> Axes:
    """Set title and text sizes, and mark the axes if the patients are simulated.

    Parameters
    ----------
    ax : Axes
        Axes that are drawn.
    title : str
        Title; empty for none.
    simulated : bool
        Whether anything on the axes comes from simulated patients.
    space_above : float
        Points that the figure needs between axes and title.

    Returns
    -------
    Axes
        The same axes.
    """
    sns.despine(ax=ax)
    ax.tick_params(labelsize=FONT_SIZE - 1)
    for label in (ax.xaxis.label, ax.yaxis.label):
        label.set_size(FONT_SIZE)
    return head(ax, title, simulated, space_above)


def head(ax: Axes, title: str, simulated: bool, space_above: float = 0) -> Axes:
    """Set the title and, below it, the mark of simulated patients.

    Parameters
    ----------
    ax, title, simulated, space_above
        As for :func:`finish`.

    Returns
    -------
    Axes
        The same axes.
    """
    pad = 8 + space_above + (14 if simulated else 0)
    ax.set_title(title, fontsize=TITLE_SIZE, loc="left", pad=pad)
    if simulated:
        mark_simulated(ax)
    return ax


def mark_simulated(ax: Axes) -> None:
    """Write SIMULATED on the face of the axes, between title and data."""
    ax.annotate(
        "SIMULATED PATIENTS",
        xy=(1, 1),
        xycoords="axes fraction",
        xytext=(0, 5),
        textcoords="offset points",
        ha="right",
        va="bottom",
        fontsize=FONT_SIZE - 1,
        fontweight="bold",
        color="white",
        bbox={"boxstyle": "square,pad=0.25", "facecolor": "#A23B00", "edgecolor": "none"},
    )


def listed(parts: list[str]) -> str:
    """Join parts of a sentence: ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)

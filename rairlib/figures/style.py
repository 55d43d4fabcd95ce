"""The look that all figures share: legible at 390 pixels, safe for colour-blind readers."""

from collections.abc import Iterable

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from matplotlib.ticker import FixedLocator, NullLocator

# Five inches shown on a phone leave text at about one pixel per point.
WIDTH = 4.8
FONT_SIZE = 11
TITLE_SIZE = 12

# Okabe and Ito's colours; sources and groups also differ in marker or in place.
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
GREY = "#595959"
SOURCES = {
    "reported": {"color": BLACK, "marker": "D", "markerfacecolor": "white", "markersize": 8},
    "reproduced": {"color": BLUE, "marker": "o", "markerfacecolor": BLUE, "markersize": 7},
    "this cohort": {"color": BLUE, "marker": "o", "markerfacecolor": BLUE, "markersize": 7},
    # Real patients, by cohort and outcome.
    "UCI, response": {"color": ORANGE, "marker": "s", "markersize": 6},
    "UCI, recurrence": {"color": VERMILION, "marker": "^", "markersize": 7},
    "TCGA, response": {"color": BLUE, "marker": "o", "markersize": 6},
    "TCGA, progression": {"color": GREEN, "marker": "v", "markersize": 7},
    # The three papers beside each other, and what they and the cohorts say together.
    "Rabat": {"color": PURPLE, "marker": "D", "markerfacecolor": "white", "markersize": 7},
    "Qingdao": {"color": GREEN, "marker": "D", "markerfacecolor": "white", "markersize": 7},
    "Hunan": {"color": SKY, "marker": "D", "markerfacecolor": "white", "markersize": 7},
    "summary": {"color": BLACK, "marker": "D", "markersize": 8},
    "expected in a new study": {"color": GREY, "marker": "|", "markersize": 8},
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


def finish(ax: Axes, title: str = "", simulated: bool = False, space_above: float = 0) -> Figure:
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
    Figure
        That of the axes.
    """
    sns.despine(ax=ax)
    ax.tick_params(labelsize=FONT_SIZE - 1)
    for label in (ax.xaxis.label, ax.yaxis.label):
        label.set_size(FONT_SIZE)
    return head(ax, title, simulated, space_above)


def legend(owner: Axes | Figure, smaller: float = 1, **place) -> None:
    """Draw the legend of axes or of a whole figure without a frame."""
    owner.legend(frameon=False, fontsize=FONT_SIZE - smaller, **place)


def note(ax: Axes, text: str, at: tuple, shift: tuple[float, float], **style) -> Annotation:
    """Write a text so many points away from a place."""
    style = {"textcoords": "offset points", "va": "center", "fontsize": FONT_SIZE - 1} | style
    return ax.annotate(text, at, shift, **style)


def logarithmic(ax: Axes, ticks: list[float]) -> None:
    """Make the horizontal axis logarithmic with these ticks alone."""
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter("{x:g}")


def name_groups(ax: Axes, places: Iterable[float], values: pd.Series) -> None:
    """Name groups and their sizes on the vertical axis, in order of appearance."""
    names = [f"{group}\n(n = {len(own)})" for group, own in values.groupby(values, sort=False)]
    ax.set_yticks(list(places), names)
    ax.tick_params(axis="y", length=0)


def head(ax: Axes, title: str, simulated: bool, space_above: float = 0) -> Figure:
    """Set the title and, below it, the mark of simulated patients."""
    pad = 8 + space_above + (14 if simulated else 0)
    ax.set_title(title, fontsize=TITLE_SIZE, loc="left", pad=pad)
    if simulated:
        mark_simulated(ax)
    return ax.figure


def mark_simulated(ax: Axes) -> None:
    """Write SIMULATED on the face of the axes, between title and data."""
    style = {"xycoords": "axes fraction", "ha": "right", "va": "bottom", "fontweight": "bold"}
    box = {"boxstyle": "square,pad=0.25", "facecolor": "#A23B00", "edgecolor": "none"}
    note(ax, "SIMULATED PATIENTS", (1, 1), (0, 5), color="white", bbox=box, **style)


def of_patients(simulated: bool) -> str:
    """Return what a sentence on a figure says of its patients, if they are simulated."""
    return " of simulated patients" if simulated else ""


def listed(parts: list[str]) -> str:
    """Join parts of a sentence: ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)

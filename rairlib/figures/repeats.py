"""Repeats of a study: how often a conclusion comes out again, and how far estimates exaggerate."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rairlib.figures.show import ShownFigure, show
from rairlib.figures.style import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    SKY,
    VERMILION,
    canvas,
    finish,
    legend,
    listed,
    logarithmic,
    note,
)

OWN = {"marker": "o", "color": BLUE, "markersize": 10}
# Of the other sizes of a study, from the smallest on.
OTHERS = (
    {"marker": "v", "color": ORANGE, "markersize": 8, "markeredgecolor": BLACK},
    {"marker": "s", "color": VERMILION, "markersize": 6},
    {"marker": "D", "color": BLACK, "markersize": 6, "markerfacecolor": "white"},
)
SIZES = {
    0.5: "half as many",
    1.0: "as many patients as the study",
    2.0: "twice as many",
    10.0: "ten times as many",
}
# Characters of a line above a row, and of a name that may stand beside it; inches of a row.
LINE, BESIDE = 58, 32
INCHES_PER_LINE, ROW, SHORT_ROW = 0.19, 0.5, 0.42


def draw_conclusions(held: pd.DataFrame, *, title: str = "", simulated: bool = True) -> ShownFigure:
    """Draw in how many of 100 repeats each conclusion holds, a line per conclusion.

    Parameters
    ----------
    held : DataFrame
        Columns ``text, size, patients, share``: of each conclusion a row per size of the study;
        sizes as multiples of the study's, its own among them.
    title, simulated
        See :func:`rairlib.figures.style.finish`.

    Returns
    -------
    ShownFigure
        Its text tells the number at the study's own size, and those at the others.
    """
    texts = list(dict.fromkeys(held["text"]))
    short = max(map(len, texts)) <= BESIDE
    lines = [0 if short else fill(text, LINE).count("\n") + 1 for text in texts]
    heights = [(SHORT_ROW if short else ROW) + INCHES_PER_LINE * n for n in lines]
    (_, ax), places = canvas(height=1.7 + sum(heights)), -np.cumsum(heights)
    for place, text in zip(places, texts, strict=True):
        ax.hlines(place, 0, 100, color=GREY, linewidth=0.8, alpha=0.5)
        if not short:
            note(ax, fill(text, LINE), (0, place), (0, 12), va="bottom", linespacing=1.05)
    ax.set_yticks(places if short else [], texts if short else [])
    looks = iter(OTHERS)
    for size, rows in held.groupby("size", sort=True):
        at = [places[texts.index(text)] for text in rows["text"]]
        look = {"zorder": 2} | OWN if size == 1 else {"zorder": 3} | next(looks)
        ax.plot(100 * rows["share"], at, linestyle="none", label=_size(rows), **look)
    _count_own(ax, held, texts, places)
    ax.set(xlim=(-3, 103), ylim=(places[-1] - 0.25, 0))
    ax.set_xlabel("Repeats in which it holds, of 100")
    ax.tick_params(axis="y", length=0)
    legend(ax.figure, loc="outside lower center", ncols=1, handletextpad=0.4)
    figure = finish(ax, title, simulated)
    ax.spines["left"].set_visible(False)
    return show(figure, _told(held, texts), held)


def _size(rows: pd.DataFrame) -> str:
    """Name a size by its patients; of several studies by how many times as many."""
    patients, size = set(rows["patients"]), rows["size"].iloc[0]
    if len(patients) > 1:
        return SIZES.get(size, f"{size:g} times as many")
    return f"{patients.pop():,} patients" + (", as in the study" if size == 1 else "")


def _count_own(ax: Axes, held: pd.DataFrame, texts: list[str], places: np.ndarray) -> None:
    """Write the number of repeats below the mark of the study's own size."""
    for row in held[held["size"] == 1].itertuples():
        at = (100 * row.share, places[texts.index(row.text)])
        note(ax, f"{100 * row.share:.0f}", at, (0, -12), ha="center", color=BLUE, weight="bold")


def _told(held: pd.DataFrame, texts: list[str]) -> str:
    parts = []
    for text in texts:
        rows = held[held["text"] == text].sort_values("size")
        own = rows.loc[rows["size"] == 1, "share"].item()
        others = [
            f"{100 * row.share:.0f} with {row.patients:,} patients"
            for row in rows[rows["size"] != 1].itertuples()
        ]
        parts.append(f"{text} {100 * own:.0f}{f' ({listed(others)})' if others else ''}.")
    return (
        f"Of 100 repeats of the study's size, each conclusion holds in so many: {' '.join(parts)}"
    )


def draw_exaggeration(
    estimates: pd.Series,
    significant: pd.Series,
    *,
    true: float,
    label: str,
    ticks: list[float],
    title: str = "",
    simulated: bool = True,
) -> ShownFigure:
    """Draw a histogram of the estimates of repeats, significant ones in another colour.

    Parameters
    ----------
    estimates : Series of float
        Odds or hazard ratios; NaN where there is no estimate.
    significant : Series of bool
        Whether each is.
    true : float
        The ratio from which the patients were drawn.
    label : str
        Label of the axis.
    ticks : list of float
        Of the axis, from its lower to its upper end.
    title, simulated
        See :func:`rairlib.figures.style.finish`.

    Returns
    -------
    ShownFigure
        Its text tells the true ratio and the median of the significant ones.
    """
    _, ax = canvas()
    finite = np.isfinite(estimates)
    parts = {
        "not significant": (estimates[finite & ~significant], SKY),
        "significant": (estimates[finite & significant], VERMILION),
    }
    edges = np.geomspace(ticks[0], ticks[-1], 31)
    clipped = [part.clip(ticks[0], ticks[-1]) for part, _ in parts.values()]
    names = [f"{name} ({len(part)})" for name, (part, _) in parts.items()]
    look = {"stacked": True, "edgecolor": "white", "linewidth": 0.5, "label": names}
    heights, *_ = ax.hist(clipped, edges, color=[color for _, color in parts.values()], **look)
    median = parts["significant"][0].median()
    ax.axvline(true, color=BLACK, linewidth=1.6, label=f"truth: {true:.3g}")
    style = {"color": VERMILION, "linestyle": "--", "linewidth": 1.6}
    ax.axvline(median, label=f"median of the significant: {median:.3g}", **style)
    logarithmic(ax, ticks)
    ax.set(xlabel=label, ylabel="Repeats")
    legend(ax.figure, loc="outside lower center", ncols=2, columnspacing=1, handletextpad=0.4)
    shares = {"from": edges[:-1], "below": edges[1:]}
    shares |= {"all": heights[1], "not significant": heights[0]}
    text = f"Histogram of {label} over {len(estimates)} repeats of the study. The truth is "
    text += f"{true:.3g}; {int(significant.sum())} repeats are significant, and the median of "
    text += f"theirs is {median:.3g}. {len(estimates) - int(finite.sum())} have no estimate."
    return show(finish(ax, title, simulated), text, pd.DataFrame(shares))

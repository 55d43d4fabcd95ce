"""Flow charts of patients: who was screened, who left, which groups remained."""

import textwrap

import pandas as pd
from matplotlib.axes import Axes

from rairlib.figures.show import ShownFigure, show
from rairlib.figures.style import BLACK, FONT_SIZE, GREY, canvas, head, listed

# Centre of the kept boxes, left edge of the text in the excluded ones.
MAIN_X, SIDE_X = 0.27, 0.6
FILLS = {"kept": "#E8F1F8", "excluded": "#F2F2F2", "group": "#FDF3DC"}
# How far below a row of groups the lines meet that lead on from it.
BELOW = 0.5
WRAP = {"kept": 22, "excluded": 22, "group": 18}


def draw_flow_chart(boxes: pd.DataFrame, *, title: str = "", height: float = 4.4) -> ShownFigure:
    """Draw who was kept, who was excluded, and the groups in which they were analysed.

    Parameters
    ----------
    boxes : DataFrame
        In reading order; columns ``box`` (short name), ``text``, ``n``, ``parent`` (name of the
        box that it comes from, empty for the first) and ``kind``: ``kept`` boxes stand below each
        other, ``excluded`` ones beside the arrow that leaves their parent, ``group`` ones of the
        same parent side by side in a row. A box below such a row comes from all of it.
    title : str
        Title of the axes.
    height : float
        Height in inches.

    Returns
    -------
    ShownFigure
        Its text tells how each box is shared out, and whether all parts add up.
    """
    (_, ax), places = canvas(height), _places(boxes)
    ax.set(xlim=(0, 1), ylim=(max(y for _, y in places.values()) + 0.55, -0.55))
    ax.axis("off")
    for box in boxes.itertuples():
        if box.parent:
            _draw_arrow(ax, _start_of(boxes, places, box), places[box.box], box.kind)
    _join_groups(ax, boxes, places)
    for box in boxes.itertuples():
        _draw_box(ax, places[box.box], box)
    return show(head(ax, title, simulated=False), _told(boxes), boxes)


def _places(boxes: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Return the place of each box: a row for each, but one row for the groups of a parent."""
    places, row, shared = {}, -1, None
    for box in boxes.itertuples():
        joins = box.kind == "group" and box.parent == shared
        row += not joins
        shared = box.parent if box.kind == "group" else None
        if box.kind == "group":
            together = _groups_of(boxes, box.parent)
            x = (together.index(box.box) + 0.5) / len(together)
        else:
            x = SIDE_X if box.kind == "excluded" else MAIN_X
        places[box.box] = (x, float(row))
    return places


def _groups_of(boxes: pd.DataFrame, parent: str) -> list[str]:
    return boxes.loc[(boxes["kind"] == "group") & (boxes["parent"] == parent), "box"].tolist()


def _start_of(boxes: pd.DataFrame, places: dict, box) -> tuple[float, float]:
    """Return where the arrow to a box begins: at its parent, or below the parent's groups."""
    groups = _groups_of(boxes, box.parent)
    if box.kind == "group" or not groups or places[groups[0]][1] > places[box.box][1]:
        return places[box.parent]
    return (MAIN_X, places[groups[0]][1] + BELOW)


def _join_groups(ax: Axes, boxes: pd.DataFrame, places: dict) -> None:
    """Draw the lines from a row of groups to the boxes that come from all of it."""
    for parent, children in boxes[boxes["parent"] != ""].groupby("parent", sort=False):
        groups = _groups_of(boxes, parent)
        lowest = max(places[child][1] for child in children["box"])
        if groups and lowest > places[groups[0]][1]:
            for group in groups:
                x, y = places[group]
                bend = y + BELOW
                ax.plot([x, x, MAIN_X], [y, bend, bend], color=GREY, linewidth=1, zorder=1)


def _draw_box(ax: Axes, place: tuple[float, float], box) -> None:
    text = f"{textwrap.fill(box.text, WRAP[box.kind])}\nn = {box.n}"
    style = {"ha": "left" if box.kind == "excluded" else "center", "va": "center", "zorder": 3}
    edge = {"boxstyle": "round,pad=0.35", "facecolor": FILLS[box.kind], "edgecolor": BLACK}
    ax.annotate(text, place, fontsize=FONT_SIZE - 1, bbox=edge, **style)


def _draw_arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], kind: str) -> None:
    """Draw straight down to a kept box, sideways to an excluded one, by a bend to a group."""
    arrow = {"arrowstyle": "-|>", "color": GREY, "shrinkA": 0, "shrinkB": 0}
    if kind == "kept":
        ax.annotate("", (end[0], end[1] - 0.3), start, arrowprops=arrow)
    elif kind == "excluded":
        ax.annotate("", (end[0] - 0.02, end[1]), (start[0], end[1]), arrowprops=arrow)
    else:
        bend = end[1] - 0.5
        ax.plot([start[0], start[0], end[0]], [start[1], bend, bend], color=GREY, linewidth=1)
        ax.annotate("", (end[0], end[1] - 0.3), (end[0], bend), arrowprops=arrow)


def _told(boxes: pd.DataFrame) -> str:
    named, sentences, faults = boxes.set_index("box"), [], []
    # The groups of a parent share it out once, the other boxes that come from it once more.
    keys = ["parent", boxes["kind"].eq("group").rename("grouped")]
    for (parent, _), children in boxes[boxes["parent"] != ""].groupby(keys, sort=False):
        whole, text = named.loc[parent, ["n", "text"]]
        parts = listed([f"{child.n} {child.text}" for child in children.itertuples()])
        sentences.append(f"{whole} {text}: {parts}.")
        if children["n"].sum() != whole:
            faults.append(f"the parts of {text} sum to {children['n'].sum()}")
    sums = f"Not all boxes add up: {listed(faults)}." if faults else "All boxes add up."
    return f"Flow chart. {' '.join(sentences)} {sums}"

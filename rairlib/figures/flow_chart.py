"""Flow charts of patients: who was screened, who left, which groups remained."""

import textwrap

import pandas as pd
from matplotlib.axes import Axes

from rairlib.figures.style import BLACK, FONT_SIZE, GREY, head, listed

KINDS = ("kept", "excluded", "group")
# Centre of the kept boxes, left edge of the text in the excluded ones.
MAIN_X, SIDE_X = 0.27, 0.6
KEPT_FILL, EXCLUDED_FILL, GROUP_FILL = "#E8F1F8", "#F2F2F2", "#FDF3DC"
WRAP = {"kept": 22, "excluded": 22, "group": 18}


def draw_flow_chart(
    boxes: pd.DataFrame, ax: Axes, *, title: str = "", simulated: bool = False
) -> Axes:
    """Draw boxes with counts, joined by arrows.

    Parameters
    ----------
    boxes : DataFrame
        In reading order; columns ``box`` (short name), ``text``, ``n``, ``parent`` (name of the
        box that it comes from, empty for the first) and ``kind``: ``kept`` boxes stand below each
        other, ``excluded`` ones beside the arrow that leaves their parent, ``group`` ones side by
        side in the last row.
    ax : Axes
        Where to draw.
    title : str
        Title of the axes.
    simulated : bool
        Whether the counts are those of simulated patients.

    Returns
    -------
    Axes
        The same axes.
    """
    places = _places(boxes)
    ax.set(xlim=(0, 1), ylim=(max(y for _, y in places.values()) + 0.55, -0.55))
    ax.axis("off")
    for box in boxes.itertuples():
        if box.parent:
            _draw_arrow(ax, places[box.parent], places[box.box], box.kind)
    for box in boxes.itertuples():
        _draw_box(ax, places[box.box], box)
    return head(ax, title, simulated)


def _places(boxes: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Return the place of each box: a row for each, but one row for all groups."""
    places, row = {}, 0
    for box in boxes[boxes["kind"] != "group"].itertuples():
        places[box.box] = (SIDE_X if box.kind == "excluded" else MAIN_X, float(row))
        row += 1
    groups = boxes[boxes["kind"] == "group"]
    for column, box in enumerate(groups["box"]):
        places[box] = ((column + 0.5) / len(groups), float(row))
    return places


def _draw_box(ax: Axes, place: tuple[float, float], box) -> None:
    fill = dict(zip(KINDS, (KEPT_FILL, EXCLUDED_FILL, GROUP_FILL), strict=True))[box.kind]
    ax.annotate(
        f"{textwrap.fill(box.text, WRAP[box.kind])}\nn = {box.n}",
        place,
        ha="left" if box.kind == "excluded" else "center",
        va="center",
        fontsize=FONT_SIZE - 1,
        bbox={"boxstyle": "round,pad=0.35", "facecolor": fill, "edgecolor": BLACK},
        zorder=3,
    )


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


def flow_chart_alt(boxes: pd.DataFrame, *, simulated: bool = False) -> str:
    """Return the alternative text of :func:`draw_flow_chart`.

    Parameters
    ----------
    boxes : DataFrame
        As for :func:`draw_flow_chart`.
    simulated : bool
        Whether the counts are those of simulated patients.

    Returns
    -------
    str
        Every box with its count, and which boxes do not add up to their parent.
    """
    size = boxes.set_index("box")["n"]
    text = boxes.set_index("box")["text"]
    sentences, faults = [], []
    for parent, children in boxes[boxes["parent"] != ""].groupby("parent", sort=False):
        parts = listed([f"{child.n} {child.text}" for child in children.itertuples()])
        sentences.append(f"{size[parent]} {text[parent]}: {parts}.")
        if children["n"].sum() != size[parent]:
            faults.append(f"the parts of {text[parent]} sum to {children['n'].sum()}")
    sums = f"Not all boxes add up: {listed(faults)}." if faults else "All boxes add up."
    patients = " of simulated patients" if simulated else ""
    return f"Flow chart{patients}. {' '.join(sentences)} {sums}"

"""A reporting checklist: its subitems by section and status."""

import pandas as pd
from matplotlib.axes import Axes

from rairlib.figures.show import ShownFigure, show
from rairlib.figures.style import (
    BLACK,
    BLUE,
    FONT_SIZE,
    ORANGE,
    SKY,
    canvas,
    finish,
    legend,
    listed,
    stack_bars,
)

STATUS_STYLES = {
    "reported": {"facecolor": BLUE, "hatch": ""},
    "partly": {"facecolor": SKY, "hatch": "//"},
    "not reported": {"facecolor": ORANGE, "hatch": "xx"},
    "not applicable": {"facecolor": "#BFBFBF", "hatch": ""},
    "cannot be judged": {"facecolor": "white", "hatch": ".."},
}
FRAME = {"boxstyle": "square,pad=0.08", "facecolor": "white", "edgecolor": "none"}
SHORT = {"Patient and public involvement": "Involvement"}


def draw_checklist(counts: pd.DataFrame, *, title: str = "") -> ShownFigure:
    """Draw one bar per section, split by status, with the numbers on it.

    Parameters
    ----------
    counts : DataFrame
        One row per section, one column per status.
    title : str
        Title of the axes.

    Returns
    -------
    ShownFigure
        Its text tells the totals, and the numbers of each section.
    """
    _, ax = canvas(height=4.3)
    parts = [(status, counts[status], STATUS_STYLES[status]) for status in counts.columns]
    names = [SHORT.get(section, section) for section in counts.index]
    ends = stack_bars(ax, names, parts, height=0.72, edgecolor=BLACK, linewidth=0.6)
    for place, (_, row) in enumerate(counts.iterrows()):
        _write_numbers(ax, place, row)
    ax.set(ylim=(len(names) - 0.4, -0.6), xlim=(0, 1.04 * ends.max()), xlabel="Subitems")
    place = {"loc": "lower left", "bbox_to_anchor": (-0.32, 1.0), "ncols": 2}
    legend(ax, 2, **place, handlelength=1.4, handletextpad=0.4, columnspacing=1.2)
    totals = listed([f"{number} {status}" for status, number in counts.sum().items()])
    sections = "; ".join(
        f"{section}: {listed([f'{number} {name}' for name, number in row.items() if number])}"
        for section, row in counts.iterrows()
    )
    text = "Stacked bars of the subitems of a reporting checklist by section and status. "
    text += f"Of {counts.to_numpy().sum()} subitems, {totals}. {sections}."
    return show(finish(ax, title, space_above=48), text)


def _write_numbers(ax: Axes, place: int, numbers: pd.Series) -> None:
    for number, end in zip(numbers, numbers.cumsum(), strict=True):
        if number:
            style = {"ha": "center", "va": "center", "fontsize": FONT_SIZE - 3, "bbox": FRAME}
            ax.text(end - number / 2, place, str(number), **style)

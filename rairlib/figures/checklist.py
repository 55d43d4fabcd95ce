"""The judgements of a reporting checklist: one bar per section, one part per status."""

import pandas as pd
from matplotlib.axes import Axes

from rairlib.figures.style import BLACK, BLUE, FONT_SIZE, ORANGE, SKY, finish, legend, listed

STATUS_STYLES = {
    "reported": {"facecolor": BLUE, "hatch": ""},
    "partly": {"facecolor": SKY, "hatch": "//"},
    "not reported": {"facecolor": ORANGE, "hatch": "xx"},
    "not applicable": {"facecolor": "#BFBFBF", "hatch": ""},
    "cannot be judged": {"facecolor": "white", "hatch": ".."},
}
FRAME = {"boxstyle": "square,pad=0.08", "facecolor": "white", "edgecolor": "none"}
SHORT = {"Patient and public involvement": "Involvement"}


def draw_checklist(counts: pd.DataFrame, ax: Axes, *, title: str = "") -> Axes:
    """Draw the number of subitems of each section, split by status.

    Parameters
    ----------
    counts : DataFrame
        One row per section, one integer column per status, in the order of drawing.
    ax : Axes
        Where to draw.
    title : str
        Title of the axes.

    Returns
    -------
    Axes
        The same axes; each part carries its number.
    """
    names = [SHORT.get(section, section) for section in counts.index]
    left = pd.Series(0, index=counts.index)
    for status in counts.columns:
        style = {**STATUS_STYLES[status], "edgecolor": BLACK, "linewidth": 0.6}
        ax.barh(names, counts[status], left=left, height=0.72, label=status, **style)
        _write_numbers(ax, counts[status], left)
        left = left + counts[status]
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlim(0, 1.04 * left.max())
    ax.set_xlabel("Subitems")
    place = {"loc": "lower left", "bbox_to_anchor": (-0.32, 1.0), "ncols": 2}
    legend(ax, 2, **place, handlelength=1.4, handletextpad=0.4, columnspacing=1.2)
    return finish(ax, title, space_above=48)


def _write_numbers(ax: Axes, numbers: pd.Series, left: pd.Series) -> None:
    for place, (number, start) in enumerate(zip(numbers, left, strict=True)):
        if number:
            style = {"ha": "center", "va": "center", "fontsize": FONT_SIZE - 3, "bbox": FRAME}
            ax.text(start + number / 2, place, str(number), **style)


def checklist_alt(counts: pd.DataFrame) -> str:
    """Return the alternative text of :func:`draw_checklist`.

    Parameters
    ----------
    counts : DataFrame
        As for :func:`draw_checklist`.

    Returns
    -------
    str
        Totals by status, then every section.
    """
    totals = listed([f"{number} {status}" for status, number in counts.sum().items()])
    sections = "; ".join(
        f"{section}: {listed([f'{number} {name}' for name, number in row.items() if number])}"
        for section, row in counts.iterrows()
    )
    return (
        "Stacked bars of the subitems of a reporting checklist by section and status. "
        f"Of {int(counts.to_numpy().sum())} subitems, {totals}. {sections}."
    )

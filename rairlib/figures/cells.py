"""The cells of a joint table: how many patients, and what is known of their outcome."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from rairlib.figures.style import BLACK, BLUE, FONT_SIZE, ORANGE, finish, listed, stack_bars

KNOWN, OPEN = "certainly", "possibly"


def draw_cells(cells: pd.DataFrame, ax: Axes, *, outcome: str, title: str = "") -> Axes:
    """Draw one bar per cell: certain, possible and impossible patients with the outcome.

    Parameters
    ----------
    cells : DataFrame
        One row per cell; columns ``cell`` (label), ``n``, ``fewest`` and ``most`` (limits of the
        number of patients with the outcome).
    ax : Axes
        Where to draw.
    outcome : str
        The outcome in the reader's words, for the legend.
    title : str
        Title of the axes.

    Returns
    -------
    Axes
        The same axes.
    """
    possible = cells["most"] - cells["fewest"]
    parts = [
        (f"{KNOWN} {outcome}", cells["fewest"], {"color": ORANGE}),
        (f"{OPEN} {outcome}", possible, {"color": "#FBE3B0", "hatch": "////"}),
        (f"not {outcome}", cells["n"] - cells["most"], {"color": BLUE}),
    ]
    stack_bars(ax, cells["cell"], parts, height=0.7, edgecolor=BLACK, linewidth=0.5)
    for y, n in enumerate(cells["n"]):
        ax.text(n + cells["n"].max() * 0.015, y, f"{n}", va="center", fontsize=FONT_SIZE - 1)
    ax.set_ylim(len(cells) - 0.4, -0.6)
    ax.set_xlim(0, cells["n"].max() * 1.1)
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.set_xlabel("Patients")
    ax.legend(loc="lower right", frameon=False, fontsize=FONT_SIZE - 1)
    return finish(ax, title)


def cells_alt(cells: pd.DataFrame, *, outcome: str) -> str:
    """Return the alternative text of :func:`draw_cells`.

    Parameters
    ----------
    cells : DataFrame
        As for :func:`draw_cells`.
    outcome : str
        The outcome in the reader's words.

    Returns
    -------
    str
        Every cell with its size and the limits of the outcome.
    """
    parts = [
        f"{cell.cell}: {cell.n} patients, {cell.fewest} to {cell.most} {outcome}"
        for cell in cells.itertuples()
    ]
    return f"Bar chart of {len(cells)} cells with {cells['n'].sum()} patients. {listed(parts)}."

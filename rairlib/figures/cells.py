"""A joint table of cells: how many patients of each cell certainly or possibly had the outcome."""

import pandas as pd
from matplotlib.ticker import MaxNLocator

from rairlib.figures.show import ShownFigure, show
from rairlib.figures.style import (
    BLACK,
    BLUE,
    FONT_SIZE,
    ORANGE,
    canvas,
    finish,
    legend,
    listed,
    stack_bars,
)


def draw_cells(cells: pd.DataFrame, *, outcome: str, title: str = "") -> ShownFigure:
    """Draw one bar per cell, split by what the margins leave open of the outcome.

    Parameters
    ----------
    cells : DataFrame
        Columns ``cell, n, fewest, most``: patients, and the limits of those with the outcome.
    outcome : str
        What the patients have, as an adjective.
    title : str
        Title of the axes.

    Returns
    -------
    ShownFigure
        Its text tells every cell.
    """
    (_, ax), sizes = canvas(height=4.6), cells["n"]
    parts = [
        (f"certainly {outcome}", cells["fewest"], {"color": ORANGE}),
        (
            f"possibly {outcome}",
            cells["most"] - cells["fewest"],
            {"color": "#FBE3B0", "hatch": "////"},
        ),
        (f"not {outcome}", sizes - cells["most"], {"color": BLUE}),
    ]
    stack_bars(ax, cells["cell"], parts, height=0.7, edgecolor=BLACK, linewidth=0.5)
    for y, n in enumerate(sizes):
        ax.text(n + sizes.max() * 0.015, y, f"{n}", va="center", fontsize=FONT_SIZE - 1)
    ax.set(ylim=(len(cells) - 0.4, -0.6), xlim=(0, sizes.max() * 1.1), xlabel="Patients")
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    legend(ax, loc="lower right")
    told = [
        f"{cell.cell}: {cell.n} patients, {cell.fewest} to {cell.most} {outcome}"
        for cell in cells.itertuples()
    ]
    text = f"Bar chart of {len(cells)} cells with {sizes.sum()} patients. {listed(told)}."
    return show(finish(ax, title), text)

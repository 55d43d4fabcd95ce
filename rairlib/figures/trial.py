"""How often ranges over simulated cohorts hold the truth, where it is known."""

from textwrap import fill

import pandas as pd

from rairlib.figures.show import ShownFigure, show
from rairlib.figures.style import BLUE, GREY, canvas, finish

PROMISED = 95


def draw_coverage(table: pd.DataFrame, *, height: float = 5.6) -> ShownFigure:
    """Draw the coverage of 95 % ranges by kind of quantity, with two standard errors.

    Parameters
    ----------
    table : DataFrame
        Columns ``quantity, coverage, standard_error`` (shares of one).
    height : float
        Height in inches.

    Returns
    -------
    ShownFigure
        Its text tells every share.
    """
    _, ax = canvas(height)
    table = table.sort_values("coverage")
    percent, lines = 100 * table["coverage"], range(len(table))
    errors = 200 * table["standard_error"]
    ends = [errors, errors.clip(upper=100 - percent)]
    ax.errorbar(percent, lines, xerr=ends, fmt="o", color=BLUE, elinewidth=1.2, capsize=2)
    ax.axvline(PROMISED, color=GREY, linestyle="--", linewidth=1)
    ax.set_yticks(lines, [fill(name, 24) for name in table["quantity"]])
    ax.set(xlim=(40, 102), xlabel="Ranges that hold the truth, %")
    told = [f"{row.quantity} {100 * row.coverage:.0f} %" for row in table[::-1].itertuples()]
    text = (
        f"Share of 95 % ranges that hold the truth, two standard errors beside: {'; '.join(told)}."
    )
    columns = ["quantity", "coverage", "standard_error"]
    return show(finish(ax), text, table[columns])

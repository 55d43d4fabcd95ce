"""Every patient by the two predictors of a model, with the line of its threshold."""

import numpy as np
import pandas as pd

from rairlib.figures.show import ShownFigure, show
from rairlib.figures.style import BLACK, BLUE, ORANGE, canvas, finish

SMALLEST, JITTER = 0.02, 0.28


def draw_plane(
    patients: pd.DataFrame,
    *,
    first: str,
    second: str,
    event: str,
    without: str,
    line: tuple[float, float, float],
    title: str = "",
) -> ShownFigure:
    """Draw simulated patients in the plane of two predictors, and the line of a threshold.

    Parameters
    ----------
    patients : DataFrame
        Columns ``first`` (a count), ``second`` (a measurement above 0) and ``event`` (true/false).
    first, second : str
        Names of the two predictors, with units.
    event, without : str
        What having and not having the outcome is called.
    line : tuple of float
        Constant and weights of a score; the line is where it is 0.
    title : str
        Title of the axes.

    Returns
    -------
    ShownFigure
        Its text tells how many patients of each outcome lie on or above the line.
    """
    (_, ax), (constant, per_count, per_unit) = canvas(height=4.4), line
    shift = np.linspace(-JITTER, JITTER, 7)[np.arange(len(patients)) % 7]
    above = constant + per_count * patients["first"] + per_unit * patients["second"] >= 0
    kinds = {without: (~patients["event"], BLUE, "o"), event: (patients["event"], ORANGE, "^")}
    style, parts = {"s": 26, "edgecolor": BLACK, "linewidth": 0.4, "zorder": 3}, []
    for name, (own, color, marker) in kinds.items():
        x, y = (patients["first"] + shift)[own], patients["second"][own]
        ax.scatter(x, y, color=color, marker=marker, label=name, **style)
        text = f"{(above & own).sum()} of {own.sum()} patients with {name} lie on or above it"
        parts.insert(0, text)
    counts = np.linspace(-0.5, patients["first"].max() + 0.5, 200)
    limit = -(constant + per_count * counts) / per_unit
    shown = limit > SMALLEST
    ax.plot(counts[shown], limit[shown], color=BLACK, linestyle="--", label="threshold", zorder=2)
    ax.set(yscale="log", xlabel=first, ylabel=second)
    ax.legend(loc="upper right", frameon=True, fontsize="small")
    text = (
        f"Scatter plot of {len(patients)} simulated patients: {first} on the horizontal axis, "
        f"{second} on a logarithmic vertical axis, with the line of the model's threshold. "
        f"{'; '.join(parts)}."
    )
    names = {"first": first, "second": second, "event": event}
    data = patients[list(names)].rename(columns=names)
    return show(finish(ax, title, simulated=True), text, data)

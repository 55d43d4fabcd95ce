"""Every patient by the two predictors of a model, with the line of its threshold."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rairlib.figures.style import BLACK, BLUE, ORANGE, finish

OUTCOMES = ((False, BLUE, "o"), (True, ORANGE, "^"))
SMALLEST, JITTER = 0.02, 0.28


def draw_plane(
    patients: pd.DataFrame,
    ax: Axes,
    *,
    first: str,
    second: str,
    event: str,
    without: str,
    line: tuple[float, float, float],
    **heading: str | bool,
) -> Axes:
    """Draw patients by a count and a measurement.

    Parameters
    ----------
    patients : DataFrame
        Columns ``first`` (a count), ``second`` (a measurement above 0) and ``event`` (true/false).
    ax : Axes
        Where to draw.
    first, second : str
        Labels of the axes.
    event, without : str
        What to call patients with and without the event.
    line : tuple of float
        Intercept less the threshold, and the two coefficients: the model predicts the event where
        their sum is 0 or more.
    **heading : str or bool
        ``title`` and ``simulated``, see :func:`rairlib.figures.style.finish`.

    Returns
    -------
    Axes
        The same axes. Counts are spread a little within their column, always in the same way; the
        measurement has a logarithmic axis.
    """
    shift = np.linspace(-JITTER, JITTER, 7)[np.arange(len(patients)) % 7]
    for outcome, color, marker in OUTCOMES:
        part = (patients["event"] == outcome).to_numpy()
        style = {"s": 26, "edgecolor": BLACK, "linewidth": 0.4, "zorder": 3}
        style |= {"color": color, "marker": marker, "label": event if outcome else without}
        ax.scatter((patients["first"] + shift)[part], patients["second"][part], **style)
    counts = np.linspace(-0.5, patients["first"].max() + 0.5, 200)
    constant, per_count, per_unit = line
    limit = -(constant + per_count * counts) / per_unit
    shown = limit > SMALLEST
    ax.plot(counts[shown], limit[shown], color=BLACK, linestyle="--", label="threshold", zorder=2)
    ax.set_yscale("log")
    ax.set_xlabel(first)
    ax.set_ylabel(second)
    ax.legend(loc="upper right", frameon=True, fontsize="small")
    return finish(ax, **heading)


def plane_alt(
    patients: pd.DataFrame,
    *,
    first: str,
    second: str,
    event: str,
    without: str,
    line: tuple[float, float, float],
    simulated: bool = False,
) -> str:
    """Describe the figure in words.

    Parameters
    ----------
    patients, first, second, event, without, line, simulated
        As for :func:`draw_plane`.

    Returns
    -------
    str
        Axes, numbers of patients and how the threshold divides them.
    """
    score = line[0] + line[1] * patients["first"] + line[2] * patients["second"]
    above = score >= 0
    parts = [
        f"{int((above & mask).sum())} of {int(mask.sum())} patients with {name} lie on or above it"
        for name, mask in ((event, patients["event"]), (without, ~patients["event"]))
    ]
    kind = "simulated patients" if simulated else "patients"
    return (
        f"Scatter plot of {len(patients)} {kind}: {first} on the horizontal axis, {second} on a "
        f"logarithmic vertical axis, with the line of the model's threshold. {'; '.join(parts)}."
    )

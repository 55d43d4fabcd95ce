"""Box plots on a logarithmic axis, every patient visible, printed quartiles beside them."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator

from rairlib.figures.style import BLACK, BLUE, ORANGE, SOURCES, finish, legend, name_groups, note

COLORS = (ORANGE, BLUE)
# Fractional parts of multiples of the golden ratio: even, and the same in every run.
GOLDEN = (np.sqrt(5) - 1) / 2


def draw_box_plot(
    values: pd.DataFrame,
    quartiles: pd.DataFrame,
    ax: Axes,
    *,
    label: str,
    cutoff: float | None = None,
    **heading: str | bool,
) -> Axes:
    """Draw each patient, a box of the quartiles of these, and the quartiles as printed.

    Parameters
    ----------
    values : DataFrame
        One row per patient; columns ``group`` and ``value`` (positive). At most two groups.
    quartiles : DataFrame
        Columns ``group, source`` (reported or reproduced), ``q1, median, q3``.
    ax : Axes
        Where to draw.
    label : str
        Label of the axis, with the unit.
    cutoff : float, optional
        Drawn as a line.
    **heading : str or bool
        ``title`` and ``simulated``, see :func:`rairlib.figures.style.finish`.

    Returns
    -------
    Axes
        The same axes; logarithmic, groups from top to bottom in order of appearance.
    """
    groups = list(dict.fromkeys(values["group"]))
    for row, (group, color) in enumerate(zip(groups, COLORS, strict=False)):
        own = values.loc[values["group"] == group, "value"]
        spread = (np.arange(1, len(own) + 1) * GOLDEN) % 1
        ax.scatter(own, row + 0.02 + 0.26 * spread, s=11, color=color, edgecolor=BLACK, lw=0.3)
        shown = quartiles[quartiles["group"] == group].set_index("source")
        _draw_box(ax, shown.loc["reproduced"], row - 0.16, color)
        if "reported" in shown.index:
            _draw_printed(ax, shown.loc["reported"], row - 0.36, first=row == 0)
    if cutoff is not None:
        ax.axvline(cutoff, color=BLACK, linewidth=1.2, linestyle="--", zorder=0)
        place = {"xycoords": ax.get_xaxis_transform(), "va": "top"}
        note(ax, f"≥ {cutoff:g}", (cutoff, 1), (4, -2), **place)
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(base=10, numticks=12))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter("{x:,g}")
    name_groups(ax, range(len(groups)), values["group"])
    ax.set_ylim(len(groups) - 0.6, -0.55)
    ax.set_xlabel(f"{label}; box: quartiles")
    place = {"loc": "upper left", "bbox_to_anchor": (-0.02, -0.26)}
    legend(ax, **place, handletextpad=0.2, borderpad=0)
    return finish(ax, **heading)


def _draw_box(ax: Axes, box: pd.Series, y: float, color: str) -> None:
    height = 0.2
    ax.barh(y, box["q3"] - box["q1"], height, left=box["q1"], color=color, edgecolor=BLACK, lw=1)
    ends = (y - height / 2, y + height / 2)
    ax.vlines(box["median"], *ends, color=BLACK, linewidth=2.4)


def _draw_printed(ax: Axes, box: pd.Series, y: float, first: bool) -> None:
    style = {**SOURCES["reported"], "markersize": 7, "linestyle": "none"}
    ax.hlines(y, box["q1"], box["q3"], color=BLACK, linewidth=1.6)
    ax.plot(box["median"], y, label="printed median, quartiles" if first else None, **style)


def box_plot_alt(
    values: pd.DataFrame,
    quartiles: pd.DataFrame,
    *,
    label: str,
    cutoff: float | None = None,
    simulated: bool = False,
) -> str:
    """Return the alternative text of :func:`draw_box_plot`.

    Parameters
    ----------
    values, quartiles, cutoff, simulated
        As for :func:`draw_box_plot`.
    label : str
        Name and unit of the variable.

    Returns
    -------
    str
        Median and quartiles of each group, as printed and as drawn, the range, and how many
        patients are at or above the cut-off.
    """
    parts = []
    for group, own in values.groupby("group", sort=False)["value"]:
        boxes = quartiles[quartiles["group"] == group].sort_values("source").itertuples()
        told = [f"{box.source} {box.median:g} ({box.q1:g}, {box.q3:g})" for box in boxes]
        text = f"{group} (n = {len(own)}): median and quartiles {' and '.join(told)}"
        text += f", range {own.min():g} to {own.max():g}"
        if cutoff is not None:
            text += f", {int((own >= cutoff).sum())} at {cutoff:g} or above"
        parts.append(text)
    patients = " of simulated patients" if simulated else ""
    return f"Box plot{patients}, {label}. {'; '.join(parts)}."

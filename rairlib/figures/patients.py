"""Every patient by group: stacked dots, and boxes on a logarithmic axis; with the cut-off."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator

from rairlib.figures.show import ShownFigure, show
from rairlib.figures.style import (
    BLACK,
    BLUE,
    ORANGE,
    SOURCES,
    canvas,
    finish,
    legend,
    name_groups,
    note,
    of_patients,
)

COLORS = (ORANGE, BLUE)
# Fractional parts of multiples of the golden ratio: even, and the same in every run.
GOLDEN = (np.sqrt(5) - 1) / 2


def draw_box_plot(
    values: pd.DataFrame,
    quartiles: pd.DataFrame,
    *,
    label: str,
    cutoff: float | None = None,
    title: str = "",
    simulated: bool = False,
) -> ShownFigure:
    """Draw each patient, a box of the quartiles of these, and the quartiles as printed.

    Parameters
    ----------
    values : DataFrame
        One row per patient; columns ``group`` and ``value`` (positive). At most two groups.
    quartiles : DataFrame
        Columns ``group, source`` (reported or reproduced), ``q1, median, q3``.
    label : str
        Label of the axis, with the unit.
    cutoff : float, optional
        Drawn as a line.
    title, simulated
        See :func:`rairlib.figures.style.finish`.

    Returns
    -------
    ShownFigure
        Logarithmic, groups from top to bottom in order of appearance. The text tells size, range
        and quartiles of each group, and how many reach the cut-off.
    """
    (_, ax), parts = canvas(), []
    groups = values.groupby("group", sort=False)["value"]
    for row, ((group, own), color) in enumerate(zip(groups, COLORS, strict=False)):
        spread = (np.arange(1, len(own) + 1) * GOLDEN) % 1
        ax.scatter(own, row + 0.02 + 0.26 * spread, s=11, color=color, edgecolor=BLACK, lw=0.3)
        boxes = quartiles[quartiles["group"] == group].sort_values("source").set_index("source")
        _draw_box(ax, boxes.loc["reproduced"], row - 0.16, color)
        if "reported" in boxes.index:
            _draw_printed(ax, boxes.loc["reported"], row - 0.36, first=row == 0)
        told = [f"{b.Index} {b.median:g} ({b.q1:g}, {b.q3:g})" for b in boxes.itertuples()]
        text = f"{group} (n = {len(own)}): median and quartiles {' and '.join(told)}"
        text += f", range {own.min():g} to {own.max():g}"
        above = "" if cutoff is None else f", {(own >= cutoff).sum()} at {cutoff:g} or above"
        parts.append(text + above)
    if cutoff is not None:
        ax.axvline(cutoff, color=BLACK, linewidth=1.2, linestyle="--", zorder=0)
        place = {"xycoords": ax.get_xaxis_transform(), "va": "top"}
        note(ax, f"≥ {cutoff:g}", (cutoff, 1), (4, -2), **place)
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(base=10, numticks=12))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter("{x:,g}")
    name_groups(ax, range(len(groups)), values["group"])
    ax.set(ylim=(len(groups) - 0.6, -0.55), xlabel=f"{label}; box: quartiles")
    place = {"loc": "upper left", "bbox_to_anchor": (-0.02, -0.26)}
    legend(ax, **place, handletextpad=0.2, borderpad=0)
    text = f"Box plot{of_patients(simulated)}, {label}. {'; '.join(parts)}."
    data = values[["group", "value"]] if simulated else quartiles
    return show(finish(ax, title, simulated), text, data, vector=simulated)


def _draw_box(ax: Axes, box: pd.Series, y: float, color: str) -> None:
    height = 0.2
    ax.barh(y, box["q3"] - box["q1"], height, left=box["q1"], color=color, edgecolor=BLACK, lw=1)
    ends = (y - height / 2, y + height / 2)
    ax.vlines(box["median"], *ends, color=BLACK, linewidth=2.4)


def _draw_printed(ax: Axes, box: pd.Series, y: float, first: bool) -> None:
    style = {**SOURCES["reported"], "markersize": 7, "linestyle": "none"}
    ax.hlines(y, box["q1"], box["q3"], color=BLACK, linewidth=1.6)
    ax.plot(box["median"], y, label="printed median, quartiles" if first else None, **style)


# --- Stacked dots, with mean and standard deviation -------------------------------------------


def draw_distribution(
    values: pd.DataFrame,
    *,
    label: str,
    cutoff: float,
    bin_width: float = 2,
    title: str = "",
    simulated: bool = False,
) -> ShownFigure:
    """Draw stacked dots of a variable for each group, with mean and standard deviation.

    Parameters
    ----------
    values : DataFrame
        One row per patient; columns ``group`` and ``value``. At most two groups.
    label : str
        Label of the axis, with the unit.
    cutoff : float
        Drawn as a line; dots are binned so that none straddles it.
    bin_width : float
        Width of a stack, in the unit of the variable.
    title, simulated
        See :func:`rairlib.figures.style.finish`.

    Returns
    -------
    ShownFigure
        Its text tells size, mean, SD and range of each group, and how many reach the cut-off.
    """
    (_, ax), parts = canvas(), []
    number = (values["value"] - cutoff) // bin_width
    stacks = values.assign(centre=cutoff + (number + 0.5) * bin_width)
    stacks["rank"] = stacks.groupby(["group", "centre"]).cumcount()
    tallest, groups = stacks["rank"].max() + 1, stacks.groupby("group", sort=False)
    for row, ((group, dots), color) in enumerate(zip(groups, COLORS, strict=False)):
        base, x = len(groups) - 1 - row, dots["value"]
        y = base + 0.16 + dots["rank"] / tallest * 0.72
        ax.scatter(dots["centre"], y, s=20, color=color, edgecolor=BLACK, linewidth=0.4, zorder=3)
        bar = {"color": BLACK, "marker": "|", "capsize": 3, "linewidth": 1.4}
        ax.errorbar(x.mean(), base + 0.04, xerr=x.std(), **bar)
        text = f"{group} (n = {len(x)}) has mean {x.mean():.1f}, SD {x.std():.1f}, range "
        text += f"{x.min():g} to {x.max():g}, {(x >= cutoff).sum()} of {len(x)} at {cutoff:g} or "
        parts.append(text + "above")
    ax.axvline(cutoff, color=BLACK, linewidth=1.2, linestyle="--", zorder=2)
    note(ax, f"≥ {cutoff:g}", (cutoff, len(groups)), (4, -2), va="top")
    name_groups(ax, [len(groups) - 0.6 - row for row in range(len(groups))], values["group"])
    ax.set(ylim=(-0.05, len(groups) + 0.05), xlabel=f"{label}; bar: mean ± SD")
    text = f"Dot plot{of_patients(simulated)}, {label}: {'; '.join(parts)}."
    data = values[["group", "value"]]
    if not simulated:
        data = data.groupby("group", sort=False)["value"].agg(["size", "mean", "std"]).reset_index()
    return show(finish(ax, title, simulated), text, data, vector=simulated)

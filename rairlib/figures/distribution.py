"""Every patient as one dot, group by group, with the cut-off."""

import pandas as pd

from rairlib.figures.show import ShownFigure, show
from rairlib.figures.style import (
    BLACK,
    BLUE,
    ORANGE,
    canvas,
    finish,
    name_groups,
    note,
    of_patients,
)

COLORS = (ORANGE, BLUE)


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
    return show(finish(ax, title, simulated), text)

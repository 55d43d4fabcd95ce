"""Every patient as one dot, group by group, with the cut-off."""

import pandas as pd
from matplotlib.axes import Axes

from rairlib.figures.style import BLACK, BLUE, ORANGE, finish, name_groups, note

COLORS = (ORANGE, BLUE)


def draw_distribution(
    values: pd.DataFrame,
    ax: Axes,
    *,
    label: str,
    cutoff: float | None = None,
    bin_width: float = 2,
    **heading: str | bool,
) -> Axes:
    """Draw stacked dots of a variable for each group, with mean and standard deviation.

    Parameters
    ----------
    values : DataFrame
        One row per patient; columns ``group`` and ``value``. At most two groups.
    ax : Axes
        Where to draw.
    label : str
        Label of the axis, with the unit.
    cutoff : float, optional
        Drawn as a line; dots are binned so that none straddles it.
    bin_width : float
        Width of a stack, in the unit of the variable.
    **heading : str or bool
        ``title`` and ``simulated``, see :func:`rairlib.figures.style.finish`.

    Returns
    -------
    Axes
        The same axes.
    """
    stacks = _stack(values, bin_width, cutoff or 0.0)
    tallest = stacks["rank"].max() + 1
    groups = list(dict.fromkeys(values["group"]))
    for row, (group, color) in enumerate(zip(groups, COLORS, strict=False)):
        base = len(groups) - 1 - row
        dots = stacks[stacks["group"] == group]
        y = base + 0.16 + dots["rank"] / tallest * 0.72
        ax.scatter(dots["centre"], y, s=20, color=color, edgecolor=BLACK, linewidth=0.4, zorder=3)
        mean, sd = dots["value"].mean(), dots["value"].std()
        ax.errorbar(mean, base + 0.04, xerr=sd, color=BLACK, marker="|", capsize=3, linewidth=1.4)
    if cutoff is not None:
        ax.axvline(cutoff, color=BLACK, linewidth=1.2, linestyle="--", zorder=2)
        note(ax, f"≥ {cutoff:g}", (cutoff, len(groups)), (4, -2), va="top")
    name_groups(ax, [len(groups) - 0.6 - row for row in range(len(groups))], values["group"])
    ax.set_ylim(-0.05, len(groups) + 0.05)
    ax.set_xlabel(f"{label}; bar: mean ± SD")
    return finish(ax, **heading)


def _stack(values: pd.DataFrame, width: float, origin: float) -> pd.DataFrame:
    """Place every patient in a bin and rank the patients within group and bin."""
    number = (values["value"] - origin) // width
    stacks = values.assign(centre=origin + (number + 0.5) * width)
    return stacks.assign(rank=stacks.groupby(["group", "centre"]).cumcount())


def distribution_alt(
    values: pd.DataFrame, *, label: str, cutoff: float | None = None, simulated: bool = False
) -> str:
    """Return the alternative text of :func:`draw_distribution`.

    Parameters
    ----------
    values : DataFrame
        As for :func:`draw_distribution`.
    label : str
        Name and unit of the variable.
    cutoff : float, optional
        Threshold whose share of patients at or above it is told.
    simulated : bool
        Whether the patients are simulated.

    Returns
    -------
    str
        Mean, SD and range of each group, and the share at or above the cut-off.
    """
    parts = []
    for group, x in values.groupby("group", sort=False)["value"]:
        text = f"{group} (n = {len(x)}) has mean {x.mean():.1f}, SD {x.std():.1f}"
        text += f", range {x.min():g} to {x.max():g}"
        if cutoff is not None:
            text += f", {int((x >= cutoff).sum())} of {len(x)} at {cutoff:g} or above"
        parts.append(text)
    patients = " of simulated patients" if simulated else ""
    return f"Dot plot{patients}, {label}: {'; '.join(parts)}."

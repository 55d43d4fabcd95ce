"""Kaplan-Meier curves with censoring, numbers at risk and printed rates."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rairlib.figures.show import ShownFigure, show
from rairlib.figures.style import (
    BLACK,
    BLUE,
    FONT_SIZE,
    GREY,
    SOURCES,
    VERMILION,
    canvas,
    finish,
    legend,
    listed,
    note,
    of_patients,
)

# Told apart by line and place as well as by colour.
STYLES = ((BLUE, "-"), (VERMILION, "--"), (BLACK, "-."))
LINE_HEIGHT = 14
FIRST_LINE = 50


def draw_kaplan_meier(
    curves: pd.DataFrame,
    *,
    ticks: list[float],
    at: float,
    printed: pd.DataFrame | None = None,
    names_at: dict[str, tuple[float, float]] | None = None,
    corner: str = "lower left",
    event: str = "progression",
    unit: str = "months",
    title: str = "",
    simulated: bool = False,
    height: float = 4.4,
) -> ShownFigure:
    """Draw survival curves with the patients who leave, and the numbers at risk below.

    Parameters
    ----------
    curves : DataFrame
        Columns ``group, time, at_risk, events, censored, survival`` (a proportion), and, to draw
        a band if there is one group, ``low, high``. One to three groups, times ascending.
    ticks : list of float
        Times with a number at risk; the last one is the end of the axis.
    at : float
        Time at which the text tells the rates.
    printed : DataFrame, optional
        Rates as printed, drawn as marks: ``time, percent``.
    names_at : dict of str to (float, float), optional
        Group → time and percent at which its name begins; where the curve ends by default.
    corner : str
        Where the mark of the printed rates is explained.
    event, unit : str
        The event and the unit of time, in the reader's words.
    title, simulated
        See :func:`rairlib.figures.style.finish`.
    height : float
        Height in inches.

    Returns
    -------
    ShownFigure
        Its text tells patients, events and rate of each group, and the printed rates.
    """
    (_, ax), parts = canvas(height), []
    groups = curves.groupby("group", sort=False)
    for (group, rows), style in zip(groups, STYLES, strict=False):
        curve = _from_start(rows)
        _draw_curve(ax, curve, style, banded=len(groups) == 1 and "low" in curves)
        if len(groups) > 1:
            _name_curve(ax, curve, group, style[0], (names_at or {}).get(group), ticks[-1])
        rate = 100 * curve.loc[curve["time"] <= at, "survival"].iloc[-1]
        parts.append(
            f"{group}: {rows['at_risk'].max():.0f} patients, {rows['events'].sum():.0f} with "
            f"{event}, {rate:.1f} % without it at {at:g} {unit}"
        )
    text = f"Kaplan-Meier curves{of_patients(simulated)}. {'; '.join(parts)}."
    if printed is not None:
        marks = {**SOURCES["reported"], "markersize": 7, "linestyle": "none", "zorder": 5}
        ax.plot(printed["time"], printed["percent"], label="printed rate", clip_on=False, **marks)
        legend(ax, loc=corner, handletextpad=0.2)
        rates = [f"{row.percent:g} % at {row.time:g} {unit}" for row in printed.itertuples()]
        text += f" Printed: {listed(rates)}."
    ax.set(xlim=(0, ticks[-1]), ylim=(0, 104), xticks=ticks, yticks=range(0, 101, 25))
    ax.set(xlabel=unit.capitalize(), ylabel=f"Without {event}, %")
    _write_numbers_at_risk(ax, groups, ticks)
    data = curves if simulated else _at_ticks(groups, ticks)
    return show(finish(ax, title, simulated), text, data, vector=simulated)


def _at_ticks(groups, ticks: list[float]) -> pd.DataFrame:
    """Return what may be told of real patients: numbers at risk and survival at the ticks."""
    rows = []
    for group, own in groups:
        curve = _from_start(own)
        survival = [curve.loc[curve["time"] <= time, "survival"].iloc[-1] for time in ticks]
        rows += zip([group] * len(ticks), ticks, at_risk_at(own, ticks), survival, strict=True)
    return pd.DataFrame(rows, columns=["group", "time", "at_risk", "survival"])


def _from_start(curve: pd.DataFrame) -> pd.DataFrame:
    """Return a curve that begins at time 0 with everyone at risk."""
    if curve["time"].iloc[0] == 0:
        return curve
    start = curve.iloc[[0]].assign(time=0.0, events=0, censored=0, survival=1.0)
    start = start.assign(**{name: 1.0 for name in ("low", "high") if name in curve})
    return pd.concat([start, curve], ignore_index=True)


def _draw_curve(ax: Axes, curve: pd.DataFrame, style: tuple[str, str], banded: bool) -> None:
    color, line = style
    percent = 100 * curve["survival"]
    if banded:
        low, high = 100 * curve["low"], 100 * curve["high"]
        ax.fill_between(curve["time"], low, high, step="post", color=color, alpha=0.15, lw=0)
    ax.step(curve["time"], percent, where="post", color=color, linestyle=line, linewidth=1.8)
    leaving = curve["censored"] > 0
    marks = {"linestyle": "none", "marker": "|", "markersize": 6, "markeredgewidth": 0.9}
    ax.plot(curve["time"][leaving], percent[leaving], color=color, **marks)


def _name_curve(ax: Axes, curve: pd.DataFrame, group: str, color: str, at, end: float) -> None:
    """Write the name of a group at the given place or where its curve ends, beside the curve."""
    time = min(curve["time"].iloc[-1], end)
    percent = 100 * curve.loc[curve["time"] <= time, "survival"].iloc[-1]
    late, on_top = time > end / 2, percent > 90
    offset = (-4 if late else 6, -7 if on_top else 6)
    style = {"ha": "right" if late and not at else "left", "color": color, "fontweight": "bold"}
    style["va"] = "center" if at else "top" if on_top else "bottom"
    note(ax, group, at or (time, percent), (0, 0) if at else offset, **style)


def at_risk_at(curve: pd.DataFrame, times: list[float]) -> list[int]:
    """Return how many patients of one curve have a time that is not before each of these."""
    places = np.searchsorted(curve["time"], times, side="left")
    return np.append(curve["at_risk"], 0)[places].astype(int).tolist()


def _write_numbers_at_risk(ax: Axes, groups, ticks: list[float]) -> None:
    style = {"xycoords": ax.get_xaxis_transform(), "va": "top", "fontsize": FONT_SIZE - 1.5}
    note(ax, "At risk", (0, 0), (-16, -FIRST_LINE + 13), ha="right", color=GREY, **style)
    for row, ((group, own), (color, _)) in enumerate(zip(groups, STYLES, strict=False)):
        drop, name = -FIRST_LINE - row * LINE_HEIGHT, group if len(groups) > 1 else "all"
        note(ax, name, (0, 0), (-16, drop), ha="right", color=color, **style)
        for time, number in zip(ticks, at_risk_at(own, ticks), strict=True):
            note(ax, f"{number}", (time, 0), (0, drop), ha="center", color=color, **style)

"""Calibration curve: observed shares over predicted risks, with band, correction and patients."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rairlib.figures.show import ShownFigure, show
from rairlib.figures.style import BLUE, GREY, SKY, VERMILION, canvas, finish, legend

# Patients stand in a strip under the curve, those with the event pointing up.
STRIP = -0.13
SPIKE = 0.045
TOP = 1.12
STRIP_TOLD = "(marks: patients with the event up, without it down)"
TOLD_RISKS = (0.2, 0.5, 0.8)


def draw_calibration(
    curve: pd.DataFrame,
    patients: pd.DataFrame,
    *,
    corrected: pd.DataFrame | None = None,
    title: str = "",
    simulated: bool = False,
) -> ShownFigure:
    """Draw a calibration curve over the line of perfect calibration.

    Parameters
    ----------
    curve : DataFrame
        Columns ``risk, observed`` and, for a band, ``low, high`` (proportions).
    patients : DataFrame
        One row per patient; columns ``risk`` and ``event``.
    corrected : DataFrame, optional
        Columns ``risk, corrected``: the curve less its optimism.
    title, simulated
        See :func:`rairlib.figures.style.finish`.

    Returns
    -------
    ShownFigure
        Its text tells what is observed where 20, 50 and 80 percent are predicted.
    """
    _, ax = canvas(height=4.6)
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=":", label="ideal", zorder=1)
    if "low" in curve:
        band = {"color": SKY, "alpha": 0.35, "lw": 0, "label": "95 % bootstrap band"}
        ax.fill_between(curve["risk"], curve["low"].clip(0, 1), curve["high"].clip(0, 1), **band)
    ax.plot(curve["risk"], curve["observed"], color=BLUE, label="observed, smoothed", zorder=3)
    if corrected is not None:
        line = {"color": VERMILION, "linestyle": "--", "zorder": 4}
        ax.plot(corrected["risk"], corrected["corrected"], label="bias-corrected", **line)
    event = patients["event"].astype(bool)
    _draw_patients(ax, patients["risk"], event)
    ticks = np.linspace(0, 1, 6)
    ax.set(xlim=(-0.02, 1.02), ylim=(STRIP - SPIKE - 0.02, TOP), xticks=ticks, yticks=ticks)
    ax.set(xlabel=f"Predicted risk\n{STRIP_TOLD}", ylabel="Observed share")
    legend(ax, loc="upper left", handlelength=1.6)
    who = "simulated patients" if simulated else "patients"
    text = f"Calibration curve of {len(patients)} {who}, {event.sum()} with the event."
    if parts := list(filter(None, (_told(curve, risk) for risk in TOLD_RISKS))):
        text += f" Observed {'; '.join(parts)}."
    if corrected is not None:
        shares = [_at(corrected, "corrected", risk) for risk in TOLD_RISKS]
        told = [f"{100 * share:.0f} %" for share in shares if np.isfinite(share)]
        text += f" Corrected for optimism: {', '.join(told)}."
    data = curve if corrected is None else curve.merge(corrected, "outer", on="risk")
    return show(finish(ax, title, simulated), text, data, vector=simulated)


def _draw_patients(ax: Axes, risk: pd.Series, event: pd.Series) -> None:
    style = {"linewidth": 0.9, "alpha": 0.6, "zorder": 2}
    ax.vlines(risk[event], STRIP, STRIP + SPIKE, color=VERMILION, **style)
    ax.vlines(risk[~event], STRIP - SPIKE, STRIP, color=BLUE, **style)
    ax.axhline(STRIP, color=GREY, linewidth=0.6, zorder=1)


def _told(curve: pd.DataFrame, risk: float) -> str:
    observed = _at(curve, "observed", risk)
    if not np.isfinite(observed):
        return ""
    text = f"{100 * observed:.0f} % where {100 * risk:.0f} % are predicted"
    if "low" not in curve:
        return text
    low, high = (np.clip(_at(curve, name, risk), 0, 1) for name in ("low", "high"))
    return f"{text} (band {100 * low:.0f} to {100 * high:.0f} %)"


def _at(curve: pd.DataFrame, column: str, risk: float) -> float:
    """Interpolate; NaN outside the curve."""
    known = curve[curve[column].notna()]
    if known.empty:
        return np.nan
    return float(np.interp(risk, known["risk"], known[column], left=np.nan, right=np.nan))

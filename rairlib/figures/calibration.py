"""Calibration curves: observed against predicted risk, with the patients below."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rairlib.figures.style import BLACK, BLUE, FONT_SIZE, GREY, SKY, VERMILION, finish

# Patients stand in a strip under the curve, those with the event pointing up.
STRIP = -0.13
SPIKE = 0.045
TOP = 1.12
STRIP_TOLD = "(marks: patients with the event up, without it down)"
TOLD_RISKS = (0.2, 0.5, 0.8)


def draw_calibration(
    curve: pd.DataFrame,
    patients: pd.DataFrame,
    ax: Axes,
    *,
    corrected: pd.DataFrame | None = None,
    groups: pd.DataFrame | None = None,
    band: str = "95 % bootstrap band",
    **heading: str | bool,
) -> Axes:
    """Draw a smooth calibration curve, its band, its bias-corrected form and the patients.

    Parameters
    ----------
    curve : DataFrame
        Columns ``risk, observed`` and, for a band, ``low, high`` (proportions); NaN is left out.
    patients : DataFrame
        One row per patient; columns ``risk`` and ``event`` (true or 1 with the outcome): marks
        in the strip below, up with the event, down without.
    ax : Axes
        Where to draw.
    corrected : DataFrame, optional
        Columns ``risk, corrected``: the curve corrected for optimism.
    groups : DataFrame, optional
        Columns ``mean_risk, share``: groups of patients, drawn as circles.
    band : str
        What the band is.
    **heading : str or bool
        ``title`` and ``simulated``, see :func:`rairlib.figures.style.finish`.

    Returns
    -------
    Axes
        The same axes.
    """
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=":", label="ideal", zorder=1)
    if "low" in curve:
        limits = curve["low"].clip(0, 1), curve["high"].clip(0, 1)
        ax.fill_between(curve["risk"], *limits, color=SKY, alpha=0.35, lw=0, label=band)
    ax.plot(curve["risk"], curve["observed"], color=BLUE, label="observed, smoothed", zorder=3)
    if corrected is not None:
        line = {"color": VERMILION, "linestyle": "--", "zorder": 4}
        ax.plot(corrected["risk"], corrected["corrected"], label="bias-corrected", **line)
    if groups is not None:
        marks = {"marker": "o", "linestyle": "none", "markersize": 5, "markerfacecolor": "white"}
        ax.plot(groups["mean_risk"], groups["share"], color=BLACK, label="groups", **marks)
    _draw_patients(ax, patients)
    ticks = np.linspace(0, 1, 6)
    ax.set(xlim=(-0.02, 1.02), ylim=(STRIP - SPIKE - 0.02, TOP), xticks=ticks, yticks=ticks)
    ax.set(xlabel=f"Predicted risk\n{STRIP_TOLD}", ylabel="Observed share")
    ax.legend(loc="upper left", fontsize=FONT_SIZE - 1, frameon=False, handlelength=1.6)
    return finish(ax, **heading)


def _draw_patients(ax: Axes, patients: pd.DataFrame) -> None:
    event = patients["event"].astype(bool)
    style = {"linewidth": 0.9, "alpha": 0.6, "zorder": 2}
    up, down = patients.loc[event, "risk"], patients.loc[~event, "risk"]
    ax.vlines(up, STRIP, STRIP + SPIKE, color=VERMILION, **style)
    ax.vlines(down, STRIP - SPIKE, STRIP, color=BLUE, **style)
    ax.axhline(STRIP, color=GREY, linewidth=0.6, zorder=1)


def calibration_alt(
    curve: pd.DataFrame,
    patients: pd.DataFrame,
    *,
    corrected: pd.DataFrame | None = None,
    simulated: bool = False,
) -> str:
    """Return the alternative text of :func:`draw_calibration`.

    Parameters
    ----------
    curve, patients, corrected, simulated
        As for :func:`draw_calibration`.

    Returns
    -------
    str
        Patients and events, what is observed at predicted risks of 20, 50 and 80 % with the
        band, and the same after correction.
    """
    who = "simulated patients" if simulated else "patients"
    events = int(patients["event"].astype(bool).sum())
    text = f"Calibration curve of {len(patients)} {who}, {events} with the event."
    told = [_told(curve, risk) for risk in TOLD_RISKS]
    if parts := [part for part in told if part]:
        text = f"{text} Observed {'; '.join(parts)}."
    if corrected is not None:
        shares = [_at(corrected, "corrected", risk) for risk in TOLD_RISKS]
        listed = [f"{100 * share:.0f} %" for share in shares if np.isfinite(share)]
        text = f"{text} Corrected for optimism: {', '.join(listed)}."
    return text


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
    """Return a column at one risk, NaN outside the curve."""
    known = curve[curve[column].notna()]
    if known.empty:
        return np.nan
    return float(np.interp(risk, known["risk"], known[column], left=np.nan, right=np.nan))

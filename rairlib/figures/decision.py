"""Decision curves: net benefit, and interventions avoided, over thresholds."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rairlib.figures.show import ShownFigure, show
from rairlib.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    VERMILION,
    canvas,
    finish,
    legend,
    listed,
    of_patients,
)

STYLES = {
    "model": {"color": BLUE, "linestyle": "-", "label": "model"},
    "all": {"color": ORANGE, "linestyle": "--", "label": "treat all"},
    "none": {"color": BLACK, "linestyle": "-.", "label": "treat none"},
}
# Below this share of the largest net benefit the line of treating all runs out of the picture.
DEPTH = 0.35


def draw_decision(
    curve: pd.DataFrame,
    useful: pd.DataFrame,
    *,
    threshold: float | None = None,
    title: str = "",
    simulated: bool = False,
) -> ShownFigure:
    """Draw the net benefit of a model, of treating all and of treating none.

    Parameters
    ----------
    curve : DataFrame
        Columns ``strategy`` (``model``, ``all``, ``none``), ``threshold, net_benefit`` and, for
        bands, ``low, high``; thresholds ascending.
    useful : DataFrame
        Columns ``low, high, best_gain``: unbroken ranges of thresholds at which the model beats
        treating all and treating none.
    threshold : float, optional
        A threshold to mark, such as the one that a paper uses.
    title, simulated
        See :func:`rairlib.figures.style.finish`.

    Returns
    -------
    ShownFigure
        Its text tells the thresholds drawn, and where the model has the largest net benefit.
    """
    _, ax = canvas(height=4)
    for strategy, part in curve.groupby("strategy", sort=False):
        style = STYLES[strategy]
        if "low" in part and strategy != "none":
            band = {"color": style["color"], "alpha": 0.2, "linewidth": 0}
            ax.fill_between(part["threshold"], part["low"], part["high"], **band)
        ax.plot(part["threshold"], part["net_benefit"], **style)
    highest = curve[["net_benefit", "high"] if "high" in curve else ["net_benefit"]].max().max()
    _set_axes(ax, curve, highest, threshold)
    ax.set_ylabel("Net benefit")
    legend(ax, loc="upper right")
    drawn = f"{_percent(curve['threshold'].min())} to {_percent(curve['threshold'].max())}"
    text = f"Decision curves{of_patients(simulated)} at thresholds from {drawn}. The model "
    if useful.empty:
        text += "is nowhere better than treating all and treating none."
    else:
        ranges = [f"{_percent(row.low)} to {_percent(row.high)}" for row in useful.itertuples()]
        text += "has a larger net benefit than treating all and treating none from "
        text += f"{listed(ranges)}, by {useful['best_gain'].max():.3f} at most."
    return show(finish(ax, title, simulated), text, curve)


def _set_axes(ax: Axes, curve: pd.DataFrame, highest: float, threshold: float | None) -> None:
    ax.set(xlim=(0, curve["threshold"].max()), ylim=(-DEPTH * highest, 1.08 * highest))
    ax.set_xlabel("Threshold risk")
    if threshold is not None:
        label = f"threshold {threshold:.3f}"
        ax.axvline(threshold, color=GREY, linewidth=1, linestyle=":", label=label)


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def draw_avoided(
    curve: pd.DataFrame,
    told: list[float],
    *,
    threshold: float | None = None,
    title: str = "",
    simulated: bool = False,
) -> ShownFigure:
    """Draw the net interventions avoided per 100 patients against treating all.

    Parameters
    ----------
    curve : DataFrame
        Columns ``strategy, threshold, avoided`` and, for a band, ``avoided_low, avoided_high``.
    told : list of float
        Thresholds at which the text tells the number, between those drawn.
    threshold, title, simulated
        As for :func:`draw_decision`.

    Returns
    -------
    ShownFigure
        Negative numbers are cut at the depth that the positive ones allow. The text tells the
        numbers by linear interpolation.
    """
    _, ax = canvas(height=3.8)
    part = curve[(curve["strategy"] == "model") & curve["avoided"].notna()]
    if "avoided_low" in part:
        limits = part["threshold"], part["avoided_low"], part["avoided_high"]
        ax.fill_between(*limits, color=BLUE, alpha=0.2, linewidth=0)
    ax.plot(part["threshold"], part["avoided"], color=BLUE, label="model against treating all")
    ax.axhline(0, color=VERMILION, linewidth=1)
    highest = part["avoided_high" if "avoided_high" in part else "avoided"].max()
    _set_axes(ax, curve, highest, threshold)
    ax.set_ylabel("Interventions avoided per 100")
    legend(ax, loc="lower right")
    values = np.interp(told, part["threshold"], part["avoided"])
    numbers = listed(
        [f"{n:.0f} at a threshold of {_percent(at)}" for at, n in zip(told, values, strict=True)]
    )
    who = "simulated patients" if simulated else "patients"
    text = f"Net interventions avoided per 100 {who} against treating all: {numbers}."
    return show(finish(ax, title, simulated), text, part)


# --- Risk over one predictor under several shapes, with the interval of each and the patients ---


LOOKS = ((BLUE, "-"), (VERMILION, "--"), (GREEN, "-."))


def draw_risk_curves(
    curves: pd.DataFrame,
    patients: pd.Series,
    *,
    label: str,
    title: str = "",
    simulated: bool = False,
) -> ShownFigure:
    """Draw risks over a predictor, one curve per shape, and where patients have values.

    Parameters
    ----------
    curves : DataFrame
        Columns ``shape, value, risk, low, high`` (proportions).
    patients : Series of float
        Values of the patients; drawn as ticks below the curves.
    label : str
        Name of the predictor with its unit.
    title, simulated
        See :func:`rairlib.figures.style.finish`.

    Returns
    -------
    ShownFigure
        Its text tells the risk at both ends and in the middle, and the widest interval, of each
        shape.
    """
    _, ax = canvas(height=4.8)
    text = f"Risk of failure{of_patients(simulated)} over {label}."
    shapes = curves.groupby("shape", sort=False)
    for (shape, curve), (color, style) in zip(shapes, LOOKS, strict=False):
        ax.fill_between(curve["value"], curve["low"], curve["high"], color=color, alpha=0.12, lw=0)
        ax.plot(curve["value"], curve["risk"], color=color, linestyle=style, label=shape)
        places = [curve.iloc[i] for i in (0, len(curve) // 2, -1)]
        risks = listed([f"{100 * p['risk']:.0f} % at {p['value']:.0f}" for p in places])
        width = 100 * (curve["high"] - curve["low"]).max()
        text += f" {shape}: {risks}; interval up to {width:.0f} points wide."
    shown = patients[patients <= curves["value"].max()]
    ax.plot(shown, np.full(shown.size, -0.04), "|", color=GREY, markersize=7, alpha=0.7)
    ax.set(ylim=(-0.08, 1.02), xlabel=label, ylabel="Risk of failure")
    # Curves may fill the axes from corner to corner.
    legend(ax, loc="upper left", bbox_to_anchor=(0, -0.18), borderpad=0)
    return show(finish(ax, title, simulated), text, curves, vector=simulated)

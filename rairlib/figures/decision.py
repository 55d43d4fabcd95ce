"""Decision curves: net benefit, and interventions avoided, over thresholds."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rairlib.figures.style import (
    BLACK,
    BLUE,
    FONT_SIZE,
    GREEN,
    GREY,
    ORANGE,
    VERMILION,
    finish,
    listed,
)

STYLES = {"model": (BLUE, "-"), "all": (ORANGE, "--"), "none": (BLACK, "-.")}
NAMES = {"model": "model", "all": "treat all", "none": "treat none"}
# Below this share of the largest net benefit the line of treating all runs out of the picture.
DEPTH = 0.35


def draw_decision(
    curve: pd.DataFrame,
    ax: Axes,
    *,
    threshold: float | None = None,
    names: dict[str, str] | None = None,
    **heading: str | bool,
) -> Axes:
    """Draw the net benefit of a model, of treating all and of treating none.

    Parameters
    ----------
    curve : DataFrame
        Columns ``strategy`` (``model``, ``all``, ``none``), ``threshold, net_benefit`` and, for
        bands, ``low, high``; thresholds ascending.
    ax : Axes
        Where to draw.
    threshold : float, optional
        A threshold to mark, such as the one that a paper uses.
    names : dict of str to str, optional
        Strategy → its name in the legend.
    **heading : str or bool
        ``title`` and ``simulated``, see :func:`rairlib.figures.style.finish`.

    Returns
    -------
    Axes
        The same axes.
    """
    names = NAMES | (names or {})
    for strategy, part in curve.groupby("strategy", sort=False):
        color, line = STYLES[strategy]
        if "low" in part and strategy != "none":
            limits = part["threshold"], part["low"], part["high"]
            ax.fill_between(*limits, color=color, alpha=0.2, linewidth=0)
        style = {"color": color, "linestyle": line, "label": names[strategy]}
        ax.plot(part["threshold"], part["net_benefit"], **style)
    highest = curve[["net_benefit", "high"] if "high" in curve else ["net_benefit"]].max().max()
    ax.set(ylim=(-DEPTH * highest, 1.08 * highest))
    _mark(ax, threshold)
    ax.set(xlim=(0, curve["threshold"].max()), ylabel="Net benefit")
    ax.set_xlabel("Threshold risk")
    ax.legend(loc="upper right", fontsize=FONT_SIZE - 1, frameon=False)
    return finish(ax, **heading)


def _mark(ax: Axes, threshold: float | None) -> None:
    if threshold is not None:
        label = f"threshold {threshold:.3f}"
        ax.axvline(threshold, color=GREY, linewidth=1, linestyle=":", label=label)


def decision_alt(
    curve: pd.DataFrame, useful: pd.DataFrame, *, name: str = "model", simulated: bool = False
) -> str:
    """Return the alternative text of :func:`draw_decision`.

    Parameters
    ----------
    curve, simulated
        As for :func:`draw_decision`.
    useful : DataFrame
        Columns ``low, high, best_gain``: unbroken ranges of thresholds at which the model beats
        treating all and treating none.
    name : str
        What the model is called.

    Returns
    -------
    str
        The range of thresholds drawn, and where the model has the largest net benefit.
    """
    drawn = f"{_percent(curve['threshold'].min())} to {_percent(curve['threshold'].max())}"
    who = " of simulated patients" if simulated else ""
    text = f"Decision curves{who} at thresholds from {drawn}."
    if useful.empty:
        return f"{text} The {name} is nowhere better than treating all and treating none."
    ranges = listed([f"{_percent(row.low)} to {_percent(row.high)}" for row in useful.itertuples()])
    gain = useful["best_gain"].max()
    return (
        f"{text} The {name} has a larger net benefit than treating all and treating none from "
        f"{ranges}, by {gain:.3f} at most."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def draw_avoided(
    curve: pd.DataFrame, ax: Axes, *, threshold: float | None = None, **heading: str | bool
) -> Axes:
    """Draw the net interventions avoided per 100 patients against treating all.

    Parameters
    ----------
    curve : DataFrame
        Columns ``strategy, threshold, avoided`` and, for a band, ``avoided_low, avoided_high``.
    ax, threshold, title, simulated
        As for :func:`draw_decision`.

    Returns
    -------
    Axes
        The same axes; negative numbers are cut at the depth that the positive ones allow.
    """
    part = curve[(curve["strategy"] == "model") & curve["avoided"].notna()]
    if "avoided_low" in part:
        limits = part["threshold"], part["avoided_low"], part["avoided_high"]
        ax.fill_between(*limits, color=BLUE, alpha=0.2, linewidth=0)
    ax.plot(part["threshold"], part["avoided"], color=BLUE, label="model against treating all")
    ax.axhline(0, color=VERMILION, linewidth=1)
    highest = part["avoided_high" if "avoided_high" in part else "avoided"].max()
    ax.set(xlim=(0, curve["threshold"].max()), ylim=(-DEPTH * highest, 1.08 * highest))
    _mark(ax, threshold)
    ax.set(xlabel="Threshold risk", ylabel="Interventions avoided per 100")
    ax.legend(loc="lower right", fontsize=FONT_SIZE - 1, frameon=False)
    return finish(ax, **heading)


def avoided_alt(curve: pd.DataFrame, thresholds: list[float], *, simulated: bool = False) -> str:
    """Return the alternative text of :func:`draw_avoided`.

    Parameters
    ----------
    curve, simulated
        As for :func:`draw_avoided`.
    thresholds : list of float
        Thresholds at which the number is told, between those drawn.

    Returns
    -------
    str
        The numbers there, by linear interpolation.
    """
    part = curve[(curve["strategy"] == "model") & curve["avoided"].notna()]
    values = np.interp(thresholds, part["threshold"], part["avoided"])
    told = [
        f"{value:.0f} at a threshold of {_percent(at)}"
        for at, value in zip(thresholds, values, strict=True)
    ]
    who = "simulated patients" if simulated else "patients"
    return f"Net interventions avoided per 100 {who} against treating all: {listed(told)}."


# --- Risk over one predictor under several shapes, with the interval of each and the patients ---


LOOKS = ((BLUE, "-"), (VERMILION, "--"), (GREEN, "-."))


def draw_risk_curves(
    curves: pd.DataFrame, patients: np.ndarray, ax: Axes, *, label: str, **heading: str | bool
) -> Axes:
    """Draw risks over a predictor, one curve per shape, and where patients have values.

    Parameters
    ----------
    curves : DataFrame
        Columns ``shape, value, risk, low, high`` (proportions).
    patients : array-like of float
        Values of the patients; drawn as ticks below the curves.
    ax : Axes
        Where to draw.
    label : str
        Name of the predictor with its unit.
    **heading : str or bool
        ``title`` and ``simulated``, see :func:`rairlib.figures.style.finish`.

    Returns
    -------
    Axes
        The same axes.
    """
    for (shape, curve), (color, style) in zip(_by_shape(curves), LOOKS, strict=False):
        ax.fill_between(curve["value"], curve["low"], curve["high"], color=color, alpha=0.12, lw=0)
        ax.plot(curve["value"], curve["risk"], color=color, linestyle=style, label=shape)
    shown = np.asarray(patients)[np.asarray(patients) <= curves["value"].max()]
    ax.plot(shown, np.full(shown.size, -0.04), "|", color=GREY, markersize=7, alpha=0.7)
    ax.set(ylim=(-0.08, 1.02), xlabel=label, ylabel="Risk of failure")
    # Curves may fill the axes from corner to corner.
    place = {"loc": "upper left", "bbox_to_anchor": (0, -0.18)}
    ax.legend(**place, fontsize=FONT_SIZE - 1, frameon=False, borderpad=0)
    return finish(ax, **heading)


def _by_shape(curves: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    return list(curves.groupby("shape", sort=False))


def risk_curves_alt(curves: pd.DataFrame, label: str, *, simulated: bool = False) -> str:
    """Return the alternative text of :func:`draw_risk_curves`.

    Parameters
    ----------
    curves, label, simulated
        As for :func:`draw_risk_curves`.

    Returns
    -------
    str
        The risk at both ends and in the middle, and the widest interval, of each shape.
    """
    sentences = []
    for shape, curve in _by_shape(curves):
        places = [curve.iloc[i] for i in (0, len(curve) // 2, -1)]
        risks = listed([f"{100 * p['risk']:.0f} % at {p['value']:.0f}" for p in places])
        width = 100 * (curve["high"] - curve["low"]).max()
        sentences.append(f"{shape}: {risks}; interval up to {width:.0f} points wide.")
    patients = " of simulated patients" if simulated else ""
    return f"Risk of failure{patients} over {label}. {' '.join(sentences)}"

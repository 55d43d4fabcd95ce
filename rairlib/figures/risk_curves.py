"""Risk over one predictor under several shapes, with the interval of each and the patients."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rairlib.figures.style import BLUE, FONT_SIZE, GREEN, GREY, VERMILION, finish, listed

LOOKS = ((BLUE, "-"), (VERMILION, "--"), (GREEN, "-."))


def draw_risk_curves(
    curves: pd.DataFrame,
    patients: np.ndarray,
    ax: Axes,
    *,
    label: str,
    title: str = "",
    simulated: bool = False,
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
    title : str
        Title of the axes.
    simulated : bool
        Whether the patients are simulated.

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
    return finish(ax, title, simulated)


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

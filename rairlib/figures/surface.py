"""The risk that a model with two predictors gives, as a map with lines of equal risk."""

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from rairlib.figures.show import ShownFigure, show
from rairlib.figures.style import BLACK, FONT_SIZE, canvas, finish

RISKS = (0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
POINTS = 21  # the lines are straight


def draw_surface(
    equation: tuple[float, float, float],
    axes: list[dict],
    *,
    threshold: float,
    title: str = "",
) -> ShownFigure:
    """Draw a map of risks over the ranges of simulated patients; a reader may move over it.

    Parameters
    ----------
    equation : tuple of float
        Constant and weights of the two predictors on the scale of log odds, all weights above 0.
    axes : list of dict
        For each predictor its ``name``, ``label`` with the unit, largest value ``most`` and the
        ``step`` by which a reader moves.
    threshold : float
        Log odds from which a patient counts as positive.
    title : str
        Title of the axes.

    Returns
    -------
    ShownFigure
        Its text tells the risk in the four corners.
    """
    (_, ax), (constant, *weights) = canvas(height=4.4), equation
    ends = [np.linspace(0, axis["most"], POINTS) for axis in axes]
    x, y = np.meshgrid(*ends)
    score = constant + weights[0] * x + weights[1] * y
    levels = [score.min() - 1, *logit(RISKS), score.max() + 1]
    ax.contourf(x, y, score, levels=levels, cmap="cividis_r", alpha=0.75)
    equal = {"colors": BLACK, "linewidths": 0.8, "linestyles": "solid"}
    lines = ax.contour(x, y, score, levels=logit(RISKS), **equal)
    names = {level: f"{100 * risk:.0f} %" for level, risk in zip(lines.levels, RISKS, strict=True)}
    ax.clabel(lines, fmt=names, fontsize=FONT_SIZE - 1, colors=BLACK)
    ax.contour(x, y, score, levels=[threshold], colors=BLACK, linewidths=2, linestyles="--")
    ax.plot([], [], color=BLACK, linewidth=2, linestyle="--", label="threshold")
    ax.set(xlabel=axes[0]["label"], ylabel=axes[1]["label"])
    ax.legend(loc="upper right", frameon=True, fontsize="small")
    data = pd.DataFrame({"first": x.ravel(), "second": y.ravel(), "risk": expit(score.ravel())})
    data = data.rename(columns={"first": axes[0]["label"], "second": axes[1]["label"]})
    corners = [
        f"{100 * expit(score[j, i]):.0f} % at {ends[0][i]:g} and {ends[1][j]:g}"
        for j in (0, -1)
        for i in (0, -1)
    ]
    text = f"Map of the risk of failure over {axes[0]['label']} and {axes[1]['label']}, with lines "
    text += f"of equal risk and the threshold: {'; '.join(corners)}."
    live = {"kind": "surface", "axes": axes, "threshold": threshold}
    live |= {"constant": constant, "weights": weights}
    return show(finish(ax, title, simulated=True), text, data, live=live)

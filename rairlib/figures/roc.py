"""ROC curves with reported operating points beside reproduced ones."""

import pandas as pd
from matplotlib.axes import Axes

from rairlib.figures.style import BLUE, FONT_SIZE, GREY, SOURCES, finish


def draw_roc(
    coordinates: pd.DataFrame,
    points: pd.DataFrame,
    ax: Axes,
    *,
    title: str = "",
    simulated: bool = False,
) -> Axes:
    """Draw a ROC curve and operating points.

    Parameters
    ----------
    coordinates : DataFrame
        The curve; columns ``sensitivity, specificity`` (proportions), ordered by cut-off.
    points : DataFrame
        One row per operating point; columns ``source`` (reported or reproduced), ``label`` (the
        rule, such as ≥54), ``auc``, ``sensitivity``, ``specificity`` (proportions).
    ax : Axes
        Where to draw.
    title : str
        Title of the axes.
    simulated : bool
        Whether the curve comes from simulated patients.

    Returns
    -------
    Axes
        The same axes.
    """
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=":", zorder=1)
    ax.plot(1 - coordinates["specificity"], coordinates["sensitivity"], color=BLUE, zorder=2)
    for point in points.itertuples():
        ax.plot(
            1 - point.specificity,
            point.sensitivity,
            linestyle="none",
            label=f"{point.source}: {point.label}, AUC {point.auc:.3f}",
            zorder=3 if point.source == "reported" else 4,
            **SOURCES[point.source],
        )
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    ax.set(xlabel="1 − specificity", ylabel="Sensitivity")
    ax.legend(loc="lower right", fontsize=FONT_SIZE - 1, frameon=False, handletextpad=0.3)
    return finish(ax, title, simulated)


def roc_alt(points: pd.DataFrame, name: str, *, simulated: bool = False) -> str:
    """Return the alternative text of :func:`draw_roc`.

    Parameters
    ----------
    points : DataFrame
        As for :func:`draw_roc`.
    name : str
        What the score is, in the reader's words.
    simulated : bool
        Whether the curve comes from simulated patients.

    Returns
    -------
    str
        The areas and operating points of each source.
    """
    parts = [
        f"{point.source.capitalize()}: area {point.auc:.3f}; {point.label} with sensitivity "
        f"{100 * point.sensitivity:.1f} % and specificity {100 * point.specificity:.1f} %."
        for point in points.itertuples()
    ]
    patients = " of simulated patients" if simulated else ""
    return f"ROC curve{patients} for {name}. {' '.join(parts)}"

"""Every cut-off of a score: what it gives in a cohort, and what a bootstrap says of others."""

import pandas as pd

from rairlib.figures.show import ShownFigure, show
from rairlib.figures.style import BLACK, BLUE, GREY, VERMILION, canvas, finish, legend, of_patients

LINES = {
    "sensitivity": {"color": BLUE, "linestyle": "--", "label": "sensitivity"},
    "specificity": {"color": VERMILION, "linestyle": "-.", "label": "specificity"},
    "youden": {"color": BLACK, "linewidth": 2, "label": "Youden index"},
}


def draw_cutoffs(
    curve: pd.DataFrame,
    optimism: pd.DataFrame,
    *,
    label: str,
    printed: str = "",
    title: str = "",
    simulated: bool = False,
) -> ShownFigure:
    """Draw sensitivity, specificity and Youden index over the cut-off; a reader may move it.

    Parameters
    ----------
    curve : DataFrame
        One row per cut-off, see :func:`rairlib.stats.roc.youden_curve`.
    optimism : DataFrame
        Indexed by statistic; columns ``apparent, corrected``, see
        :func:`rairlib.stats.roc.cutoff_optimism`.
    label : str
        Label of the axis, with the unit.
    printed : str
        The cut-off that the paper prints, as printed; empty for none.
    title, simulated
        See :func:`rairlib.figures.style.finish`.

    Returns
    -------
    ShownFigure
        Its text tells the best cut-off, its index, and what new patients leave of it.
    """
    _, ax = canvas(height=4.2)
    at, best = curve["cutoff"], curve.loc[curve["youden"].idxmax()]
    band = {"color": GREY, "alpha": 0.25, "lw": 0, "label": "95 % of samples"}
    ax.fill_between(at, curve["low"], curve["high"], **band)
    for name, look in LINES.items():
        ax.plot(at, curve[name], **look)
    if printed:
        ax.axvline(float(printed), color=BLACK, linewidth=1, linestyle=":", label="printed")
    ax.set(xlabel=label, ylabel="Proportion, or index", ylim=(min(0, curve["low"].min()), 1.02))
    legend(ax.figure, loc="outside lower center", ncols=3, columnspacing=1)
    apparent, corrected = optimism.loc["youden", ["apparent", "corrected"]]
    text = f"Sensitivity, specificity and Youden index{of_patients(simulated)} over the cut-off, "
    text += f"{label}: the index is largest at {best['cutoff']:g}, with {apparent:.3f}; for new "
    text += f"patients a bootstrap leaves {corrected:.3f}."
    if not simulated:
        return show(finish(ax, title), text, vector=False)
    live = {"kind": "cutoffs", "label": label, "printed": printed, "best": float(best["cutoff"])}
    live |= {"apparent": round(apparent, 4), "corrected": round(corrected, 4)}
    live |= curve.round(4).to_dict("list")
    return show(finish(ax, title, simulated), text, curve, live=live)

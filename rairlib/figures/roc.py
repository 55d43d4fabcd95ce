"""ROC curves with reported operating points beside reproduced ones."""

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rairlib.figures.style import (
    BLUE,
    FONT_SIZE,
    GREY,
    SOURCES,
    VERMILION,
    WIDTH,
    finish,
    listed,
    mark_simulated,
)


def draw_roc(
    coordinates: pd.DataFrame, points: pd.DataFrame, ax: Axes, **heading: str | bool
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
    **heading : str or bool
        ``title`` and ``simulated``, see :func:`rairlib.figures.style.finish`.

    Returns
    -------
    Axes
        The same axes.
    """
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=":", zorder=1)
    ax.plot(1 - coordinates["specificity"], coordinates["sensitivity"], color=BLUE, zorder=2)
    for point in points.itertuples():
        style = {"linestyle": "none", "zorder": 3 if point.source == "reported" else 4}
        style["label"] = f"{point.source}: {point.label}, AUC {point.auc:.3f}"
        ax.plot(1 - point.specificity, point.sensitivity, **style, **SOURCES[point.source])
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    ax.set(xlabel="1 − specificity", ylabel="Sensitivity")
    ax.legend(loc="lower right", fontsize=FONT_SIZE - 1, frameon=False, handletextpad=0.3)
    return finish(ax, **heading)


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


# --- ROC curves of a score and of the same score cut in two, several groups in one figure -----


PANEL_HEIGHT = 2.75


def draw_roc_readings(panels: dict[str, dict], *, simulated: bool = False) -> Figure:
    """Draw one panel per group of patients: the score's curve and that of its two-valued form.

    Parameters
    ----------
    panels : dict of str to dict
        By group: ``coordinates`` (DataFrame with ``sensitivity, specificity``, proportions),
        ``point`` (sensitivity and specificity at the threshold), ``areas`` (dict of the score's
        area, then that of the two-valued form, by what they are called) and ``printed`` (the
        printed area, a text).
    simulated : bool
        Whether the curves come from simulated patients.

    Returns
    -------
    Figure
        Two panels in each row.
    """
    rows = -(-len(panels) // 2)
    with sns.axes_style("ticks"):
        figure, axes = plt.subplots(
            rows, 2, figsize=(WIDTH, PANEL_HEIGHT * rows), layout="constrained", squeeze=False
        )
    for ax, (name, panel) in zip(axes.flat, panels.items(), strict=False):
        _draw_panel(ax, name, panel)
        if simulated:
            ax.set_title(name, fontsize=FONT_SIZE, loc="left", pad=22)
            mark_simulated(ax)
    for ax in axes[-1]:
        ax.set_xlabel("1 − specificity", fontsize=FONT_SIZE)
    for ax in axes[:, 0]:
        ax.set_ylabel("Sensitivity", fontsize=FONT_SIZE)
    return figure


def _draw_panel(ax: Axes, name: str, panel: dict) -> None:
    curve, (sensitivity, specificity) = panel["coordinates"], panel["point"]
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=":")
    ax.plot(1 - curve["specificity"], curve["sensitivity"], color=BLUE)
    corner = ([0, 1 - specificity, 1], [0, sensitivity, 1])
    ax.plot(*corner, color=VERMILION, linestyle="--", marker="o", markersize=4)
    told = [
        *(
            (f"{label} {area:.3f}", color)
            for (label, area), color in zip(panel["areas"].items(), (BLUE, VERMILION), strict=True)
        ),
        (f"printed {panel['printed']}", "black"),
    ]
    for line, (text, color) in enumerate(reversed(told)):
        ax.text(0.99, 0.03 + 0.115 * line, text, color=color, ha="right", fontsize=FONT_SIZE - 2.5)
    ax.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal")
    ax.set(xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    ax.set_title(name, fontsize=FONT_SIZE, loc="left")
    ax.tick_params(labelsize=FONT_SIZE - 2)
    sns.despine(ax=ax)


def roc_readings_alt(panels: dict[str, dict], *, simulated: bool = False) -> str:
    """Return the alternative text of :func:`draw_roc_readings`.

    Parameters
    ----------
    panels, simulated
        As for :func:`draw_roc_readings`.

    Returns
    -------
    str
        The areas of each group and which of them is nearer to the print.
    """
    sentences = []
    for name, panel in panels.items():
        areas = listed([f"{label} {area:.3f}" for label, area in panel["areas"].items()])
        printed = float(panel["printed"])
        nearest = min(panel["areas"], key=lambda label: abs(panel["areas"][label] - printed))
        sentences.append(f"{name}: area of {areas}, printed {printed:.3f}, nearest is {nearest}.")
    patients = " of simulated patients" if simulated else ""
    return f"ROC curves{patients} in {len(panels)} groups. {' '.join(sentences)}"

"""ROC curves with the operating points that a paper and a cohort give."""

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from rairlib.figures.show import ShownFigure, show
from rairlib.figures.style import (
    BLACK,
    BLUE,
    FONT_SIZE,
    GREY,
    SOURCES,
    VERMILION,
    WIDTH,
    canvas,
    finish,
    legend,
    listed,
    mark_simulated,
    of_patients,
)


def draw_roc(
    coordinates: pd.DataFrame,
    points: pd.DataFrame,
    *,
    name: str,
    title: str = "",
    simulated: bool = False,
) -> ShownFigure:
    """Draw a ROC curve and operating points.

    Parameters
    ----------
    coordinates : DataFrame
        The curve; columns ``sensitivity, specificity`` (proportions), ordered by cut-off.
    points : DataFrame
        One row per operating point; columns ``source`` (reported or reproduced), ``label`` (the
        rule, such as ≥54), ``auc``, ``sensitivity``, ``specificity`` (proportions).
    name : str
        What the curve is of, for the text.
    title, simulated
        See :func:`rairlib.figures.style.finish`.

    Returns
    -------
    ShownFigure
        Its text tells area, sensitivity and specificity of each point.
    """
    _, ax = canvas(height=4.6)
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=":", zorder=1)
    ax.plot(1 - coordinates["specificity"], coordinates["sensitivity"], color=BLUE, zorder=2)
    text = f"ROC curve{of_patients(simulated)} for {name}."
    for point in points.itertuples():
        style = {"linestyle": "none", "zorder": 3 if point.source == "reported" else 4}
        style["label"] = f"{point.source}: {point.label}, AUC {point.auc:.3f}"
        ax.plot(1 - point.specificity, point.sensitivity, **style, **SOURCES[point.source])
        text += f" {point.source.capitalize()}: area {point.auc:.3f}; {point.label} with "
        text += f"sensitivity {100 * point.sensitivity:.1f} % and specificity "
        text += f"{100 * point.specificity:.1f} %."
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    ax.set(xlabel="1 − specificity", ylabel="Sensitivity")
    legend(ax, loc="lower right", handletextpad=0.3)
    curve = coordinates[["sensitivity", "specificity"]].assign(source="curve")
    data = pd.concat([curve, points], ignore_index=True)
    return show(finish(ax, title, simulated), text, data)


# --- ROC curves of a score and of the same score cut in two, several groups in one figure -----


PANEL_HEIGHT = 2.75


def draw_roc_readings(panels: dict[str, dict]) -> ShownFigure:
    """Draw one panel per group of simulated patients: the curve, the corner, areas and print.

    Parameters
    ----------
    panels : dict of str to dict
        By group: ``coordinates`` (DataFrame with ``sensitivity, specificity``, proportions),
        ``point`` (sensitivity and specificity at the threshold), ``areas`` (dict of the score's
        area, then that of the two-valued form, by what they are called) and ``printed`` (the
        printed area, a text).

    Returns
    -------
    ShownFigure
        Its text tells the areas of each group and which of them is nearest to the print.
    """
    size = {"figsize": (WIDTH, PANEL_HEIGHT * -(-len(panels) // 2)), "layout": "constrained"}
    with sns.axes_style("ticks"):
        figure, axes = plt.subplots(-(-len(panels) // 2), 2, squeeze=False, **size)
    text = f"ROC curves of simulated patients in {len(panels)} groups."
    for ax, (name, panel) in zip(axes.flat, panels.items(), strict=False):
        _draw_panel(ax, panel)
        ax.set_title(name, fontsize=FONT_SIZE, loc="left", pad=22)
        mark_simulated(ax)
        areas = listed([f"{label} {area:.3f}" for label, area in panel["areas"].items()])
        far = {label: abs(area - float(panel["printed"])) for label, area in panel["areas"].items()}
        text += f" {name}: area of {areas}, printed {float(panel['printed']):.3f}, nearest is "
        text += f"{min(far, key=far.get)}."
    for ax in axes[-1]:
        ax.set_xlabel("1 − specificity", fontsize=FONT_SIZE)
    for ax in axes[:, 0]:
        ax.set_ylabel("Sensitivity", fontsize=FONT_SIZE)
    curves = {name: panel["coordinates"] for name, panel in panels.items()}
    data = pd.concat(curves, names=["group", None]).reset_index("group")
    return show(figure, text, data)


def _draw_panel(ax: Axes, panel: dict) -> None:
    curve, (sensitivity, specificity) = panel["coordinates"], panel["point"]
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=":")
    ax.plot(1 - curve["specificity"], curve["sensitivity"], color=BLUE)
    corner = ([0, 1 - specificity, 1], [0, sensitivity, 1])
    ax.plot(*corner, color=VERMILION, linestyle="--", marker="o", markersize=4)
    told = [f"{label} {area:.3f}" for label, area in panel["areas"].items()]
    # Each text begins with its line, so that the colour is not needed.
    told = [f"{line} {text}" for line, text in zip(("—", "- -"), told, strict=True)]
    lines = zip((*told, f"printed {panel['printed']}"), (BLUE, VERMILION, BLACK), strict=True)
    for line, (text, color) in enumerate(reversed(list(lines))):
        ax.text(0.99, 0.03 + 0.115 * line, text, color=color, ha="right", fontsize=FONT_SIZE - 2.5)
    ax.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal")
    ax.set(xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    ax.tick_params(labelsize=FONT_SIZE - 2)
    sns.despine(ax=ax)

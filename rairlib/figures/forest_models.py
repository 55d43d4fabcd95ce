"""Forest plots of two models side by side, such as univariable and multivariable."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rairlib.figures.forest import draw_estimates, forest_alt
from rairlib.figures.style import FONT_SIZE, GREY, finish


def draw_forest_models(
    estimates: pd.DataFrame,
    figure: Figure,
    *,
    labels: dict[str, str] | None = None,
    quantity: str = "Hazard ratio",
    simulated: bool = False,
) -> Figure:
    """Draw one panel per model, ratios with 95 % intervals, the same terms in the same order.

    Parameters
    ----------
    estimates : DataFrame
        Columns ``model, term, source, estimate, low, high``; source is reported or reproduced. A
        term that a model has not keeps its line and says so.
    figure : Figure
        An empty figure with constrained layout.
    labels : dict of str to str, optional
        Term → label for readers.
    quantity : str
        Label of the axes.
    simulated : bool
        Whether the reproduced estimates come from simulated patients.

    Returns
    -------
    Figure
        The same figure.
    """
    models = list(dict.fromkeys(estimates["model"]))
    terms = list(dict.fromkeys(estimates["term"]))
    panels = figure.subplots(1, len(models), sharey=True, squeeze=False)[0]
    for model, ax in zip(models, panels, strict=True):
        own = estimates[estimates["model"] == model]
        draw_estimates(own, terms, ax)
        _mark_absent(ax, terms, set(own["term"]))
        ax.set_xlabel(quantity)
        finish(ax, model.capitalize(), simulated=simulated and ax is panels[-1])
    panels[0].set_yticks(range(len(terms)), [(labels or {}).get(term, term) for term in terms])
    handles, names = panels[0].get_legend_handles_labels()
    place = {"loc": "outside lower center", "ncols": 2}
    figure.legend(handles, names, frameon=False, fontsize=FONT_SIZE - 1, **place)
    return figure


def _mark_absent(ax: Axes, terms: list[str], present: set[str]) -> None:
    for line, term in enumerate(terms):
        if term not in present:
            ax.annotate(
                "not in the model",
                (0.5, line),
                xycoords=ax.get_yaxis_transform(),
                ha="center",
                va="center",
                color=GREY,
                fontsize=FONT_SIZE - 1.5,
                fontstyle="italic",
            )


def forest_models_alt(
    estimates: pd.DataFrame,
    *,
    labels: dict[str, str] | None = None,
    quantity: str = "hazard ratios",
    simulated: bool = False,
) -> str:
    """Return the alternative text of :func:`draw_forest_models`.

    Parameters
    ----------
    estimates, labels, simulated
        As for :func:`draw_forest_models`.
    quantity : str
        What is plotted, in the plural.

    Returns
    -------
    str
        The text of :func:`rairlib.figures.forest.forest_alt`, model by model.
    """
    parts = [
        f"{model.capitalize()}: "
        + forest_alt(own, labels=labels, quantity=quantity, simulated=simulated)
        for model, own in estimates.groupby("model", sort=False)
    ]
    return " ".join(parts)

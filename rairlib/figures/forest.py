"""Forest plots: reported estimates beside reproduced ones."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rairlib.figures.style import (
    FONT_SIZE,
    GREY,
    SOURCES,
    finish,
    legend,
    listed,
    logarithmic,
    note,
)

OFFSETS = {"reported": -0.16, "reproduced": 0.16}


def draw_forest(
    estimates: pd.DataFrame,
    ax: Axes,
    *,
    labels: dict[str, str] | None = None,
    quantity: str = "Odds ratio",
    **heading: str | bool,
) -> Axes:
    """Draw ratios with their intervals on a logarithmic axis, two markers per term.

    Parameters
    ----------
    estimates : DataFrame
        Columns ``term, source, estimate, low, high``; source is reported or reproduced.
    ax : Axes
        Where to draw.
    labels : dict of str to str, optional
        Term → label for readers; lines may be broken.
    quantity : str
        Label of the axis.
    **heading : str or bool
        ``title`` and ``simulated``, see :func:`rairlib.figures.style.finish`.

    Returns
    -------
    Axes
        The same axes.
    """
    terms = list(dict.fromkeys(estimates["term"]))
    draw_estimates(estimates, terms, ax)
    ax.set_yticks(range(len(terms)), [(labels or {}).get(term, term) for term in terms])
    ax.set_xlabel(f"{quantity} (95 % interval)")
    place = {"loc": "upper left", "bbox_to_anchor": (0, -0.24), "ncols": 2}
    legend(ax, **place, handletextpad=0.2, borderpad=0)
    return finish(ax, **heading)


def draw_estimates(estimates: pd.DataFrame, terms: list[str], ax: Axes) -> None:
    """Draw the marks and intervals of a forest plot, one line per term.

    Parameters
    ----------
    estimates : DataFrame
        As for :func:`draw_forest`; a term may be absent.
    terms : list of str
        From top to bottom.
    ax : Axes
        Where to draw; its horizontal axis becomes logarithmic.
    """
    ax.axvline(1, color=GREY, linewidth=1, linestyle=":")
    for source, rows in estimates.groupby("source", sort=True):
        y = [terms.index(term) + OFFSETS[source] for term in rows["term"]]
        style = SOURCES[source]
        ax.hlines(y, rows["low"], rows["high"], color=style["color"], linewidth=1.6)
        ax.plot(rows["estimate"], y, linestyle="none", label=source, **style)
    logarithmic(ax, _ratio_ticks(estimates))
    ax.set_ylim(len(terms) - 0.5, -0.5)


def _ratio_ticks(estimates: pd.DataFrame) -> list[float]:
    """Return round ticks that span the intervals: powers of ten, with 3 between if few."""
    low = min(estimates["low"].min(), 1.0)
    high = max(estimates["high"].max(), 1.0)
    powers = np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    factors = (1, 3) if len(powers) <= 4 else (1,)
    ticks = [float(f"{factor * 10.0**power:g}") for power in powers for factor in factors]
    return [tick for tick in ticks if low / 1.5 <= tick <= high * 1.5]


def forest_alt(
    estimates: pd.DataFrame,
    *,
    labels: dict[str, str] | None = None,
    quantity: str = "odds ratios",
    simulated: bool = False,
) -> str:
    """Return the alternative text of :func:`draw_forest`.

    Parameters
    ----------
    estimates : DataFrame
        As for :func:`draw_forest`.
    labels : dict of str to str, optional
        Term → label for readers.
    quantity : str
        What is plotted, in the plural.
    simulated : bool
        Whether the reproduced estimates come from simulated patients.

    Returns
    -------
    str
        How many intervals exclude 1 in each source, then every estimate.
    """
    excluding = (estimates["low"] > 1) | (estimates["high"] < 1)
    counts = [
        f"{int(excluding[rows.index].sum())} of {len(rows)} {source} intervals exclude 1"
        for source, rows in estimates.groupby("source", sort=True)
    ]
    parts = []
    for term, rows in estimates.groupby("term", sort=False):
        values = [
            f"{r.source} {r.estimate:.3g} ({r.low:.3g} to {r.high:.3g})" for r in rows.itertuples()
        ]
        label = " ".join((labels or {}).get(term, term).split())
        parts.append(f"{label}: {listed(values)}.")
    patients = ", reproduced on simulated patients" if simulated else ""
    return f"Forest plot of {quantity}{patients}: {listed(counts)}. {' '.join(parts)}"


# --- Forest plots of two models side by side, such as univariable and multivariable -----------


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
    legend(figure, handles=handles, labels=names, loc="outside lower center", ncols=2)
    return figure


def _mark_absent(ax: Axes, terms: list[str], present: set[str]) -> None:
    for line, term in enumerate(terms):
        if term not in present:
            style = {"ha": "center", "color": GREY, "fontsize": FONT_SIZE - 1.5}
            style |= {"xycoords": ax.get_yaxis_transform(), "fontstyle": "italic"}
            note(ax, "not in the model", (0.5, line), (0, 0), **style)


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

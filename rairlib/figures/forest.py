"""Forest plots on a logarithmic axis, reported and reproduced side by side."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rairlib.figures.show import ShownFigure, show
from rairlib.figures.style import (
    FONT_SIZE,
    GREY,
    SOURCES,
    WIDTH,
    canvas,
    finish,
    legend,
    listed,
    logarithmic,
    note,
)

# How far apart two sources of one line are, and how far all of them may spread.
APART, SPREAD = 0.32, 0.66


def draw_forest(
    estimates: pd.DataFrame,
    *,
    labels: dict[str, str] | None = None,
    quantity: str = "odds ratio",
    title: str = "",
    simulated: bool = False,
    height: float = 4.4,
) -> ShownFigure:
    """Draw estimates with intervals, one line per term.

    Parameters
    ----------
    estimates : DataFrame
        Columns ``term, source`` (one of :data:`rairlib.figures.style.SOURCES`), ``estimate, low,
        high``; positive.
    labels : dict of str to str, optional
        Term → label for readers.
    quantity : str
        What the estimates are.
    title, simulated
        See :func:`rairlib.figures.style.finish`.
    height : float
        Height in inches.

    Returns
    -------
    ShownFigure
        Its text tells every estimate, and how many intervals of each source exclude 1.
    """
    _, ax = canvas(height)
    estimates = estimates.assign(term=estimates["term"].replace(labels or {}))
    terms = list(dict.fromkeys(estimates["term"]))
    _draw_estimates(estimates, terms, ax)
    ax.set_yticks(range(len(terms)), terms)
    ax.set_xlabel(f"{quantity.capitalize()} (95 % interval)")
    place = {"loc": "upper left", "bbox_to_anchor": (0, -0.24), "ncols": 2}
    if len(_sources(estimates)) > 2:
        handles, names = ax.get_legend_handles_labels()
        place = {"handles": handles, "labels": names, "loc": "outside lower center", "ncols": 2}
    owner = ax.figure if "handles" in place else ax
    legend(owner, **place, handletextpad=0.2, borderpad=0)
    text = _told(estimates, quantity, simulated)
    return show(finish(ax, title, simulated), text, estimates)


def _draw_estimates(estimates: pd.DataFrame, terms: list[str], ax: Axes) -> None:
    ax.axvline(1, color=GREY, linewidth=1, linestyle=":")
    sources = _sources(estimates)
    apart = min(APART, SPREAD / max(len(sources) - 1, 1))
    for place, source in enumerate(sources):
        rows, style = estimates[estimates["source"] == source], SOURCES[source]
        offset = apart * (place - (len(sources) - 1) / 2)
        y = [terms.index(term) + offset for term in rows["term"]]
        ax.hlines(y, rows["low"], rows["high"], color=style["color"], linewidth=1.6)
        ax.plot(rows["estimate"], y, linestyle="none", label=source, **style)
    logarithmic(ax, _ratio_ticks(estimates))
    ax.set_ylim(len(terms) - 0.5, -0.5)


def _sources(estimates: pd.DataFrame) -> list[str]:
    return [source for source in SOURCES if source in set(estimates["source"])]


def _ratio_ticks(estimates: pd.DataFrame) -> list[float]:
    """Return round ticks that span the intervals: powers of ten, more if few, fewer if many."""
    low = min(estimates["low"].min(), 1.0)
    high = max(estimates["high"].max(), 1.0)
    powers = np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    factors = (1, 3) if len(powers) <= 4 else (1,)
    powers = powers[powers % 2 == 0] if len(powers) > 5 else powers
    ticks = [float(f"{factor * 10.0**power:g}") for power in powers for factor in factors]
    return [tick for tick in ticks if low / 1.5 <= tick <= high * 1.5]


def _told(estimates: pd.DataFrame, quantity: str, simulated: bool) -> str:
    excluding = (estimates["low"] > 1) | (estimates["high"] < 1)
    counts = [
        f"{excluding[mine].sum()} of {mine.sum()} {source} intervals exclude 1"
        for source in _sources(estimates)
        for mine in [estimates["source"] == source]
    ]
    patients = ", reproduced on simulated patients" if simulated else ""
    text = f"Forest plot of {quantity}s{patients}: {listed(counts)}."
    for term, rows in estimates.groupby("term", sort=False):
        values = [
            f"{r.source} {r.estimate:.3g} ({r.low:.3g} to {r.high:.3g})" for r in rows.itertuples()
        ]
        text += f" {' '.join(term.split())}: {listed(values)}."
    return text


# --- Forest plots of two models side by side, such as univariable and multivariable -----------


def draw_forest_models(
    estimates: pd.DataFrame, *, labels: dict[str, str] | None = None, simulated: bool = False
) -> ShownFigure:
    """Draw the hazard ratios of each model in a panel of its own; the panels share their lines.

    Parameters
    ----------
    estimates : DataFrame
        As for :func:`draw_forest`, with ``model``; a term may be in some of the models only.
    labels, simulated
        As for :func:`draw_forest`.

    Returns
    -------
    ShownFigure
        Its text goes model by model.
    """
    figure = plt.figure(figsize=(WIDTH, 6.8), layout="constrained")
    estimates = estimates.assign(term=estimates["term"].replace(labels or {}))
    terms, texts = list(dict.fromkeys(estimates["term"])), []
    models = estimates.groupby("model", sort=False)
    panels = figure.subplots(1, len(models), sharey=True, squeeze=False)[0]
    for (model, own), ax in zip(models, panels, strict=True):
        _draw_estimates(own, terms, ax)
        _mark_absent(ax, terms, set(own["term"]))
        ax.set_xlabel("Hazard ratio")
        finish(ax, model.capitalize(), simulated=simulated and ax is panels[-1])
        texts.append(f"{model.capitalize()}: {_told(own, 'hazard ratio', simulated)}")
    panels[0].set_yticks(range(len(terms)), terms)
    handles, names = panels[0].get_legend_handles_labels()
    legend(figure, handles=handles, labels=names, loc="outside lower center", ncols=2)
    return show(figure, " ".join(texts), estimates)


def _mark_absent(ax: Axes, terms: list[str], present: set[str]) -> None:
    for line, term in enumerate(terms):
        if term not in present:
            style = {"ha": "center", "color": GREY, "fontsize": FONT_SIZE - 1.5}
            style |= {"xycoords": ax.get_yaxis_transform(), "fontstyle": "italic"}
            note(ax, "not in the model", (0.5, line), (0, 0), **style)

"""Stability of a model over resamples: how often a variable is chosen, how far risks move."""

import pandas as pd

from rairlib.figures.show import ShownFigure, show
from rairlib.figures.style import (
    BLUE,
    GREY,
    SKY,
    VERMILION,
    canvas,
    finish,
    legend,
    listed,
    note,
    of_patients,
)

# From this share of resamples on the other side of the threshold, a patient counts as unstable.
UNSTABLE = 0.1


def draw_frequencies(
    frequencies: pd.DataFrame,
    *,
    labels: dict[str, str] | None = None,
    title: str = "",
    simulated: bool = False,
) -> ShownFigure:
    """Draw in which share of the resamples each variable was chosen.

    Parameters
    ----------
    frequencies : DataFrame
        Columns ``variable, chosen, share``; the order from above.
    labels : dict of str to str, optional
        Variable → its name on the axis.
    title, simulated
        See :func:`rairlib.figures.style.finish`.

    Returns
    -------
    ShownFigure
        Variables of the model have the darker bars and say so; they come first in the text.
    """
    (_, ax), y = canvas(height=5), range(len(frequencies))
    names = frequencies["variable"].replace(labels or {})
    colors = [BLUE if chosen else SKY for chosen in frequencies["chosen"]]
    ax.barh(y, 100 * frequencies["share"], color=colors, height=0.7)
    told: dict[bool, list[str]] = {True: [], False: []}
    for place, (name, row) in enumerate(zip(names, frequencies.itertuples(), strict=True)):
        value = 100 * row.share
        inside = value > 60
        style = {"ha": "right" if inside else "left"}
        style["color"] = "white" if inside and row.chosen else "black"
        text = f"{value:.0f} %" + (", in the model" if row.chosen else "")
        note(ax, text, (value, place), (-4 if inside else 4, 0), **style)
        told[row.chosen].append(f"{name} {value:.0f} %{' (in the model)' if row.chosen else ''}")
    ax.set_yticks(y, names)
    ax.set(ylim=(len(frequencies) - 0.4, -0.6), xlim=(0, 100))
    ax.set_xlabel("Resamples in which it was chosen, %")
    text = f"Shares of bootstrap resamples{of_patients(simulated)} in which each variable was "
    text += f"chosen: {listed(told[True] + told[False])}."
    return show(finish(ax, title, simulated), text, frequencies)


def draw_instability(
    patients: pd.DataFrame, *, threshold: float, title: str = "", simulated: bool = False
) -> ShownFigure:
    """Draw for each patient the range of risks under the models of the resamples.

    Parameters
    ----------
    patients : DataFrame
        One row per patient; columns ``risk, low, high, instability`` (proportions).
    threshold : float
        Risk from which a patient counts as positive, drawn as a line.
    title, simulated
        See :func:`rairlib.figures.style.finish`.

    Returns
    -------
    ShownFigure
        Patients whom a tenth of the resamples or more put on the other side of the threshold have
        another colour and marker. The text counts them, and tells the widths of the ranges.
    """
    _, ax = canvas(height=4.6)
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=":", zorder=1)
    unstable = patients["instability"] >= UNSTABLE
    kinds = (
        (patients[~unstable], BLUE, "o", "same side in > 90 %"),
        (patients[unstable], VERMILION, "D", "other side in ≥ 10 %"),
    )
    for part, color, marker, name in kinds:
        ax.vlines(part["risk"], part["low"], part["high"], color=color, alpha=0.35, linewidth=1.2)
        dots = {"marker": marker, "markersize": 3.5, "linestyle": "none"}
        ax.plot(part["risk"], part["risk"], color=color, label=f"{name} ({len(part)})", **dots)
    cross = {"color": GREY, "linewidth": 1, "linestyle": "--", "zorder": 1}
    ax.plot([0, 1], [threshold, threshold], **cross)
    ax.plot([threshold, threshold], [0, 1], **cross)
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.24), xlabel="Risk under the model")
    ax.set(ylabel="Risk when developed again", yticks=[0, 0.2, 0.4, 0.6, 0.8, 1])
    legend(ax, loc="upper left", handletextpad=0.2)
    width = 100 * (patients["high"] - patients["low"])
    who = "simulated patients" if simulated else "patients"
    text = (
        f"Risks of {len(patients)} {who} when the model is developed again in bootstrap resamples: "
        f"the central 95 % span {width.median():.0f} percentage points in the median patient and "
        f"{width.max():.0f} at most. Patients whom at least a tenth of the resamples puts on the "
        f"other side of the threshold of {100 * threshold:.1f} %: {unstable.sum()}."
    )
    data = patients if simulated else None
    return show(finish(ax, title, simulated), text, data, vector=simulated)

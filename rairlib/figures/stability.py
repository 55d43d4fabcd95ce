"""Stability of a model over resamples: how often a variable is chosen, how far risks move."""

import pandas as pd
from matplotlib.axes import Axes

from rairlib.figures.style import BLUE, FONT_SIZE, GREY, SKY, VERMILION, finish, listed, note

# From this share of resamples on the other side of the threshold, a patient counts as unstable.
UNSTABLE = 0.1


def draw_frequencies(
    frequencies: pd.DataFrame,
    ax: Axes,
    *,
    labels: dict[str, str] | None = None,
    **heading: str | bool,
) -> Axes:
    """Draw in which share of the resamples each variable was chosen.

    Parameters
    ----------
    frequencies : DataFrame
        Columns ``variable, chosen, share``; the order from above.
    ax : Axes
        Where to draw.
    labels : dict of str to str, optional
        Variable → its name on the axis.
    **heading : str or bool
        ``title`` and ``simulated``, see :func:`rairlib.figures.style.finish`.

    Returns
    -------
    Axes
        The same axes; variables of the model have the darker bars and say so.
    """
    y, percent = range(len(frequencies)), 100 * frequencies["share"]
    colors = [BLUE if chosen else SKY for chosen in frequencies["chosen"]]
    ax.barh(y, percent, color=colors, height=0.7)
    for place, value, chosen in zip(y, percent, frequencies["chosen"], strict=True):
        text = f"{value:.0f} %" + (", in the model" if chosen else "")
        inside = value > 60
        style = {"ha": "right" if inside else "left"}
        style["color"] = "white" if inside and chosen else "black"
        note(ax, text, (value, place), (-4 if inside else 4, 0), **style)
    names = [(labels or {}).get(name, name) for name in frequencies["variable"]]
    ax.set_yticks(y, names)
    ax.set(ylim=(len(frequencies) - 0.4, -0.6), xlim=(0, 100))
    ax.set_xlabel("Resamples in which it was chosen, %")
    return finish(ax, **heading)


def frequencies_alt(
    frequencies: pd.DataFrame, *, labels: dict[str, str] | None = None, simulated: bool = False
) -> str:
    """Return the alternative text of :func:`draw_frequencies`.

    Parameters
    ----------
    frequencies, labels, simulated
        As for :func:`draw_frequencies`.

    Returns
    -------
    str
        The shares of all variables, those of the model first.
    """
    ordered = frequencies.sort_values("chosen", ascending=False, kind="stable")
    parts = [
        f"{(labels or {}).get(row.variable, row.variable)} {100 * row.share:.0f} %"
        + (" (in the model)" if row.chosen else "")
        for row in ordered.itertuples()
    ]
    who = " of simulated patients" if simulated else ""
    return f"Shares of bootstrap resamples{who} in which each variable was chosen: {listed(parts)}."


def draw_instability(
    patients: pd.DataFrame, ax: Axes, *, threshold: float | None = None, **heading: str | bool
) -> Axes:
    """Draw for each patient the range of risks under the models of the resamples.

    Parameters
    ----------
    patients : DataFrame
        One row per patient; columns ``risk, low, high, instability`` (proportions).
    ax : Axes
        Where to draw.
    threshold : float, optional
        Risk from which a patient counts as positive, drawn as a line.
    **heading : str or bool
        ``title`` and ``simulated``, see :func:`rairlib.figures.style.finish`.

    Returns
    -------
    Axes
        The same axes; patients whom a tenth of the resamples or more put on the other side of the
        threshold have another colour and marker.
    """
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
    if threshold is not None:
        cross = {"color": GREY, "linewidth": 1, "linestyle": "--", "zorder": 1}
        ax.plot([0, 1], [threshold, threshold], **cross)
        ax.plot([threshold, threshold], [0, 1], **cross)
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.24), xlabel="Risk under the model")
    ax.set(ylabel="Risk when developed again", yticks=[0, 0.2, 0.4, 0.6, 0.8, 1])
    ax.legend(loc="upper left", fontsize=FONT_SIZE - 1, frameon=False, handletextpad=0.2)
    return finish(ax, **heading)


def instability_alt(
    patients: pd.DataFrame, *, threshold: float | None = None, simulated: bool = False
) -> str:
    """Return the alternative text of :func:`draw_instability`.

    Parameters
    ----------
    patients, threshold, simulated
        As for :func:`draw_instability`.

    Returns
    -------
    str
        Median and largest width of the ranges, and the patients near the threshold.
    """
    width = 100 * (patients["high"] - patients["low"])
    who = "simulated patients" if simulated else "patients"
    text = (
        f"Risks of {len(patients)} {who} when the model is developed again in bootstrap resamples: "
        f"the central 95 % span {width.median():.0f} percentage points in the median patient and "
        f"{width.max():.0f} at most."
    )
    if threshold is None:
        return text
    unstable = int((patients["instability"] >= UNSTABLE).sum())
    return (
        f"{text} Patients whom at least a tenth of the resamples puts on the other side of the "
        f"threshold of {100 * threshold:.1f} %: {unstable}."
    )

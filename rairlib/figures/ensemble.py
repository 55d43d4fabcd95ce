"""A number over many cohorts, with the printed one among them."""

import numpy as np
import pandas as pd

from rairlib.figures.show import ShownFigure, show
from rairlib.figures.style import BLACK, BLUE, GREY, SKY, canvas, finish, legend, logarithmic, note

BINS = 30


def draw_ensemble(
    values: pd.Series,
    *,
    label: str,
    limits: tuple[float, float],
    bin_width: float | None = None,
    probability: pd.Series | None = None,
    printed: str = "",
    counted: str = "cohorts",
    title: str = "",
    simulated: bool = True,
) -> ShownFigure:
    """Draw a histogram, the central range as a band below it and the printed number as a line.

    Parameters
    ----------
    values : Series of float
        One value per cohort, resample or split.
    label : str
        Label of the axis, with the unit.
    limits : tuple of float
        Ends of the range that is marked.
    bin_width : float, optional
        In the unit of the values; a thirtieth of their range if not given.
    probability : Series of float, optional
        Of each value; all count the same if not given.
    printed : str
        The number that the paper prints, as printed; empty for none.
    counted : str
        What there is one value of.
    title, simulated
        See :func:`rairlib.figures.style.finish`.

    Returns
    -------
    ShownFigure
        Its text tells median, range and extremes, and whether the print lies in the range.
    """
    (_, ax), (low, high) = canvas(), limits
    bin_width = bin_width or (values.max() - values.min()) / BINS
    first = np.floor(values.min() / bin_width) * bin_width
    edges = np.arange(first, values.max() + 1.5 * bin_width, bin_width)
    look = {"color": SKY, "edgecolor": "white", "linewidth": 0.5}
    heights, *_ = ax.hist(values, bins=edges, weights=probability, **look)
    top = ax.get_ylim()[1]
    ax.hlines(-0.045 * top, low, high, color=BLACK, linewidth=4)
    ax.set_ylim(-0.09 * top, top * 1.1)
    ax.set_yticks([tick for tick in ax.get_yticks() if 0 <= tick <= top])
    ax.set(xlabel=label, ylabel=counted.capitalize() if probability is None else "Probability")
    text = f"Histogram of {label} over {len(values)} {'simulated ' if simulated else ''}{counted}: "
    text += f"median {_median(values, probability):.4g}, marked range {low:.4g} to {high:.4g}, "
    text += f"extremes {values.min():.4g} and {values.max():.4g}."
    if printed:
        ax.axvline(float(printed), color=BLACK, linestyle="--", linewidth=1.4)
        note(ax, f"printed: {printed}", (float(printed), top * 1.1), (4, -2), va="top")
        where = "inside" if low <= float(printed) <= high else "outside"
        text += f" The printed {printed} lies {where} the marked range."
    bins = pd.DataFrame({"from": edges[:-1], "below": edges[1:], "share": heights / heights.sum()})
    live = _shares_below(values, probability, printed) | {"counted": counted, "label": label}
    return show(finish(ax, title, simulated), text, bins, live=live)


STEPS = 100


def _shares_below(values: pd.Series, probability: pd.Series | None, printed: str) -> dict:
    """Return the share of values below each of many round places, the printed one among them."""
    step = _round_step((values.max() - values.min()) / STEPS, float(printed or 0))
    ends = (*values, float(printed)) if printed else values
    # The last digit of a number's binary form must not count.
    first, last = (np.floor(end / step + 1e-6) for end in (min(ends), max(ends)))
    places = np.arange(first, last + 2) * step
    weight = np.ones(len(values)) if probability is None else probability.to_numpy()
    order = np.argsort(values.to_numpy())
    summed = np.append(0, np.cumsum(weight[order])) / weight.sum()
    shares = summed[np.searchsorted(values.to_numpy()[order], places - 1e-6 * step)]
    found = {"first": float(first * step), "step": step, "shares": [round(s, 4) for s in shares]}
    return {"kind": "ensemble", "printed": printed} | found


def _round_step(most: float, printed: float) -> float:
    """Return the largest of 1, 2, 5 times a power of ten that is no larger and hits the print."""
    power = np.floor(np.log10(most)) if most > 0 else 0
    steps = (factor * 10.0**p for p in np.arange(power, power - 5, -1) for factor in (5, 2, 1))
    fits = (s for s in steps if s <= most and abs(printed / s - round(printed / s)) < 1e-6)
    return float(f"{next(fits, most or 1.0):.6g}")


def _median(values: pd.Series, probability: pd.Series | None) -> float:
    if probability is None:
        return values.median()
    ordered = values.sort_values()
    return ordered.iloc[probability[ordered.index].cumsum().searchsorted(0.5)]


# --- Ranges over many cohorts, one line per number --------------------------------------------


MARGIN = 0.04


def draw_ranges(
    ranges: pd.DataFrame,
    *,
    label: str,
    quantity: str,
    reference: float,
    log_ticks: list[float] | None = None,
    title: str = "",
    height: float = 3.6,
) -> ShownFigure:
    """Draw a bar from the lower to the upper end of each range, and its median.

    Parameters
    ----------
    ranges : DataFrame
        Columns ``label, low, median, high``.
    label : str
        Label of the axis, with the unit.
    quantity : str
        What the text calls the numbers.
    reference : float
        A value to mark by a thin line, such as a ratio of 1.
    log_ticks : list of float, optional
        Ticks of a logarithmic axis; the axis is linear if not given.
    title : str
        Title of the axes.
    height : float
        Height in inches.

    Returns
    -------
    ShownFigure
        Marked as simulated. The text tells every range and median.
    """
    (_, ax), y = canvas(height), range(len(ranges))
    bar = {"color": BLUE, "linewidth": 5, "alpha": 0.45}
    ax.axvline(reference, color=GREY, linewidth=1, linestyle=":")
    ax.hlines(y, ranges["low"], ranges["high"], **bar)
    ax.plot(ranges["median"], y, linestyle="none", marker="|", markersize=11, color=BLUE, mew=2)
    ax.plot([], [], label="range over cohorts", **bar)
    ax.set_yticks(y, ranges["label"])
    ax.set_ylim(len(ranges) - 0.5, -0.5)
    if log_ticks is not None:
        logarithmic(ax, log_ticks)
    ax.margins(x=MARGIN)
    ax.set_xlabel(label)
    handles, _ = ax.get_legend_handles_labels()
    legend(ax.figure, handles=handles, loc="outside lower center", ncols=2, handletextpad=0.4)
    parts = [
        f"{' '.join(row.label.split())} {row.low:.3g} to {row.high:.3g}, median {row.median:.3g}"
        for row in ranges.itertuples()
    ]
    text = f"Ranges of {quantity} over simulated cohorts. {'; '.join(parts)}."
    return show(finish(ax, title, simulated=True), text, ranges)

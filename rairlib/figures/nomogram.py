"""A nomogram: one line per axis, each named above its line so that it is legible on a phone."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes

from rairlib.figures.show import ShownFigure, show
from rairlib.figures.style import BLACK, FONT_SIZE, canvas, head, listed

TICK = 0.07
# Share of the width that a label needs for itself and for one more character.
GAP, CHARACTER = 0.015, 0.021
MARGIN = 0.03
MARK = "#A23B00"  # vermilion, dark enough for text


def draw_nomogram(
    axes: pd.DataFrame, *, labels: Mapping[str, str], threshold: tuple[float, str], title: str = ""
) -> ShownFigure:
    """Draw the axes of a nomogram below each other, over ranges of simulated patients.

    Parameters
    ----------
    axes : DataFrame
        Columns ``axis, scale, value, position``, one row per tick; see
        :func:`rairlib.stats.nomogram.nomogram_axes`. Each scale fills the width.
    labels : mapping of str to str
        Name of an axis → how it reads.
    threshold : (float, str)
        A position on the last scale, and its label.
    title : str
        Title of the axes.

    Returns
    -------
    ShownFigure
        Its text tells the points that each predictor spans, and the total points of the risks.
    """
    (_, ax), (total, mark) = canvas(height=5), threshold
    ends = axes.groupby("scale")["position"].max()
    lines, spans = list(axes.groupby("axis", sort=False)), []
    for row, (name, ticks) in enumerate(lines):
        shares = ticks["position"] / ends[ticks["scale"].iloc[0]]
        _draw_line(ax, -row, labels[name], ticks["value"], shares)
        if row and ticks["scale"].iloc[0] == "points":
            first, *_, last = ticks.sort_values("position").itertuples()
            text = f"{labels[name]} from {first.value:g} to {last.value:g} gives "
            spans.append(f"{text}{first.position:.0f} to {last.position:.0f} points")
    _draw_threshold(ax, 1 - len(lines), total / ends[axes["scale"].iloc[-1]], mark)
    ax.set(xlim=(-MARGIN, 1 + MARGIN), ylim=(0.35 - len(lines), 0.6))
    ax.set_axis_off()
    ticks = axes[axes["axis"] == "risk"].sort_values("position").itertuples()
    risks = listed([f"{tick.position:.0f} for a risk of {tick.value:g}" for tick in ticks])
    text = f"Nomogram. {'; '.join(spans)}. Total points: {risks}. Marked at {total:.1f} total "
    return show(head(ax, title, simulated=True), f"{text}points: {mark}.", axes)


def _draw_line(ax: Axes, y: float, name: str, values: pd.Series, shares: pd.Series) -> None:
    ax.plot([shares.min(), shares.max()], [y, y], color=BLACK, linewidth=1.2)
    ax.vlines(shares, y - TICK, y + TICK, color=BLACK, linewidth=1)
    ax.text(-MARGIN, y + 0.16, name, fontsize=FONT_SIZE, fontweight="bold", va="bottom")
    for text, share in _spaced([f"{value:g}" for value in values], list(shares)):
        ax.text(share, y - 0.13, text, fontsize=FONT_SIZE - 1, ha="center", va="top")


def _spaced(texts: list[str], shares: list[float]) -> list[tuple[str, float]]:
    """Keep the labels that fit beside each other, from the left."""
    kept, end = [], -1.0
    for share, text in sorted(zip(shares, texts, strict=True)):
        half = CHARACTER * len(text) / 2
        if share - half >= end + GAP:
            kept.append((text, share))
            end = share + half
    return kept


def _draw_threshold(ax: Axes, y: float, share: float, label: str) -> None:
    """Mark a position on the axes of total points and of risk; the label stands at the right."""
    ax.plot([share, share], [y, y + 1], linestyle="none", marker="D", markersize=7, color=MARK)
    where = {"ha": "right", "va": "bottom", "fontsize": FONT_SIZE - 1, "color": MARK}
    ax.text(1 + MARGIN, y + 1 + 0.16, f"◆ {label}", **where)

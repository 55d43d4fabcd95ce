"""Stacked bars of counts: findings by check, subitems of a checklist, cells of a joint table."""

from collections.abc import Iterable

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from rairlib.figures.show import ShownFigure, show
from rairlib.figures.style import (
    BLACK,
    BLUE,
    FONT_SIZE,
    ORANGE,
    SKY,
    VERMILION,
    canvas,
    finish,
    legend,
    listed,
)


def _stack_bars(
    ax: Axes, names: Iterable[str], parts: list[tuple], room: float, **bar
) -> pd.Series:
    """Stack horizontal bars of ``(label, widths, look)`` from above; return where they end."""
    left = 0 * parts[0][1]
    for label, widths, look in parts:
        ax.barh(names, widths, left=left, label=label, **bar, **look)
        left = left + widths
    ax.set(xlim=(0, room * left.max()), ylim=(len(left) - 0.4, -0.6))
    return left


# --- Findings by check and by status ----------------------------------------------------------


FINDING_STYLES = {
    "contradicted": {"color": VERMILION, "hatch": "///"},
    "suggests": {"color": ORANGE, "hatch": "\\\\\\"},
    "open": {"color": "#D9D9D9", "hatch": ""},
    "agrees": {"color": BLUE, "hatch": ""},
}
# A single objection is too thin to be seen in a long bar.
SIGNS = {"contradicted": "✗", "suggests": "?"}


def draw_audit(
    findings: pd.DataFrame,
    *,
    labels: dict[str, str] | None = None,
    title: str = "",
    height: float = 6.4,
) -> ShownFigure:
    """Draw the number of findings of each check, split by status; objections as numbers too.

    Parameters
    ----------
    findings : DataFrame
        One row per finding; columns ``check, status``.
    labels : dict of str to str, optional
        Check → label for readers.
    title : str
        Title of the axes.
    height : float
        Height in inches.

    Returns
    -------
    ShownFigure
        Its text tells the totals by status, and where contradictions and suspicions were found.
    """
    _, ax = canvas(height)
    counts = pd.crosstab(findings["check"], findings["status"])
    order = list(dict.fromkeys(findings["check"]))
    counts = counts.reindex(index=order, columns=list(FINDING_STYLES), fill_value=0)
    counts = counts.rename(index=labels or {})
    parts = [
        (f"{SIGNS.get(status, '')} {status}".strip(), counts[status], look)
        for status, look in FINDING_STYLES.items()
        if counts[status].any()
    ]
    look = {"height": 0.7, "edgecolor": "white", "linewidth": 0.8}
    ends = _stack_bars(ax, list(counts.index), parts, 1.25, **look)
    for y, (check, total) in enumerate(ends.items()):
        numbers = counts.loc[check]
        signs = [f"{sign}{numbers[status]}" for status, sign in SIGNS.items() if numbers[status]]
        text = "  ".join([str(total), *signs])
        ax.text(total + ends.max() * 0.015, y, text, va="center", fontsize=FONT_SIZE - 1)
    ax.set_xlabel("Findings")
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    place = {"loc": "lower left", "bbox_to_anchor": (-0.3, 1.0), "ncols": 4}
    legend(ax, 2, **place, handlelength=1.1, handletextpad=0.3, columnspacing=0.9)
    totals = [f"{n} {status}" for status, n in counts.sum().items() if n]
    told = f"Bar chart of {len(findings)} findings of {len(counts)} checks: {listed(totals)}."
    for status in SIGNS:
        hits = counts[status][counts[status] > 0]
        where = listed([f"{check} ({n})" for check, n in hits.items()])
        told += f" {status.capitalize()}: {where}." if where else ""
    return show(finish(ax, title, space_above=18), told, counts.reset_index())


# --- A reporting checklist: its subitems by section and status --------------------------------


ITEM_STYLES = {
    "reported": {"facecolor": BLUE, "hatch": ""},
    "partly": {"facecolor": SKY, "hatch": "//"},
    "not reported": {"facecolor": ORANGE, "hatch": "xx"},
    "not applicable": {"facecolor": "#BFBFBF", "hatch": ""},
    "cannot be judged": {"facecolor": "white", "hatch": "--"},
}
FRAME = {"boxstyle": "square,pad=0.08", "facecolor": "white", "edgecolor": "none"}
SHORT = {"Patient and public involvement": "Involvement"}


def draw_checklist(counts: pd.DataFrame, *, title: str = "") -> ShownFigure:
    """Draw one bar per section, split by status, with the numbers on it.

    Parameters
    ----------
    counts : DataFrame
        One row per section, one column per status.
    title : str
        Title of the axes.

    Returns
    -------
    ShownFigure
        Its text tells the totals, and the numbers of each section.
    """
    _, ax = canvas(height=4.3)
    parts = [(status, counts[status], ITEM_STYLES[status]) for status in counts.columns]
    names = [SHORT.get(section, section) for section in counts.index]
    _stack_bars(ax, names, parts, 1.04, height=0.72, edgecolor=BLACK, linewidth=0.6)
    for place, (_, row) in enumerate(counts.iterrows()):
        _write_numbers(ax, place, row)
    ax.set_xlabel("Subitems")
    place = {"loc": "lower left", "bbox_to_anchor": (-0.32, 1.0), "ncols": 2}
    legend(ax, 2, **place, handlelength=1.4, handletextpad=0.4, columnspacing=1.2)
    totals = listed([f"{number} {status}" for status, number in counts.sum().items()])
    sections = "; ".join(
        f"{section}: {listed([f'{number} {name}' for name, number in row.items() if number])}"
        for section, row in counts.iterrows()
    )
    text = "Stacked bars of the subitems of a reporting checklist by section and status. "
    text += f"Of {counts.to_numpy().sum()} subitems, {totals}. {sections}."
    return show(finish(ax, title, space_above=48), text, counts.reset_index())


def _write_numbers(ax: Axes, place: int, numbers: pd.Series) -> None:
    for number, end in zip(numbers, numbers.cumsum(), strict=True):
        if number:
            style = {"ha": "center", "va": "center", "fontsize": FONT_SIZE - 3, "bbox": FRAME}
            ax.text(end - number / 2, place, str(number), **style)


# --- A joint table: who certainly, possibly and surely not had the outcome --------------------


def draw_cells(cells: pd.DataFrame, *, outcome: str, title: str = "") -> ShownFigure:
    """Draw one bar per cell, split by what the margins leave open of the outcome.

    Parameters
    ----------
    cells : DataFrame
        Columns ``cell, n, fewest, most``: patients, and the limits of those with the outcome.
    outcome : str
        What the patients have, as an adjective.
    title : str
        Title of the axes.

    Returns
    -------
    ShownFigure
        Its text tells every cell.
    """
    (_, ax), sizes = canvas(height=4.6), cells["n"]
    possible = {"color": "#FBE3B0", "hatch": "////"}
    parts = [
        (f"certainly {outcome}", cells["fewest"], {"color": ORANGE, "hatch": "xx"}),
        (f"possibly {outcome}", cells["most"] - cells["fewest"], possible),
        (f"not {outcome}", sizes - cells["most"], {"color": BLUE}),
    ]
    _stack_bars(ax, cells["cell"], parts, 1.1, height=0.7, edgecolor=BLACK, linewidth=0.5)
    for y, n in enumerate(sizes):
        ax.text(n + sizes.max() * 0.015, y, f"{n}", va="center", fontsize=FONT_SIZE - 1)
    ax.set_xlabel("Patients")
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    legend(ax, loc="lower right")
    told = [
        f"{cell.cell}: {cell.n} patients, {cell.fewest} to {cell.most} {outcome}"
        for cell in cells.itertuples()
    ]
    text = f"Bar chart of {len(cells)} cells with {sizes.sum()} patients. {listed(told)}."
    return show(finish(ax, title), text, cells)

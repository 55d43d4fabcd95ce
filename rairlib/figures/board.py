"""The board of verdicts: one panel per study, one bar for each kind of test and evidence."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from rairlib.figures.show import ShownFigure, show
from rairlib.figures.style import (
    BLACK,
    FONT_SIZE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    WIDTH,
    finish,
    legend,
    listed,
    note,
)
from rairlib.registry.vocabulary import basis_of

CLASSES = {
    "independent test, on the patients' records": "tested: records",
    "independent test, from other printed numbers": "tested: other numbers",
    "independent test, from a reconstructed table": "tested: table rebuilt",
    "independent test, on simulated cohorts": "tested: simulated",
    "bookkeeping": "bookkeeping",
    "anchor, no evidence": "anchor, no evidence",
    "nothing recomputed": "nothing recomputed",
}
# Fill, hatch, the colour of the count, which must be readable on white, and the sign beside it.
STYLES = {
    "reproduced": (GREEN, "", "#00694D", "✓"),
    "compatible": (SKY, "//", "#1B5E86", "~"),
    "differs": (ORANGE, "\\\\", "#8A5A00", "≠"),
    "contradicted": (VERMILION, "xx", "#A23B00", "✗"),
    "met": ("#D9EBE4", "", GREY, "="),
    "missed": (PURPLE, "||", "#8A3F68", "!"),
    "given": ("#BFBFBF", "", GREY, "·"),
    "not assessable": ("white", "", GREY, "?"),
}


def draw_board(
    board: pd.DataFrame, *, names: dict[str, str] | None = None, height: float = 5.6
) -> ShownFigure:
    """Draw the numbers of each study by what their verdict rests on.

    Parameters
    ----------
    board : DataFrame
        Columns ``study, evidence, verdict, test, numbers``, see
        :func:`rairlib.verdicts.verdicts.board`.
    names : dict of str to str, optional
        Study → title of its panel.
    height : float
        Height in inches.

    Returns
    -------
    ShownFigure
        The counts beside a bar follow the order of its parts. Bookkeeping is one bar, whatever
        its evidence; anchors that are met are drawn paler than evidence. The text tells every
        count, by study and basis.
    """
    board, names = _by_basis(board), names or {}
    figure = plt.figure(figsize=(WIDTH, height), layout="constrained")
    studies = list(dict.fromkeys(board["study"]))
    rows = board.groupby("study")["basis"].nunique()[studies]
    panels = figure.subplots(len(studies), 1, sharex=True, squeeze=False, height_ratios=rows)
    longest = board.groupby(["study", "basis"])["numbers"].sum().max()
    told = "Bar chart of verdicts by study and basis."
    for study, ax in zip(studies, panels[:, 0], strict=True):
        own, name = board[board["study"] == study], names.get(study, study)
        bars = _draw_study(own, ax)
        ax.set_xlim(0, 1.25 * longest)
        finish(ax, name)
        told += f" {name}, {own['numbers'].sum()} numbers. {'; '.join(bars)}."
    panels[-1, 0].set_xlabel("Printed numbers, repeats left out", fontsize=FONT_SIZE)
    shown = [name for name in STYLES if (board["verdict"] == name).any()]
    handles = [Patch(label=f"{STYLES[name][3]} {name}", **_fill(STYLES[name])) for name in shown]
    place = {"loc": "outside lower center", "ncols": 3, "handlelength": 1.5, "columnspacing": 1.2}
    legend(figure, handles=handles, **place)
    return show(figure, told, board)


def _draw_study(board: pd.DataFrame, ax: Axes) -> list[str]:
    """Draw the bars of a study; return what each shows."""
    told, classes = [], list(dict.fromkeys(board["basis"]))
    for place, basis in enumerate(classes):
        parts = board[board["basis"] == basis].set_index("verdict")["numbers"]
        left = 0
        for verdict, number in parts.items():
            ax.barh(place, number, left=left, height=0.72, **_fill(STYLES[verdict]))
            left += number
        _write_counts(ax, parts, (left, place))
        told.append(f"{basis}: {listed([f'{n} {verdict}' for verdict, n in parts.items()])}")
    ax.set_yticks(range(len(classes)), [CLASSES[name] for name in classes])
    ax.set_ylim(len(classes) - 0.5, -0.5)
    return told


def _write_counts(ax: Axes, parts: pd.Series, end: tuple[float, float]) -> None:
    """Write the counts behind the end of a bar, each with the colour and sign of its part."""
    before = None
    for verdict, number in parts.items():
        place = {"xycoords": before, "va": "bottom"} if before else {"va": "center"}
        style = {"fontweight": "bold", "color": STYLES[verdict][2], **place}
        before = note(
            ax, f"{number} {STYLES[verdict][3]}", (1, 0) if before else end, (5, 0), **style
        )


def _by_basis(board: pd.DataFrame) -> pd.DataFrame:
    """Add up the counts of the same basis and verdict, in the order of the classes."""
    basis = list(map(basis_of, board["evidence"], board["test"]))
    summed = board.assign(basis=basis).groupby(["study", "basis", "verdict"], sort=False)["numbers"]
    order = {name: place for place, name in enumerate([*board["study"], *CLASSES, *STYLES])}
    by = ["study", "basis", "verdict"]
    return summed.sum().reset_index().sort_values(by, key=lambda column: column.map(order))


def _fill(style: tuple[str, str, str, str]) -> dict:
    colour, hatch, *_ = style
    return {"facecolor": colour, "hatch": hatch, "edgecolor": BLACK, "linewidth": 0.6}

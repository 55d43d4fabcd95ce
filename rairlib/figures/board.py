"""The board of verdicts: one panel per study, one bar for each kind of test and evidence."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from rairlib.figures.style import (
    BLACK,
    FONT_SIZE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    finish,
    legend,
    listed,
    note,
)
from rairlib.registry.vocabulary import basis_of

CLASSES = {
    "independent test, from other printed numbers": "tested: other numbers",
    "independent test, from a reconstructed table": "tested: table rebuilt",
    "independent test, on simulated cohorts": "tested: simulated",
    "bookkeeping": "bookkeeping",
    "anchor, no evidence": "anchor, no evidence",
    "nothing recomputed": "nothing recomputed",
}
# Fill, hatch and the colour of the count, which must be readable on white.
STYLES = {
    "reproduced": (GREEN, "", "#00694D"),
    "compatible": (SKY, "//", "#1B5E86"),
    "differs": (ORANGE, "\\\\", "#8A5A00"),
    "contradicted": (VERMILION, "xx", "#A23B00"),
    "met": ("#D9EBE4", "", GREY),
    "missed": (PURPLE, "..", "#8A3F68"),
    "given": ("#BFBFBF", "", GREY),
    "not assessable": ("white", "", GREY),
}


def draw_board(
    board: pd.DataFrame, figure: Figure, *, names: dict[str, str] | None = None
) -> Figure:
    """Draw the numbers of each study by what their verdict rests on.

    Parameters
    ----------
    board : DataFrame
        Columns ``study, evidence, verdict, test, numbers``, see
        :func:`rairlib.verdicts.verdicts.board`.
    figure : Figure
        An empty figure.
    names : dict of str to str, optional
        Study → title of its panel.

    Returns
    -------
    Figure
        The same figure. The counts beside a bar follow the order of its parts. Bookkeeping is
        one bar, whatever its evidence; anchors that are met are drawn paler than evidence.
    """
    board = _by_basis(board)
    studies = list(dict.fromkeys(board["study"]))
    rows = board.groupby("study")["basis"].nunique()[studies]
    panels = figure.subplots(len(studies), 1, sharex=True, squeeze=False, height_ratios=rows)
    longest = board.groupby(["study", "basis"])["numbers"].sum().max()
    for study, ax in zip(studies, panels[:, 0], strict=True):
        _draw_study(board[board["study"] == study], ax)
        ax.set_xlim(0, 1.25 * longest)
        finish(ax, (names or {}).get(study, study))
    panels[-1, 0].set_xlabel("Printed numbers, repeats left out", fontsize=FONT_SIZE)
    shown = [name for name in STYLES if (board["verdict"] == name).any()]
    handles = [Patch(label=name, **_fill(STYLES[name])) for name in shown]
    legend(figure, handles=handles, loc="outside lower center", ncols=3)
    return figure


def _draw_study(board: pd.DataFrame, ax: Axes) -> None:
    classes = list(dict.fromkeys(board["basis"]))
    for place, basis in enumerate(classes):
        parts = board[board["basis"] == basis].set_index("verdict")["numbers"]
        left = 0
        for verdict, number in parts.items():
            ax.barh(place, number, left=left, height=0.72, **_fill(STYLES[verdict]))
            left += number
        _write_counts(ax, parts, (left, place))
    ax.set_yticks(range(len(classes)), [CLASSES[name] for name in classes])
    ax.set_ylim(len(classes) - 0.5, -0.5)


def _write_counts(ax: Axes, parts: pd.Series, end: tuple[float, float]) -> None:
    """Write the counts behind the end of a bar, each in the colour of its part."""
    before = None
    for verdict, number in parts.items():
        place = {"xycoords": before, "va": "bottom"} if before else {"va": "center"}
        style = {"fontweight": "bold", "color": STYLES[verdict][2], **place}
        before = note(ax, f"{number}", (1, 0) if before else end, (5, 0), **style)


def _by_basis(board: pd.DataFrame) -> pd.DataFrame:
    """Add up the counts of the same basis and verdict, in the order of the classes."""
    basis = list(map(basis_of, board["evidence"], board["test"]))
    summed = board.assign(basis=basis).groupby(["study", "basis", "verdict"], sort=False)["numbers"]
    order = {name: place for place, name in enumerate([*board["study"], *CLASSES, *STYLES])}
    by = ["study", "basis", "verdict"]
    return summed.sum().reset_index().sort_values(by, key=lambda column: column.map(order))


def _fill(style: tuple[str, str, str]) -> dict:
    colour, hatch, _ = style
    return {"facecolor": colour, "hatch": hatch, "edgecolor": BLACK, "linewidth": 0.6}


def board_alt(board: pd.DataFrame, *, names: dict[str, str] | None = None) -> str:
    """Return the alternative text of :func:`draw_board`.

    Parameters
    ----------
    board : DataFrame
        As for :func:`draw_board`.
    names : dict of str to str, optional
        Study → its name in the text.

    Returns
    -------
    str
        Every count, by study and basis.
    """
    sentences = []
    for study, rows in _by_basis(board).groupby("study", sort=False):
        parts = [
            f"{basis}: " + listed([f"{row.numbers} {row.verdict}" for row in part.itertuples()])
            for basis, part in rows.groupby("basis", sort=False)
        ]
        name = (names or {}).get(study, study)
        sentences.append(f"{name}, {rows['numbers'].sum()} numbers. {'; '.join(parts)}.")
    return f"Bar chart of verdicts by study and basis. {' '.join(sentences)}"

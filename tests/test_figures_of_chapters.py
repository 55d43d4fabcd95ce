"""Figures of cells and ensembles: what stands on them, and what their texts say."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from rairlib.figures.cells import cells_alt, draw_cells
from rairlib.figures.ensemble import draw_ensemble, ensemble_alt
from rairlib.figures.style import canvas

CELLS = pd.DataFrame({"cell": ["young", "old"], "n": [5, 4], "fewest": [0, 1], "most": [2, 4]})
VALUES = pd.Series([0.60, 0.62, 0.64, 0.66, 0.70])


@pytest.fixture
def ax():
    figure, axes = canvas()
    yield axes
    plt.close(figure)


def test_bars_split_certain_possible_and_impossible(ax):
    draw_cells(CELLS, ax, outcome="sick")
    widths = [bar.get_width() for bar in ax.patches]
    assert widths == [0, 1, 2, 3, 3, 0]
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["certainly sick", "possibly sick", "not sick"]


def test_text_of_cells_names_every_cell():
    text = cells_alt(CELLS, outcome="sick")
    assert text == (
        "Bar chart of 2 cells with 9 patients. young: 5 patients, 0 to 2 sick and "
        "old: 4 patients, 1 to 4 sick."
    )


def test_histogram_counts_every_value_and_marks_the_print(ax):
    draw_ensemble(VALUES, ax, label="Area", limits=(0.6, 0.7), printed="0.690", bin_width=0.02)
    assert sum(bar.get_height() for bar in ax.patches) == len(VALUES)
    texts = [text.get_text() for text in ax.texts]
    assert "printed: 0.690" in texts
    assert "SIMULATED PATIENTS" in texts


def test_histogram_without_print_or_simulation(ax):
    draw_ensemble(VALUES, ax, label="Area", limits=(0.6, 0.7), simulated=False)
    assert [text.get_text() for text in ax.texts] == []


@pytest.mark.parametrize(("printed", "where"), [("0.690", "inside"), ("0.71", "outside")])
def test_text_of_histogram_says_where_the_print_lies(printed, where):
    text = ensemble_alt(VALUES, label="the area", limits=(0.6, 0.7), printed=printed)
    assert text.startswith("Histogram of the area over 5 simulated cohorts: median 0.64")
    assert text.endswith(f"The printed {printed} lies {where} the marked range.")


def test_text_of_histogram_without_print():
    text = ensemble_alt(VALUES, label="x", limits=(0, 1), counted="splits", simulated=False)
    assert "over 5 splits" in text
    assert "printed" not in text

"""The drawn nomogram: every axis is named, no label covers another, the words say what is drawn."""

from itertools import combinations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from rairlib.figures.nomogram import draw_nomogram, nomogram_alt
from rairlib.figures.style import canvas

ROWS = [
    *(("points", "points", value, value) for value in range(0, 101, 10)),
    *(("nodes", "points", value, 2.0 * value) for value in range(0, 19, 2)),
    *(("tg", "points", value, value / 0.9) for value in range(0, 91, 10)),
    *(("total points", "total points", value, value) for value in range(0, 161, 20)),
    *(("risk", "total points", value, at) for value, at in ((0.2, 7), (0.5, 22), (0.55, 24))),
]
AXES = pd.DataFrame(ROWS, columns=["axis", "scale", "value", "position"])
LABELS = {
    "points": "Points",
    "nodes": "Lateral nodes",
    "tg": "Tg",
    "total points": "Total points",
    "risk": "Risk of failure",
}
THRESHOLD = (16.0, "threshold of 0.36")


@pytest.fixture
def ax():
    figure, axes = canvas(height=5)
    draw_nomogram(AXES, axes, labels=LABELS, threshold=THRESHOLD, title="Figure", simulated=True)
    yield axes
    mpl.pyplot.close(figure)


def test_every_axis_is_named_and_patients_are_called_simulated(ax):
    texts = [text.get_text() for text in ax.texts]
    assert set(LABELS.values()) <= set(texts)
    assert {"SIMULATED PATIENTS", "◆ threshold of 0.36"} <= set(texts)


def test_no_label_covers_another(ax):
    ax.figure.canvas.draw()
    boxes = {text: text.get_window_extent() for text in ax.texts if text.get_text()}
    overlaps = [
        (one.get_text(), other.get_text())
        for one, other in combinations(boxes, 2)
        if boxes[one].overlaps(boxes[other])
    ]
    assert overlaps == []


def test_each_scale_fills_the_width_and_the_mark_stands_on_both_lower_axes(ax):
    spans = [line.get_xdata() for line in ax.lines if line.get_linestyle() == "-"]
    assert [round(float(span[1]), 3) for span in spans] == [1, 0.36, 1, 1, 0.15]
    mark = next(line for line in ax.lines if line.get_marker() == "D")
    np.testing.assert_allclose(mark.get_xdata(), [0.1, 0.1])
    assert sorted(mark.get_ydata()) == [-4, -3]


def test_words_give_points_and_risks():
    assert nomogram_alt(AXES, labels=LABELS, threshold=THRESHOLD) == (
        "Nomogram. Lateral nodes from 0 to 18 gives 0 to 36 points; Tg from 0 to 90 gives 0 to 100 "
        "points. Total points: 7 for a risk of 0.2, 22 for a risk of 0.5 and 24 for a risk of "
        "0.55. Marked at 16.0 total points: threshold of 0.36."
    )

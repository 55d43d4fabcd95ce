"""Tables and figure of the planted-error experiment, from rates typed in here."""

import pandas as pd
import pytest

from rairlib.figures.detection import draw_detection
from rairlib.pages.planted import (
    clean_papers,
    detection,
    hits_by,
    other_tools,
    rates_by_check,
)

COLUMNS = ["table", "check", "kind", "statistic", "registries", "found", "rate", "low", "high"]
DIGIT, UNIT = "one digit changed", "unit slipped"
ROWS = [
    ("false alarms", "any", "any", "any", 300, 0, 0, 0, 0.01),
    ("false alarms", "grim", "any", "any", 150, 0, 0, 0, 0.02),
    ("suggestions without error", "any", "any", "any", 300, 30, 0.1, 0.07, 0.14),
    ("false alarms, silent gaps", "any", "any", "any", 10, 1, 0.1, 0.02, 0.4),
    ("suggestions without error, silent gaps", "any", "any", "any", 10, 10, 1, 0.72, 1),
    ("detectable", "any", "any", "any", 200, 150, 0.75, 0.69, 0.80),
    ("detectable", "any", "any", "sd", 20, 10, 0.5, 0.3, 0.7),
    ("detectable", "any", UNIT, "any", 100, 80, 0.8, 0.71, 0.87),
    ("detectable", "any", DIGIT, "any", 100, 70, 0.7, 0.6, 0.78),
    ("detectable found", "any", "any", "any", 150, 105, 0.7, 0.62, 0.77),
    ("detectable found", "any", "any", "sd", 10, 5, 0.5, 0.24, 0.76),
    ("detectable found", "any", UNIT, "any", 80, 64, 0.8, 0.7, 0.87),
    ("detectable found", "any", DIGIT, "any", 70, 42, 0.6, 0.48, 0.71),
    ("detectable found or suggested", "any", "any", "any", 150, 135, 0.9, 0.84, 0.94),
    ("detectable found or suggested", "any", "any", "sd", 10, 8, 0.8, 0.49, 0.94),
    ("detectable found or suggested", "any", UNIT, "any", 80, 76, 0.95, 0.88, 0.98),
    ("detectable found or suggested", "any", DIGIT, "any", 70, 59, 0.84, 0.74, 0.91),
    ("found by check", "any", "any", "any", 190, 150, 0.79, 0.73, 0.84),
    ("found by check", "grim", "any", "any", 40, 10, 0.25, 0.14, 0.40),
]


@pytest.fixture(scope="module")
def rates() -> pd.DataFrame:
    return pd.DataFrame(ROWS, columns=COLUMNS)


def plain(values) -> list:
    """Return values with ordinary blanks."""
    return [value.replace("\u00a0", " ") if isinstance(value, str) else value for value in values]


def test_kinds_stand_in_the_order_of_the_file(rates):
    assert list(detection(rates)["kind"]) == [UNIT, UNIT, DIGIT, DIGIT]
    assert list(detection(rates)["outcome"]) == ["proved", "proved or doubted"] * 2


def test_hits_by_kind_end_in_all(rates):
    table = hits_by(rates, "kind")
    assert list(table.index) == [UNIT, DIGIT, "all"]
    assert plain(table.loc[DIGIT]) == [100, 70, "60 %", "84 %", "74 to 91 %"]
    assert plain(table.loc["all"]) == [200, 150, "70 %", "90 %", "84 to 94 %"]


def test_hits_by_statistic(rates):
    table = hits_by(rates, "statistic")
    assert list(table.index) == ["sd", "all"]
    assert plain(table.loc["sd"])[:4] == [20, 10, "50 %", "80 %"]


def test_other_tools_show_shares():
    columns = ["what", "tool", "of", "number", "low", "high"]
    rows = [("errors noticed", "statcheck", 90, 45, 0.4, 0.6)]
    table = other_tools(pd.DataFrame(rows, columns=columns))
    assert plain(table.loc["errors noticed"]) == ["statcheck", 45, 90, "50 %", "40 to 60 %"]


def test_each_check_shows_its_false_alarms_and_its_hits(rates):
    table = rates_by_check(rates)
    # Rule of three: 3 / 150 = 2 %.
    assert plain(table.loc["grim"]) == [150, 0, "2 %", 40, "25 %", "14 to 40 %"]
    assert list(table.index) == ["grim", "all"]


def test_papers_without_error_are_counted_by_how_they_print(rates):
    table = clean_papers(rates)
    assert plain(table.loc["rounded"]) == [300, 0, 30, "10 %", "7 to 14 %"]
    assert plain(table.loc["silent gaps"]) == [10, 1, 10, "100 %", "72 to 100 %"]


def test_figure_draws_both_outcomes_of_each_kind(rates):
    shown = draw_detection(detection(rates), title="Errors found")
    (ax,) = shown.figure.axes
    # Each outcome is one set of intervals and one line of markers.
    assert [len(line.get_xdata()) for line in ax.lines] == [2, 2]
    assert list(ax.lines[0].get_xdata()) == pytest.approx([80, 60])
    assert shown.alt.endswith("unit slipped 95 %, one digit changed 84 %.")

"""Tables and figure of the planted-error experiment, from rates typed in here."""

import pandas as pd
import pytest

from rairlib.figures.detection import draw_detection
from rairlib.pages.planted import (
    clean_papers,
    detection,
    hits_by,
    rates_by_check,
)

COLUMNS = ["table", "check", "kind", "statistic", "registries", "found", "rate", "low", "high"]
DIGIT, UNIT = "one digit changed", "unit slipped"
ROWS = [
    ("false alarms", "any", "any", "any", 300, 0, 0, 0, 0.01),
    ("false alarms", "grim", "any", "any", 150, 0, 0, 0, 0.02),
    ("false alarms, silent gaps", "any", "any", "any", 10, 10, 1, 0.72, 1),
    ("found", "any", "any", "any", 200, 150, 0.75, 0.69, 0.80),
    ("found", "any", "any", "sd", 20, 10, 0.5, 0.3, 0.7),
    ("found", "any", UNIT, "any", 100, 80, 0.8, 0.71, 0.87),
    ("found", "any", DIGIT, "any", 100, 70, 0.7, 0.6, 0.78),
    ("found or suggested", "any", "any", "any", 200, 160, 0.8, 0.74, 0.85),
    ("found or suggested", "any", "any", "sd", 20, 12, 0.6, 0.39, 0.78),
    ("found or suggested", "any", UNIT, "any", 100, 90, 0.9, 0.83, 0.94),
    ("found or suggested", "any", DIGIT, "any", 100, 70, 0.7, 0.6, 0.78),
    ("found at random", "any", DIGIT, "any", 100, 70, 0.85, 0.7, 0.93),
    ("found by check", "any", "any", "any", 190, 150, 0.79, 0.73, 0.84),
    ("found by check", "grim", "any", "any", 40, 10, 0.25, 0.14, 0.40),
    ("found by check", "grim", DIGIT, "any", 20, 10, 0.5, 0.3, 0.7),
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
    assert plain(table.loc[DIGIT]) == [100, "70 %", "60 to 78 %", "70 %", "85 %"]
    assert plain(table.loc["all"])[1] == "75 %"


def test_hits_by_statistic_have_no_column_of_random_draws(rates):
    table = hits_by(rates, "statistic")
    assert list(table.index) == ["sd", "all"]
    assert plain(table.loc["sd"]) == [20, "50 %", "30 to 70 %", "60 %"]


def test_each_check_shows_its_false_alarms_and_its_hits(rates):
    table = rates_by_check(rates)
    # Rule of three: 3 / 150 = 2 %.
    assert plain(table.loc["grim"]) == [150, 0, "2 %", 40, "25 %", "14 to 40 %"]
    assert list(table.index) == ["grim", "all"]


def test_papers_without_error_are_counted_by_how_they_print(rates):
    table = clean_papers(rates)
    assert list(table["with one or more"]) == [0, 10]
    assert plain(table["95 % interval"]) == ["0 to 1 %", "72 to 100 %"]


def test_figure_draws_both_outcomes_of_each_kind(rates):
    shown = draw_detection(detection(rates), title="Errors found")
    (ax,) = shown.figure.axes
    # Each outcome is one set of intervals and one line of markers.
    assert [len(line.get_xdata()) for line in ax.lines] == [2, 2]
    assert list(ax.lines[0].get_xdata()) == pytest.approx([80, 70])
    assert shown.alt.endswith("unit slipped 80 %, one digit changed 70 %.")

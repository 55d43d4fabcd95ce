"""Classes of ranges over cohorts: the rule, on shares written down by hand."""

import pandas as pd
import pytest

from rairlib.figures.trial import draw_coverage
from rairlib.verdicts import trial

COLUMNS = ["source", "quantity", "level", "papers", "coverage", "standard_error", "width_to_naive"]


@pytest.fixture
def measured(tmp_path, monkeypatch):
    """Replace what is kept by shares written down by hand."""
    rows = [
        ("decided", 0.90, 0.10),
        ("half", 0.96, 0.60),
        ("wide", 0.97, 0.61),
        ("proportional hazards p", 0.89, 0.05),
    ]
    rows = [("ensemble", name, 0.95, 40, share, 0.03, width) for name, share, width in rows]
    others = [("naive", "half", 0.95, 40, 0.1, 0.0, 1.0), ("ensemble", "half", 0.5, 40, 0, 0, 1)]
    pd.DataFrame(rows + others, columns=COLUMNS).to_csv(tmp_path / "kept.csv", index=False)
    monkeypatch.setattr(trial, "kept_file", lambda name: tmp_path / "kept.csv")
    trial.kinds.cache_clear()
    yield
    trial.kinds.cache_clear()


@pytest.mark.usefixtures("measured")
def test_class_follows_from_coverage_and_width():
    labels = {name: kind.label for name, kind in trial.kinds().items()}
    assert labels == {
        "decided": "fixed",
        "half": "narrowed",
        "wide": "assumed",  # as wide as without the print
        "proportional hazards p": "assumed",  # narrow, and wrong too often
    }


@pytest.mark.usefixtures("measured")
def test_unprinted_quantity_says_what_its_kind_covered_or_that_it_was_not_tried():
    tried = str(trial.kind_of_quantity("proportional hazards: p, global"))
    assert "held the truth in 89 % (40 papers, standard error 3 %)" in tried
    assert str(trial.kind_of_quantity("ps-Tg: AUC")) == (
        "assumed; ranges of this kind were not tried"
    )


def test_every_kind_that_a_quantity_is_said_to_be_of_was_tried():
    assert set(trial.OF_QUANTITY.values()) <= set(trial.kinds())


def test_figure_tells_every_share():
    table = pd.DataFrame(
        {"quantity": ["a", "b"], "coverage": [0.5, 1.0], "standard_error": [0.05, 0.0]}
    )
    assert "b 100 %; a 50 %" in draw_coverage(table).alt

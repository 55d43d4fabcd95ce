"""A table as printed becomes the rows that a person would type."""

from pathlib import Path

import pytest

from rairlib.registry.registry import load_registry
from rairlib.registry.tables import import_table

TABLES = Path(__file__).parent / "tables"
# What a label of the table is called in the registry: its variable, or its variable and level.
NAMES = {
    "lakhdar2024": {
        "tumor_diameter_29": "diameter_29",
        "high_risk_ptc_subtype": "high_risk_ptc",
        "histology_ptc": ("histology", "PTC"),
        "ftc": ("histology", "FTC"),
        "oca": ("histology", "OCA"),
    },
    "wang2025": {
        "histological_type": "histology",
        "ratio_of_lnm": "lnm_ratio",
        "ratio_of_lnm_50": "lnm_ratio_50",
        "largest_size_of_lm_1": "lm_size_1",
        "follow_up_duration": "follow_up",
        "ps_tg_528_5": "ps_tg_528",
    },
}
# (paper, table, options, what the paper words otherwise than the registry)
PRINTED = [
    (
        "lakhdar2024",
        1,
        {"sizes": {"RAIR": "32", "Non-RAIR": "58"}},
        {"Non-RAIR": "non-RAIR"},
    ),
    ("lakhdar2024", 2, {"outcome": "RAIR vs Non-RAIR"}, {"Non-RAIR": "non-RAIR"}),
    ("wang2025", 3, {}, {}),
    ("wang2025", 4, {"outcome": "RAIR vs RAIA", "cells": "median (IQR)"}, {}),
    (
        "wang2025",
        5,
        {"outcome": "PD vs NPD"},
        {
            "all": "evaluable",
            "N0/N1a": "N0-N1a",
            "Partical or no RAI-avid": "partial or no RAI-avid",
        },
    ),
]
# What the registry holds of a table and its cells do not print, and the other way round.
FOOTNOTE = ("definition", "significance_level", "", "", "< 0.05", None)
CUTOFF = ("cutoff", "ps_tg", "", "PD vs NPD", "≥528.5", None)
ONLY_TYPED = {("wang2025", 5): {FOOTNOTE, CUTOFF}}
ONLY_IMPORTED = {
    # Typed where Table 1 prints them.
    ("lakhdar2024", 2): {
        ("definition", "age_54", "≥54", "", "≥ 54", None),
        ("definition", "diameter_29", "≥29", "", "≥ 29", None),
    },
    # The registry calls it a cut-off.
    ("wang2025", 5): {("definition", "ps_tg_528", "≥528.5", "", "≥528.5", None)},
}


def keys(rows, of, names=None, words=None):
    """Return what rows say, and of which others they are, in the registry's words."""
    names, words = names or {}, words or {}

    def reworded(text):
        return " vs ".join(words.get(part, part) for part in text.split(" vs "))

    def key(row):
        named = names.get(row["variable"], row["variable"])
        level = reworded(row["level"])
        named, level = named if isinstance(named, tuple) else (named, level)
        return row["statistic"], named, level, reworded(row["group"])

    return {
        (*key(row), row["printed"], key(of[row["of"]]) if row["of"] in of else None) for row in rows
    }


@pytest.mark.parametrize(("study", "number", "options", "words"), PRINTED)
def test_an_imported_table_has_the_rows_that_were_typed_by_hand(study, number, options, words):
    found = import_table(TABLES / f"{study}_table{number}.csv", **options)
    assert found.unread == []
    rows = found.rows.to_dict("records")
    given = [row["note"] == "given with --groups" for row in rows]
    imported = keys(
        [row for row, is_given in zip(rows, given, strict=True) if not is_given],
        {row["id"]: row for row in rows},
        NAMES[study],
        words,
    )
    typed = {row["id"]: row for row in load_registry(study).frame().to_dict("records")}
    here = {name: row for name, row in typed.items() if row["locus"] == f"Table {number}"}
    # A whole that another part of the paper prints is there for the import only if it was given
    # or stands in the title.
    groups = {key[3] for key in keys(rows, {}, NAMES[study], words) if key[0] == "n"}
    sizes = {
        name: row
        for name, row in typed.items()
        if row["statistic"] == "n" and row["group"] in groups
    }
    wanted = keys(here.values(), here | sizes)
    assert imported - wanted == ONLY_IMPORTED.get((study, number), set())
    assert wanted - imported == ONLY_TYPED.get((study, number), set())

"""A table as printed becomes the rows that a person would type."""

import csv
from pathlib import Path

import pytest

from rairlib.checks.catalogue import audit
from rairlib.cli import main
from rairlib.registry.registry import load_registry, read_registry
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
# (paper, table, options, what the paper words otherwise than the registry, rows from elsewhere)
PRINTED = [
    ("lakhdar2024", 1, {"sizes": {"RAIR": "32", "Non-RAIR": "58"}}, {"Non-RAIR": "non-RAIR"}),
    ("lakhdar2024", 2, {"outcome": "RAIR vs Non-RAIR"}, {"Non-RAIR": "non-RAIR"}),
    ("wang2025", 3, {}, {}),
    ("wang2025", 4, {"outcome": "RAIR vs RAIA", "cells": "median (IQR)"}, {}),
    (
        "wang2025",
        5,
        {"outcome": "PD vs NPD"},
        {"all": "evaluable", "N0/N1a": "N0-N1a", "Partical": "partial"},
    ),
]


def keys(rows, names=(), words=(), whole=None):
    """Return what each row says, the row of its `of` included, in the registry's words."""

    def key(row):
        variable, level = row["variable"], row["level"]
        named = dict(names).get(variable, variable)
        if isinstance(named, tuple):
            named, level = named
        level, group = (_reworded(text, words) for text in (level, row["group"]))
        return row["statistic"], named, level, group

    by_id = {row["id"]: row for row in rows}
    return {
        (*key(row), row["printed"], key(by_id[row["of"]]) if row["of"] in by_id else whole)
        for row in rows
    }


def _reworded(text, words):
    for print_, word in dict(words).items():
        text = " vs ".join(
            word if part == print_ else part.replace("Partical", word) for part in text.split(" vs ")
        )
    return text

"""A table as printed becomes the rows that a person would type."""

import csv
import html
from pathlib import Path

import docx
import openpyxl
import pandas as pd
import pytest

from rairlib.registry.registry import load_registry
from rairlib.registry.table_files import REPEATED, read_grids
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


# --- The same table in other files ----------------------------------------------------------------


def printed_cells(study, number):
    """Return title and cells of a table; a heading that spans others is (text, width)."""
    with (TABLES / f"{study}_table{number}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    title = rows.pop(0)[0] if not any(rows[0][1:]) else f"Table {number}"
    spanned = [[text, 1] for text in rows[0]]
    if not rows[1][0] and any(rows[1][1:]):
        spanned = []
        for above, below in zip(rows[0], rows[1], strict=True):
            if above or not (below and spanned and spanned[-1][0] and len(spanned) > 1):
                spanned.append([above, 1])
            else:
                spanned[-1][1] += 1
    return title, spanned, rows[1:]


def as_markup(study, number, head="thead"):
    title, spanned, rows = printed_cells(study, number)
    first = "".join(f'<th colspan="{width}">{html.escape(text)}</th>' for text, width in spanned)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in row) + "</tr>" for row in rows
    )
    return title, f"<table><{head}><tr>{first}</tr></{head}><tbody>{body}</tbody></table>"


def as_html(path, study, number):
    title, table = as_markup(study, number)
    table = table.replace("<table>", f"<table><caption>{title}</caption>")
    path.write_text(f"<!DOCTYPE html><html><body><p>x</p>{table}</body></html>", encoding="utf-8")


def as_jats(path, study, number):
    title, table = as_markup(study, number)
    label, _, rest = title.partition(" (")
    path.write_text(
        '<?xml version="1.0"?><!DOCTYPE article PUBLIC "-//NLM//DTD JATS v1.2//EN" "JATS.dtd">'
        f"<article><body><table-wrap><label>{label}</label><caption><p>({rest}</p></caption>"
        f"{table}</table-wrap></body></article>",
        encoding="utf-8",
    )


def as_word(path, study, number):
    title, spanned, rows = printed_cells(study, number)
    document = docx.Document()
    document.add_paragraph(title)
    table = document.add_table(1 + len(rows), len(rows[0]))
    place = 0
    for text, width in spanned:
        table.cell(0, place).merge(table.cell(0, place + width - 1)).text = text
        place += width
    for above, row in enumerate(rows, start=1):
        for place, text in enumerate(row):
            table.cell(above, place).text = text
    document.save(path)


def as_excel(path, study, number):
    title, spanned, rows = printed_cells(study, number)
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append([title])
    sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=len(rows[0]))
    place = 1
    for text, width in spanned:
        sheet.cell(2, place, text)
        if width > 1:
            sheet.merge_cells(
                start_row=2, end_row=2, start_column=place, end_column=place + width - 1
            )
        place += width
    for row in rows:
        sheet.append([text or None for text in row])
    book.save(path)


FORMS = {"x.html": as_html, "x.xml": as_jats, "x.docx": as_word, "x.xlsx": as_excel}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize(("study", "number", "options", "words"), PRINTED)
def test_every_kind_of_file_gives_the_same_rows(name, study, number, options, words, tmp_path):
    FORMS[name](tmp_path / name, study, number)
    found = import_table(tmp_path / name, locus=f"Table {number}", **options)
    wanted = import_table(TABLES / f"{study}_table{number}.csv", **options)
    pd.testing.assert_frame_equal(found.rows, wanted.rows)
    assert found.unread == []


def test_merged_cells_are_laid_out_as_pandas_does(tmp_path):
    """What pandas makes of the same page is the expectation; it repeats merged texts too."""
    path = tmp_path / "x.html"
    path.write_text(
        "<table><tr><td rowspan=3>a</td><td colspan=2>b</td><td>c</td></tr>"
        "<tr><td>d</td><td rowspan=2 colspan=2>e</td></tr><tr><td>f</td></tr></table>"
    )
    (grid,) = read_grids(path)
    found = [[text.removeprefix(REPEATED) for text in cells] for _, cells in grid.rows]
    (wanted,) = pd.read_html(path, flavor="lxml")
    assert found == wanted.to_numpy().tolist()

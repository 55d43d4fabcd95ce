"""A table as printed becomes the rows that a person would type."""

import csv
import datetime
import html
import re
import shlex
import shutil
from pathlib import Path

import docx
import numpy as np
import openpyxl
import pandas as pd
import pytest
from docx.oxml import parse_xml
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from scipy import stats

from rairlib.checks.catalogue import audit
from rairlib.cli import main
from rairlib.errors import RairlibError
from rairlib.output import as_file
from rairlib.registry.registry import load_registry, read_registry
from rairlib.registry.table_files import REPEATED, Grid, read_grids
from rairlib.registry.tables import TableReader, import_table

GUIDE = Path(__file__).parents[1] / "book" / "audit"
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
    found = [[text.removeprefix(REPEATED) for text in cells] for cells in grid.rows]
    (wanted,) = pd.read_html(path, flavor="lxml")
    assert found == wanted.to_numpy().tolist()


# --- What cells say -------------------------------------------------------------------------------

FIVE = ("median", "q1", "q3", "minimum", "maximum")
HEAD = "Characteristic\tRAIR (n = 78)\tAvid (n = 58)\tP value\n"


@pytest.fixture
def imported(tmp_path):
    """Import a table that is written as text with tabs; the audit must take what comes out."""

    def read(text, **options):
        path = tmp_path / "table.tsv"
        path.write_text(text, encoding="utf-8")
        found = import_table(path, **options)
        out = tmp_path / "out.csv"
        out.write_text(as_file(found.rows), encoding="utf-8")
        registry = read_registry(out)
        assert len(registry) == len(found.rows)
        audit(registry)
        return found

    read.folder = tmp_path
    return read


def said(found):
    """Return statistic and print of all rows but sizes."""
    rows = found.rows[found.rows["statistic"] != "n"]
    return list(zip(rows["statistic"], rows["printed"], strict=True))


@pytest.mark.parametrize(
    ("label", "cell", "rows"),
    [
        ("Male, n (%)", "63 (80.8)", [("count", "63"), ("percent", "80.8")]),
        ("Male", "63 (80.8%)", [("count", "63"), ("percent", "80.8")]),
        ("Male", "80.8% (63)", [("percent", "80.8"), ("count", "63")]),
        ("Male, n (%)", "63 [80·8]", [("count", "63"), ("percent", "80·8")]),
        ("Male (%)", "80.8", [("percent", "80.8")]),
        ("Male, no.", "63*", [("count", "63")]),
        ("Age, mean ± SD", "50.3 ± 14.2", [("mean", "50.3"), ("sd", "14.2")]),
        ("Age, mean (SD)", "50.3 (14.2)", [("mean", "50.3"), ("sd", "14.2")]),
        ("Age, mean ± SE", "50.3±1.2", [("mean", "50.3"), ("standard_error", "1.2")]),
        ("Tg, median (IQR)", "2.3 (1.0, 4.0)", [("median", "2.3"), ("q1", "1.0"), ("q3", "4.0")]),
        ("Tg, median [IQR]", "2.3 [1.0–4.0]", [("median", "2.3"), ("q1", "1.0"), ("q3", "4.0")]),
        ("Tg, median (IQR)", "2.3 (1.4)", [("median", "2.3"), ("interquartile_range", "1.4")]),
        (
            "Tg, median (range)",
            "23 (1 to 1,050)",
            [("median", "23"), ("minimum", "1"), ("maximum", "1,050")],
        ),
        ("Age, median (Q1, Q3)", "47 (36,59)", [("median", "47"), ("q1", "36"), ("q3", "59")]),
        (
            "Age, median (IQR) [range]",
            "47 (36–59) [18–76]",
            [*zip(FIVE, ("47", "36", "59", "18", "76"), strict=True)],
        ),
        ("Age (x̄ ± s)", "50.3 ± 14.2", [("mean", "50.3"), ("sd", "14.2")]),
        ("Sex, I/II/III", "20/30/28", [("count", "20"), ("count", "30"), ("count", "28")]),
        ("BRAF, n/N (%)", "30/60 (50.0)", [("count", "30"), ("percent", "50.0")]),
    ],
)
def test_cell_is_what_its_label_says(imported, label, cell, rows):
    found = imported(f"{HEAD}{label}\t{cell}\t\t\n")
    assert (said(found), found.unread) == (rows, [])


@pytest.mark.parametrize(
    ("cell", "printed"),
    [
        ("p = .03", ".03"),
        ("<0.05", "<0.05"),
        ("P<0.001†", "<0.001"),
        ("3.2 × 10⁻⁵", "3.2 × 10⁻⁵"),
        ("0·04", "0·04"),
        ("0.005 ^a", "0.005"),
        ("0.005ᵃ", "0.005"),
        ("0.04**", "0.04"),
    ],
)
def test_p_value_keeps_its_print_and_its_mark_stands_in_the_note(imported, cell, printed):
    found = imported(f"{HEAD}Male, n (%)\t63 (80.8)\t42 (72.4)\t{cell}\n")
    row = found.rows.iloc[-1]
    assert (row["statistic"], row["printed"], row["group"]) == ("p_value", printed, "RAIR vs Avid")
    assert row["note"].startswith("footnote") == (cell[-1] in "†a*ᵃ")


@pytest.mark.parametrize("cell", ["", "—", "-", "NS", "n/a", "Ref", "1 (reference)", "1.00 [Ref.]"])
def test_what_is_no_number_gives_no_row(imported, cell):
    found = imported(f"{HEAD}Male, n (%)\t63 (80.8)\t42 (72.4)\t{cell}\n")
    assert len(said(found)) == 4
    assert found.unread == []


@pytest.mark.parametrize(
    "cell", ["50.3 (14.2)", "2.3 (1.0, 4.0)", "2.3", "12–18", "30/2", "12 of 18", "1.2.3 (4)"]
)
def test_cell_with_more_than_one_reading_is_asked_about_and_gives_no_row(imported, cell):
    found = imported(f"{HEAD}Something\t{cell}\t\t0.2\n")
    assert said(found) == [("p_value", "0.2")]
    (told,) = found.unread
    assert told.startswith("row 2 (Something), column 2 (RAIR (n = 78)): ")
    assert cell in told


def test_words_on_the_command_line_answer_for_silent_labels(imported):
    text = f"{HEAD}Age\t50.3 (14.2)\t\t\nTg\t2.3 (1.0, 4.0)\t\t\nMale\t63 (80.8)\t\t\n"
    found = imported(text, cells="mean (SD); median (IQR)")
    assert [name for name, _ in said(found)] == [
        *("mean", "sd", "median", "q1", "q3", "count", "percent")
    ]
    assert found.unread == []


def test_count_is_told_from_a_mean_by_arithmetic(imported):
    # 63 of 78 is 80.8 %; 50 (14.2) is no count of 78 or 58 with its share.
    found = imported(f"{HEAD}Male\t63 (80.8)\t42 (72.4)\t\nAge\t50 (14.2)\t47 (15.6)\t\n")
    assert [name for name, _ in said(found)] == ["count", "percent"] * 2
    assert len(found.unread) == 2


def test_levels_of_a_measured_variable_are_counts_and_not_what_its_label_says(imported):
    # 40 of 78 is 51.3 %, 38 are 48.7 %; no count of 78 is 51.9 %.
    text = f"{HEAD}Age, mean (SD)\t50 (14)\t\t\n  <55\t40 (51.3)\t\t\n  ≥55\t38 (48.7)\t\t\n"
    found = imported(text)
    shares = ["count", "percent"]
    assert [name for name, _ in said(found)] == ["mean", "sd", *shares, "definition", *shares]
    found = imported(text.replace("51.3", "51.9").replace("48.7", "48.1").replace("40", "39"))
    assert [name for name, _ in said(found)] == ["mean", "sd", "definition"]
    assert len(found.unread) == 2


def test_unlabelled_plus_minus_and_whole_numbers_are_marked(imported):
    found = imported(f"{HEAD}Age\t50.3 ± 14.2\t\t\nMale\t63\t42\t\n")
    assert list(found.rows["note"].str.startswith("?")[2:]) == [True] * 4
    assert len(found.doubts) == 2


# --- What a table says ----------------------------------------------------------------------------


def test_levels_that_sum_to_the_group_share_a_partition(imported):
    found = imported(f"{HEAD}Sex\t\t\t0.30\n  Female\t63\t42\t\n  Male\t15\t16\t\n")
    counts = found.rows[found.rows["statistic"] == "count"]
    assert list(counts["partition"]) == ["sex RAIR", "sex Avid"] * 2
    assert list(counts["level"]) == ["Female", "Female", "Male", "Male"]
    assert list(counts["of"]) == ["table-01", "table-02"] * 2


def test_levels_with_missing_values_are_no_partition_and_too_many_are_told(imported):
    found = imported(f"{HEAD}Sex\t\t\t\n  Female\t63\t42\t\n  Male\t15\t14\t\n")
    assert list(found.rows["partition"][2:]) == ["sex RAIR", "", "sex RAIR", ""]
    assert found.doubts == ["row 2, sex: ? the levels sum to 56 in Avid, which has 58"]
    found = imported(f"{HEAD}Sex\t\t\t\n  Female\t63\t42\t\n  Male\t15\t17\t\n")
    assert list(found.rows["partition"][2:]) == ["sex RAIR", "sex Avid"] * 2


def test_flat_rows_are_levels_until_they_would_exceed_their_group(imported):
    found = imported(
        f"{HEAD}Sex\t\t\t0.30\nFemale\t63\t42\t\nMale\t15\t16\t\nSmoker\t20\t12\t0.5\n"
    )
    counts = found.rows[found.rows["statistic"] == "count"]
    assert list(counts["variable"]) == ["sex"] * 4 + ["smoker"] * 2


def test_percentages_of_the_row_are_not_tied_to_the_group(imported):
    # 63 of 105 and 42 of 105; 15 of 31 and 16 of 31.
    found = imported(
        f"{HEAD}Sex, n (%)\t\t\t\n  Female\t63 (60.0)\t42 (40.0)\t\n"
        "  Male\t15 (48.4)\t16 (51.6)\t\n"
    )
    shares = found.rows[found.rows["statistic"] == "percent"]
    assert set(shares["of"]) == {""}
    assert set(shares["note"]) == {"share of its row"}


def test_percentages_alone_that_sum_to_a_hundred_are_a_partition(imported):
    found = imported(f"{HEAD}Sex (%)\t\t\t\n  Female\t80.8\t72.4\t\n  Male\t19.2\t27.6\t\n")
    assert list(found.rows["partition"][2:]) == ["sex RAIR", "sex Avid"] * 2


def test_groups_are_parts_of_all_only_if_they_sum_to_it(imported):
    text = "\tAll (n=136)\tRAIR (n=78)\tAvid (n=58)\nMale, n\t31\t15\t16\n"
    rows = imported(text).rows
    assert list(rows["partition"][:3]) == ["", "groups", "groups"]
    found = imported(text.replace("136", "140"))
    assert list(found.rows["partition"][:3]) == ["", "", ""]
    assert found.doubts == ["RAIR: ? the groups sum to 136, all are 140"]


def test_sizes_may_stand_in_a_row_and_three_groups_are_compared(imported):
    found = imported("\tA\tB\tC\tP\nNo. of patients\t30\t30\t30\t\nMale, n\t5\t15\t25\t<0.001\n")
    assert list(found.rows["printed"][:3]) == ["30"] * 3
    assert found.rows["group"].iloc[-1] == "A vs B vs C"


def test_regression_names_level_and_reference_and_ties_limits_and_p(imported):
    found = imported(
        "Variable\tUnivariable\t\tMultivariable\t\n\tHR (95% CI)\tP\tHR (90% CI)\tP\n"
        "Stage\t\t\t\t\nII\t2.1 (1.2–3.4)\t0.004\t1.7 (1.0 to 2.9)\t0.04\nI\tRef\t\t1.00\t\n",
        outcome="death vs none",
    )
    rows = found.rows
    assert set(rows["level"]) == {"II vs I"}
    assert set(rows["group"]) == {"death vs none"}
    assert list(rows["method"]) == [
        *["univariable"] * 4,
        *("multivariable", "multivariable 90%", "multivariable 90%", "multivariable"),
    ]
    assert list(rows["of"]) == ["", *["table-01"] * 3, "", *["table-05"] * 3]


def test_outcome_and_reference_that_the_table_does_not_say_are_asked_for(imported):
    found = imported("\tOR (95% CI)\nStage\t\nI\t1.2 (1.0–1.5)\nII\t2.1 (1.2–3.4)\n")
    assert set(found.rows["group"]) == {""}
    assert any("which group has the outcome" in told for told in found.doubts)
    assert any("which level is the reference" in told for told in found.doubts)


def test_models_of_one_kind_and_names_that_recur_do_not_contradict_each_other(imported):
    found = imported(
        "\tModel 1 OR (95% CI)\tModel 2 OR (95% CI)\nAge\t1.2 (1.0–1.5)\t1.1 (0.9–1.4)\n"
        "Age\t1.3 (1.0–1.7)\t1.2 (0.9–1.6)\n",
        outcome="a vs b",
    )
    keys_ = found.rows[["statistic", "variable", "level", "group", "method"]]
    assert not keys_.duplicated().any()


def test_statistic_is_that_of_what_its_row_holds(imported):
    found = imported(
        "\tA (n=10)\tB (n=20)\tt/χ²/Z\tP\nAge, mean (SD)\t50 (9)\t47 (8)\t1.1\t0.3\n"
        "Tg, median (IQR)\t5 (1–9)\t4 (1–8)\t-0.5\t0.6\nMale, n\t4\t8\t0.0\t1.0\n"
    )
    statistics = found.rows[found.rows["printed"].isin(["1.1", "-0.5", "0.0"])]
    assert list(statistics["statistic"]) == ["t_statistic", "z_statistic", "chi_square"]
    ids = dict(zip(statistics["printed"], statistics["id"], strict=True))
    of = dict(zip(found.rows["printed"], found.rows["of"], strict=True))
    assert (of["0.3"], of["0.6"], of["1.0"]) == (ids["1.1"], ids["-0.5"], ids["0.0"])


def test_accuracy_of_a_test_stands_in_columns_of_measures(imported):
    found = imported(
        "\tCut-off\tAUC (95% CI)\tSensitivity (%)\tSpecificity, %\tPPV\tNPV\n"
        "Tg\t≥528.5\t0.73 (0.65–0.81)\t57.5\t86.8\t57.5\t1.0\n",
        outcome="PD vs NPD",
    )
    assert said(found) == [
        *(("cutoff", "≥528.5"), ("auc", "0.73"), ("ci_low", "0.65"), ("ci_high", "0.81")),
        *(("sensitivity", "57.5"), ("specificity", "86.8"), ("ppv", "57.5"), ("npv", "1.0")),
    ]
    assert set(found.rows["group"]) == {"PD vs NPD"}


def test_counts_and_shares_may_stand_in_columns_of_their_own(imported):
    found = imported(
        "Variable\tRAIR (n=78)\t\tAvid (n=58)\t\tP\n\tn\t%\tn\t%\t\nMale\t15\t19.2\t16\t27.6\t0.3\n"
    )
    assert list(found.rows["group"][2:]) == [*["RAIR"] * 2, *["Avid"] * 2, "RAIR vs Avid"]
    assert said(found) == [
        *(("count", "15"), ("percent", "19.2"), ("count", "16"), ("percent", "27.6")),
        ("p_value", "0.3"),
    ]


def test_mean_and_median_may_stand_in_rows_below_their_variable(imported):
    found = imported(
        f"{HEAD}Age, years\t\t\t\nMean ± SD\t50.3 ± 14.2\t\t0.18\nMedian (range)\t50 (18–80)\t\t\n"
    )
    assert set(found.rows["variable"][2:]) == {"age"}
    assert [name for name, _ in said(found)] == [
        *("mean", "sd", "p_value", "median", "minimum", "maximum")
    ]
    assert found.doubts == []


def test_parts_of_a_level_are_no_levels_beside_it(imported):
    found = imported(
        f"{HEAD}Metastasis, n (%)\t20 (25.6)\t10 (17.2)\t0.25\n"
        "  Lung\t12 (15.4)\t8 (13.8)\t\n  Bone\t8 (10.3)\t2 (3.4)\t\n"
    )
    rows = found.rows[found.rows["statistic"] == "count"].set_index(["level", "group"])
    assert rows.loc[("Lung", "RAIR"), "of"] == rows.loc[("yes", "RAIR"), "id"]
    assert rows.loc[("yes", "RAIR"), "partition"] == ""
    assert rows["variable"].nunique() == 2


def test_patients_with_a_value_are_the_denominator_of_their_variable(imported):
    # χ² of 30/60 against 20/50 is 1.1, p 0.29; of 30/78 against 20/58 it would be 0.63.
    found = imported(f"{HEAD}BRAF, n/N (%)\t30/60 (50.0)\t20/50 (40.0)\t0.29\n")
    own = found.rows[(found.rows["statistic"] == "n") & (found.rows["variable"] == "braf")]
    assert list(own["of"]) == ["table-01", "table-02"]
    findings = audit(read_registry(imported.folder / "out.csv"))
    assert {f.status for f in findings} == {"agrees"}


def test_levels_stacked_in_one_row_are_rows_of_their_own(tmp_path):
    (tmp_path / "x.html").write_text(
        "<table><tr><td></td><td>A (n=78)</td><td>B (n=58)</td><td>P</td></tr>"
        "<tr><td>Sex<br>Female<br>Male</td><td><br>63 (80.8)<br>15 (19.2)</td>"
        "<td><p>42 (72.4)</p><p>16 (27.6)</p></td><td><p>0.3</p></td></tr>"
        "<tr><td><p>Smoker</p></td><td><p>20 (25.6)</p></td><td></td><td></td></tr></table>"
    )
    found = import_table(tmp_path / "x.html")
    assert found.unread == []
    assert [*found.rows["level"][2:]] == ["", *["Female"] * 4, *["Male"] * 4, "yes", "yes"]
    assert [*found.rows["variable"][2:]] == [*["sex"] * 9, "smoker", "smoker"]
    assert len(found.told) == 5
    assert len(found.rows[found.rows["partition"] == "sex A"]) == 2


def test_table_of_simulated_patients_is_taken_in_and_raises_no_objection(imported):
    """From records to the print by numpy and scipy, from the print to rows and their audit."""
    rng = np.random.default_rng(7)
    groups = [rng.normal(52, 12, 64).round(), rng.normal(48, 12, 71).round()]
    marker = [rng.lognormal(2, 1, len(group)).round(1) for group in groups]
    sex, stage = ([rng.integers(0, k, len(g)) for g in groups] for k in (2, 3))

    def counted(codes, code):
        cells = (f"{(own == code).sum()} ({100 * (own == code).mean():.1f})" for own in codes)
        return "\t".join(cells)

    def p_of(codes):
        table = [np.bincount(own, minlength=max(map(max, codes)) + 1) for own in codes]
        return f"{stats.chi2_contingency(table, correction=False).pvalue:.3f}"

    age = "\t".join(f"{own.mean():.1f} ± {own.std(ddof=1):.1f}" for own in groups)
    quartiles = (np.quantile(own, (0.5, 0.25, 0.75)) for own in marker)
    tg = "\t".join("{:.1f} ({:.1f}–{:.1f})".format(*three) for three in quartiles)
    found = imported(
        f"Characteristic\tRefractory (n = 64)\tAvid (n = 71)\tP\n"
        f"Age, years, mean ± SD\t{age}\t{stats.ttest_ind(*groups).pvalue:.3f}\n"
        f"Sex, n (%)\t\t\t{p_of(sex)}\n  Male\t{counted(sex, 0)}\t\n  Female\t{counted(sex, 1)}\t\n"
        f"Stage, n (%)\t\t\t{p_of(stage)}\n"
        + "".join(f"  {'I' * (k + 1)}\t{counted(stage, k)}\t\n" for k in range(3))
        + f"Tg (ng/mL), median (IQR)\t{tg}\t{stats.mannwhitneyu(*marker).pvalue:.3f}\n"
    )
    assert (found.doubts, found.unread, len(found.rows)) == ([], [], 2 + 5 + 9 + 13 + 7)
    registry = read_registry(imported.folder / "out.csv")
    findings = audit(registry)
    assert [f.text for f in findings if f.status in ("contradicted", "suggests")] == []
    assert len([f for f in findings if f.status == "agrees"]) > 25


def test_column_of_levels_is_read_as_rows_below_their_variable(imported):
    found = imported("Variable\tCategory\tA (n=10)\nSex\tFemale\t6\n\tMale\t4\n")
    assert list(found.rows["level"]) == ["", "Female", "Male"]
    assert set(found.rows["variable"][1:]) == {"sex"}


@pytest.mark.parametrize(
    ("sizes", "told"),
    [({"Avidd": "58"}, "no column is headed 'Avidd'"), ({"Avid": "57"}, "Avid has 58 in print")],
)
def test_sizes_that_do_not_belong_to_the_table_are_refused(imported, sizes, told):
    with pytest.raises(RairlibError, match=told):
        imported(f"{HEAD}Male, n\t15\t16\t0.3\n", sizes=sizes)


def test_row_above_the_head_is_the_title_and_names_the_table(tmp_path):
    rows = [["Table 3. Baseline", " "], ["", "A (n=10)"], ["Male, n", "5"]]
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.active.merge_cells("A1:B1")
    book.save(tmp_path / "x.xlsx")
    pd.DataFrame(rows).to_csv(tmp_path / "x.csv", header=False, index=False)
    for name in ("x.csv", "x.xlsx"):
        found = import_table(tmp_path / name).rows
        assert list(found["id"]) == ["table3-01", "table3-02"]
        assert set(found["locus"]) == {"Table 3"}


@pytest.mark.parametrize(
    ("title", "size"),
    [
        ("Table 2 (n = 136)", "136"),
        ("Table 2. Tg in 9 centres, n = 136 patients.", "136"),
        ("Table 2 (n = 58 with, 78 without recurrence)", ""),
        ("Table 2. Tg (n = 58) and others (n = 78)", ""),
    ],
)
def test_size_in_a_title_is_that_of_all_only_if_nothing_else_is_said(imported, title, size):
    found = imported(f"{title}\t\nTest\tAUC\nTg\t0.81\n", outcome="a vs b")
    sizes = found.rows.loc[found.rows["statistic"] == "n", ["group", "printed"]]
    assert sizes.to_numpy().tolist() == ([["all", size]] if size else [])
    asked = [told for told in found.doubts if "in the title: of which group?" in told]
    assert len(asked) == (not size)


def test_limits_of_several_statistics_in_a_row_are_no_repeats(imported):
    found = imported(
        "\tAUC (95% CI)\tSensitivity, % (95% CI)\nTg\t0.86 (0.81–0.91)\t79.3 (66.6–88.8)\n",
        outcome="a vs b",
    )
    assert found.doubts == []
    assert set(found.rows["variable"]) == {"tg"}


def test_sizes_are_given_to_the_groups_of_the_outcome(imported):
    table = "Variable (n = 269)\t\n\tHR (95% CI)\nAge\t1.04 (1.02–1.07)\n"
    sizes = {"progression": "58", "none": "211"}
    rows = imported(table, sizes=sizes, outcome="progression vs none").rows
    assert list(rows["group"][:3]) == ["all", "progression", "none"]
    assert list(rows["partition"][:3]) == ["", "groups", "groups"]
    assert list(rows["of"][:3]) == ["", rows["id"][0], rows["id"][0]]
    with pytest.raises(RairlibError, match="no column is headed 'progression'"):
        imported(table, sizes=sizes)
    rows = imported(table.replace("269", "270"), sizes=sizes, outcome="progression vs none").rows
    assert rows["note"][1].startswith("? the groups sum to 269")


def test_comma_that_may_be_either_is_not_read(imported):
    found = imported(f"{HEAD}Sex, n\t1,050\t\t\nTg, mean\t12,5\t\t\n")
    assert len(found.unread) == 1
    assert "decimal comma" in found.unread[0]


@pytest.mark.parametrize(
    ("label", "variable", "level", "definition", "unit"),
    [
        ("Tg ≥ 10 ng/mL", "tg_10", "≥10 vs <10", "≥ 10", "ng/mL"),
        ("Tg ≥ 10 ng/mL vs < 10 ng/mL", "tg_10", "≥10 vs <10", "≥ 10", "ng/mL"),
        ("Tg ≥ 10 (vs <10 ng/mL)", "tg_10", "≥10 vs <10", "≥ 10", "ng/mL"),
        ("Tumour size (>2.5 cm)", "tumour_size_2_5", ">2.5 vs ≤2.5", ">2.5", "cm"),
        ("Age < 55 years", "age_55", "<55 vs ≥55", "< 55", "years"),
        ("Platelets ≤150 ×10⁹/L", "platelets_150", "≤150 vs >150", "≤150", "×10⁹/L"),
    ],
)
def test_cut_in_a_label_names_both_sides(imported, label, variable, level, definition, unit):
    rows = imported(f"\tHR (95% CI)\n{label}\t2.46 (1.48–4.09)\n", outcome="a vs b").rows
    assert set(rows["variable"]) == {variable}
    assert list(rows["level"]) == [level.split(" vs ")[0], *[level] * 3]
    first = rows.iloc[0]
    assert list(first[["statistic", "printed", "unit"]]) == ["definition", definition, unit]
    counts = imported(f"{HEAD}{label}, n (%)\t63 (80.8)\t\t\n").rows
    assert set(counts["level"][2:]) == {level.split(" vs ")[0]}


def test_value_with_its_unit_is_read(imported):
    found = imported(
        "\tCut-off\tAUC\nTg\t10 ng/mL\t0.8\nPET\tpositive\t0.7\nSUV\t1 or 2\t0.6\n",
        outcome="a vs b",
    )
    assert said(found)[0] == ("cutoff", "10")
    assert list(found.rows["unit"][:2]) == ["ng/mL", ""]
    (told,) = found.unread
    assert "write it like 1.37" in told
    found = imported(f"{HEAD}Age, mean ± SD\t50.3 ± 14.2 years\t47 ± 15 years\t0.3\n")
    assert list(found.rows["unit"][2:]) == [*["years"] * 4, ""]


def test_two_rows_cut_at_one_number_are_levels_of_one_variable(imported):
    found = imported(
        "\tNo. of patients\t5-yr DFS (%)\tHR (95% CI)\n"
        "Age <55\t120\t88.2\t1\nAge ≥55\t80\t70.1\t2.11 (1.20–3.71)\n",
        outcome="a vs b",
    )
    rows = found.rows
    assert set(rows["variable"]) == {"age_55"}
    assert list(rows["statistic"]) == [
        *("count", "definition", "count", "hazard_ratio", "ci_low", "ci_high")
    ]
    assert list(rows["level"]) == ["<55", "≥55", "≥55", *["≥55 vs <55"] * 3]
    assert set(rows["group"][rows["statistic"] == "count"]) == {"all"}
    assert len(found.unread) == 2
    assert "survival at a time?" in found.unread[0]


def test_number_behind_the_name_of_a_group_is_its_size_and_asked_about(imported):
    # 30 of 78 is 38.5 %, 26 of 58 is 44.8 %.
    found = imported("\tResponder (78)\tOthers (58)\tp\nMale\t30 (38.5)\t26 (44.8)\t0.47\n")
    assert list(found.rows["group"][:2]) == ["Responder", "Others"]
    assert said(found)[:2] == [("count", "30"), ("percent", "38.5")]
    assert found.doubts == [
        "Responder and 1 more row: ? the number in its heading is taken as its size"
    ]


def test_what_is_asked_of_several_rows_is_said_once(imported):
    found = imported(f"{HEAD}Male\t63 (80.8)\t\t0.03a\nBRAF\t63 (80.8)\t\t0.04b\n")
    assert found.doubts == [
        "row 2, male and 1 more row: ? the letter behind it is taken for a footnote mark"
    ]
    assert found.rows["note"].str.startswith("? the letter").sum() == 2


# --- The command ----------------------------------------------------------------------------------


@pytest.fixture
def guide(tmp_path, monkeypatch):
    shutil.copy(GUIDE / "table1.csv", tmp_path)
    monkeypatch.chdir(tmp_path)
    return (GUIDE / "import.md").read_text(encoding="utf-8")


def test_the_guide_shows_what_the_command_prints(guide, capsys):
    shown = re.findall(r"<!-- output of: rairlib (.*?) -->\n```text\n(.*?)\n```", guide, re.S)
    assert len(shown) == 2
    for command, wanted in shown:
        assert f"```bash\nrairlib {command}\n```" in guide
        code = main(shlex.split(command))
        assert code == ("not read" in wanted)
        assert "".join(capsys.readouterr()).rstrip("\n") == wanted


def test_table_of_the_guide_is_that_of_the_template(guide):
    shown = re.search(r"^\| Characteristic .*?(?=\n\n)", guide, re.S | re.M)[0].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in shown]
    with Path("table1.csv").open(encoding="utf-8", newline="") as file:
        rows = [[cell.strip() for cell in row] for row in csv.reader(file)]
    assert [[cell.replace("&emsp;", "") for cell in row] for row in [cells[0], *cells[2:]]] == rows


def test_audit_of_the_imported_table_finds_the_error_of_the_template(guide):
    answers = ["--cells", "median (IQR)", "--outcome", "Refractory vs Avid"]
    assert main(["import", "table1.csv", "-o", "mine.csv", *answers]) == 0
    mine, template = read_registry("mine.csv"), read_registry(GUIDE / "template.csv")
    words = {"Refractory": "refractory", "Avid": "avid", "Yes": "yes", "No": "no"}
    imported = keys(
        [row for row in mine.frame().to_dict("records") if row["statistic"] != "n"],
        {row.id: row for row in ()},
        {"tumour_size": "tumor_size"},
        words,
    )
    typed = template.frame()
    typed = typed[typed["locus"] == "Table 1"].to_dict("records")
    assert imported == keys(typed, {})
    found, wanted = (
        [(f.check, f.status) for f in audit(registry) if f.status in ("contradicted", "suggests")]
        for registry in (mine, template)
    )
    assert found == wanted


def test_nothing_is_overwritten(guide, capsys):
    Path("mine.csv").write_text("kept", encoding="utf-8")
    assert main(["import", "table1.csv", "-o", "mine.csv"]) == 2
    assert Path("mine.csv").read_text(encoding="utf-8") == "kept"
    assert capsys.readouterr().err.startswith("mine.csv: is there already")


# --- Broken files ---------------------------------------------------------------------------------

BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {n} "{("&" + p + ";") * 10}">'
        for p, n in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]><article><table-wrap><table><tr><td>&i;</td></tr></table></table-wrap></article>"
)
OUTSIDE = (
    '<!DOCTYPE x [<!ENTITY f SYSTEM "secret.txt">]><table><tr><td>l</td><td>A (n=10)</td></tr>'
    "<tr><td>Female, n</td><td>3</td></tr><tr><td>Male, n</td><td>5 &f;</td></tr></table>"
)
BROKEN = {
    "empty.csv": b"",
    "blank.csv": b"\n ,\n",
    "one_row.csv": b"a,b\n",
    "one_column.csv": b"a\n1\n2\n",
    "latin.csv": "Age,A\nx\xe9,1".encode("latin-1"),
    "utf16.csv": "Age,A (n=3)\nx,1".encode("utf-16"),
    "quote.csv": b'a,b\n"x,1\n',
    "same.csv": b",A,A,p\nMale,1,2,0.3\n",
    "none.html": b"<html><body><p>No table</p></body></html>",
    "empty.html": b"",
    "binary.html": bytes(range(256)),
    "open.xml": b"<article><table-wrap>",
    "empty.xml": b"",
    "bomb.xml": BOMB.encode(),
    "wide.html": b"<table><tr><td colspan=999999999>a</td></tr><tr><td>b<td>1</tr></table>",
    "not.xlsx": b"PK\x03\x04 torn",
    "text.xlsx": b"a,b",
    "locked.xlsx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    "locked.docx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    "not.docx": b"PK\x03\x04 torn",
    "old.doc": b"\xd0\xcf\x11\xe0",
    "paper.pdf": b"%PDF-1.7",
    "no_ending": b"a,b",
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_file_is_one_line_that_names_it(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(BROKEN[name])
    assert main(["import", name, "-o", "out.csv"]) == 2
    printed = capsys.readouterr()
    (line,) = printed.err.splitlines()
    assert line.startswith(f"{name}: ")
    assert len(line) < 300
    assert not printed.out
    assert not Path("out.csv").exists()


def test_word_document_without_a_table_and_absent_files_are_told(tmp_path):
    docx.Document().save(tmp_path / "x.docx")
    for name in ("x.docx", "absent.csv"):
        with pytest.raises(RairlibError, match=name):
            import_table(tmp_path / name)


def test_entities_outside_the_file_are_not_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("secret.txt").write_text("7", encoding="utf-8")
    Path("x.xml").write_text(OUTSIDE, encoding="utf-8")
    found = import_table(Path("x.xml"))
    assert "7" not in found.rows.to_csv() + "".join(found.told + found.unread)


def test_several_tables_are_listed_and_one_is_named(tmp_path):
    path = tmp_path / "x.html"
    table = (
        "<section><h3>Table {0}.</h3><table><tr><td><td>A (n=9)</tr>"
        "<tr><td>Male, n<td>{0}</tr></table></section>"
    )
    path.write_text(table.format(1) + table.format(2), encoding="utf-8")
    with pytest.raises(
        RairlibError, match=r"holds 2 tables; name one by --table: 1: Table 1\.; 2: "
    ):
        import_table(path)
    assert import_table(path, table=2).rows["locus"].unique() == ["Table 2"]
    with pytest.raises(RairlibError, match="none is number 3"):
        import_table(path, table=3)


def test_raised_signs_are_marks_behind_numbers_and_powers_behind_ten(tmp_path):
    path = tmp_path / "x.html"
    path.write_text(
        "<table><tr><td></td><td>A (n=78)</td><td>B (n=58)</td><td>p<sup>a</sup></td></tr>"
        "<tr><td>BMI, kg/m<sup>2</sup>, mean &plusmn; SD</td><td>27.1 &plusmn; 4<sup>1</sup></td>"
        "<td>26&nbsp;&plusmn;&nbsp;4</td><td>3.2 &times; 10<sup>&minus;5</sup></td></tr></table>",
        encoding="utf-8",
    )
    rows = import_table(path).rows
    assert list(rows["printed"][2:]) == ["27.1", "4", "26", "4", "3.2 × 10⁻⁵"]
    assert list(rows["unit"][2:6]) == ["kg/m²"] * 4
    assert list(rows["note"][2:]) == ["footnote 1", "footnote 1", "", "", ""]


def test_raised_signs_of_word_and_excel_are_marks_and_no_digits(tmp_path):
    document, book = docx.Document(), openpyxl.Workbook()
    table = document.add_table(2, 2)
    for place, texts in enumerate((["", "A (n=10)"], ["Male, n", ""])):
        for cell, text in zip(table.rows[place].cells, texts, strict=True):
            cell.text = text
    paragraph = table.cell(1, 1).paragraphs[0]
    paragraph.add_run("5")
    paragraph.add_run("1").font.superscript = True
    document.save(tmp_path / "x.docx")
    sheet = book.active
    sheet.append(["", "A (n=10)"])
    sheet.append(
        ["Male, n", CellRichText("5", TextBlock(InlineFont(vertAlign="superscript"), "1"))]
    )
    book.save(tmp_path / "x.xlsx")
    for name in ("x.docx", "x.xlsx"):
        row = import_table(tmp_path / name).rows.iloc[-1]
        assert (row["printed"], row["note"]) == ("5", "footnote 1"), name


def test_what_word_inserts_links_or_sets_as_a_formula_is_read(tmp_path):
    document = docx.Document()
    table = document.add_table(2, 4)
    for cell, text in zip(
        table.rows[0].cells, ("", "A (n=10)", "B (n=20)", "C (n=9)"), strict=True
    ):
        cell.text = text
    table.cell(1, 0).text = "Age, mean ± SD"
    word = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    math = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    run = "<w:r><w:t>{}</w:t></w:r>"
    for place, xml in enumerate(
        (
            f'<w:ins {word} w:id="1" w:author="x">{run.format("50.3 ± 14.2")}</w:ins>',
            f"<w:hyperlink {word}>{run.format('46.8 ± 15.6')}</w:hyperlink>",
            f"<m:oMath {math}><m:r><m:t>48.1±12.0</m:t></m:r></m:oMath>",
        ),
        start=1,
    ):
        table.cell(1, place).paragraphs[0]._p.append(parse_xml(xml))
    document.save(tmp_path / "x.docx")
    found = import_table(tmp_path / "x.docx")
    assert list(found.rows["printed"][3:]) == ["50.3", "14.2", "46.8", "15.6", "48.1", "12.0"]


def test_cells_that_excel_changed_are_not_taken_for_the_print(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["", "A (n=10)", "B (n=20)", "p"],
        ["Age, mean", 50.3, 47, 0.3],
        ["Range, range", datetime.date(2026, 3, 1), "=1+1", 0.4],
    ):
        sheet.append(row)
    sheet["B2"].number_format = "0.00"
    book.save(tmp_path / "x.xlsx")
    found = import_table(tmp_path / "x.xlsx")
    assert dict(said(found))["mean"] == "47"
    assert ("mean", "50.30") in said(found)
    assert len(found.unread) == 2
    assert any("stored as numbers" in told for told in found.doubts)


def test_indents_of_word_and_of_web_pages_make_levels(tmp_path):
    document = docx.Document()
    table = document.add_table(4, 2)
    for place, texts in enumerate((["", "A (n=10)"], ["Sex", ""], ["F", "6"], ["M", "3"])):
        for cell, text in zip(table.rows[place].cells, texts, strict=True):
            cell.text = text
            if text in "FM" and text:
                cell.paragraphs[0].paragraph_format.left_indent = docx.shared.Pt(9)
    document.save(tmp_path / "x.docx")
    (tmp_path / "x.html").write_text(
        "<table><tr><th></th><th>A (n=10)</th></tr><tr><td>Sex</td><td></td></tr>"
        '<tr><td style="padding-left: 9pt">F</td><td>6</td></tr>'
        "<tr><td>&emsp;M</td><td>3</td></tr></table>",
        encoding="utf-8",
    )
    for name in ("x.docx", "x.html"):
        rows = import_table(tmp_path / name).rows
        assert list(rows["variable"][1:]) == ["sex", "sex"], name


PIECES = (
    "|63 (80.8)|50.3 ± 14.2|2.3 (1.0, 4.0)|p = .03|<0.05|Ref|—|Sex|A (n = 78)|n|OR (95% CI)|≥55|<55"
    "|1.2 (1.0–1.5)|P value|  Male|30/2|0,155|1,050|n (%)|All (n=136)|95% CI|χ²|12%|a/b|⟦a⟧|⟦"
)
# No reader lets a NUL through.
NO_NUL = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
CELLS = st.one_of(st.sampled_from(PIECES.split("|")), st.text(NO_NUL, max_size=12))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(CELLS, min_size=2, max_size=5), min_size=1, max_size=7))
def test_any_table_is_imported_for_the_audit_or_refused_in_one_line(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("any")
    width = max(map(len, rows))
    grid = Grid("", [row + [""] * (width - len(row)) for row in rows])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rairlib.registry.tables.read_grids", lambda _: [grid])
        try:
            found = import_table(Path("x.csv"))
        except RairlibError:  # anything else is a fault of the program
            return
    if len(found.rows):
        path = folder / "out.csv"
        path.write_text(as_file(found.rows), encoding="utf-8")
        assert len(read_registry(path)) == len(found.rows)


LABELS = (
    "Age, mean (SD)|Male, n (%)|  II|  Lung|Sex|Tg, median (IQR)|Sex, m/f|≥55|<55|Smoker|Age"
    "|P for trend|Mean ± SD|No. of patients|Yes/No|"
)
FORMS_OF_CELLS = (
    "9 (9.9)|9 (9.9%)|9.9 ± 9.9|9.9 (9.9, 9.9)|9.99|<9.9|9/9|9|9.9|9.9 (9.9–9.9)||—|Ref|9–9|P=9.9"
    "|9 of 9|9 (9) [9–9]|9.9 (9.9–9.9), p=9.9"
)
HEADS = (
    "A (n=1)|B (n=2)|All (n=3)|P|OR (95% CI)|χ2/t|95% CI|HR|n (%)|Sensitivity|Total|SE"
    "|Multivariable OR"
)


def test_no_number_is_lost_without_a_word():
    """Each printed number, all of them different, is in a row or its cell is listed."""
    rng = np.random.default_rng(5)
    read = 0
    for _ in range(300):
        numbers = iter(range(100, 1000))

        def cell(numbers=numbers):
            form = rng.choice(FORMS_OF_CELLS.split("|"))
            return re.sub(r"9(?:\.9+)?", lambda found: f"{next(numbers)}{found[0][1:]}", form)

        width = rng.integers(1, 6)
        rows = [["V", *rng.choice(HEADS.split("|"), width, replace=False)]]
        rows += [[rng.choice(LABELS.split("|")), *(cell() for _ in range(width))] for _ in range(5)]
        try:
            reader = TableReader(Grid("", rows), "", "T", {}, "", "")
        except RairlibError:
            continue
        listed = "\n".join(reader.unread + reader.told)
        printed = {*reader.rows["printed"].str.lstrip("<")}
        for row, cells in enumerate(rows[1:], start=2):
            for column, text in enumerate(cells[1:], start=2):
                own = set(re.findall(r"\d+(?:\.\d+)?", text))
                told = re.search(rf"^row {row}\b.*column {column}\b", listed, re.M)
                assert own <= printed or told, (rows[0], cells, text)
                read += len(own & printed)
    assert read > 1000

"""Tables for the book: what they say of a number, and how it is rounded for display."""

import math
import re

import pandas as pd
import pytest
from small_registry import number, registry

from rairlib.figures.board import CLASSES, STYLES, draw_board
from rairlib.pages.tables import (
    beside,
    in_plain_words,
    objections,
    recomputed_text,
    scope,
    variables_of,
    verdict_table,
    what,
)
from rairlib.registry.vocabulary import BASES, VERDICTS
from rairlib.verdicts.publish import kept_verdicts
from rairlib.verdicts.verdicts import COLUMNS


def verdict(**fields):
    return {
        **dict.fromkeys(COLUMNS, ""),
        "study": "test",
        "reproduced": math.nan,
        "low": math.nan,
        "high": math.nan,
        "evidence": "none",
        "verdict": "not assessable",
        **fields,
    }


def frame(*rows):
    return pd.DataFrame(list(rows), columns=list(COLUMNS))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (("n", "", "", "all"), "n, all"),
        (("count", "age_54", "≥54", "RAIR"), "count, age 54 ≥54, RAIR"),
        (
            ("odds_ratio", "metastasis", "yes vs no", "RAIR vs non-RAIR"),
            "odds ratio, metastasis yes vs no, RAIR vs non-RAIR",
        ),
        (("definition", "", "", ""), "definition"),
    ],
)
def test_number_in_words(fields, words):
    assert (
        what(dict(zip(("statistic", "variable", "level", "group"), fields, strict=True))) == words
    )


@pytest.mark.parametrize(
    ("study", "identifier", "words"),
    [
        (
            "wang2025",
            "table5-86",
            "hazard ratio: Stimulated thyroglobulin (ps-Tg) ≥528.5 vs <528.5 ng/mL, PD vs NPD",
        ),
        ("wang2025", "abstract-02", "number of patients: RAIR"),
        ("lakhdar2024", "table1-16", "p value: Age at diagnosis, RAIR vs non-RAIR"),
        ("gbsg2", "cox-06", "hazard ratio: horTh yes vs no, all"),
    ],
)
def test_number_in_plain_words_has_the_label_of_its_variable_and_the_unit_of_its_level(
    study, identifier, words
):
    rows = kept_verdicts().set_index(["study", "id"])
    assert in_plain_words(rows.loc[study, identifier], variables_of(study)) == words


@pytest.mark.parametrize(
    ("printed", "low", "high", "text"),
    [
        ("45.2", 45.197740, 45.197740, "45.198"),
        ("80", 80.0, 80.0, "80"),
        ("0.082", 0.0814077, 0.0817789, "0.08141 to 0.08178"),
        ("0.000", 1.8e-7, 1.8e-7, "1.8e-07"),
        # Two limits that look alike at this precision are shown once.
        ("0.5", 0.5004, 0.5001, "0.500"),
        ("0.5", math.nan, math.nan, ""),
        ("0.5", -math.inf, math.inf, "−∞ to ∞"),
    ],
)
def test_recomputed_value_has_two_decimals_more_than_the_print(printed, low, high, text):
    assert recomputed_text({"printed": printed, "low": low, "high": high}) == text


def test_reported_stands_beside_recomputed():
    rows = frame(
        verdict(
            id="table1-03",
            locus="Table 1",
            statistic="percent",
            group="RAIR",
            printed="45.2",
            unit="%",
            low=45.19774,
            high=45.19774,
            evidence="arithmetic",
            verdict="reproduced",
        ),
        verdict(id="table1-04", locus="Table 1", statistic="mean", printed="54.2", unit="years"),
    )
    table = beside(rows)
    assert list(table.columns) == [
        "place",
        "number",
        "printed",
        "recomputed",
        "evidence",
        "verdict",
    ]
    assert table.loc["table1-03"].to_list() == [
        "Table 1",
        "share: RAIR",
        "45.2 %",
        "45.198",
        "arithmetic",
        "reproduced",
    ]
    assert table.loc["table1-04", ["printed", "recomputed"]].to_list() == ["54.2", ""]


def test_scope_counts_each_number_once_under_its_role():
    table = scope(
        registry(
            number("a", "count", "1", locus="Table 1", role="anchor"),
            number("b", "count", "2", locus="Table 1", role="derivable"),
            number("c", "count", "1", locus="Abstract", role="anchor", repeats="a"),
        )
    )
    assert list(table.index) == ["Table 1", "Abstract", "whole paper"]
    assert list(table.columns) == [
        "design",
        "derivable",
        "anchor",
        "held out",
        "unavailable",
        "total",
        "repeats",
    ]
    assert table.loc["whole paper"].to_list() == [0, 1, 2, 0, 0, 3, 1]


FINDINGS = pd.DataFrame(
    [
        ("grim", "agrees", "a", "fits"),
        ("partition_sums", "suggests", "b", "odd"),
        ("partition_sums", "contradicted", "c", "2 + 2 = 4; printed is 5"),
        ("grim", "open", "d", "no power"),
    ],
    columns=["check", "status", "target", "text"],
)


def test_objections_leave_out_what_agrees_and_begin_with_proofs():
    table = objections(FINDINGS)
    assert table["status"].to_list() == ["contradicted", "suggests"]
    assert table["number"].to_list() == ["c", "b"]
    assert table["what was found"].to_list() == ["2 + 2 = 4; printed is 5", "odd"]


def test_verdict_table_has_an_address_for_every_row_and_escapes_the_print():
    rows = frame(
        verdict(id="table1-01", printed="<0.001", reason="p < 0.001 & so on"),
        verdict(
            id="abstract-01", printed="<0.001", repeats="table1-01", reason="repeats table1-01"
        ),
    )
    shown = verdict_table(rows)
    assert repr(shown) == "Table of 2 verdicts"
    addresses = re.findall(r'<tr id="([^"]+)"', shown.markup)
    assert addresses == ["test-table1-01", "test-abstract-01"]
    assert shown.markup.count("<td>&lt;0.001</td>") == 2
    assert "p &lt; 0.001 &amp; so on" in shown.markup
    assert 'repeats <a href="#test-table1-01">table1-01</a>' in shown.markup
    assert re.findall(r'<tr id="([^"]+)" data-repeats>', shown.markup) == ["test-abstract-01"]


def test_verdict_table_has_a_cell_and_a_name_for_each_column_the_reason_last():
    markup = verdict_table(frame(verdict(id="table1-01", printed="3", reason="1 + 1"))).markup
    head = re.findall(r'<th scope="col">([^<]+)</th>', markup)
    cells = re.findall(r"<t[dh](?: [^>]*)?>(.*?)</t[dh]>", markup.split("<tbody>")[1])
    assert (head[-1], cells[-1]) == ("reason", "1 + 1")
    assert len(cells) == len(head)
    assert re.findall(r'--name: "([^"]+): "', markup) == head
    assert set(re.search('data-filters="([^"]+)"', markup)[1].split()) <= set(head)


BOARD = pd.DataFrame(
    [
        ("x", "arithmetic", "reproduced", "independent", 4),
        ("x", "arithmetic", "reproduced", "bookkeeping", 16),
        ("x", "arithmetic", "contradicted", "bookkeeping", 1),
        ("x", "reconstruction", "reproduced", "bookkeeping", 2),
        ("x", "anchored", "met", "", 5),
        ("y", "none", "not assessable", "", 7),
    ],
    columns=["study", "evidence", "verdict", "test", "numbers"],
)


def test_board_knows_every_basis_and_every_verdict():
    assert tuple(CLASSES) == tuple(BASES.values())
    assert tuple(STYLES) == VERDICTS


def test_board_bars_are_as_long_as_the_counts():
    panels = draw_board(BOARD, names={"x": "Study X"}).figure.axes
    widths = [[bar.get_width() for bar in panel.patches] for panel in panels]
    assert widths == [[4, 18, 1, 5], [7]]
    assert panels[0].get_title(loc="left") == "Study X"


def test_board_does_not_colour_a_met_anchor_like_evidence():
    tested, _, _, built = draw_board(BOARD).figure.axes[0].patches
    assert tested.get_facecolor() != built.get_facecolor()


def test_board_alternative_text_states_every_count():
    assert draw_board(BOARD, names={"x": "Study X"}).alt == (
        "Bar chart of verdicts by study and basis. Study X, 28 numbers. independent test, from "
        "other printed numbers: 4 reproduced; bookkeeping: 18 reproduced and 1 contradicted; "
        "anchor, no evidence: 5 met. y, 7 numbers. nothing recomputed: 7 not assessable."
    )

"""The reporting checklist: complete, in order, in closed words, and every quote in the source."""

import csv
import re
from collections import Counter

import matplotlib as mpl
import pytest
from test_coverage import PROJECT, read_source
from test_project import passages

from rairlib.figures.bars import draw_checklist
from rairlib.pages import tables as checklist_tables
from rairlib.registry.studies import (
    COLUMNS,
    STATUSES,
    ChecklistError,
    load_checklist,
    read_checklist,
)

STUDY = "tang2025"
FILE = PROJECT / "data" / STUDY / "tripod_ai.csv"
# The published checklist (BMJ 2024;385:e078378), by hand from two copies of it that agree:
# d development, e evaluation, b both.
LISTED = """
1b 2b 3ab 3bb 3cb 4b 5ab 5bb 6ab 6bb 6cb 7b 8ab 8bb 8cb 9ad 9bb 9cb 10b 11b 12ad 12bd 12cd 12db
12eb 12fe 12ge 13b 14b 15d 16b 17b 18ab 18bb 18cb 18db 18eb 18fb 19b 20ab 20bb 20ce 21b 22d 23ab
23bb 24e 25b 26b 27ad 27bd 27cb
"""
PUBLISHED = LISTED.split()
APPLIES = {"d": "development", "e": "evaluation", "b": "both"}
# Lines of the source text, which has lost its headings.
LINES = {
    "Abstract": [1],
    "Introduction": [3, 5, 7, 9, 11],
    "Results, Patients": [13],
    "Results, Outcome": [15],
    "Table 1": [17, 19],
    "Results, Predictors": [21],
    "Results, Performance": [33],
    "Discussion": [47, 49, 51, 53],
    "Discussion, Limitations": [55],
    "Conclusion": [57],
    "Methods, Patients": [59],
    "Methods, Predictors": [63],
    "Methods, Outcome": [63],
    "Methods, Statistics": [65, 67, 69],
}
MOST_WORDS = 12


@pytest.fixture(scope="module")
def items():
    return load_checklist(STUDY)


@pytest.fixture
def rows():
    with FILE.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def refused(rows, tmp_path) -> str:
    path = tmp_path / "checklist.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    with pytest.raises(ChecklistError) as error:
        read_checklist(path)
    return str(error.value)


def plain(text: str) -> str:
    return re.sub(r"\s", "", text)


def test_every_published_subitem_stands_once_and_in_order(items):
    assert [item.item for item in items] == [code[:-1] for code in PUBLISHED]
    assert (len(items), len({re.match(r"\d+", item.item).group() for item in items})) == (52, 27)


def test_items_apply_to_what_the_published_checklist_says(items):
    assert [item.applies for item in items] == [APPLIES[code[-1]] for code in PUBLISHED]


def test_sections_hold_the_published_numbers_of_subitems(items):
    assert list(Counter(item.section for item in items).values()) == [1, 1, 4, 26, 6, 1, 8, 5]


def test_number_of_judgements_of_each_kind(items):
    assert Counter(item.status for item in items) == {
        "reported": 11,
        "partly": 20,
        "not reported": 11,
        "not applicable": 4,
        "cannot be judged": 6,
    }


def test_quotes_are_a_few_words(items):
    for item in items:
        for _, quote in item.places:
            assert 1 <= len(quote.split()) <= MOST_WORDS, item.item


def test_quotes_stand_in_the_source_at_the_named_place(items):
    lines = read_source(STUDY).split("\n")
    for item in items:
        for locus, quote in item.places:
            if locus != "Title":
                place = "".join(lines[number - 1] for number in LINES[locus])
                assert plain(quote) in plain(place), f"{item.item}: {quote}"


def test_quote_of_the_title_stands_in_the_reference(items):
    reference = (PROJECT / "book" / "references.bib").read_text(encoding="utf-8")
    ((locus, quote),) = items[0].places
    assert locus == "Title"
    assert quote in reference


def test_no_passage_is_copied_from_the_paper_but_the_quotes(items):
    printed = passages(read_source(STUDY))
    for item in items:
        assert not (passages(item.comment) | passages(item.topic)) & printed, item.item


def test_comments_are_at_most_four_sentences_and_end_in_a_stop(items):
    for item in items:
        assert item.comment.endswith("."), item.item
        assert len(re.findall(r"[.?](?= |$)", item.comment)) <= 4, item.item


def test_faults_are_one_line_each_with_file_row_and_column(rows, tmp_path):
    rows[0]["status"] = "reportd"
    rows[1]["quote"] = ""
    rows[4]["comment"] = ""
    assert refused(rows, tmp_path).split("\n") == [
        "checklist.csv: row 2, column status: 'reportd' is not a status: did you mean 'reported'?",
        "checklist.csv: row 3, column quote: is empty: quote a few words of the place",
        "checklist.csv: row 3, column quote: is empty: 'partly' needs the words that show it",
        "checklist.csv: row 6, column comment: is empty: say what is there and what is missing",
    ]


@pytest.mark.parametrize(
    ("column", "text", "fault"),
    [
        ("applies", "", "column applies: is empty: use one of development, evaluation, both"),
        ("section", "Results", "column section: 'Results' should be 'Introduction'"),
        ("topic", "", "column topic: is empty: say what the subitem asks for"),
        ("locus", "", "column locus: is empty: name the place of the quote"),
        ("status", "not reported", "column quote: 'not reported' has nothing to quote"),
    ],
)
def test_each_fault_names_its_column(rows, tmp_path, column, text, fault):
    rows[2][column] = text
    assert refused(rows, tmp_path) == f"checklist.csv: row 4, {fault}"


def test_missing_doubled_and_exchanged_subitems_are_noticed(rows, tmp_path):
    fault = "checklist.csv: row {}, column item: {}".format
    assert refused(rows[:-1], tmp_path) == fault(53, "the file ends before '27c'")
    assert refused([*rows, rows[-1]], tmp_path) == fault(54, "'27c' is one row too many")
    exchanged = [rows[1], rows[0], *rows[2:]]
    assert refused(exchanged, tmp_path) == fault(2, "'2' stands where '1' belongs")


def test_other_header_extra_field_and_missing_file_are_refused(tmp_path):
    path = tmp_path / "checklist.csv"
    with pytest.raises(ChecklistError, match="no such file"):
        read_checklist(path)
    path.write_text("item,status\n1,reported\n", encoding="utf-8")
    with pytest.raises(ChecklistError, match="row 1 is not the header; write item,section,topic"):
        read_checklist(path)
    text = FILE.read_text(encoding="utf-8")
    path.write_text(text.rstrip("\n") + ",more\n", encoding="utf-8")
    with pytest.raises(ChecklistError, match="row 53, column comment: is followed by more fields"):
        read_checklist(path)


def test_counts_by_section_hold_every_subitem_once(items):
    counts = checklist_tables.status_counts(items)
    assert counts.loc["all", "all"] == 52
    assert counts.drop(index="all", columns="all").to_numpy().sum() == 52
    assert list(counts.columns[:-1]) == list(STATUSES)
    assert counts.loc["Methods", "all"] == 26


def test_table_for_readers_quotes_place_and_words(items):
    table = checklist_tables.checklist_frame(items)
    assert table.loc["1", "what the paper says"] == (
        "Title: “Development and validation of a nomogram to predict failure”"
    )
    assert table.loc["3c", "what the paper says"] == ""
    assert table.loc["9a", "asked of"] == "development"
    assert len(table) == 52


def test_figure_shows_every_number_and_its_text_says_it(items):
    mpl.use("agg")
    counts = checklist_tables.status_counts(items).drop(index="all", columns="all")
    shown = draw_checklist(counts, title="Hunan")
    (ax,), text = shown.figure.axes, shown.alt
    assert sum(int(text.get_text()) for text in ax.texts) == 52
    assert sum(bar.get_width() for bar in ax.patches) == 52
    assert "Of 52 subitems, 11 reported, 20 partly, 11 not reported" in text
    assert "Open science: 2 not reported and 4 cannot be judged" in text

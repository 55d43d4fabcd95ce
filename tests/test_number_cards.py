"""Printed numbers on the built pages: their links, their cards and the tables around them."""

import sys
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
from docutils import nodes
from in_node import run_in_node

from rairlib.registry.studies import load_studies

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
accessible_pages = pytest.importorskip("accessible_pages")
number_cards = pytest.importorskip("number_cards")

REPOSITORY = "https://example.org/book"
PAGE = "book/lakhdar2024/paper"


def relative(here, there):
    return f"../{there.removeprefix('book/')}.html"


APP = SimpleNamespace(builder=SimpleNamespace(get_relative_uri=relative))


@pytest.fixture(scope="module")
def checks():
    return number_cards.checks_by_text()


def linked(page, body):
    context = {"body": body}
    number_cards.link_tables(APP, page, "page.html", context, None)
    return context["body"]


def table(head, *rows):
    cells = "".join(f"<th>{name}</th>" for name in head)
    lines = "".join(
        f"<tr><th>{first}</th>" + "".join(f"<td>{text}</td>" for text in rest) + "</tr>"
        for first, *rest in rows
    )
    return (
        f'<table border="1" class="dataframe"><thead><tr>{cells}</tr></thead>'
        f"<tbody>{lines}</tbody></table>"
    )


def test_printed_cell_of_a_row_with_an_identifier_is_the_link():
    body = linked(PAGE, table(["id", "printed", "verdict"], ["table1-16", "0.004", "differs"]))
    link = '<a class="printed-number" href="../verdicts.html#lakhdar2024-table1-16">'
    assert f"<td>{link}0.004</a></td>" in body
    assert body.count("<a ") == 1
    assert "<tr id=" not in body


def test_identifier_is_the_link_where_nothing_is_printed_beside_it():
    body = linked(PAGE, table(["number", "text"], ["table1-16", "why"], ["table9-99", "no number"]))
    assert ">table1-16</a></th>" in body
    assert body.count("<a ") == 1


@pytest.mark.parametrize("page", ["book/audit/checks", "book/index"])
def test_pages_of_no_study_keep_their_tables(page):
    body = table(["id", "printed"], ["table1-16", "0.004"])
    assert linked(page, body) == body


@pytest.mark.parametrize("study", load_studies(records=True))
def test_own_page_of_an_open_study_gives_each_row_its_address_once(study):
    row = next(iter(number_cards.numbers()[study].index))
    full = table(["id", "printed", "verdict"], [row, "1", "reproduced"])
    body = linked(f"book/{study}/paper", full + full)
    assert body.count(f'<tr id="{study}-{row}">') == 1
    assert body.count(f'href="#{study}-{row}"') == 2


def reference():
    link = nodes.reference("", "", nodes.inline("", "0.004"), internal=True)
    link["number"] = ("lakhdar2024", "table1-16")
    return link


def test_number_in_prose_is_a_link_but_not_in_a_heading_or_in_another_link():
    app = SimpleNamespace(builder=APP.builder, env=SimpleNamespace(docname=PAGE))
    outer = nodes.reference("", "", reference(), refuri="other.html")
    document = nodes.section("", nodes.title("", "", reference()), nodes.paragraph("", "", outer))
    document += nodes.paragraph("", "", reference())
    number_cards.link_prose(app, document)
    addresses = [link["refuri"] for link in document.findall(nodes.reference)]
    assert addresses == ["other.html", "../verdicts.html#lakhdar2024-table1-16"]
    assert document.astext().count("0.004") == 3


def test_every_recomputed_number_has_a_function_whose_source_stands_there(checks):
    for study in load_studies():
        for row in number_cards.numbers()[study].reset_index().to_dict("records"):
            function = number_cards.function_of(row, study, checks)
            assert (function is None) == (row["evidence"] == "none"), (study, row["id"])
            if function:
                name, address = number_cards.source_of(function, REPOSITORY)
                file, line = address.removeprefix(f"{REPOSITORY}/blob/main/").split("#L")
                written = (ROOT / file).read_text(encoding="utf-8").splitlines()[int(line) - 1 :]
                assert any(f"def {name.split('.')[1]}(" in text for text in written[:3]), address


@pytest.fixture(scope="module")
def rabat(checks):
    study = load_studies()["lakhdar2024"]
    return {
        "citation": study.citation,
        "doi": study.doi,
        "mail": "corrections@example.org",
        "issues": f"{REPOSITORY}/issues/new?template=wrong-number.yml",
        "numbers": number_cards.cards_of("lakhdar2024", REPOSITORY, checks),
    }


def test_card_reads_the_fields_as_they_are_written(rabat):
    code = 'Object.keys(given.numbers).map((id) => page.record("lakhdar2024", id, given))'
    kept = number_cards.numbers()["lakhdar2024"]
    for record in run_in_node("cards.js", code, rabat):
        row = kept.loc[record["identifier"]]
        for field in ("verdict", "evidence", "test", "reason"):
            assert record[field] == row[field]
        assert record["place"] == row["locus"]
        assert record["printed"].startswith(row["printed"])


def test_mail_and_issue_form_hold_the_row(rabat):
    code = """page.corrections(page.record("lakhdar2024", "table1-16", given), given,
        "https://example.org/verdicts.html#lakhdar2024-table1-16")"""
    links = run_in_node("cards.js", code, rabat)
    mail, form = (urlsplit(links[name]) for name in ("mail", "form"))
    assert mail.path == "corrections@example.org"
    body = parse_qs(mail.query)["body"][0]
    fields = parse_qs(form.query)
    template = (ROOT / ".github" / "ISSUE_TEMPLATE" / fields["template"][0]).read_text("utf-8")
    for field in fields.keys() - {"template", "title"}:
        assert f"id: {field}\n" in template
    assert body.count("\n") == body.count("\r\n") > 5
    for text in (body, fields["number"][0]):
        for part in ("table1-16", "lakhdar2024", "0.004", "differs", "verdicts.html#"):
            assert part in text


def test_mail_of_a_book_opened_from_a_folder_does_not_name_the_folder(rabat):
    code = """page.corrections(page.record("lakhdar2024", "table1-16", given), given,
        "file:///" + "home/reader/verdicts.html")"""
    links = run_in_node("cards.js", code, rabat)
    assert "reader" not in links["mail"] + links["form"]


def test_search_finds_printed_numbers_and_lists_an_exact_one_first(rabat):
    code = """given.queries.map((query) => page.found(
        (text) => text.includes(query), query, "lakhdar2024", given.rabat))"""
    exact, part = run_in_node("cards.js", code, {"queries": ["40.688", "0.00"], "rabat": rabat})
    assert [record["printed"] for record in exact] == ["40.688 mm"]
    assert len(part) > 1
    assert not any(record["reason"].startswith("repeats ") for record in part)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("<0.001", 0.001),
        ("≥ 54", 54),
        ("0,155", 0.155),
        ("−0.585", -0.585),
        ("12.5 %", 12.5),
        (".000", 0),
        ("0.667 to 0.697", 0.667),
        ("< 2e-16", 2e-16),
        ("one", None),
    ],
)
def test_tables_sort_by_the_number_with_which_a_text_begins(text, number):
    assert run_in_node("tables.js", "page.leading(given)", text) == number


def test_rows_to_take_along_are_quoted_for_csv_and_plain_for_a_spreadsheet():
    rows = [["a, b", 'say "c"'], ["1", "two\nlines"]]
    csv, pasted = run_in_node(
        "tables.js", 'given.marks.map((mark) => page.separated(given.rows, mark))',
        {"rows": rows, "marks": [",", "\t"]},
    )  # fmt: skip
    assert csv == '"a, b","say ""c"""\n1,"two\nlines"\n'
    assert pasted == 'a, b\tsay "c"\n1\ttwo lines\n'


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("OR", "odds ratio"),
        ("km", "Kaplan-Meier"),
        ("HR of age", "hazard ratio of age"),
        ("age or sex", "age or sex"),
        ("40.688", "40.688"),
    ],
)
def test_search_of_the_book_asks_for_what_an_abbreviation_stands_for(query, asked):
    assert run_in_node("tables.js", "page.spelledOut(given)", query) == asked


def head_of(*rows):
    lines = "".join(
        "<tr>" + "".join(f"<th>{name}</th>" for name in row) + "</tr>\n" for row in rows
    )
    context = {"body": f"<table><thead>\n{lines}</thead></table>"}
    accessible_pages.repair_markup(None, "", "", context, None)
    return context["body"]


def test_name_of_the_index_stands_in_the_row_of_the_columns():
    body = head_of(["", "printed"], ["id", ""])
    assert "<th>id</th><th>printed</th>" in body
    assert body.count("<tr>") == 1


def test_two_rows_of_names_stay_where_columns_and_index_both_have_one():
    assert head_of(["method", "student"], ["variable", ""]).count("<tr>") == 2

"""The report of an audit: its words, its forms, and foreign texts in it."""

import json
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from markdown_it import MarkdownIt
from small_registry import counts, number, registry, two_groups

from rairlib.checks.catalogue import audit
from rairlib.checks.findings import Finding
from rairlib.checks.problems import find_problems
from rairlib.pages.audit_report import entry, fitting, report

HOSTILE = (
    "<script>alert(1)</script> [x](http://evil.example) ![y](z) **b** `c` &lt; <b>d</b> "
    "www.evil.example a@evil.example\n# heading\n- item | cell \x1b[2J"
)


def shares(*texts: str, **fields: str):
    """Return cases with four counts of 32, and the shares that are printed of them."""
    cells = {"a": (8, 0), "b": (16, 0), "c": (4, 0), "d": (24, 0)}
    rows = [row for row in counts("v", cells, partition=False) if row.group == "cases"]
    printed = [
        number(
            f"share-{row.level}",
            "percent",
            text,
            variable="v",
            level=row.level,
            group="cases",
            of="n-cases",
            **fields,
        )
        for row, text in zip(rows, texts, strict=False)
    ]
    return registry(*two_groups(), *rows, *printed, number("lone", "kappa", "0.7"))


def told(rows, *found: Finding, form: str = "md") -> str:
    return report(rows, [*audit(rows), *found], form)


def test_the_first_line_is_the_verdict():
    rows = shares("25.0", "5.00", "12.5")
    assert told(rows).splitlines()[2] == "1 proof in 11 numbers; 1 number was not checked."
    assert told(shares("25.0")).splitlines()[2].startswith("No problem in 9 numbers; ")


def test_an_entry_says_what_fits_how_far_the_print_is_and_what_its_neighbours_do():
    # 16 of 32 is 50 %; 5.00 is printed: 4500 units of the last digit, which says nothing.
    rows = shares("25.0", "5.00", "12.5", "75.0")
    (problem,) = find_problems(rows, audit(rows))
    text = " ".join(entry(problem))
    assert "5.00 printed, too low by 90 %; 50.00 fits. (share-b)" in text
    assert "Likely: decimal mark moved: 50.0" in text
    assert "16 of 32 is 50.000" in text
    assert "3 other shares of Table 1 are of their group." in text


def test_what_fits_is_in_the_digits_of_the_print():
    row = number("x", "percent", "12.5")
    rows = registry(row)

    def fit(low, high):
        found = Finding(check="c", status="suggests", target="x", low=low, high=high, text="T.")
        (problem,) = find_problems(rows, [found])
        return fitting(problem.numbers[0])

    assert fit(13.04, 13.14) == "13.0 to 13.1"
    assert fit(13.05, 13.15) == "13.1"  # what rounds to 13.1
    assert fit(13.0, float("inf")) == "at least 13.0"
    assert fit(float("-inf"), 11.0) == "at most 11.0"
    assert fit(float("nan"), float("nan")) == fit(12.0, 13.0) == ""


def test_more_problems_than_words_get_a_line_each():
    texts = [f"{value}.0" for value in range(60)]
    rows = registry(*(number(f"r{i}", "mean", text) for i, text in enumerate(texts)))
    why = "Forty words or so " * 10
    found = [
        Finding(check=f"check{i}", status="suggests", target=f"r{i}", low=70, high=71, text=why)
        for i in range(60)
    ]
    full = report(rows, found[:2])
    assert full.count("Forty words") > 10
    many = report(rows, found)
    assert [many.count(f"(r{i})") for i in range(60)] == [1] * 60
    assert many.count("Forty words") < full.count("Forty words")


def hostile():
    rows = shares("30.0", "40.0", locus=HOSTILE)
    texts = {"check": "some", "status": "suggests", "reading": HOSTILE, "text": HOSTILE}
    return rows, Finding(target="share-a", **texts), Finding(uses=("n",), **texts)


def test_foreign_text_is_no_markdown():
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(told(*hostile()))
    kinds = {token.type for token in tokens}
    kinds |= {child.type for token in tokens for child in token.children or ()}
    assert not kinds & {"html_block", "html_inline", "link_open", "image", "strong_open"}
    assert not kinds & {"code_inline", "code_block", "fence", "table_open", "bullet_item"}
    headings = [after.content for token, after in pairwise(tokens) if token.type == "heading_open"]
    assert set(headings) <= {
        *("Audit of test", "Proofs", "Doubts"),
        *("Explained by the print itself", "Not decided"),
    }


class Page(HTMLParser):
    """Collect the elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open, self.seen = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_whole_without_scripts_and_foreign_text_is_no_html():
    page = Page(told(*hostile(), form="html"))
    assert page.open == []
    tags = {tag for tag, _ in page.seen}
    assert not tags & {"script", "a", "img", "link", "iframe", "form"}
    assert [tag for tag, _ in page.seen].count("h1") == 1
    assert ("html", {"lang": "en"}) in page.seen
    assert not any(name.startswith("on") for _, attrs in page.seen for name in attrs)
    assert {name for _, attrs in page.seen for name in attrs} <= {
        *("lang", "charset", "name", "content", "class", "start", "scope"),
    }


@pytest.mark.parametrize("form", ["md", "html", "json", "csv"])
def test_no_form_shows_control_characters(form):
    assert "\x1b" not in told(*hostile(), form=form)


def test_every_finding_stands_behind_an_entry_of_the_page():
    rows = shares("26.0", "51.0", "13.5", "76.0")
    page = told(rows, form="html")
    assert all(f"share-{level} (percent_of_count)" in page for level in "abcd")


def test_rows_are_flat_problems_first_then_what_was_left():
    records = json.loads(told(shares("25.0", "5.00"), form="json"))
    assert [record["kind"] for record in records] == ["proof", "left"]
    proof, left = records
    assert (proof["ids"], proof["printed"], proof["fits"]) == ("share-b", "5.00", "50.00")
    assert (proof["last_digits"], proof["percent"]) == (4500, 90)
    assert not any(
        isinstance(value, list | dict) for record in records for value in record.values()
    )
    assert left["text"]
    assert set(left) == set(proof)

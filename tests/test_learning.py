"""Exercises answered in a page: the form says what the library says, and hides the answer."""

import html
import importlib.util
import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.utils import new_document
from in_node import run_in_node
from notebook_rules import joined
from test_notebooks import NOTEBOOKS, read_notebook

from rairlib.pages.exercises import Exercise
from rairlib.studies import part_of
from rairlib.studies.exercises import EXERCISES, check

BOOK = Path(__file__).parents[1] / "book"
TEACHING = (BOOK / "teaching.md").read_text(encoding="utf-8")
PAGES = [path for path in NOTEBOOKS if "exercises" in path]
ANSWERS = [
    ("0,226", 0.2264), ("0.226", 0.2264), (" +.226 ", 0.2264), ("0.2262", 0.2264),
    ("2.26e-1", 0.2264), ("0.23", 0.2264), ("0.227", 0.2264), ("0.2265", 0.2264), ("", 0.2264),
    ("22.6 %", 0.2264), ("a", 0.2264), ("1,2,3", 0.2264), ("−0.585", -0.585), ("-0.5", -0.585),
    ("0", 0.0001), ("-0.0001", 0.0001), ("0.3455", 0.3455), ("0.345", 0.3455), ("0.346", 0.3455),
]  # fmt: skip
WHOLE = [("8", 8), ("8,0", 8), ("8.2", 8), ("9", 8), ("−8", 8)]


def asked_of(name):
    page = check(name, None)._repr_html_()
    return page, json.loads(html.unescape(re.search(r'data-asked="([^"]*)"', page)[1]))


def said_in_page(asked, texts):
    return run_in_node("learning.js", "page.reply(given.texts, given.asked)", locals())


@pytest.mark.parametrize(("text", "expected"), ANSWERS)
def test_page_says_what_the_library_says(text, expected, monkeypatch):
    ask = Exercise(expected=lambda: expected, tolerance=0.0005, hint="Three decimals.")
    monkeypatch.setitem(EXERCISES, "test", ask)
    said = said_in_page(asked_of("test")[1], [text])
    told = check("test", text)
    assert said == told or (said[:9], told[:9]) == ("Not read:",) * 2


@pytest.mark.parametrize(("text", "expected"), WHOLE)
def test_whole_numbers_are_exact_in_both(text, expected, monkeypatch):
    ask = Exercise(expected=lambda: expected, tolerance=0, hint="Count.")
    monkeypatch.setitem(EXERCISES, "test", ask)
    assert said_in_page(asked_of("test")[1], [text]) == check("test", text)


def test_a_tie_is_right_either_way_and_one_digit_further_is_not(monkeypatch):
    ask = Exercise(expected=lambda: [0.3455, 2], tolerance=0.0005, hint="Two numbers.")
    monkeypatch.setitem(EXERCISES, "test", ask)
    asked = asked_of("test")[1]
    assert said_in_page(asked, ["0.345", "2"]) == said_in_page(asked, ["0.346", "2"]) == "Right."
    assert said_in_page(asked, ["0.347", "2"]) == "Not yet. Two numbers."
    assert said_in_page(asked, ["2", "0.345"]) == "Not yet. Two numbers."
    assert said_in_page(asked, ["0.345", ""]) == "Not yet. Give 2 numbers."
    assert check("test", [0.345, 2]) == check("test", [0.346, 2]) == "Right."


@pytest.mark.parametrize("path", PAGES)
def test_five_exercises_of_a_page_need_no_code_and_all_have_their_form(path):
    cells = read_notebook(path)["cells"]
    asked = [cell for cell in cells if joined(cell["source"]).startswith("answer = None\n")]
    names = [re.search(r'check\("(.+?)"', joined(cell["source"]))[1] for cell in asked]
    assert sorted(names) == sorted(part_of(path.split("/")[1], "pages", "EXERCISES"))
    without = [cell for cell in asked if "remove-input" in cell["metadata"].get("tags", [])]
    assert len(without) >= 5
    for name, cell in zip(names, asked, strict=True):
        (output,) = cell["outputs"]
        stored = joined(output["data"]["text/html"])
        assert html.unescape(f'"name": "{name}"') in html.unescape(stored)
        assert f'"hint": "{EXERCISES[name].hint}"' in html.unescape(stored)


@pytest.mark.parametrize("name", ["rabat: a sensitivity", "qingdao: a percentage"])
def test_the_answer_does_not_stand_in_the_page(name):
    page, asked = asked_of(name)
    (texts,) = EXERCISES[name].answers()
    assert not any(text in page for text in texts)
    assert said_in_page(asked, texts) == "Right."


# Answers by hand, with the multiplier 1.96 of a pocket calculator.
BY_HAND = {
    "rabat: a sensitivity": 100 * 19 / 32,
    "rabat: a mean of all": (32 * 53.06 + 58 * 44.43) / 90,
    "rabat: an odds ratio": [17.357, 17.357 / 3.4306, 17.357 * 3.4306],
    "rabat: a z value": [2.4458 / 3.92, 1.8970 * 3.92 / 2.4458],
    "hunan: three shares": [37.4, 41.0, 30.0],
    "hunan: an odds ratio twice": [1.217, 1.217],
    "qingdao: a percentage": 70.4,
    "qingdao: the other way round": [3.28, 1.56, 6.90],
}


@pytest.mark.parametrize("name", BY_HAND)
def test_answer_found_by_hand_is_right(name):
    assert check(name, BY_HAND[name]) == "Right."


PLAN = re.findall(r"^\| (\d):(\d\d) \| (\d+) \| (.*?) \|", TEACHING, re.MULTILINE)


def test_two_hours_are_two_hours_and_each_part_begins_where_the_last_one_ends():
    starts = [60 * int(hours) + int(minutes) for hours, minutes, *_ in PLAN]
    lasts = [int(minutes) for *_, minutes, _ in PLAN]
    assert starts == [sum(lasts[:place]) for place in range(len(lasts))]
    assert sum(lasts) == 120


def test_no_page_of_the_plan_takes_longer_to_read_than_it_is_given():
    for *_, minutes, link in PLAN:
        name = re.search(r"\]\((.+)\)", link)
        if name and "exercises" not in name[1]:
            text = (BOOK / name[1]).read_text(encoding="utf-8")
            if name[1].endswith("ipynb"):
                cells = json.loads(text)["cells"]
                text = " ".join(joined(c["source"]) for c in cells if c["cell_type"] == "markdown")
            assert len(text.split()) / 200 <= int(minutes), link  # words read in a minute


def test_exercises_that_the_guide_names_are_in_the_book():
    titles = set()
    for path in PAGES:
        text = "\n".join(joined(cell["source"]) for cell in read_notebook(path)["cells"])
        titles |= set(re.findall(r"\{exercise-start\} (.+)", text))
    expected = TEACHING.split("| usual slip |")[1].split("\n\n")[0]
    named = re.findall(r"^\| ([A-Z][^|]+?) \|", expected, re.MULTILINE)
    assert len(named) == 9
    assert set(named) <= titles


def load_extension():
    path = BOOK / "_ext" / "glossary_words.py"
    spec = importlib.util.spec_from_file_location("glossary_words", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_link_to_a_word_carries_its_definition_and_others_stay():
    app = SimpleNamespace(glossary_words={"witness": ("term-witness", 'A "kept" cohort.')})
    word = '<a class="reference internal" href="{}glossary.html#term-{}">'
    links = [word.format("../", "witness"), word.format("", "witness"), word.format("", "other")]
    context = {"body": "".join(links)}
    load_extension().attach_definitions(app, "", "", context, None)
    with_text = [f'{link[:-1]} data-definition="A &quot;kept&quot; cohort.">' for link in links[:2]]
    assert context["body"] == "".join([*with_text, links[2]])


def test_prose_links_the_first_use_of_a_word_alone():
    settings = get_default_settings()
    page = new_document("page", settings)
    title, code = nodes.title(text="On odds ratios"), nodes.literal(text="odds ratio")
    prose = nodes.paragraph("", "", code, nodes.Text(" Two odds ratios, an odds ratio, a test."))
    page += [nodes.section("", title, prose)]
    words = {"odds ratio": ("term-odds-ratio", "x"), "test": ("term-test", "x")}
    builder = SimpleNamespace(get_relative_uri=lambda docname, other: "glossary.html")
    app = SimpleNamespace(glossary_words=words, builder=builder)
    load_extension().link_first_uses(app, page, "book/page")
    (link,) = page.findall(nodes.reference)
    assert (link.astext(), link["refuri"]) == ("odds ratio", "glossary.html#term-odds-ratio")
    assert page.astext().endswith("odds ratio Two odds ratios, an odds ratio, a test.")


def test_words_that_are_not_linked_by_themselves_are_in_the_glossary():
    text = (BOOK / "glossary.md").read_text(encoding="utf-8")
    words = set(re.findall(r"^([^\W\d_][^\n:|`]*)\n  \w", text, re.MULTILINE))
    assert words >= load_extension().EVERYDAY

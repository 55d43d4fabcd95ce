"""The general pages say what the code does: words, examples, addresses, commands."""

import json
import re
from pathlib import Path

import pytest
import yaml
from in_node import run_in_node

from rairlib.pages.tables import in_plain_words, variables_of
from rairlib.registry.printed import parse_printed
from rairlib.registry.vocabulary import EVIDENCE, ROLES, VERDICTS
from rairlib.verdicts.publish import kept_verdicts

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "book"
HOW_TO_READ = (BOOK / "how-to-read.md").read_text(encoding="utf-8")
GLOSSARY = (BOOK / "glossary.md").read_text(encoding="utf-8")
PAGES = ["index.ipynb", "verdicts.ipynb", "how-to-read.md", "glossary.md", "reviewers.md"]


def markdown(name):
    text = (BOOK / name).read_text(encoding="utf-8")
    if not name.endswith(".ipynb"):
        return text
    cells = json.loads(text)["cells"]
    return "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


@pytest.mark.parametrize("word", [*ROLES, *EVIDENCE, *VERDICTS])
def test_how_to_read_explains_every_word(word):
    assert re.search(rf"^`{word}`( \||$)", HOW_TO_READ, re.MULTILINE)


@pytest.mark.parametrize("word", [*ROLES, *EVIDENCE, *VERDICTS])
def test_glossary_has_every_word(word):
    if word != "none":
        assert re.search(rf"^{word.replace('_', ' ')}\n  \w", GLOSSARY, re.MULTILINE)


@pytest.mark.parametrize(
    ("printed", "agreeing", "others"),
    [
        ("45.2", [100 * 80 / 177, 45.15, 45.25], [45.26]),
        ("0.329", [0.3285, 0.3295], [0.3284, 0.3296]),
        ("40.688", [40.6875, 40.6885], [40.69]),
        ("0.000", [0.0003], [0.0006]),
        (".000", [0.0003], [0.0006]),
        ("<0.001", [0.0002], [0.001]),
        ("≥54", [54, 80], [53]),
        ("0,155", [0.1545, 0.1555], [0.156]),
        ("70.5", [], [100 * 119 / 169]),
        ("0.082", [0.0815, 0.0818], [0.0814]),
    ],
)
def test_examples_of_the_rules_are_true(printed, agreeing, others):
    assert printed in HOW_TO_READ
    number = parse_printed(printed)
    assert all(number.agrees(value) for value in agreeing)
    assert not any(number.agrees(value) for value in others)


def test_named_examples_have_the_verdicts_that_the_page_tells():
    table = kept_verdicts().set_index(["study", "id"])
    told = {
        ("wang2025", "abstract-03"): ("45.2", "reproduced"),
        ("wang2025", "section-3.4-12"): ("70.5", "contradicted"),
        ("wang2025", "table4-63"): ("0.082", "compatible"),
        ("lakhdar2024", "table1-16"): ("0.004", "differs"),
        ("lakhdar2024", "figure1-01"): ("0.681", "compatible"),
    }
    for key, expected in told.items():
        assert tuple(table.loc[key, ["printed", "verdict"]]) == expected, key


@pytest.mark.parametrize("name", PAGES)
def test_addresses_of_rows_exist(name):
    table = kept_verdicts()
    rows = {f"{study}-{row}" for study, row in zip(table["study"], table["id"], strict=True)}
    named = re.findall(r'href="(?:verdicts\.html)?#([^"]+)"', markdown(name))
    assert set(named) <= rows


@pytest.mark.parametrize("name", PAGES)
def test_filters_in_addresses_are_words_of_the_table(name):
    table = kept_verdicts()
    for query in re.findall(r"verdicts\.html\?([\w=&]+)", markdown(name)):
        for column, word in (part.split("=") for part in query.split("&")):
            assert word in set(table[column])


@pytest.mark.parametrize("name", PAGES)
def test_files_named_on_the_page_exist(name):
    patterns = re.findall(r"`((?:rairlib|tests|data)/[\w./*-]*[\w*])/?`", markdown(name))
    for pattern in patterns:
        filled = re.sub("STUDY|KEY", "lakhdar2024", pattern)
        assert list(ROOT.glob(filled)), pattern


def test_repository_is_the_one_of_the_configuration():
    configured = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]
    for name in PAGES:
        for url in re.findall(r"https://github\.com/[\w-]+/[\w-]+", markdown(name)):
            assert url == configured["url"]
    assert f"\ngit clone --depth 1 {configured['url']}\n" in HOW_TO_READ


def found_by_search(queries, texts):
    """Return for each query which texts the search above a table keeps."""
    code = "given.queries.map((query) => given.texts.map(page.matcher(query)))"
    return run_in_node("tables.js", code, {"queries": queries, "texts": texts})


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("thyroglobulin", "median, ps tg 528, RAIR"),
        ("Tg", "stimulated thyroglobulin"),
        ("psTg", "ps_tg_528"),
        ("log-rank", "logrank chi square"),
        ("log rank", "logrank chi square"),
        ("logrank", "Log-rank test"),
        ("HR", "hazard ratio, age 55"),
        ("hazard  ratio", "HR 2.1"),
        ("or", "odds ratio, metastasis"),
        ("AUC of age", "area under the curve of age"),
        ("Kaplan Meier", "survival percent, 12 months"),
        ("χ²", "chi square, ete"),
        ("Hürthle-cell", "Hurthle cell"),
        ("follow-up", "follow up, all"),
        ("0,155", "0.155"),
        ("-0.585", "−0.585"),
        ("p<0.001", "p value, age, < 0.001"),
        ('"lymph node"', "share with: LNM, RAIR"),
        ("P = 0.155", "p value, sex, 0.155"),
        ("Tg≥528.5", "ps-Tg ≥528.5 ng/mL"),
        ("MANN-WHITNEY age", "u statistic, age"),
        ("", "anything"),
    ],
)
def test_search_finds_words_however_they_are_written(query, text):
    assert found_by_search([query], [text]) == [[True]]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("OR", "tumor size 4 or more"),
        ("Tg", "TgAb, positive"),
        ("HR", "through 12 months"),
        ("thyroglobulin age", "ps tg, male"),
        ("log-rank", "rank"),
    ],
)
def test_search_does_not_find_parts_of_other_words(query, text):
    assert found_by_search([query], [text]) == [[False]]


def test_every_line_of_synonyms_finds_the_same_verdicts_by_each_of_its_words():
    synonyms = run_in_node("tables.js", "page.SYNONYMS", None)
    rows = kept_verdicts().to_dict("records")
    variables = {study: variables_of(study) for study in {row["study"] for row in rows}}
    texts = [f"{in_plain_words(row, variables[row['study']])} {row['variable']}" for row in rows]
    for words in synonyms:
        first, *others = found_by_search(words, texts)
        assert any(first), words
        assert all(other == first for other in others), words


GLUED = re.compile(r"\{glue:text\}`(?:([\w./]+)::)?([\w.-]+?)(?::[\w.,]+)?`")


@pytest.mark.parametrize("name", ["fr.md", "zh.md"])
def test_translations_state_the_numbers_of_the_originals(name):
    told = {(page, key) for page, key in GLUED.findall(markdown(name))}
    front = markdown("index.ipynb")
    wanted = {(page or "index.ipynb", key) for page, key in GLUED.findall(front)}
    for study in ("lakhdar2024", "wang2025", "tang2025"):
        page = f"{study}/paper.ipynb"
        answer = re.search(r"\{admonition\} In short\n.*?\n```", markdown(page), re.DOTALL)
        wanted |= {(page, key) for _, key in GLUED.findall(answer[0])}
    board = {(page, key) for page, key in told if key.endswith(("2024", "2025", "_all"))}
    assert told - board == wanted - board

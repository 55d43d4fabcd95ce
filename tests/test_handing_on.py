"""What the book hands on: how it is cited, described to machines, certified and corrected."""

import json
import re
from importlib.metadata import files
from pathlib import Path

import print_pdf
import pytest
import yaml
from bs4 import BeautifulSoup
from notebook_rules import joined
from pybtex.database import parse_file, parse_string
from pypdf import PdfWriter
from rocrate.rocrate import ROCrate

from rairlib.errors import RairlibError
from rairlib.registry.kept_files import data_folder
from rairlib.registry.studies import load_studies
from rairlib.verdicts.crate import CRATE, book_metadata, crate, holds, outputs, published
from rairlib.verdicts.publish import kept_verdicts

ROOT = Path(__file__).parents[1]
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
CONFIGURED = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
CITE = (ROOT / "book/cite.md").read_text(encoding="utf-8")
ANSWERS = (ROOT / "book/answers.md").read_text(encoding="utf-8")
PAPERS = {paper["doi"]: paper for paper in CITATION["references"]}


@pytest.fixture(scope="module")
def described():
    return ROCrate(data_folder())


def test_crate_is_the_one_that_the_files_give():
    assert (data_folder() / CRATE).read_text(encoding="utf-8") == crate()


def test_crate_describes_every_data_file_once(described):
    there = {
        path.relative_to(data_folder()).as_posix()
        for path in data_folder().rglob("*")
        if path.is_file() and path.name != CRATE
    }
    told = [e.id for e in described.data_entities if "File" in e.type]
    assert sorted(told) == sorted(there)


def test_crate_speaks_in_terms_of_its_context(described):
    (path,) = (path for path in files("rocrate") if path.name == "ro-crate.jsonld")
    terms = json.loads(path.read_text(encoding="utf-8"))["@context"]
    graph = json.loads(crate())["@graph"]
    used = {key for entity in graph for key in entity if not key.startswith("@")}
    assert {"sha256", "hasPart", "citation"} <= used <= set(terms)
    assert {entity["@type"] for entity in graph} <= set(terms)


def test_everything_that_the_crate_names_is_described_in_it():
    graph = json.loads(crate())["@graph"]
    described = {entity["@id"] for entity in graph}
    assert len(described) == len(graph)
    named = set(re.findall(r'\{\s*"@id": "([^"]+)"\s*\}', crate()))
    assert named - described == {"https://w3id.org/ro/crate/1.1"}


def test_crate_has_what_the_specification_asks_of_its_root(described):
    root = described.root_dataset
    assert all(root.get(name) for name in ("name", "description", "datePublished", "license"))
    assert root["version"] == CITATION["version"]
    assert {paper.id for paper in root["citation"]} == {f"https://doi.org/{doi}" for doi in PAPERS}


def test_file_of_which_nothing_is_said_stops_the_crate():
    with pytest.raises(RairlibError, match=r"results/other\.csv: say in .* what it holds"):
        holds("results/other.csv")


def test_front_page_tells_machines_what_citation_says():
    told = book_metadata()
    assert (told["@type"], told["name"]) == ("Book", CITATION["title"])
    assert told["version"] == told["hasPart"]["version"] == CITATION["version"]
    assert [paper["name"] for paper in told["citation"]] == [p["title"] for p in PAPERS.values()]


def test_bibtex_of_the_book_says_what_citation_says():
    (entry,) = parse_string(
        re.search(r"```bibtex\n(.*?)```", CITE, re.DOTALL)[1], "bibtex"
    ).entries.values()
    assert entry.fields["title"] == CITATION["title"]
    assert entry.fields["year"] == published()[:4]
    assert entry.fields["note"] == f"Version {CITATION['version']}"
    assert entry.fields["url"] == CITATION["repository-code"] == CONFIGURED["repository"]["url"]
    assert [str(author) for author in entry.persons["author"]] == ["{The rairlib developers}"]
    assert CITATION["authors"] == [{"name": "The rairlib developers"}]


def test_bibtex_of_the_papers_says_what_citation_says():
    entries = parse_file(ROOT / "book/references.bib").entries
    shown = list(entries)[: list(entries).index("altman1994")]
    assert re.findall(r':(?:start-at|end-before): "@article\{(\w+),"', CITE) == [
        shown[0],
        "altman1994",
    ]
    cited = {entries[key].fields["doi"]: entries[key] for key in shown}
    assert set(cited) == set(PAPERS)
    for doi, paper in PAPERS.items():
        fields = cited[doi].fields
        told = {"title": paper["title"], "journal": paper["journal"], "year": str(paper["year"])}
        names = {"volume": "volume", "issue": "number", "start": "pages"}
        told |= {name: str(paper[key]) for key, name in names.items() if key in paper}
        assert {name: text for name, text in fields.items() if name != "doi"} == told
        authors = [re.sub("[{}]", "", str(author)) for author in cited[doi].persons["author"]]
        assert authors == [f"{a['family-names']}, {a['given-names']}" for a in paper["authors"]]


def test_every_question_is_about_a_number_as_it_is_printed():
    printed = kept_verdicts().set_index(["study", "id"])["printed"]
    asked = re.findall(
        r'^\* \*\*(.+?)\*\* \(<a href="verdicts\.html#(\w+?)-(.+?)">(.+?)</a>\):', ANSWERS, re.M
    )
    assert len(asked) == len(re.findall(r"^\* ", ANSWERS, re.MULTILINE))
    assert {study for _, study, _, _ in asked} == {"wang2025", "tang2025", "lakhdar2024"}
    for text, study, identifier, shown in asked:
        assert (identifier, printed[study, identifier]) == (shown, text)


def test_every_number_that_does_not_fit_is_asked_about():
    table = kept_verdicts(records=False)
    wrong = table[table["verdict"].isin(["differs", "contradicted"]) & (table["repeats"] == "")]
    assert len(wrong)
    for study, identifier in zip(wrong["study"], wrong["id"], strict=True):
        assert f"#{study}-{identifier}" in ANSWERS


def test_mail_and_issue_forms_ask_the_same():
    template = ROOT / ".github/ISSUE_TEMPLATE/wrong-number.yml"
    body = yaml.safe_load(template.read_text(encoding="utf-8"))["body"]
    asked = re.findall(r'<(?:select|input|textarea) name="(\w+)"', ANSWERS)
    assert asked == [field["id"] for field in body]
    assert {"number", "printed", "should_be", "source"} <= set(asked)
    (studies,) = (field["attributes"]["options"] for field in body if field["id"] == "study")
    assert studies == re.findall(r"<option>(\w+)</option>", ANSWERS) == list(load_studies())
    assert f"{CONFIGURED['repository']['url']}/issues/new?template={template.name}" in ANSWERS


def test_recipient_of_corrections_is_the_configured_one():
    address = CONFIGURED["sphinx"]["config"]["corrections_address"]
    assert f'action="mailto:{address}?subject=' in ANSWERS
    assert ("have published no mail address" in ANSWERS) == (not address)


def certificate():
    cells = json.loads((ROOT / "book/certificate.ipynb").read_text(encoding="utf-8"))["cells"]
    return "\n".join(joined(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def test_outputs_are_those_of_the_manifest_with_the_checksums_of_the_crate():
    manifest = yaml.safe_load((ROOT / "codecheck.yml").read_text(encoding="utf-8"))["manifest"]
    kept = {entity.get("@id"): entity.get("sha256") for entity in json.loads(crate())["@graph"]}
    table = outputs()
    assert [f"data/{name}" for name in table.index] == [entry["file"] for entry in manifest]
    for name, begins in table["SHA-256"].items():
        assert len(begins) == 12
        assert kept[name].startswith(begins)


def test_certificate_is_signed_by_nobody_and_says_so():
    text = certificate()
    assert "check of the project by itself" in text
    table = text.partition("independent check | signed\n--- | ---\n")[2].partition("\n\n")[0]
    rows = [line.split(" | ") for line in table.splitlines()[:-1]]
    assert [row[0] for row in rows[:3]] == ["codechecker", "ORCID", "date"]
    assert {row[1] for row in rows} == {"open"}


def test_commands_of_the_certificate_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"`make ([\w-]+)`", certificate() + CITE))
    assert {"test", "simulations", "browser", "pdf"} <= named
    assert all(re.search(rf"^{name}: ", makefile, re.MULTILINE) for name in named)


PAGE = """<html><head><link rel="stylesheet" href="../_static/book.css?digest=1"></head><body>
<nav><a href="key/other.html">Next</a></nav>
<article class="bd-article"><section id="front">
<h1>Front &amp; more<a class="headerlink" href="#front">#</a></h1>
<a href="key/other.html#place">there</a> <a href="key/other.html?study=x">all of it</a>
<a href="#front">here</a> <a href="absent.html">left out</a> <a href="https://doi.org/x">paper</a>
<details class="hide above-input"><summary>Show the code</summary>code</details>
<details class="long-table"><summary>All rows</summary><table id="rows"></table></details>
<img alt="A figure" src="../_images/figure.png"><button>Run</button>
</section></article></body></html>"""
OTHER = """<html><article class="bd-article"><h1>Other</h1><p id="place">x</p></article></html>"""


@pytest.fixture
def printed(tmp_path):
    """Return the document of a built book of two pages."""
    for name, text in {"book/index": PAGE, "book/key/other": OTHER}.items():
        path = tmp_path / f"{name}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    pages = ["book/index", "book/key/other"]
    text = print_pdf.document("Whole", pages, CITATION, tmp_path)
    return BeautifulSoup(text, "html.parser")


def test_links_of_the_printed_book_lead_to_places_in_it_or_elsewhere(printed):
    links = {link.get_text(): link["href"] for link in printed.select("section a")}
    assert links == {
        "there": "#book-key-other--place",
        "all of it": "#book-key-other",
        "here": "#book-index--front",
        "paper": "https://doi.org/x",
    }
    named = {element["id"] for element in printed.select("[id]")}
    inside = [link["href"][1:] for link in printed.select("a[href^='#']")]
    assert len(inside) == 5
    assert set(inside) <= named
    assert "left out" in printed.select_one("section").get_text()


def test_printed_book_has_tables_open_and_leaves_code_and_buttons_out(printed):
    (folded,) = printed.select("details")
    assert folded["class"] == ["long-table"]
    assert folded.has_attr("open")
    assert not printed.select("article :is(script, button, nav, a.headerlink)")


def test_printed_book_finds_its_files_and_names_none_of_them(printed, tmp_path):
    assert printed.select_one("img")["src"] == (tmp_path / "_images/figure.png").as_uri()
    sheet = printed.select_one("link[rel=stylesheet]")["href"]
    assert sheet == (tmp_path / "_static/book.css").as_uri()
    assert not printed.select("a[href^=file]")


def test_title_page_tells_version_licence_and_contents(printed):
    title = printed.select_one(".title-page")
    assert f"Version {CITATION['version']}" in title.get_text()
    assert "CC BY 4.0" in title.get_text()
    assert [item.get_text() for item in title.select("li")] == ["Front & more", "Other"]


def test_printed_book_has_every_page_of_the_contents():
    text = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    pages = print_pdf.chapters(yaml.safe_load(text))
    assert pages == re.findall(r"(?:root|file): (\S+)", text)


def test_bookmarks_get_the_words_of_their_headings():
    writer = PdfWriter()
    writer.add_blank_page(width=100, height=100)
    top = writer.add_outline_item(title="The paper and itsThe paper and itsnumbers", page_number=0)
    writer.add_outline_item(title="4. Whatdiffers", page_number=0, parent=top)
    writer.add_outline_item(title="Unknown", page_number=0)
    print_pdf.name_bookmarks(writer, ["The paper and its numbers", "4. What differs", "numbers"])
    titles = [item["/Title"] for item in print_pdf.bookmarks(writer.root_object["/Outlines"])]
    assert titles == ["The paper and its numbers", "4. What differs", "Unknown"]

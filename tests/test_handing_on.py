"""What the book hands on: how it is cited, described to machines, certified and corrected."""

import json
import re
from importlib.metadata import files
from pathlib import Path

import pytest
import yaml
from notebook_rules import joined
from pybtex.database import parse_file, parse_string
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

"""What the book hands on: how it is cited, described to machines, certified and corrected."""

import json
import re
from importlib.metadata import files
from pathlib import Path

import pytest
import yaml
from rocrate.rocrate import ROCrate

from rairlib.errors import RairlibError
from rairlib.registry.kept_files import data_folder
from rairlib.verdicts.crate import CRATE, book_metadata, crate, holds

ROOT = Path(__file__).parents[1]
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
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

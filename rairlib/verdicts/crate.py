"""What a machine should know of the book and its data: an RO-Crate, and schema.org in one page."""

import json
from hashlib import sha256
from pathlib import Path

import pandas as pd
import yaml

from rairlib.errors import RairlibError
from rairlib.registry.kept_files import KNOWN, data_folder, kept_file
from rairlib.registry.studies import load_studies

CRATE = "ro-crate-metadata.json"
PROFILE = "https://w3id.org/ro/crate/1.1"
TEXT_LICENSE = "https://creativecommons.org/licenses/by/4.0/"
CODE_LICENSE = "https://spdx.org/licenses/MIT"
FORMATS = {".csv": "text/csv", ".toml": "application/toml"}
# What a file holds, by its name or by what follows the study in it.
HOLDS = {
    "kept_files": "the list of the data files: rows, columns, which are numbers, which never empty",
    "roles_log": "every state of the registries and every change of a role, with its reason",
    "study": "what the publication says of its design, and where it can be found",
    "reported": "every number that the publication prints, with its place and its role",
    "coverage": "every number in the text of the paper, and the row or reason that accounts for it",
    "text_findings": "what does not go together in the wording, both places quoted",
    "variables": "the variables of the cohort, with units and levels",
    "simulation": "what is declared and assumed for the simulated cohorts",
    "simulated_cohort": "a simulated cohort near the print; no row is a real person",
    "achieved": "what the simulated cohort achieves beside each printed number",
    "tripod_ai": "the TRIPOD+AI checklist, item by item",
    "board": "the count of each verdict, by study, evidence and test",
    "verdicts": "every printed number with its verdict and the evidence behind it",
    "findings": "every check on print alone, passed or not, with the numbers that it used",
    "ensemble": "held-out results over many simulated cohorts",
    "oncocytic": "estimates for each placement of the oncocytic patients",
    "real_patients": "the paper's claims on real patients of public cohorts, aggregates alone",
    "recomputed": "what the open records give for each printed number",
    "area": "areas under the curve of training sets that do not know the printed one",
    "covariance": "covariances of the model's coefficients over simulated cohorts",
    "unpublished": "what the simulated cohorts say of numbers that the paper does not print",
    "joint_tables": "joint tables that give the paper's Table 4",
    "accuracy": "how near searched cohorts come to the print",
    "orders": "how near searches for the order of the follow-up times come to the print",
    "speed": "how long estimators and repeats take, beside other programs, in one run",
    "planted_errors": "errors planted in known papers, and how many the audit finds",
    "other_tools": "statcheck and the examples of scrutiny beside the audit, on the same numbers",
    "public_cohorts": "the public cohorts of real patients, aggregates alone",
    "repeats": "in which share of repeats each study concludes the same, and how estimates vary",
    "open_records": "the trial of the method on papers whose records are open",
}


def project_file(name: str) -> dict:
    """Read a YAML file at the project's root.

    Parameters
    ----------
    name : str
        Such as ``CITATION.cff``.

    Returns
    -------
    dict
        Its content.

    Raises
    ------
    RairlibError
        Where the data folder does not stand in a clone of the project.
    """
    path = data_folder().parent / name
    if not path.is_file():
        raise RairlibError(f"{name}: not beside the data folder; work in a clone of the project")
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def published() -> str:
    """Return the date of the release; of a version that is not released, the year."""
    year = str(project_file("_config.yml")["copyright"])
    return str(project_file("CITATION.cff").get("date-released", year))


def book_metadata() -> dict:
    """Describe the book, its data and the papers in the words of schema.org.

    Returns
    -------
    dict
        JSON-LD for the head of the front page.
    """
    citation = project_file("CITATION.cff")
    papers = [
        {
            "@type": "ScholarlyArticle",
            "@id": f"https://doi.org/{paper['doi']}",
            "name": paper["title"],
            "author": [{"@type": "Person", "name": name} for name in _names(paper)],
            "isPartOf": {"@type": "Periodical", "name": paper["journal"]},
            "datePublished": str(paper["year"]),
        }
        for paper in citation["references"]
    ]
    shared = {
        "name": citation["title"],
        "description": citation["abstract"].strip(),
        "author": [{"@type": "Organization", **author} for author in citation["authors"]],
        "version": citation["version"],
        "datePublished": published(),
        "url": citation["repository-code"],
    }
    data = {**shared, "@type": "Dataset", "license": TEXT_LICENSE}
    book = {**shared, "@type": "Book", "license": [TEXT_LICENSE, CODE_LICENSE], "inLanguage": "en"}
    return {"@context": "https://schema.org", **book, "citation": papers, "hasPart": data}


def outputs() -> pd.DataFrame:
    """List the outputs that ``codecheck.yml`` names for an independent run.

    Returns
    -------
    DataFrame
        Columns ``what it holds, rows, SHA-256``, indexed by file below ``data``; of a checksum the
        first twelve digits.
    """
    rows = []
    for entry in project_file("codecheck.yml")["manifest"]:
        name = entry["file"].removeprefix("data/")
        path = kept_file(name)
        begins = _checksum(path.read_bytes())[:12]
        rows.append((name, entry["comment"], len(pd.read_csv(path)), begins))
    columns = ["file", "what it holds", "rows", "SHA-256"]
    return pd.DataFrame(rows, columns=columns).set_index("file").rename_axis(None, columns="file")


def crate() -> str:
    """Describe the data folder as an RO-Crate.

    Returns
    -------
    str
        Text of ``ro-crate-metadata.json``, every data file with its size and its SHA-256.
    """
    folder, citation = data_folder(), project_file("CITATION.cff")
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix in FORMATS]
    files = [_file(path, path.relative_to(folder).as_posix()) for path in paths]
    folders = sorted({f["@id"].rpartition("/")[0] for f in files} - {""})
    software, developers = citation["repository-code"], {"@id": "#developers"}
    dois = [{"@id": f"https://doi.org/{paper['doi']}"} for paper in citation["references"]]
    results = [{"@id": f["@id"]} for f in files if f["@id"].startswith("results/")]
    graph = [
        {
            "@id": CRATE,
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": {"@id": PROFILE},
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": f"Data of the book {citation['title']}",
            "description": citation["abstract"].strip(),
            "datePublished": published(),
            "version": citation["version"],
            "license": {"@id": TEXT_LICENSE},
            "author": developers,
            "publisher": developers,
            "keywords": citation["keywords"],
            "citation": dois,
            "hasPart": [{"@id": f"{name}/"} for name in folders]
            + [{"@id": f["@id"]} for f in files],
            "mentions": {"@id": "#make-results"},
        },
        *(_folder(name, files, dois) for name in folders),
        *files,
        {
            "@id": "#make-results",
            "@type": "CreateAction",
            "name": "make results",
            "description": "Computes verdicts, findings and their counts from the other files.",
            "instrument": {"@id": software},
            "agent": developers,
            "result": results,
        },
        {
            "@id": software,
            "@type": "SoftwareSourceCode",
            "name": "rairlib",
            "version": citation["version"],
            "license": {"@id": CODE_LICENSE},
            "codeRepository": software,
            "programmingLanguage": "Python",
        },
        {"@id": "#developers", "@type": "Organization", "url": software, **citation["authors"][0]},
        {"@id": TEXT_LICENSE, "@type": "CreativeWork", "name": "CC BY 4.0"},
        {"@id": CODE_LICENSE, "@type": "CreativeWork", "name": "MIT License"},
        *(entity for paper in citation["references"] for entity in _paper(paper)),
    ]
    document = {"@context": f"{PROFILE}/context", "@graph": graph}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def holds(name: str) -> str:
    """Say what a data file holds.

    Parameters
    ----------
    name : str
        Path inside the data folder.

    Returns
    -------
    str
        A few words.

    Raises
    ------
    RairlibError
        If nothing is said of files of this name.
    """
    stem = Path(name).stem
    parts = stem.split("_")
    ends = ["_".join(parts[start:]) for start in range(len(parts))]
    beginnings = ["_".join(parts[:stop]) for stop in range(len(parts), 0, -1)]
    for known in (stem, *beginnings, *ends):
        if known in HOLDS:
            return HOLDS[known]
    raise RairlibError(f"{name}: say in rairlib/verdicts/crate.py what it holds")


def _file(path: Path, name: str) -> dict:
    content = path.read_bytes()
    entity = {
        "@id": name,
        "@type": "File",
        "name": name,
        "description": holds(name),
        "encodingFormat": FORMATS[path.suffix],
    }
    if name != KNOWN:  # it is written anew with every other file
        entity |= {"contentSize": str(len(content)), "sha256": _checksum(content)}
    return entity


def _checksum(content: bytes) -> str:
    return sha256(content).hexdigest()


def _folder(name: str, files: list[dict], papers: list[dict]) -> dict:
    """Describe a study's folder, or that of the results."""
    study = load_studies().get(name)
    entity = {
        "@id": f"{name}/",
        "@type": "Dataset",
        "name": name,
        "description": study.citation if study else "results, computed from the other folders",
        "hasPart": [{"@id": f["@id"]} for f in files if f["@id"].startswith(f"{name}/")],
    }
    about = {"@id": f"https://doi.org/{study.doi}"} if study else {}
    return entity | ({"about": about} if about in papers else {})


def _names(paper: dict) -> list[str]:
    return [f"{a['family-names']} {a['given-names']}" for a in paper["authors"]]


def _paper(paper: dict) -> list[dict]:
    """Describe a paper and its authors."""
    doi = f"https://doi.org/{paper['doi']}"
    people = [
        {"@id": f"{doi}#{n.replace(' ', '-')}", "@type": "Person", "name": n} for n in _names(paper)
    ]
    article = {
        "@id": doi,
        "@type": "ScholarlyArticle",
        "name": paper["title"],
        "author": [{"@id": person["@id"]} for person in people],
        "datePublished": str(paper["year"]),
        "isPartOf": paper["journal"],
    }
    return [article, *people]

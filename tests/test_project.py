"""The text of the project speaks of itself alone.

What is looked for is put together from parts, so that this file does not find itself.
"""

import re
import subprocess
import unicodedata
from pathlib import Path

import pytest
from notebook_rules import joined
from test_coverage import read_source
from test_notebooks import NOTEBOOKS, read_notebook

from rairlib.checks.wording import load_text_findings
from rairlib.registry.registry import load_registry
from rairlib.registry.studies import load_studies

ROOT = Path(__file__).parents[1]
VENDORED = ("book/_static/mathjax/", "book/_static/datatables/")
# More words than any name of a test, a model or an institution has.
LONGEST_PASSAGE = 10

MACHINE_PATH = re.compile(
    r"(?<![\w.…<\])>*-])/(?:" + "|".join(("work", "tmp", "root", "home", "Users", "mnt")) + r")/\w"
)
REGISTRY_HOST = re.compile(
    "|".join(
        (
            r"pypi\.[a-z]",
            r"python" + r"hosted\.org",
            r"npm" + r"js\.(?:org|com)",
            r"ana" + r"conda\.(?:org|com)",
            r"crates" + r"\.io",
            r"proxy\.gol" + r"ang",
            r"\bcran\.r-" + "project",
            r"index" + r"[-_]url\s*=",
            r"local" + r"host:(?!8000)\d",
        )
    ),
    re.IGNORECASE,
)
SECRET = re.compile(r"(?i)\b(?:api[_-]?key|secret|token|password)\b\s*[:=]\s*['\"][\w-]{12,}")


def tracked_files() -> list[str]:
    """Return the committed text files, or all of an unpacked archive."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a clone: the list of committed files is absent")
    names = [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    return [name for name in names if not name.startswith(VENDORED)]


def texts() -> dict[str, str]:
    found = {}
    for name in tracked_files():
        content = (ROOT / name).read_bytes()
        if b"\0" not in content:
            found[name] = content.decode("utf-8")
    return found


def matches(pattern: re.Pattern) -> list[str]:
    return [
        f"{name}:{number}: {found.group()}"
        for name, text in texts().items()
        for number, line in enumerate(text.splitlines(), start=1)
        if (found := pattern.search(line))
    ]


def test_no_file_names_a_path_of_one_machine():
    assert matches(MACHINE_PATH) == []


def test_no_file_names_a_package_registry():
    assert matches(REGISTRY_HOST) == []


def test_no_file_holds_a_credential():
    assert matches(SECRET) == []


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("reads '/" + "home/ada/data'", MACHINE_PATH),
        ("in /" + "tmp/x", MACHINE_PATH),
        ("https://py" + "pi.org/simple", REGISTRY_HOST),
        ("--index" + "-url = x", REGISTRY_HOST),
        ("token" + " = 'abcdef0123456789'", SECRET),
    ],
)
def test_what_must_not_stand_in_a_file_is_recognised(text, pattern):
    assert pattern.search(text)


@pytest.mark.parametrize(
    "text", ["</" + "home/x>", "book/home/page", "a.org/home/x", "and/root/cause"]
)
def test_other_slashes_are_no_machine_path(text):
    assert not MACHINE_PATH.search(text)


def test_text_is_free_of_emoji():
    found = [
        f"{name}: {unicodedata.name(mark, mark)}"
        for name, text in texts().items()
        for mark in sorted(set(text))
        if 0x1F000 <= ord(mark) <= 0x1FAFF
    ]
    assert found == []


def test_text_files_end_lines_and_files_with_a_newline():
    for name, text in texts().items():
        assert "\r" not in text, name
        assert not text or text.endswith("\n"), name


def words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())


def passages(text: str) -> set[tuple[str, ...]]:
    found = words(text)
    return {
        tuple(found[start : start + LONGEST_PASSAGE])
        for start in range(len(found) - LONGEST_PASSAGE + 1)
    }


def own_prose() -> dict[str, str]:
    """Return what the project itself says: pages, notebooks, notes and findings."""
    prose = {
        name: text
        for name, text in texts().items()
        if name.endswith((".md", ".py")) and not name.startswith("tests/")
    }
    for path in NOTEBOOKS:
        cells = read_notebook(path)["cells"]
        prose[path] = "\n".join(joined(cell["source"]) for cell in cells)
    for study in load_studies():
        prose[f"notes of {study}"] = "\n".join(row.note for row in load_registry(study))
        findings = load_text_findings(study)
        prose[f"findings on {study}"] = "\n".join(finding.text for finding in findings)
    return prose


@pytest.mark.parametrize("study", load_studies(records=False))
def test_no_sentence_is_copied_from_a_paper(study):
    printed = passages(read_source(study))
    copied = {
        f"{name}: {' '.join(passage)}"
        for name, text in own_prose().items()
        for passage in passages(text) & printed
    }
    assert copied == set()


def test_copied_sentence_is_noticed():
    sentence = "one two three four five six seven eight nine ten"
    assert passages(f"Before. {sentence}, after.") & passages(sentence.upper())
    assert not passages(sentence.replace("seven", "7")) & passages(sentence)


NAMED_PATH = re.compile(r"(?<![\w./])(?:rairlib|tests|data|benchmarks)/[\w/.*-]*[\w/*]")


def unreleased(text: str) -> str:
    """Return the part of the changelog that no release has yet."""
    return re.split(r"^## ", text, flags=re.MULTILINE)[1]


def paths_named() -> dict[str, str]:
    """Return every path that the pages name, with its page; KEY stands for any study."""
    names = ["README.md", "codecheck.yml", "CHANGELOG.md"]
    names += [path.relative_to(ROOT).as_posix() for path in (ROOT / "book").glob("*.md")]
    found = {}
    for name in names:
        text = (ROOT / name).read_text(encoding="utf-8")
        text = unreleased(text) if name == "CHANGELOG.md" else text
        found |= {re.sub(r"\b(KEY|STUDY)", "*", path): name for path in NAMED_PATH.findall(text)}
    return found


def test_every_path_that_a_page_names_exists():
    found = paths_named()
    assert "rairlib/studies/*/cohort.py" in found
    assert {path: name for path, name in found.items() if not list(ROOT.glob(path))} == {}


def test_table_of_what_to_change_fits_ten_lines():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text.partition("| to change | look in |\n|---|---|\n")[2].partition("\n\n")[0]
    assert 1 < len(table.splitlines()) <= 10

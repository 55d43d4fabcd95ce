"""A kept file that is damaged in whatever way stops its reader with one line and the mend."""

import ast
import csv
import io
import shutil
from pathlib import Path

import pytest

from rairlib.checks.wording import load_text_findings
from rairlib.cohorts.declared import load_declared
from rairlib.errors import RairlibError
from rairlib.pages import common
from rairlib.pages.planted import read_rates
from rairlib.reconstruct.accounts import reconstructible_models
from rairlib.reconstruct.wide_tables import kept_tables
from rairlib.registry.kept_files import KNOWN, KeptFileError, data_folder, kept_file, known_files
from rairlib.registry.registry import load_registry
from rairlib.registry.studies import load_checklist, load_studies, load_variables
from rairlib.studies.tang2025.cohort import load_assumptions
from rairlib.verdicts import publish
from rairlib.verdicts import verdicts as results

DATA = data_folder()
with (DATA / KNOWN).open(encoding="utf-8", newline="") as stream:
    NAMES = [row["file"] for row in csv.DictReader(stream)]
TABLES = [name for name in NAMES if name.endswith(".csv")]


def half(content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    return b"".join(lines[: (len(lines) + 1) // 2])


def without_last_column(content: bytes) -> bytes:
    rows = list(csv.reader(content.decode("utf-8").splitlines()))
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(row[:-1] for row in rows)
    return stream.getvalue().encode()


DAMAGES = {
    "empty": lambda content: b"",
    "blanks": lambda content: b" \n\n",
    "binary": lambda content: b"\x89PNG\r\n\x1a\n\x00\xff\xfe" + content[:50],
    "no UTF-8": lambda content: content + b"\xff\n",
    "cut inside a row": lambda content: content[: len(content) // 2],
    "half of the rows": half,
}
OF_TABLES = {
    "header alone": lambda content: content.splitlines(keepends=True)[0],
    "no header": lambda content: content.split(b"\n", 1)[1],
    "column missing": without_last_column,
    "rows twice": lambda content: content + content.split(b"\n", 1)[1],
    "last row twice, the first gone": lambda content: (
        content.split(b"\n", 2)[0]
        + b"\n"
        + content.split(b"\n", 2)[2]
        + content.splitlines(keepends=True)[-1]
    ),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a data folder with little more than the list of known files."""
    folder = tmp_path / "data"
    folder.mkdir()
    for path in (*DATA.glob("*/study.toml"), DATA / KNOWN):
        target = folder / path.relative_to(DATA)
        target.parent.mkdir(exist_ok=True)
        shutil.copy(path, target)
    monkeypatch.setenv("RAIRLIB_DATA", str(folder))
    return folder


def refusal(name: str) -> str:
    with pytest.raises(KeptFileError) as caught:
        kept_file(name)
    return str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_kept_file_is_as_it_is_known(name):
    assert kept_file(name) == DATA / name


def test_list_of_known_files_is_complete_and_fresh():
    assert known_files() == (DATA / KNOWN).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_damage_is_told_in_one_line_with_the_mend(folder, name):
    content = (DATA / name).read_bytes()
    (folder / name).parent.mkdir(exist_ok=True)
    for damage in (DAMAGES | (OF_TABLES if name in TABLES else {})).values():
        (folder / name).write_bytes(damage(content))
        text = refusal(name)
        assert text.startswith(f"data/{name}: ")
        assert f"git checkout -- data/{name}" in text
        assert "\n" not in text


def test_kept_file_that_is_gone_is_told(folder):
    assert refusal("results/verdicts.csv").startswith("data/results/verdicts.csv: no such file; ")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("\n0,cutoff,age", "\nzero,cutoff,age", "row 3, column cohort: 'zero' is not a number"),
        ("\n0,cutoff,age", "\n0,,age", "row 3, column statistic: is empty"),
        ("\n0,cutoff,age", "\n0,cutoff", "row 3 has 6 fields, the header has 7"),
        ("cohort,statistic", "cohort,name", "row 1: column statistic is missing"),
        ("0,auc,age", '0,"auc,age', "row 2: a double quote is not closed"),
    ],
)
def test_damage_is_told_with_row_and_column(folder, old, new, fault):
    name = "results/lakhdar2024_ensemble.csv"
    (folder / "results").mkdir()
    text = (DATA / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    assert fault in refusal(name)


def test_half_an_ensemble_is_told_with_both_numbers(folder):
    name = "results/lakhdar2024_ensemble.csv"
    (folder / "results").mkdir()
    (folder / name).write_bytes(half((DATA / name).read_bytes()))
    assert "has 2000 rows below the header, 4000 are kept" in refusal(name)


@pytest.mark.parametrize(
    "content", ["", "file,rows\n", "file,rows,columns,numbers,filled\nx,many,,,\n"]
)
def test_damaged_list_of_known_files_is_told(folder, content):
    (folder / KNOWN).write_text(content, encoding="utf-8")
    assert KNOWN in refusal("lakhdar2024/study.toml")


def test_data_folder_of_ones_own_needs_no_list(folder):
    (folder / KNOWN).unlink()
    assert list(load_studies(records=False)) == ["wang2025", "tang2025", "lakhdar2024"]


READERS = {
    "tang2025/study.toml": load_studies,
    "wang2025/variables.csv": lambda: load_variables("wang2025"),
    "wang2025/text_findings.csv": lambda: load_text_findings("wang2025"),
    "wang2025/reported.csv": lambda: load_registry("wang2025"),
    "wang2025/achieved.csv": lambda: common.load_achieved("wang2025"),
    "wang2025/simulation.toml": lambda: load_declared("wang2025"),
    "tang2025/simulation.toml": lambda: load_assumptions("tang2025"),
    "tang2025/tripod_ai.csv": lambda: load_checklist("tang2025"),
    "lakhdar2024/simulated_cohort.csv": lambda: results.load_witness("lakhdar2024"),
    "results/lakhdar2024_ensemble.csv": lambda: results.load_ensemble("lakhdar2024"),
    "results/lakhdar2024_oncocytic.csv": lambda: common.load_result("lakhdar2024", "oncocytic"),
    "results/planted_errors.csv": read_rates,
    "results/tang2025_area.csv": lambda: common.load_result("tang2025", "area"),
    "results/verdicts.csv": publish.kept_verdicts,
    "results/board.csv": publish.differences,
    "results/wang2025_joint_tables.csv": lambda: kept_tables(
        "wang2025", reconstructible_models(load_registry("wang2025"))[0]
    ),
    **{
        f"results/wang2025_{name}.csv": lambda name=name: common.load_result("wang2025", name)
        for name in ("orders", "unpublished", "accuracy")
    },
}


@pytest.fixture(scope="module")
def whole_copy(tmp_path_factory):
    return shutil.copytree(DATA, tmp_path_factory.mktemp("copy") / "data")


@pytest.mark.parametrize("name", READERS)
def test_every_reader_goes_through_the_door(whole_copy, monkeypatch, name):
    monkeypatch.setenv("RAIRLIB_DATA", str(whole_copy))
    monkeypatch.setattr(publish, "result_files", lambda: {"board.csv": ""})
    content = (whole_copy / name).read_bytes()
    try:
        (whole_copy / name).write_bytes(half(content))
        with pytest.raises(RairlibError, match=f"^data/{name}: .*git checkout"):
            READERS[name]()
    finally:
        (whole_copy / name).write_bytes(content)


def test_no_other_code_reads_the_data_folder():
    """A function that reads a file gets its path from the door, or from its caller."""
    package = Path(publish.__file__).parent
    found = set()
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                text = ast.unparse(node)
                reads = "read_csv(" in text or ".read_text(" in text or ".read_bytes(" in text
                inside = "data_folder()" in text or "study_folder(" in text
                if reads and inside and "kept_file(" not in text and "study_file(" not in text:
                    found.add((path.name, node.name))
    # The README's board, CITATION.cff and what else stands at the root are outside the data folder.
    assert found == {("publish.py", "write_results"), ("crate.py", "project_file")}

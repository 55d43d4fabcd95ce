"""The chapter for a hospital's analyst shows what the commands print."""

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from rairlib.cli import main
from rairlib.cohorts.own import read_cohort, study_schema
from rairlib.registry.studies import load_witness

BOOK = Path(__file__).parents[1] / "book"
FILES = BOOK / "your-cohort"
PAGE = (BOOK / "your-cohort.md").read_text(encoding="utf-8")
SHOWN = dict(re.findall(r"<!-- output of: rairlib (.*?) -->\n```text\n(.*?)\n```", PAGE, re.S))
NARROW, WIDE = "age = [0, 40, 55, 120]", "age = [0, 60, 120]"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    shutil.copytree(FILES, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", SHOWN)
def test_the_chapter_shows_what_the_command_prints(folder, capsys, command):
    words, _, bands = command.partition(" (")
    mapping = folder / "mapping.toml"
    if bands:
        assert bands == f"{WIDE})"
        mapping.write_text(mapping.read_text("utf-8").replace(NARROW, WIDE), encoding="utf-8")
    code = main(words.split())
    printed = capsys.readouterr()
    assert (printed.err + printed.out).rstrip("\n") == SHOWN[command]
    assert code == (0 if printed.out else 2)
    assert len(SHOWN) == 4


def test_the_mapping_is_the_one_that_the_chapter_explains():
    mapping = (FILES / "mapping.toml").read_text(encoding="utf-8")
    for shown in re.findall(r"```toml\n(.*?)```", PAGE, re.S):
        for table in shown.split("\n\n"):
            assert table.strip() in mapping
    assert WIDE in PAGE


def test_the_mended_file_holds_the_kept_simulated_patients():
    own = read_cohort("lakhdar2024", FILES / "mended.csv", FILES / "mapping.toml")
    kept = study_schema("lakhdar2024").typed(load_witness("lakhdar2024"))
    names = own.frame.columns.drop("patient")
    pd.testing.assert_frame_equal(own.frame[names], kept[names], check_exact=True)


def test_the_faulty_file_differs_in_ten_places():
    """Nine cells and one whole column."""
    mended, faulty = (
        pd.read_csv(FILES / name, sep=";", dtype=str) for name in ("mended.csv", "patients.csv")
    )
    differing = (mended.fillna("") != faulty.fillna("")).sum()
    assert differing.drop("multifocal").sum() == 9
    assert differing["multifocal"] == (mended["multifocal"] == "oui").sum() > 0

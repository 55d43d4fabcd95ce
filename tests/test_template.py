"""The guide for other papers says what the program says."""

import csv
import math
import re
from pathlib import Path

import pytest

from rairlib.checks.catalogue import audit
from rairlib.cli import main
from rairlib.registry.registry import read_registry
from rairlib.registry.vocabulary import COLUMNS, STATISTICS

GUIDE = Path(__file__).parents[1] / "book" / "audit"
PAGE = (GUIDE / "your-paper.md").read_text(encoding="utf-8")
SHOWN = dict(
    re.findall(r"<!-- output of: rairlib audit (\S+) -->\n```text\n(.*?)\n```", PAGE, re.S)
)


@pytest.fixture(scope="module")
def registry():
    return read_registry(GUIDE / "template.csv")


def test_the_audit_of_the_template_finds_the_deliberate_error_and_no_other(registry):
    # 60 (13 · 27 − 9 · 11)² / (22 · 38 · 24 · 36) = 60 · 252² / 722,304 = 5.2751; 5.725 is printed.
    assert pytest.approx(5.2751, abs=5e-5) == 60 * (13 * 27 - 9 * 11) ** 2 / (22 * 38 * 24 * 36)
    (found,) = [finding for finding in audit(registry) if finding.status == "contradicted"]
    assert (found.check, found.target) == ("chi_square_from_counts", "table1-18")
    # The p value is that of the counts, so the audit doubts its link with χ², not the p itself.
    doubts = [finding.target for finding in audit(registry) if finding.status == "suggests"]
    assert doubts == ["table1-19"]


def test_the_deliberate_error_is_declared_in_its_note(registry):
    declared = [row.id for row in registry if "eliberate error" in row.note]
    assert declared == ["table1-18"]


def test_the_template_without_its_error_raises_no_objection(tmp_path):
    corrected = (GUIDE / "template.csv").read_text(encoding="utf-8").replace(",5.725,", ",5.275,")
    path = tmp_path / "corrected.csv"
    path.write_text(corrected, encoding="utf-8")
    assert {finding.status for finding in audit(read_registry(path))} == {"agrees", "open"}


def test_limits_of_the_template_are_those_of_woolf_by_hand(registry):
    # log OR = log(13 · 27 / (9 · 11)), SE² = 1/13 + 1/9 + 1/11 + 1/27.
    error = math.sqrt(1 / 13 + 1 / 9 + 1 / 11 + 1 / 27)
    for identifier, sign in (("table1-21", -1), ("table1-22", 1)):
        limit = math.exp(math.log(13 * 27 / (9 * 11)) + sign * 1.96 * error)
        assert registry[identifier].number.agrees(limit)


@pytest.mark.parametrize(("name", "code"), [("template.csv", 0), ("faulty.csv", 2)])
def test_the_guide_shows_what_the_command_prints(name, code, monkeypatch, capsys):
    monkeypatch.chdir(GUIDE)
    assert main(["audit", name]) == code
    printed = capsys.readouterr()
    assert (printed.out + printed.err).rstrip("\n") == SHOWN[name]


def test_the_cell_of_the_guide_runs(monkeypatch, capsys):
    monkeypatch.chdir(GUIDE)
    (cell,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    exec(compile(cell, "guide", "exec"), {})
    assert capsys.readouterr().out.rstrip("\n") == SHOWN["template.csv"]


def test_example_rows_of_the_guide_stand_in_the_template(registry):
    examples = 0
    for table in re.findall(r"^\| id \|.*?(?=\n\n)", PAGE, re.S | re.M):
        header, _, *rows = [
            [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()
        ]
        for row in rows:
            shown = dict(zip(header, row, strict=True))
            assert shown == {name: getattr(registry[shown["id"]], name) for name in header}
            examples += 1
    assert examples > 20


def test_the_guide_names_every_column_and_every_statistic():
    columns = re.findall(r"^\| `(\w+)` \|", PAGE, re.M)
    assert columns[: len(COLUMNS) - 1] == [name for name in COLUMNS if name != "role"]
    assert columns[len(COLUMNS) - 1 :] == list(STATISTICS)
    assert "A column `role` may follow" in PAGE


def test_the_template_has_the_columns_of_the_guide():
    with (GUIDE / "template.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.reader(file)) == [name for name in COLUMNS if name != "role"]

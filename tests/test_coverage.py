"""Every number of the three source texts is registered or set aside with a reason.

The source texts are not part of the project. Tests that walk them look for a folder with one
``STUDY.txt`` per study, named by RAIRLIB_SOURCES or ``../shared/sources`` beside the project, and
are skipped where it is absent; the rest needs the committed files alone.
"""

import csv
import os
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from source_tokens import tokens

from rairlib.registry.registry import load_registry
from rairlib.registry.studies import load_studies, study_folder

REASONS = {
    "bibliography",
    "other_study",
    "unattributed",
    "front_matter",
    "label",
    "notation",
    "reference_edition",
}
COLUMNS = ["line", "position", "token", "id", "reason"]
WHOLE_LINE = "*"
WORD = "word"
PROJECT = Path(__file__).resolve().parents[1]
STUDIES = tuple(load_studies(records=False))  # the texts of the others are not kept


def sources_folder() -> Path:
    named = os.environ.get("RAIRLIB_SOURCES")
    return Path(named) if named else PROJECT.parent / "shared" / "sources"


def read_source(study: str) -> str:
    path = sources_folder() / f"{study}.txt"
    if not path.is_file():
        pytest.skip(f"the source text {study}.txt is absent: set RAIRLIB_SOURCES to its folder")
    return path.read_text(encoding="utf-8")


def read_coverage(study: str) -> list[dict[str, str]]:
    path = study_folder(study) / "coverage.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        assert reader.fieldnames == COLUMNS
        return list(reader)


def printed_texts(study: str) -> dict[str, str]:
    return {row.id: row.printed for row in load_registry(study)}


def bare(printed: str) -> str:
    """Drop signs, units and spaces: what remains must stand in the source."""
    digits = re.sub(r"[^\d.,·]", "", printed)
    return digits or printed.lower()


def place(row: dict[str, str]) -> str:
    return f"line {row['line']}, position {row['position']} ({row['token']})"


def row_faults(row: dict[str, str], printed: dict[str, str]) -> list[str]:
    if bool(row["id"]) == bool(row["reason"]):
        return [f"{place(row)}: needs an id or a reason, not both"]
    if row["reason"]:
        known = row["reason"] in REASONS and row["position"] != WORD
        return [] if known else [f"{place(row)}: {row['reason']!r} is not a reason"]
    if row["id"] not in printed:
        return [f"{place(row)}: {row['id']} is not registered"]
    if bare(printed[row["id"]]) != row["token"].lower():
        return [f"{place(row)}: {row['id']} is registered as {printed[row['id']]}"]
    return []


def registry_faults(coverage: list[dict[str, str]], printed: dict[str, str]) -> list[str]:
    """List rows that contradict the registry, and registered numbers without exactly one row."""
    faults = [fault for row in coverage for fault in row_faults(row, printed)]
    places = Counter(row["id"] for row in coverage)
    faults += [f"{name}: stands nowhere" for name in printed if not places[name]]
    faults += [f"{name}: stands at {places[name]} places" for name in printed if places[name] > 1]
    return faults


def word_faults(text: str, coverage: list[dict[str, str]]) -> list[str]:
    lines = dict(enumerate(text.lower().split("\n"), start=1))
    registered = Counter(
        (int(row["line"]), row["token"].lower()) for row in coverage if row["position"] == WORD
    )
    return [
        f"line {line}: has {word!r} less than {number} times"
        for (line, word), number in registered.items()
        if len(re.findall(rf"\b{re.escape(word)}\b", lines.get(line, ""))) < number
    ]


def numeral_faults(line: int, found: list[str], rows: list[tuple[str, str]]) -> list[str]:
    """Compare the numerals of one line with its rows of position and token."""
    if rows == [(WHOLE_LINE, WHOLE_LINE)]:
        return [] if found else [f"line {line}: has no number"]
    wanted = {(str(position), token) for position, token in enumerate(found, start=1)}
    missing, extra = sorted(wanted - set(rows)), sorted(set(rows) - wanted)
    faults = [f"line {line}: number {n} ({t}) is not accounted for" for n, t in missing]
    faults += [f"line {line}: has no number {n} ({t})" for n, t in extra]
    faults += [f"line {line}: number {n} ({t}) stands twice" for n, t in repeated(rows)]
    return faults


def repeated(rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [row for row, number in Counter(rows).items() if number > 1]


def source_faults(text: str, coverage: list[dict[str, str]]) -> list[str]:
    """Walk the numbers of a source text beside the rows that account for them."""
    found, rows = defaultdict(list), defaultdict(list)
    for item in tokens(text):
        found[item.line].append(item.token)
    for row in coverage:
        if row["position"] != WORD:
            rows[int(row["line"])].append((row["position"], row["token"]))
    faults = [
        fault
        for line in sorted(found.keys() | rows.keys())
        for fault in numeral_faults(line, found[line], rows[line])
    ]
    return faults + word_faults(text, coverage)


@pytest.mark.parametrize("study", STUDIES)
def test_every_number_of_the_source_text_is_accounted_for(study):
    assert source_faults(read_source(study), read_coverage(study)) == []


@pytest.mark.parametrize("study", STUDIES)
def test_every_registered_number_stands_at_one_place_of_the_source_text(study):
    assert registry_faults(read_coverage(study), printed_texts(study)) == []


TEXT = "Of 90 patients,1 six relapsed.\n\nAge was ≥ 54 (p <0.001) in 4.5 %.\nRef 2019;16:1"
PRINTED = {"text-01": "90", "text-02": "six", "text-03": "≥ 54", "text-04": "<0.001"}
COVERAGE = """1,1,90,text-01,
1,2,1,,bibliography
1,word,six,text-02,
3,1,54,text-03,
3,2,0.001,text-04,
3,3,4.5,,other_study
4,*,*,,bibliography"""


def rows_of(text: str) -> list[dict[str, str]]:
    return [dict(zip(COLUMNS, line.split(","), strict=True)) for line in text.splitlines()]


def faults_of(text: str = TEXT, coverage: str = COVERAGE, printed=PRINTED) -> list[str]:
    rows = rows_of(coverage)
    return source_faults(text, rows) + registry_faults(rows, printed)


def test_complete_account_has_no_fault():
    assert faults_of() == []


def test_missing_source_text_skips_with_the_way_to_name_it(monkeypatch, tmp_path):
    monkeypatch.setenv("RAIRLIB_SOURCES", str(tmp_path))
    with pytest.raises(pytest.skip.Exception, match="set RAIRLIB_SOURCES to its folder"):
        read_source("some2020")


def test_number_missing_from_the_account_is_noticed():
    assert faults_of(coverage=COVERAGE.replace("3,3,4.5,,other_study\n", "")) == [
        "line 3: number 3 (4.5) is not accounted for"
    ]


def test_number_missing_from_the_text_is_noticed():
    assert faults_of(text=TEXT.replace(" in 4.5 %", "")) == ["line 3: has no number 3 (4.5)"]


def test_number_added_to_the_text_is_noticed():
    assert faults_of(text=TEXT + "\nLater, 12 died.") == [
        "line 5: number 1 (12) is not accounted for"
    ]


def test_number_changed_in_the_text_is_noticed():
    assert faults_of(text=TEXT.replace("0.001", "0.01")) == [
        "line 3: number 2 (0.01) is not accounted for",
        "line 3: has no number 2 (0.001)",
    ]


def test_number_changed_in_the_registry_is_noticed():
    assert faults_of(printed=PRINTED | {"text-04": "<0.01"}) == [
        "line 3, position 2 (0.001): text-04 is registered as <0.01"
    ]


def test_swapped_numbers_are_noticed():
    swapped = COVERAGE.replace("1,1,90,text-01", "1,1,90,text-03").replace(
        "3,1,54,text-03", "3,1,54,text-01"
    )
    assert faults_of(coverage=swapped) == [
        "line 1, position 1 (90): text-03 is registered as ≥ 54",
        "line 3, position 1 (54): text-01 is registered as 90",
    ]


def test_registered_number_without_a_place_is_noticed():
    assert faults_of(printed=PRINTED | {"text-05": "7"}) == ["text-05: stands nowhere"]


def test_registered_number_with_two_places_is_noticed():
    twice = COVERAGE.replace("1,2,1,,bibliography", "1,2,1,text-05,").replace(
        "3,3,4.5,,other_study", "3,3,4.5,text-05,"
    )
    assert faults_of(coverage=twice, printed=PRINTED | {"text-05": "1"}) == [
        "line 3, position 3 (4.5): text-05 is registered as 1",
        "text-05: stands at 2 places",
    ]


def test_number_word_missing_from_the_text_is_noticed():
    assert faults_of(text=TEXT.replace("six", "some")) == ["line 1: has 'six' less than 1 times"]


def test_number_word_inside_another_word_does_not_count():
    assert faults_of(text=TEXT.replace("six", "sixty")) == ["line 1: has 'six' less than 1 times"]


def test_row_that_stands_twice_is_noticed():
    assert faults_of(coverage=COVERAGE + "\n3,3,4.5,,other_study") == [
        "line 3: number 3 (4.5) stands twice"
    ]


def test_whole_line_without_a_number_is_noticed():
    assert faults_of(coverage=COVERAGE + "\n2,*,*,,label") == ["line 2: has no number"]


def test_reason_outside_the_closed_list_is_noticed():
    assert faults_of(coverage=COVERAGE.replace("other_study", "background")) == [
        "line 3, position 3 (4.5): 'background' is not a reason"
    ]


def test_row_with_both_an_id_and_a_reason_is_noticed():
    both = COVERAGE.replace("1,1,90,text-01,", "1,1,90,text-01,label")
    assert faults_of(coverage=both) == [
        "line 1, position 1 (90): needs an id or a reason, not both"
    ]


def test_whole_line_cannot_hide_a_registered_number():
    hidden = COVERAGE.replace("4,*,*,,bibliography", "4,*,*,text-01,")
    assert "line 4, position * (*): text-01 is registered as 90" in faults_of(coverage=hidden)

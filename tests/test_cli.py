"""Every command in every format, and every error as one clear line and exit code 2."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import pytest

from rairlib import cli
from rairlib.cli import main
from rairlib.errors import RairlibError
from rairlib.registry.printed import parse_printed
from rairlib.registry.studies import load_studies, load_variables, load_witness
from rairlib.registry.vocabulary import EVIDENCE, VERDICTS
from rairlib.studies import simulations as studies
from rairlib.verdicts import publish, verdicts
from rairlib.verdicts.verdicts import COLUMNS

ROOT = Path(__file__).parents[1]
STUDIES = list(load_studies())
STUDY = "lakhdar2024"
NO_STUDY = f"'nosuch' is not a study: use one of {', '.join(STUDIES)}"
REVIEWERS = (ROOT / "book" / "reviewers.md").read_text(encoding="utf-8")
PAPER = """id,locus,statistic,variable,level,group,printed,of,partition
n,Table 1,n,,,all,90,,
a,Table 1,n,,,RAIR,32,n,groups
b,Table 1,n,,,non-RAIR,{},n,groups
"""
# fmt: off
VERDICT_FIELDS = {
    "study", "id", "locus", "statistic", "variable", "level", "group", "printed", "role",
    "evidence", "test", "reproduced", "low", "high", "verdict", "reason",
}
# fmt: on


@pytest.fixture
def run(capsys):
    """Return a function that runs a command and returns exit code, output and error text."""

    def run(*words):
        try:
            code = main([str(word) for word in words])
        except SystemExit as stop:
            code = stop.code
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def refused(run):
    """Return a function that runs a command which fails, and returns the one line that it says."""

    def refused(*words):
        code, out, err = run(*words)
        assert (code, out) == (2, "")
        assert is_one_line(err)
        return err

    return refused


@pytest.fixture
def paper(tmp_path):
    """Return a function that writes the registry of a small paper."""

    def paper(n_controls="58", name="paper.csv"):
        path = tmp_path / name
        path.write_text(PAPER.format(n_controls), encoding="utf-8")
        return path

    return paper


@pytest.fixture
def kept(monkeypatch):
    """Show the kept verdicts, which the tests of verdicts compare with fresh ones."""
    table = publish.kept_verdicts()
    shown = {name: rows.reset_index(drop=True) for name, rows in table.groupby("study")}
    monkeypatch.setattr(verdicts, "all_verdicts", lambda study: shown.get(study, table))
    return table


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def is_one_line(text):
    return text.endswith("\n") and text.count("\n") == 1


# --- verdicts ------------------------------------------------------------------------------------


def test_verdicts_of_all_studies_as_json(run, kept):
    code, out, err = run("verdicts", "--format", "json")
    objects = json.loads(out)
    assert (code, err) == (0, "")
    assert {tuple(record) for record in objects} == {COLUMNS}
    assert set(COLUMNS) >= VERDICT_FIELDS
    assert [record["id"] for record in objects] == kept["id"].to_list()
    for record in objects:
        parse_printed(record["printed"])
        assert record["verdict"] in VERDICTS
        assert record["evidence"] in EVIDENCE
        assert all(
            record[name] is None or isinstance(record[name], float | int)
            for name in ("reproduced", "low", "high")
        )
        assert not any(isinstance(value, dict | list) for value in record.values())


def test_verdicts_of_one_study_as_csv_and_table(run):
    _, out, _ = run("verdicts", STUDY, "--format", "csv")
    rows = rows_of(out)
    assert {row["study"] for row in rows} == {STUDY}
    code, out, _ = run("verdicts", STUDY)
    header, *lines = out.splitlines()
    assert code == 0
    assert header.split() == cli.SHOWN
    assert len(lines) == len(rows)


def test_page_for_reviewers_explains_every_field():
    section = REVIEWERS.split("(machine-readable-results)=")[1].split("rairlib audit STUDY")[0]
    first_cells = re.findall(r"^(`.*?`) \|", section, re.MULTILINE)
    explained = [name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)]
    assert explained == list(COLUMNS)


def test_check_passes_where_results_are_the_kept_ones(run, monkeypatch):
    monkeypatch.setattr(publish, "result_files", kept_files)
    code, out, err = run("verdicts", "--check")
    assert (code, err) == (0, "")
    assert is_one_line(out)


def test_check_exits_with_1_and_names_the_row_where_results_differ(run, monkeypatch):
    changed = kept_files()
    old = "lakhdar2024,none,given"
    assert old in changed["board.csv"]
    changed["board.csv"] = changed["board.csv"].replace(old, "lakhdar2024,none,missed")
    monkeypatch.setattr(publish, "result_files", lambda: changed)
    code, out, _ = run("verdicts", "--check")
    assert code == 1
    assert [line.split(",given")[0].split(",missed")[0] for line in out.splitlines()] == [
        "board.csv: kept, not found again: lakhdar2024,none",
        "board.csv: found, not kept: lakhdar2024,none",
    ]
    assert run("verdicts", STUDY, "--check")[0] == 1
    assert run("verdicts", "wang2025", "--check")[0] == 0


def kept_files():
    folder = ROOT / "data" / "results"
    names = ("verdicts.csv", "findings.csv", "board.csv")
    return {name: (folder / name).read_text(encoding="utf-8") for name in names}


# --- audit ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("study", STUDIES)
def test_every_finding_of_a_study(run, study):
    code, out, _ = run("audit", study, "--findings", "--format", "json")
    objects = json.loads(out)
    assert code == 0
    keys = {"study", "check", "status", "target", "uses", "low", "high", "text"}
    assert set(objects[0]) >= keys
    read = any(record["check"].startswith("wording_") for record in objects)
    assert read == (study not in ("gbsg2", "uci915"))  # in these nothing was read, only computed


def test_findings_in_lines_leave_out_what_agrees(run):
    code, out, _ = run("audit", STUDY, "--findings")
    assert code == 0
    assert re.fullmatch(r"(\d+ \w+(, )?)+", out.splitlines()[-1])
    assert not any(line.startswith("agrees") for line in out.splitlines())


def test_audit_of_a_file_that_adds_up(run, paper):
    code, out, _ = run("audit", paper())
    assert code == 0
    assert out == "# Audit of paper\n\nNo problem in 3 numbers; all met a check.\n"


def test_audit_of_a_file_that_does_not_add_up(run, paper):
    code, out, _ = run("audit", paper("57"))
    assert code == 0
    assert "1 proof (3 numbers) in 3 numbers" in out
    rows = rows_of(run("audit", paper("57"), "--findings", "--format", "csv")[1])
    refuted = {row["target"] for row in rows if row["status"] == "contradicted"}
    assert refuted == {"n", "a", "b"}
    assert {row["study"] for row in rows} == {"paper"}


def test_two_exchanged_counts_are_one_entry_with_all_findings_behind_it(run, tmp_path):
    # 13 of 24 and 9 of 36 patients with metastasis, exchanged: sums, shares and tests object.
    template = (ROOT / "book" / "audit" / "template.csv").read_text(encoding="utf-8")
    text = template.replace("refractory,13,patients", "refractory,9,patients")
    text = text.replace("yes,avid,9,patients", "yes,avid,13,patients").replace("5.725", "5.275")
    path = tmp_path / "swapped.csv"
    path.write_text(text, encoding="utf-8")
    rows = rows_of(run("audit", path, "--format", "csv")[1])
    (proof,) = [row for row in rows if row["kind"] == "proof"]
    assert (proof["ids"], proof["printed"], proof["fits"]) == (
        *("table1-09 table1-13", "9 | 13"),
        "13 | 9",
    )
    assert proof["slip"] == "exchanged with each other"


def test_json_and_csv_give_the_same_flat_rows(run, paper):
    objects = json.loads(run("audit", paper("57"), "--format", "json")[1])
    rows = rows_of(run("audit", paper("57"), "--format", "csv")[1])
    assert [set(record) for record in objects] == [set(rows[0])] * len(rows)
    assert [record["ids"] for record in objects] == [row["ids"] for row in rows]


def test_report_is_written_as_the_ending_of_its_file_says(run, paper, tmp_path):
    for name, start in {"r.html": "<!DOCTYPE html>", "r.md": "# Audit", "r.json": "["}.items():
        code, out, err = run("audit", paper(), "--out", tmp_path / name)
        assert (code, out, err) == (0, "", f"wrote {tmp_path / name}\n")
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)


def test_report_replaces_no_file_and_names_the_one_that_it_cannot_write(refused, paper, tmp_path):
    path = paper()
    before = path.read_text(encoding="utf-8")
    folder = tmp_path / "folder.csv"
    folder.mkdir()
    for there in (path, folder):
        assert f"{there}: is there already" in refused("audit", path, "--out", there)
    assert path.read_text(encoding="utf-8") == before
    nowhere = tmp_path / "nowhere" / "r.html"
    assert refused("audit", path, "--out", nowhere).startswith(f"{nowhere}: ")


@pytest.mark.parametrize("name", ["r.pdf", "r.txt", "r"])
def test_report_with_an_ending_that_is_no_format_is_refused(refused, paper, tmp_path, name):
    assert ".md, .html, .json or .csv" in refused("audit", paper(), "--out", tmp_path / name)
    assert not (tmp_path / name).exists()


def test_audit_takes_a_file_whatever_its_name(run, paper, monkeypatch):
    path = paper(name="numbers.txt")
    assert run("audit", path)[0] == 0
    monkeypatch.chdir(path.parent)
    assert run("audit", "numbers.txt")[0] == 0


# --- reconstruct ---------------------------------------------------------------------------------


def test_reconstruction_as_json(run):
    code, out, _ = run("reconstruct", STUDY, "--format", "json")
    (record,) = json.loads(out)
    assert code == 0
    assert {"study", "model", "covariates", "cells", "candidates", "agreeing", "unique"} <= set(
        record
    )
    levels = {name: variable.levels for name, variable in load_variables(STUDY).items()}
    for cell in record["cells"]:
        assert all(cell[name] in levels[name] for name in record["covariates"])
    assert sum(cell["n"] for cell in record["cells"]) == 90
    assert (record["unique"], record["agreeing"]) == (True, 1)


def test_reconstruction_as_csv_and_table_has_one_row_per_cell(run):
    rows = rows_of(run("reconstruct", STUDY, "--format", "csv")[1])
    assert len(rows) == 8
    assert sum(int(row["n"]) for row in rows) == 90
    code, out, _ = run("reconstruct", STUDY)
    assert code == 0
    assert len(out.splitlines()) == 9


# --- simulate ------------------------------------------------------------------------------------


def test_simulated_cohorts_say_so_in_name_and_rows_and_follow_the_seed(run, tmp_path):
    folder = tmp_path / "new" / "folder"
    code, out, err = run("simulate", STUDY, "-n", "2", "--seed", "7", "--out", folder)
    names = sorted(os.listdir(folder))
    assert (code, out) == (0, "")
    assert names == ["simulated_cohort_0001.csv", "simulated_cohort_0002.csv"]
    assert all(name in err for name in names)
    for name in names:
        cohort = pd.read_csv(folder / name)
        assert len(cohort) == 90
        assert set(cohort["simulated"]) == {"yes"}
    for seed, is_same in (("7", True), ("4", False)):
        run("simulate", STUDY, "--seed", seed, "--out", tmp_path / seed)
        again = (tmp_path / seed / names[0]).read_bytes()
        assert (again == (folder / names[0]).read_bytes()) is is_same


def test_witness_comes_with_its_report(run, tmp_path, monkeypatch):
    # Drawing it takes long and is tested where the drawing stands.
    drawn = replace(studies.simulation_of(STUDY), witness=lambda *_: load_witness(STUDY))
    monkeypatch.setattr(studies, "simulation_of", lambda study: drawn)
    assert run("simulate", STUDY, "--witness", "--out", tmp_path)[0] == 0
    assert sorted(os.listdir(tmp_path)) == ["achieved.csv", "simulated_cohort.csv"]
    for name in os.listdir(tmp_path):
        kept = (ROOT / "data" / STUDY / name).read_text(encoding="utf-8")
        assert (tmp_path / name).read_text(encoding="utf-8") == kept


def test_nothing_is_left_behind_when_a_write_fails(run, tmp_path, monkeypatch):
    def full(source, target):
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr(os, "replace", full)
    code, out, err = run("simulate", STUDY, "--out", tmp_path)
    assert (code, out) == (2, "")
    assert err == f"{tmp_path / 'simulated_cohort_0001.csv'}: No space left on device\n"
    assert os.listdir(tmp_path) == []


# --- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "about"),
    [
        (("verdicts", "nosuch"), NO_STUDY),
        (("verdicts", "nosuch", "--check"), NO_STUDY),
        (("audit", "nosuch"), NO_STUDY),
        (("audit", STUDY, "--findings", "--format", "html"), "--findings has no html"),
        (("reconstruct", "nosuch"), NO_STUDY),
        (("simulate", "nosuch"), NO_STUDY),
        (("verdicts", "Lakhdar-2024"), f"did you mean '{STUDY}'?\n"),
        (("simulate", STUDY, "-n", "0"), "Invalid value for '-n'"),
        (("simulate", STUDY, "-n", "two"), "Invalid value for '-n'"),
        (("simulate", STUDY, "--seed", "-1"), "Invalid value for '--seed'"),
        (("simulate", STUDY, "-n", "2", "--witness"), "-n and --witness exclude each other"),
        (("verdicts", "--format", "xml"), "'xml' is not one of 'table', 'json', 'csv'"),
        (("verdict",), "No such command 'verdict'. Did you mean 'verdicts'?"),
        (("audit",), "Missing argument 'STUDY|FOLDER|FILE.csv'"),
        (("audit", "none.csv"), "none.csv: no such file"),
        (("audit", "."), ".: is a folder"),
        ((), "Missing command"),
    ],
)
def test_command_that_cannot_be_run(refused, tmp_path, monkeypatch, words, about):
    monkeypatch.chdir(tmp_path)
    assert about in refused(*words)
    assert os.listdir(tmp_path) == []


def test_broken_file_gets_one_line_per_fault(run, tmp_path):
    path = tmp_path / "broken.csv"
    path.write_text("id,locus,statistic,printed\na,Table 1,n,many\nb,,nn,5\n", encoding="utf-8")
    code, out, err = run("audit", path)
    assert (code, out) == (2, "")
    lines = err.splitlines()
    assert all(line.startswith("broken.csv: row ") for line in lines)
    columns = [line.split("column ")[1].split(":")[0] for line in lines]
    assert columns == ["group", "printed", "locus", "statistic"]


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"PK\x03\x04", b"id;locus;statistic;printed\n"]
)
def test_file_that_is_no_registry(refused, tmp_path, content):
    path = tmp_path / "broken.csv"
    path.write_bytes(content)
    assert refused("audit", path).startswith("broken.csv: ")


def test_folder_that_cannot_be_made(refused, tmp_path):
    path = tmp_path / "file"
    path.write_text("in the way", encoding="utf-8")
    assert refused("simulate", STUDY, "--out", path).startswith(str(path))
    assert path.read_text(encoding="utf-8") == "in the way"


def test_data_folder_that_is_none(refused, tmp_path, monkeypatch):
    monkeypatch.setenv("RAIRLIB_DATA", str(tmp_path))
    assert "RAIRLIB_DATA" in refused("verdicts")


def test_interruption_is_one_line(run, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(verdicts, "all_verdicts", interrupted)
    assert run("verdicts") == (130, "", "stopped\n")


def test_interruption_of_a_search_tells_how_to_go_on(run, tmp_path, monkeypatch):
    def stopped(*_):
        raise RairlibError("stopped: go on with --resume FILE") from KeyboardInterrupt()

    drawn = replace(studies.simulation_of(STUDY), witness=stopped)
    monkeypatch.setattr(studies, "simulation_of", lambda study: drawn)
    told = run("simulate", STUDY, "--witness", "--out", tmp_path)
    assert told == (130, "", "stopped: go on with --resume FILE\n")


INTERRUPTED_IMPORT = """
import os, signal, sys
from rairlib import __main__
class Interrupting:
    def find_spec(name, *_):
        if name == sys.argv[2]:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting)
sys.argv[1:] = [sys.argv[1], sys.argv[2]]
sys.exit(__main__.main())
"""


@pytest.mark.parametrize(
    "module", ["typer", "rairlib.verdicts.verdicts", "pandas._libs.tslibs", "numba"]
)
def test_interruption_of_an_import_is_one_line(module):
    words = [sys.executable, "-c", INTERRUPTED_IMPORT, "verdicts", module]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "stopped\n")


def test_reader_that_stops_reading_is_no_error(monkeypatch):
    # A pipe whose reading end is closed, as after `rairlib verdicts | head -1`.
    reading, writing = os.pipe()
    os.close(reading)
    nothing = pd.DataFrame(columns=list(COLUMNS))
    monkeypatch.setattr(verdicts, "all_verdicts", lambda study: nothing)
    with os.fdopen(writing, "w") as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        assert main(["verdicts", "--format", "csv"]) == 0


def test_help_names_every_command(run):
    code, out, _ = run("--help")
    assert code == 0
    assert all(name in out for name in ("verdicts", "audit", "reconstruct", "simulate"))


def test_version_is_that_of_the_package(run):
    assert run("--version") == (0, f"rairlib {version('rairlib')}\n", "")


def test_shell_completes_commands(run, monkeypatch):
    monkeypatch.setenv("_RAIRLIB_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "rairlib ver")
    monkeypatch.setenv("COMP_CWORD", "1")
    assert run()[1].split() == ["verdicts"]


@pytest.mark.parametrize(
    ("words", "unwanted"),
    [
        (["--help"], {"numpy", "pandas", "scipy", "numba", "statsmodels", "lifelines"}),
        (["audit"], {"numba", "statsmodels", "lifelines", "matplotlib", "joblib"}),
    ],
)
def test_command_imports_only_what_it_needs(paper, words, unwanted):
    words = [*words, str(paper())] if words == ["audit"] else words
    code = (
        f"import sys; from rairlib import cli; code = cli.main({words!r}); "
        f"sys.exit(code or ', '.join(sorted({unwanted!r} & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


# --- a cohort of one's own -----------------------------------------------------------------------


@pytest.fixture
def filled(run, tmp_path):
    """Return the kept cohort of the Rabat study as a file, and the template's mapping."""
    assert run("cohort", "template", STUDY, "--out", tmp_path)[:2] == (0, "")
    load_witness(STUDY).to_csv(tmp_path / "patients.csv", index=False)
    return tmp_path / "patients.csv", tmp_path / f"{STUDY}_mapping.toml"


def test_template_comes_with_the_data_dictionary(filled):
    _, mapping = filled
    rows = rows_of((mapping.parent / f"{STUDY}_dictionary.csv").read_text(encoding="utf-8"))
    diameter = next(row for row in rows if row["column"] == "tumor_diameter")
    assert diameter["may hold"] == "a whole number from 0 to 300 mm"
    assert all(f"[columns.{row['column']}]" in mapping.read_text("utf-8") for row in rows)


def test_filled_template_is_not_overwritten(filled, refused):
    _, mapping = filled
    mapping.write_text("mine", encoding="utf-8")
    assert "is there already" in refused("cohort", "template", STUDY, "--out", mapping.parent)
    assert mapping.read_text(encoding="utf-8") == "mine"


def test_check_of_a_cohort_without_faults_says_so(run, filled):
    patients, mapping = filled
    assert run("cohort", "check", STUDY, "--cohort", patients, "--mapping", mapping) == (
        0,
        "patients.csv: no fault in 90 patients and 11 columns\n",
        "",
    )


def test_check_of_a_cohort_tells_every_fault_and_no_value(run, filled):
    patients, mapping = filled
    table = load_witness(STUDY).astype(object)
    table.loc[2, "age"], table.loc[5, "gender"] = "Quisling", "Quisling"
    table.to_csv(patients, index=False)
    code, out, err = run("cohort", "check", STUDY, "--cohort", patients, "--mapping", mapping)
    assert (code, out) == (2, "")
    assert [line.partition(": ")[2].partition(":")[0] for line in err.splitlines()] == [
        "row 7, column gender",
        "row 4, column age",
    ]
    assert "Quisling" not in err


@pytest.mark.parametrize(
    ("study", "about"),
    [("nosuch", NO_STUDY), ("gbsg2", "gbsg2: its analysis declares no schema of a cohort")],
)
def test_study_without_a_schema_has_no_template(refused, tmp_path, study, about):
    assert refused("cohort", "template", study, "--out", tmp_path / "new").strip() == about
    assert not (tmp_path / "new").exists()


# --- foreign surroundings and foreign texts ------------------------------------------------------


def test_audit_of_a_file_needs_no_data_of_the_studies(run, paper, tmp_path, monkeypatch):
    monkeypatch.setenv("RAIRLIB_DATA", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)
    for word in (paper(), "paper.csv", paper(name="numbers"), "numbers"):
        code, out, err = run("audit", word)
        assert (code, err) == (0, "")
        assert "No problem in 3 numbers" in out
    assert "--data or RAIRLIB_DATA" in run("audit", STUDY)[2]


def test_data_folder_is_named_by_an_option(run, monkeypatch):
    monkeypatch.setenv("RAIRLIB_DATA", "nowhere")
    assert run("reconstruct", STUDY)[0] == 2
    assert run("--data", ROOT / "data", "reconstruct", STUDY)[0] == 0


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_terminal_that_lacks_a_sign_shows_its_number(tmp_path, monkeypatch, encoding):
    path = tmp_path / "paper.csv"
    path.write_text(PAPER.format("57").replace("Table 1", "Table ≥1"), encoding="utf-8")
    memory = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(memory, encoding=encoding))
    assert main(["audit", str(path)]) == 0
    assert b"Table \\u22651" in memory.getvalue()


FOREIGN = (
    "id,locus,statistic,variable,group,printed\n"
    'n\x1b[2J,"Table\n1",n,,all,5\n=cmd,@place,count,+v,all,7\n'
)


@pytest.fixture
def foreign(tmp_path):
    path = tmp_path / "-paper.csv"
    path.write_text(FOREIGN, encoding="utf-8")
    return path


@pytest.mark.parametrize("form", ["md", "html", "csv", "json"])
def test_foreign_text_cannot_steer_the_terminal(run, foreign, form):
    for options in ((), ("--findings",))[: 2 - (form == "html")]:
        code, out, err = run("audit", foreign, "--format", form, *options)
        assert (code, err) == (0, "")
        assert "\x1b" not in out
        assert "Table\\n1" in out or "Table\\\\n1" in out or form != "md"
    assert "\x1b" not in run("audit", foreign.with_name("\x1b[2J.csv"))[2]


def test_foreign_text_is_no_formula_and_numbers_stay_numbers(run, foreign):
    rows = rows_of(run("audit", foreign, "--findings", "--format", "csv")[1])
    assert {row["study"] for row in rows} == {"'-paper"}
    assert [(row["target"], row["high"]) for row in rows] == [("'=cmd", "5.0")]
    objects = json.loads(run("audit", foreign, "--findings", "--format", "json")[1])
    assert [row["study"] for row in objects] == ["-paper"] * len(rows)
    assert [(row["target"], row["uses"]) for row in objects] == [("=cmd", "n\x1b[2J")]
    (row,) = rows_of(run("audit", foreign, "--format", "csv")[1])
    assert (row["ids"], row["place"]) == ("'=cmd", "'@place")


def test_printed_texts_are_shown_as_they_are(run, kept):
    rows = rows_of(run("verdicts", "wang2025", "--format", "csv")[1])
    printed = kept[kept["study"] == "wang2025"].set_index("id")["printed"]
    assert {row["id"]: row["printed"] for row in rows} == printed.to_dict()


def test_second_run_into_one_folder_is_refused(run, refused, tmp_path):
    fcntl = pytest.importorskip("fcntl")
    held = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "another run writes there" in refused("simulate", STUDY, "--out", tmp_path)
    finally:
        os.close(held)
    assert os.listdir(tmp_path) == []
    assert run("simulate", STUDY, "--out", tmp_path)[0] == 0
